"""TRC files, read by their definition; OpenSim reads them in `test_opensim.py`."""

from pathlib import Path

import numpy as np
import pytest
from made_motion import at_times, made_motion, markers, without

from videopose.errors import OutputError
from videopose.export import ExportSettings
from videopose.export.trc import write_trc
from videopose.skeletons import H36M16, H36M17
from videopose.types import Motion
from videopose.world import World

NAMES = [
    "Hip", "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "Spine", "Thorax", "Nose", "Head",
    "LShoulder", "LElbow", "LWrist", "RShoulder", "RElbow", "RWrist", "Neck",
]  # fmt: skip


def read(path: Path) -> tuple[dict[str, str], list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Header, names, frame numbers, times, and (T, M, 3) places with NaN for empty cells."""
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines[0].split("\t")[:3] == ["PathFileType", "4", "(X/Y/Z)"]
    header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
    names = [name for name in lines[3].split("\t")[2:] if name]
    axes = [axis for axis in lines[4].split("\t") if axis]
    assert axes == [f"{axis}{number}" for number in range(1, len(names) + 1) for axis in "XYZ"]
    assert lines[5] == lines[-1] == ""
    rows = [line.split("\t") for line in lines[6:-1]]
    assert {len(row) for row in rows} == {2 + 3 * len(names) + 1}
    values = np.array([[float(cell or "nan") for cell in row[2:-1]] for row in rows]).reshape(len(rows), -1, 3)
    return header, names, np.array([int(row[0]) for row in rows]), np.array([float(row[1]) for row in rows]), values


def test_header_names_and_places(tmp_path: Path) -> None:
    motion = made_motion(40, start=12, fps=29.97)
    write_trc(motion, tmp_path / "walk.trc", fps=29.97)
    header, names, numbers, times_s, places = read(tmp_path / "walk.trc")
    assert header == {
        "DataRate": "29.97", "CameraRate": "29.97", "NumFrames": "40", "NumMarkers": "18", "Units": "m",
        "OrigDataRate": "29.97", "OrigDataStartFrame": "13", "OrigNumFrames": "40",
    }  # fmt: skip
    assert names == NAMES
    assert numbers.tolist() == list(range(13, 53))
    np.testing.assert_allclose(times_s, motion.time_s, atol=6e-7)
    np.testing.assert_allclose(places, markers(motion), atol=6e-7)
    standing = places[0]
    assert standing[names.index("Head"), 1] > standing[names.index("Neck"), 1] > standing[names.index("RAnkle"), 1]


def test_axes_and_units_on_demand(tmp_path: Path) -> None:
    motion = made_motion(5)
    write_trc(motion, tmp_path / "walk.trc", fps=30, settings=ExportSettings(up="z", units="mm"))
    header, _, _, _, places = read(tmp_path / "walk.trc")
    x, y, z = np.moveaxis(markers(motion) * 1000, -1, 0)
    assert header["Units"] == "mm"
    np.testing.assert_allclose(places, np.stack([x, -z, y], axis=-1), atol=6e-4)


def test_places_are_in_the_world(tmp_path: Path) -> None:
    motion = made_motion(5)
    turn = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])
    write_trc(motion, tmp_path / "walk.trc", fps=30, world=World(turn, np.array([0.0, 1.0, 4.0])))
    expected = (motion.joints.astype(float) + motion.root[:, None] - [0.0, 1.0, 4.0]) @ turn.T
    ankle = read(tmp_path / "walk.trc")[-1][:, NAMES.index("LAnkle")]
    np.testing.assert_allclose(ankle, expected[:, H36M17.index("left_ankle")], atol=6e-7)


def test_a_variable_rate_becomes_an_even_one(tmp_path: Path) -> None:
    steps = np.where(np.arange(60) % 20 < 10, 1, 3) / 60  # 60 and 20 frames a second, in turns
    motion = at_times(made_motion(60), 2.0 + np.concatenate([[0], np.cumsum(steps[:-1])]))
    write_trc(motion, tmp_path / "walk.trc", fps=30)
    header, _, numbers, times_s, places = read(tmp_path / "walk.trc")
    assert header["NumFrames"] == str(len(times_s)) == str(round((motion.time_s[-1] - 2.0) * 30) + 1)
    np.testing.assert_allclose(times_s, 2.0 + np.arange(len(times_s)) / 30, atol=6e-7)
    assert numbers.tolist() == list(range(61, 61 + len(times_s)))
    at = np.minimum(times_s, motion.time_s[-1])
    for marker in (0, 3, 16, 17):
        for axis in range(3):
            expected = np.interp(at, motion.time_s, markers(motion)[:, marker, axis])
            np.testing.assert_allclose(places[:, marker, axis], expected, atol=2e-6)


def test_small_errors_of_time_stamps_are_no_variable_rate(tmp_path: Path) -> None:
    motion = made_motion(30)
    motion = at_times(motion, np.round(motion.time_s, 3))
    write_trc(motion, tmp_path / "walk.trc", fps=30)
    np.testing.assert_allclose(read(tmp_path / "walk.trc")[-1], markers(motion), atol=6e-7)


def test_gaps_in_the_root_are_bridged_and_unknown_joints_empty(tmp_path: Path) -> None:
    whole = made_motion(20)
    motion = without(whole, joints=[(3, "left_knee"), (4, "right_shoulder")], root=slice(8, 12))
    write_trc(motion, tmp_path / "walk.trc", fps=30)
    places = read(tmp_path / "walk.trc")[-1]
    missing = np.argwhere(np.isnan(places).any(-1)).tolist()
    assert missing == [[3, NAMES.index("LKnee")], [4, NAMES.index("RShoulder")], [4, NAMES.index("Neck")]]
    hips = markers(whole)[:, 0]
    share = np.arange(1, 5)[:, None] / 5
    np.testing.assert_allclose(places[8:12, 0], hips[7] + share * (hips[12] - hips[7]), atol=2e-6)


def test_somebody_without_any_root_stays_at_the_origin(tmp_path: Path) -> None:
    motion = without(made_motion(6), root=slice(None))
    write_trc(motion, tmp_path / "walk.trc", fps=30)
    places = read(tmp_path / "walk.trc")[-1]
    assert not places[:, 0].any()
    right_arm = motion.joints[:, H36M17.index("right_shoulder") :] * [1, -1, -1]
    np.testing.assert_allclose(places[:, NAMES.index("RShoulder") : NAMES.index("Neck")], right_arm, atol=6e-7)
    assert "-0.000000" not in (tmp_path / "walk.trc").read_text()


def test_a_single_frame(tmp_path: Path) -> None:
    motion = made_motion(1, start=600)
    write_trc(motion, tmp_path / "walk.trc", fps=30)
    header, _, numbers, times_s, places = read(tmp_path / "walk.trc")
    assert (header["NumFrames"], numbers.tolist(), times_s.tolist()) == ("1", [601], [20.0])
    assert places.shape == (1, 18, 3)


def test_a_long_motion_is_written_to_its_end(tmp_path: Path) -> None:
    motion = made_motion(2500)
    write_trc(motion, tmp_path / "walk.trc", fps=30)
    _, _, numbers, _, places = read(tmp_path / "walk.trc")
    assert numbers.tolist() == list(range(1, 2501))
    np.testing.assert_allclose(places, markers(motion), atol=6e-7)


def test_a_name_in_any_script(tmp_path: Path) -> None:
    path = tmp_path / "Läufe 走る\t1.person1.trc"
    write_trc(made_motion(2), path, fps=30)
    assert path.read_text(encoding="utf-8").split("\n")[0] == "PathFileType\t4\t(X/Y/Z)\tLäufe 走る 1.person1.trc"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("motion", "fps", "message"),
    [
        (made_motion(0), 30, "needs a frame"),
        (made_motion(3), 0, "positive rate"),
        (
            Motion(1, np.arange(1), np.zeros(1), np.zeros((1, 16, 3), np.float32), np.zeros((1, 3)), H36M16),
            30,
            "h36m17, got h36m16",
        ),
    ],
    ids=["no frame", "no rate", "other joints"],
)
def test_what_cannot_be_written(motion: Motion, fps: float, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        write_trc(motion, tmp_path / "walk.trc", fps=fps)
    assert not list(tmp_path.iterdir())


def test_an_unwritable_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_trc(made_motion(3), tmp_path / "file" / "walk.trc", fps=30)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
