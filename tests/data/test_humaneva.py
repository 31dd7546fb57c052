"""Preparing HumanEva: parts, gaps, videos out of step, and files that are none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from videopose.cli.main import run
from videopose.data.archive import read_objects
from videopose.data.humaneva import read_recordings
from videopose.data.open_archives import open_poses
from videopose.data.rig import camera_facts
from videopose.errors import InputError

START, END = 590, 1203
"""Frames of Train/S1/Walking 1."""


def poses(frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Millimetres and pixels that tell their frame: the first coordinate of each joint is its number."""
    positions = np.random.default_rng(0).normal(0, 500, (frames, 15, 3))
    positions[..., 0] = np.arange(frames)[:, None]
    keypoints = np.random.default_rng(1).uniform(0, 480, (frames, 3, 15, 2))
    keypoints[..., 0] = np.arange(frames)[:, None, None]
    return positions, keypoints


def save(folder: Path, name: str, positions: Any, keypoints: Any, **more: Any) -> Path:
    path = folder / "converted_15j" / f"{name}.mat"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"poses_3d": positions, "poses_2d": keypoints} | more
    savemat(path, {key: value for key, value in content.items() if value is not None})
    return path


@pytest.mark.parametrize("whole", [False, True], ids=["of the part", "of the recording"])
@pytest.mark.parametrize("cameras_first", [False, True])
def test_a_part_without_gaps_is_one_chunk(tmp_path: Path, whole: bool, cameras_first: bool) -> None:
    positions, keypoints = poses(END + 20 if whole else END - START)
    save(tmp_path, "Train/S1/Walking_1", positions, keypoints.swapaxes(0, 1) if cameras_first else keypoints)
    out = tmp_path / "out"
    assert run(["prepare", "humaneva", str(tmp_path), "-o", str(out)]) == 0
    part = slice(START, END) if whole else slice(None)
    ours = read_objects(out / "data_3d_humaneva15.npz", ["positions_3d"])["positions_3d"]
    assert {subject: list(actions) for subject, actions in ours.items()} == {"Train/S1": ["Walking 1 chunk0"]}
    made = ours["Train/S1"]["Walking 1 chunk0"]
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, (positions[part] / 1000).astype(np.float32))
    two = read_objects(out / "data_2d_humaneva15_gt.npz", ["positions_2d", "metadata"])
    assert two["metadata"] == {
        "layout_name": "humaneva15",
        "num_joints": 15,
        "keypoints_symmetry": [[2, 3, 4, 8, 9, 10], [5, 6, 7, 11, 12, 13]],
    }
    views = two["positions_2d"]["Train/S1"]["Walking 1 chunk0"]
    assert len(views) == 3
    for camera, view in enumerate(views):
        np.testing.assert_array_equal(view, keypoints[part, camera].astype(np.float32))
    data = open_poses(out, "humaneva15", "gt")
    assert [sequence.name for sequence in data.sequences] == [f"Train/S1/Walking 1 chunk0/{c}" for c in range(3)]


def test_gaps_cut_a_recording_into_chunks(tmp_path: Path) -> None:
    positions, keypoints = poses(END)
    positions[START : START + 5] = np.nan
    positions[700:710, 4] = np.nan
    keypoints[703:710, 1, 2] = np.nan
    positions[1000] = np.nan
    save(tmp_path, "Train/S1/Walking 1", positions, keypoints)
    found = read_recordings(tmp_path)
    runs = {
        action: (round(float(joints[0, 0, 0] * 1000)), round(float(joints[-1, 0, 0] * 1000)) + 1)
        for action, joints in found.positions["Train/S1"].items()
    }
    expected = [(595, 700), (710, 1000), (1001, 1203)]
    assert runs == {f"Walking 1 chunk{index}": run for index, run in enumerate(expected)}
    seen = {
        f"{subject} {action}": (int(views[0][0, 0, 0]), int(views[2][-1, 0, 0]) + 1)
        for subject, actions in found.keypoints.items()
        for action, views in actions.items()
    }
    unlabelled = [(590, 595), (700, 703), (1000, 1001)]
    assert seen == {f"Train/S1 {action}": run for action, run in runs.items()} | {
        f"Unlabeled/S1 Walking 1 chunk{index}": run for index, run in enumerate(unlabelled)
    }


