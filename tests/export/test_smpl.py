"""Joints in SMPL's order: which are there, where, and that the file is plain and the same every time."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_motion import made_recording, without, y_up

from videopose.errors import OutputError
from videopose.export import ExportSettings
from videopose.export.smpl import write_smpl
from videopose.skeletons import H36M17
from videopose.types import Motion

# Of the SMPL paper's skeleton, as public code lists it.
NAMES = [
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand",
]  # fmt: skip
PARENTS = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21]
UNMAPPED = ["spine1", "spine3", "left_foot", "right_foot", "left_collar", "right_collar", "left_hand", "right_hand"]
APPROXIMATE = ["pelvis", "spine2", "neck", "head"]


def read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as content:
        return dict(content)


def test_joints_are_in_smpl_order(tmp_path: Path) -> None:
    recording = made_recording(12, [(0, 12), (3, 8)], start=50)
    write_smpl(recording, tmp_path / "walk.npz")
    content = read(tmp_path / "walk.npz")
    assert content["joint_names"].tolist() == NAMES
    assert content["parents"].tolist() == PARENTS
    assert [name for name, there in zip(NAMES, content["mapped"], strict=True) if not there] == UNMAPPED
    assert [name for name, near in zip(NAMES, content["approximate"], strict=True) if near] == APPROXIMATE
    for name, note in zip(NAMES, content["notes"], strict=True):
        assert bool(note) == (name in UNMAPPED or name in APPROXIMATE)
    assert content["joints"].shape == (2, 12, 24, 3)
    assert content["joints"].dtype == np.float32
    for person, (rows, motion) in enumerate(zip((slice(0, 12), slice(3, 8)), recording.motions, strict=True)):
        for column, source in enumerate(content["source_names"].tolist()):
            seen = content["joints"][person, rows, column]
            if source:
                ours = [H36M17.index(name) for name in source.split(" ")]
                np.testing.assert_allclose(seen, y_up(motion)[:, ours].mean(1), atol=1e-6)
            else:
                assert np.isnan(seen).all()
    # of the second person, where absent
    assert np.isnan(content["joints"][1, [0, 1, 2, 8, 11]]).all()
    assert content["observed"][1].tolist() == [False] * 3 + recording.tracks[1].observed.tolist() + [False] * 4
    assert content["root_known"].sum(1).tolist() == [12, 5]
    assert content["frame_index"].tolist() == list(range(50, 62))
    np.testing.assert_allclose(content["time_s"], np.arange(50, 62) / 30)
    assert (content["fps"], content["units"], content["up_axis"], content["world"]) == (30, "m", "y", "camera")


def test_sides_are_not_swapped(tmp_path: Path) -> None:
    recording = made_recording(3, [(0, 3)])
    write_smpl(recording, tmp_path / "walk.npz")
    content = read(tmp_path / "walk.npz")
    for column, (name, source) in enumerate(zip(NAMES, content["source_names"].tolist(), strict=True)):
        for side in ("left", "right"):
            if source and name.startswith(f"{side}_"):
                assert source == name
                # who faces the camera has the left side at the right of the picture
                assert (content["joints"][0, 0, column, 0] > content["joints"][0, 0, 0, 0]) == (side == "left")


def test_axes_and_units_on_demand(tmp_path: Path) -> None:
    recording = made_recording(3, [(0, 3)])
    write_smpl(recording, tmp_path / "walk.npz", settings=ExportSettings(world="ground", up="z", units="mm"))
    content = read(tmp_path / "walk.npz")
    x, y, z = y_up(recording.motions[0])[:, 0].T * 1000
    np.testing.assert_allclose(content["joints"][0, :, 0], np.stack([x, -z, y], axis=-1), rtol=1e-6)
    assert (content["units"], content["up_axis"], content["world"]) == ("mm", "z", "ground")


def test_a_gap_in_the_root_is_bridged_and_told(tmp_path: Path) -> None:
    recording = made_recording(9, [(0, 9)])
    motion = without(recording.motions[0], joints=[(1, "right_elbow")], root=slice(4, 6))
    write_smpl(replace(recording, motions=(motion,)), tmp_path / "walk.npz")
    content = read(tmp_path / "walk.npz")
    assert content["root_known"][0].tolist() == [True] * 4 + [False] * 2 + [True] * 3
    pelvis = content["joints"][0, :, 0]
    np.testing.assert_allclose(pelvis[4], pelvis[3] + (pelvis[6] - pelvis[3]) / 3, atol=1e-6)
    missing = np.argwhere(np.isnan(content["joints"][0, :, content["mapped"]]).any(-1).T)
    assert missing.tolist() == [[1, [name for name in NAMES if name not in UNMAPPED].index("right_elbow")]]


@pytest.mark.parametrize(
    ("spans", "lifted", "people"), [([], True, 0), ([(1, 4)], False, 1)], ids=["nobody", "not lifted"]
)
def test_nothing_to_give(spans: list[tuple[int, int]], lifted: bool, people: int, tmp_path: Path) -> None:
    write_smpl(made_recording(5, spans, lifted=lifted), tmp_path / "walk.npz")
    content = read(tmp_path / "walk.npz")
    assert content["joints"].shape == (people, 5, 24, 3)
    assert np.isnan(content["joints"]).all()
    assert content["person_id"].tolist() == list(range(1, people + 1))


def test_identical_results_give_identical_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write_smpl(made_recording(7, [(0, 7)]), tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_an_unwritable_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_smpl(made_recording(3, [(0, 3)]), tmp_path / "file" / "walk.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.shared
def test_a_recorded_walk_has_a_body(recorded_motion: Callable[[str], tuple[Motion, float]], tmp_path: Path) -> None:
    motion, _ = recorded_motion("09_12_view0")
    made = made_recording(len(motion), [(0, len(motion))])
    write_smpl(replace(made, motions=(motion,)), tmp_path / "walk.npz")
    joints = read(tmp_path / "walk.npz")["joints"][0]

    def between(one: str, other: str) -> float:
        return float(np.median(np.linalg.norm(joints[:, NAMES.index(one)] - joints[:, NAMES.index(other)], axis=-1)))

    assert 0.35 < between("left_hip", "left_knee") < 0.5
    assert 0.35 < between("right_knee", "right_ankle") < 0.5
    assert 0.45 < between("pelvis", "neck") < 0.6
    assert between("neck", "head") < 0.3
    height = np.median(joints[..., 1], axis=0)
    order = ["right_ankle", "right_knee", "pelvis", "spine2", "neck", "head"]
    assert [height[NAMES.index(name)] for name in order] == sorted(height[NAMES.index(name)] for name in order)
