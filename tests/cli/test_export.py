"""`videopose export`: an NPZ file in the formats of other programs, and what is refused."""

import csv
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import ezc3d
import numpy as np
import pytest

from videopose.cli.main import run
from videopose.data.bvh import read_bvh
from videopose.export import read_npz, write_npz
from videopose.formats import FORMATS, MOTION_FORMATS
from videopose.skeletons import COCO17, H36M17
from videopose.types import Recording, VideoInfo

EVERY = "json,bvh,glb,trc,c3d,csv,openpose,smpl"
ENDINGS = (
    "csv", "glb", "json", "openpose", "person1.bvh", "person1.c3d", "person1.trc", "person2.bvh", "person2.c3d",
    "person2.trc", "smpl.npz",
)  # fmt: skip


@pytest.fixture
def export(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `videopose export` in this process: exit code, stdout, stderr."""

    def call(source: Path, *options: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["export", *options, "--", str(source)])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def walk(tmp_path: Path, shared_dir: Path) -> Path:
    """Two people with true joints, one for 90 frames, the other from frame 30 to 60."""
    arrays = {}
    with np.load(shared_dir / "mocap" / "validation_views" / "09_12_view1.npz") as view:
        arrays["fps"], arrays["image_size"] = float(view["fps"]), view["image_size"]
        for key in ("frame_index", "time_s"):
            arrays[key] = view[key][:90]
        for key, source in (("keypoints_2d", "keypoints_2d"), ("joints_3d", "target_joints_3d"),
                            ("root_3d", "target_root_3d")):  # fmt: skip
            person = view[source][0, :90].astype(np.float32)
            other = np.full_like(person, np.nan)
            other[30:60] = person[30:60]
            arrays[key] = np.stack([person, other])
    path = tmp_path / "in" / "walk.npz"
    path.parent.mkdir()
    np.savez(
        path, **arrays | {
            "schema_version": 1, "person_id": [1, 2], "provenance": "{}",
            "observed": np.isfinite(arrays["joints_3d"]).all((2, 3)), "keypoint_names": COCO17.joint_names,
            "joint_names": H36M17.joint_names, "parents": H36M17.parents,
        },
    )  # fmt: skip
    return path


@pytest.mark.shared
def test_every_format_tells_of_the_same_motion(export, walk: Path) -> None:
    code, out, err = export(walk, "--formats", EVERY)
    assert (code, err) == (0, "")
    folder = walk.parent
    assert sorted(path.name for path in folder.iterdir()) == sorted(["walk.npz", *(f"walk.{end}" for end in ENDINGS)])
    assert sorted(out.split()) == sorted(str(folder / f"walk.{end}") for end in ENDINGS)
    data = read_npz(walk)
    places = (data.joints_3d[1] + data.root_3d[1][:, None])[30:60] * [1, -1, -1]  # Y up
    wrist = data.joint_names.index("left_wrist")
    with (folder / "walk.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["person_id"] == "2"]
    assert [int(row["frame_index"]) for row in rows] == data.frame_index[30:60].tolist()
    table = np.array([[float(row[f"left_wrist_{axis}_m"]) for axis in "xyz"] for row in rows])
    np.testing.assert_allclose(table, places[:, wrist], atol=1e-5)
    points = ezc3d.c3d(str(folder / "walk.person2.c3d"))["data"]["points"][:3, wrist].T  # millimetres, Z up
    np.testing.assert_allclose(points[:, [0, 2, 1]] * [1, 1, -1], 1000 * places[:, wrist], atol=0.01)
    assert len(read_bvh(folder / "walk.person2.bvh")) == 30
    assert len(list((folder / "walk.openpose").iterdir())) == 90
    assert len(json.loads((folder / "walk.json").read_text("utf-8"))["person_id"]) == 2
    with np.load(folder / "walk.smpl.npz", allow_pickle=False) as smpl:
        assert np.isfinite(smpl["joints"][1, 30:60, 20]).all()  # SMPL's left wrist
        np.testing.assert_allclose(smpl["joints"][1, 30:60, 20], places[:, wrist], atol=1e-5)


@pytest.mark.shared
def test_axes_units_and_one_person(export, walk: Path, tmp_path: Path) -> None:
    options = ("--formats", "csv,bvh", "--up", "z", "--units", "mm", "--names", "mixamo", "--person", "longest")
    assert export(walk, *options, "-o", str(tmp_path / "to"))[0] == 0
    assert sorted(path.name for path in (tmp_path / "to").iterdir()) == ["walk.csv", "walk.person1.bvh"]
    data = read_npz(walk)
    with (tmp_path / "to" / "walk.csv").open(encoding="utf-8", newline="") as stream:
        first = next(csv.DictReader(stream))
    right, down, away = data.root_3d[0, 0].tolist()
    hip = [float(first[f"hip_{axis}_mm"]) for axis in "xyz"]
    np.testing.assert_allclose(hip, [1000 * right, 1000 * away, -1000 * down], atol=0.01)
    assert "ROOT mixamorig:Hips" in (tmp_path / "to" / "walk.person1.bvh").read_text("ascii")


@pytest.mark.shared
def test_nothing_is_replaced_unasked_and_nobody_of_an_earlier_run_stays(export, walk: Path) -> None:
    assert export(walk, "--formats", "trc,csv")[0] == 0
    before = {path: path.read_bytes() for path in walk.parent.iterdir()}
    code, _, err = export(walk, "--formats", "trc", "--up", "z")
    assert code == 1
    assert err == (
        f"videopose: {walk.parent / 'walk.person1.trc'}: already exists. Use --overwrite, or another folder with -o.\n"
    )
    assert {path: path.read_bytes() for path in walk.parent.iterdir()} == before
    assert export(walk, "--formats", "trc", "--person", "1", "--overwrite")[0] == 0
    assert sorted(path.name for path in walk.parent.iterdir()) == ["walk.csv", "walk.npz", "walk.person1.trc"]


WRONG = {
    "unknown": (("--formats", "doc"), 2, "unknown format 'doc'. Choose from"),
    "none": (("--formats", ","), 2, "no format given"),
    "the file itself": (("--formats", "npz"), 2, "--formats npz: is made by IN.npz itself."),
    "needs the video": (("--formats", "csv,mp4"), 2, "--formats mp4: is made by videopose render."),
    "nobody": (("--formats", "csv", "--person", "7"), 2, "--person 7: no such person, the video has 1, 2."),
    "no id": (("--formats", "csv", "--person", "tall"), 2, "--person 'tall' is not all, largest, longest"),
    "axis": (("--formats", "csv", "--up", "x"), 2, "Invalid value for '--up'"),
}


@pytest.mark.shared
@pytest.mark.parametrize("case", WRONG)
def test_what_makes_no_sense_is_refused(export, walk: Path, case: str) -> None:
    options, expected, message = WRONG[case]
    code, out, err = export(walk, *options)
    assert (code, out) == (expected, "")
    assert message in err and err.count("\n") == 1
    assert [path.name for path in walk.parent.iterdir()] == ["walk.npz"]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("time_s", np.zeros(90), "frames or times do not follow each other"),
        ("frame_index", np.arange(90) * 2, "frames or times do not follow each other"),
        ("fps", np.nan, "fps or image_size makes no sense"),
        ("image_size", np.array([0, 5]), "fps or image_size makes no sense"),
        ("joint_names", np.array(["a"] * 17), "has another joint layout"),
        ("root_3d", np.zeros((2, 9, 3)), "root_3d must be (2, 90, 3), got (2, 9, 3)"),
        ("person_id", np.array([1, 1]), "person_id names somebody twice"),
        ("person_id", np.array([-1, 2]), "person_id names somebody twice, or has one below 1"),
    ],
)
def test_files_that_make_no_sense_are_refused(export, walk: Path, key: str, value: np.ndarray, message: str) -> None:
    with np.load(walk) as data:
        arrays = dict(data)
    np.savez(walk, **arrays | {key: value})
    code, out, err = export(walk, "--formats", "csv")
    assert (code, out) == (1, "")
    assert message in err and err.count("\n") == 1


def test_what_is_no_file_of_ours_is_refused(export, tmp_path: Path) -> None:
    text = tmp_path / "a.npz"
    text.write_text("no archive")
    for path in (text, tmp_path / "gone.npz", tmp_path):
        code, _, err = export(path, "--formats", "csv")
        assert code == 1 and str(path) in err and err.count("\n") == 1


def test_nobody_is_a_result(export, tmp_path: Path) -> None:
    frames = np.arange(3)
    write_npz(Recording(VideoInfo("v.mp4", 64, 48, Fraction(25), 3, None, 0), frames, frames / 25), tmp_path / "v.npz")
    code, out, err = export(tmp_path / "v.npz", "--formats", EVERY)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == f"{tmp_path / 'v.npz'}: nobody is in it."
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["v.csv", "v.glb", "v.json", "v.npz", "v.openpose", "v.smpl.npz"]


def test_the_formats_of_export_are_formats() -> None:
    assert set(MOTION_FORMATS) <= set(FORMATS)
    assert set(EVERY.split(",")) == set(MOTION_FORMATS) - {"fbx"}