def test_both_parts_of_one_recording(tmp_path: Path) -> None:
    positions, keypoints = poses(END)
    positions[500] = positions[700] = np.nan
    for part in ("Train", "Validate"):
        save(tmp_path, f"{part}/S1/Walking_1", positions, keypoints)
    found = read_recordings(tmp_path / "converted_15j")
    assert {subject: list(map(len, actions.values())) for subject, actions in found.positions.items()} == {
        "Train/S1": [110, 502],
        "Validate/S1": [495, 89],
    }
    assert list(found.keypoints["Unlabeled/S1"]) == ["Walking 1 chunk0", "Walking 1 chunk1"]


def test_videos_out_of_step_are_shifted(tmp_path: Path) -> None:
    positions, _ = poses(END)
    first = camera_facts()["humaneva1"]["sync"]["S1"]["Walking 1"]
    assert first == [82, 81, 82]
    _, videos = poses(END + 100)
    save(tmp_path, "Train/S1/Walking_1", positions, videos)
    views = read_recordings(tmp_path).keypoints["Train/S1"]["Walking 1 chunk0"]
    # Motion capture's frame 0 is video frame 82, counted from 1.
    assert [int(view[0, 0, 0]) for view in views] == [START + 81, START + 80, START + 81]
    assert {len(view) for view in views} == {END - START}


def test_chunks_are_taken_as_they_are(tmp_path: Path) -> None:
    for index in (0, 1, 10):
        positions, keypoints = poses(20 + index)
        save(tmp_path, f"Validate/S2/Box_1_chunk{index}", positions, keypoints)
    found = read_recordings(tmp_path).positions["Validate/S2"]
    assert {action: len(joints) for action, joints in found.items()} == {
        "Box 1 chunk0": 20,
        "Box 1 chunk1": 21,
        "Box 1 chunk10": 30,
    }


GOOD = poses(END)


@pytest.mark.parametrize(
    ("name", "positions", "keypoints", "message"),
    [
        ("Walking_1", None, GOOD[1], "has no numbers 'poses_3d'"),
        ("Walking_1", GOOD[0], None, "has no numbers 'poses_2d'"),
        ("Walking_1", GOOD[0][:, :14], GOOD[1], r"poses_3d has the shape \(1203, 14, 3\), not \(\*, 15, 3\)"),
        ("Walking_1", GOOD[0], GOOD[1][:, :2], r"poses_2d has the shape \(1203, 2, 15, 2\), not \(\*, 3, 15, 2\)"),
        ("Walking_1", GOOD[0], GOOD[1][:-1], "poses_2d has 1202 frames, fewer than the 1203 of poses_3d"),
        ("Walking_1", GOOD[0][:1000], GOOD[1][:1000], "has 1000 frames; Train/S1/Walking 1 lasts from 590 to 1203"),
        ("Running_1", GOOD[0], GOOD[1], r"Train/S1 has no action 'Running 1' \(it has: Walking 1, Jog 1"),
        ("notes", GOOD[0], GOOD[1], "is not named after an action"),
        ("Walking_1", GOOD[0] * np.nan, GOOD[1], "no frame of its files has both 2D and 3D"),
        ("Walking_1_chunk0", GOOD[0], GOOD[1][1:], "poses_2d has 1202 frames, poses_3d 1203"),
        ("Walking_1_chunk0", np.where(np.arange(END) == 5, np.nan, 1)[:, None, None] * GOOD[0], GOOD[1], "has gaps"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, name: str, positions: Any, keypoints: Any, message: str) -> None:
    save(tmp_path, f"Train/S1/{name}", positions, keypoints)
    with pytest.raises(InputError, match=message):
        read_recordings(tmp_path)


@pytest.mark.parametrize("other", ["Walking 1", "Walking_1_chunk0"])
def test_two_files_of_one_action_are_refused(tmp_path: Path, other: str) -> None:
    for name in ("Walking_1", other):
        save(tmp_path, f"Train/S1/{name}", *GOOD)
    with pytest.raises(InputError, match="is there twice"):
        read_recordings(tmp_path)


def test_broken_files_and_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Give the folder converted_15j"):
        read_recordings(tmp_path)
    path = save(tmp_path, "Train/S1/Walking_1", *poses(10))
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(InputError, match=r"Walking_1\.mat: cannot be read"):
        read_recordings(tmp_path)
