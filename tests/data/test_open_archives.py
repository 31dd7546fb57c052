"""Archives of datasets as sequences, and what is wrong with them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videopose.camera import camera_to_world, denormalize_screen, project
from videopose.data.archive import read_objects, write_objects
from videopose.data.keypoint_layouts import sides
from videopose.data.open_archives import open_poses
from videopose.data.rig import cameras
from videopose.errors import InputError, UsageError
from videopose.skeletons import COCO17, H36M17, H36M17_FROM_H36M32, HUMANEVA15, Skeleton

FRAMES = 6
Content = dict[str, Any]


def metadata(skeleton: Skeleton, **more: Any) -> dict[str, Any]:
    return {"num_joints": len(skeleton), "keypoints_symmetry": [list(side) for side in sides(skeleton)]} | more


def small_human36m() -> Content:
    rng = np.random.default_rng(0)
    names = {"S1": ("Walking", "Walking 1"), "S11": ("Eating",)}
    return {
        "positions_3d": {
            s: {a: rng.normal(0, 1, (FRAMES, 32, 3)).astype(np.float32) for a in actions}
            for s, actions in names.items()
        },
        "positions_2d": {
            s: {a: [rng.uniform(0, 1000, (FRAMES, 17, 2)).astype(np.float32) for _ in range(4)] for a in actions}
            for s, actions in names.items()
        },
        "metadata": metadata(H36M17),
    }


def write_human36m(folder: Path, content: Content, keypoints: str = "gt") -> Path:
    write_objects(folder / "data_3d_h36m.npz", positions_3d=content["positions_3d"])
    two = {key: content[key] for key in ("positions_2d", "metadata")}
    write_objects(folder / f"data_2d_h36m_{keypoints}.npz", **two)
    return folder


@pytest.mark.shared
def test_the_recorded_archives_open(shared_dir: Path) -> None:
    folder = shared_dir / "golden" / "human36m_form"
    data = open_poses(folder, "human36m", "gt")
    assert (data.name, data.layout_in, data.layout_out, data.frame_rate) == ("human36m:gt", "h36m17", "h36m17", 50.0)
    positions = read_objects(folder / "data_3d_h36m.npz", ["positions_3d"])["positions_3d"]
    names = [f"{s}/{a}/{c}" for s, actions in positions.items() for a in actions for c in range(4)]
    assert [sequence.name for sequence in data.sequences] == names
    for sequence in data.sequences:
        assert sequence.joints is not None
        assert sequence.root is not None
        assert sequence.intrinsics is not None
        for array in (sequence.keypoints, sequence.joints, sequence.root, sequence.intrinsics):
            assert array.dtype == np.float32
        assert (sequence.joints[:, 0] == 0).all()
        absolute = sequence.joints + sequence.root[:, None]
        inner = sequence.intrinsics
        # The archive's 2D are its 3D projected.
        projected = project(absolute, inner[:2], inner[2:4], inner[4:7], inner[7:])
        np.testing.assert_allclose(projected, sequence.keypoints, atol=2e-6)
        camera = cameras("human36m", sequence.subject)[sequence.camera]
        world = camera_to_world(absolute, camera.orientation, camera.position_m)
        expected = positions[sequence.subject][sequence.action][:, list(H36M17_FROM_H36M32)]
        np.testing.assert_allclose(world, expected, atol=3e-6)


def test_the_corrupt_recording_is_left_out(tmp_path: Path) -> None:
    content = small_human36m()
    content["positions_3d"]["S11"]["Directions"] = content["positions_3d"]["S11"]["Eating"]
    data = open_poses(write_human36m(tmp_path, content), "human36m", "gt")
    assert {sequence.action for sequence in data.sequences if sequence.subject == "S11"} == {"Eating"}


def test_longer_2d_is_cut_and_scores_are_left_out(tmp_path: Path) -> None:
    content = small_human36m()
    views = content["positions_2d"]["S1"]["Walking"]
    content["positions_2d"]["S1"]["Walking"] = [np.pad(v, ((0, 3), (0, 0), (0, 1))).astype(np.float64) for v in views]
    content["metadata"] = metadata(COCO17, layout_name="coco")
    data = open_poses(write_human36m(tmp_path, content, "other"), "human36m", "other")
    assert (data.name, data.layout_in, data.layout_out) == ("human36m:other", "coco17", "h36m17")
    assert {len(sequence) for sequence in data.sequences} == {FRAMES}
    first = data.sequences[0]
    assert first.keypoints.dtype == np.float32
    np.testing.assert_allclose(denormalize_screen(first.keypoints, first.image_size), views[0], atol=1e-3)


def change(*path: str | int, to: Any = None) -> Callable[[Content], None]:
    """A change of one part of the content; None takes it away."""

    def do(content: Content) -> None:
        part: Any = content
        for key in path[:-1]:
            part = part[key]
        if to is None:
            del part[path[-1]]
        else:
            part[path[-1]] = to(part[path[-1]]) if callable(to) else to

    return do


def too_large(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) * 1e300


def with_nan(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array[2, 3, 1] = np.nan
    return array


WALKING_2D, WALKING_3D = ("positions_2d", "S1", "Walking"), ("positions_3d", "S1", "Walking")


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (change("positions_2d", "S11"), "data_2d_h36m_gt.npz: 'positions_2d' has no subject 'S11', which data_3d_h36m"),
        (change("positions_3d", "S11"), "data_3d_h36m.npz: 'positions_3d' has no subject 'S11', which data_2d_h36m_gt"),
        (change(*WALKING_2D), "data_2d_h36m_gt.npz: 'positions_2d' has no action 'Walking' of S1"),
        (change(*WALKING_3D), "data_3d_h36m.npz: 'positions_3d' has no action 'Walking' of S1"),
        (change(*WALKING_2D, 2), "data_2d_h36m_gt.npz: positions_2d S1/Walking has 3 cameras, not 4"),
        (change(*WALKING_2D, to=5), "positions_2d S1/Walking has no list of cameras"),
        (change(*WALKING_2D, 2, to=lambda v: v[:4]), "S1/Walking, camera 2, has 4 frames, fewer than the 6 of the 3D"),
        (change(*WALKING_2D, 1, to=lambda v: v[:, :16]), r"S1/Walking, camera 1, has the shape \(6, 16, 2\)"),
        (change(*WALKING_2D, 1, to=lambda v: v[..., :1]), "camera 1, has 1 numbers a joint"),
        (change(*WALKING_2D, 0, to=with_nan), "data_2d_h36m_gt.npz: positions_2d S1/Walking, camera 0, holds NaN"),
        (change(*WALKING_2D, 0, to="a"), "camera 0, is no array of numbers"),
        (change(*WALKING_3D, to=with_nan), "data_3d_h36m.npz: positions_3d S1/Walking holds NaN"),
        (change(*WALKING_3D, to=too_large), "data_3d_h36m.npz: positions_3d S1/Walking holds NaN or infinity"),
        (change(*WALKING_3D, to=lambda w: w[:, :17]), r"data_3d_h36m.npz: positions_3d S1/Walking has the shape"),
        (change(*WALKING_3D, to=lambda w: w[:0]), r"has the shape \(0, 32, 3\), not \(\*, 32, 3\)"),
        (change("positions_3d", to=lambda _: [1]), "data_3d_h36m.npz: 'positions_3d' is no dict"),
        (change("positions_2d", "S1", to=3), "data_2d_h36m_gt.npz: 'positions_2d' is no dict"),
        (change("metadata", "num_joints", to=16), "num_joints 16"),
    ],
)
def test_what_does_not_fit_is_told_of(tmp_path: Path, do: Callable[[Content], None], message: str) -> None:
    content = small_human36m()
    do(content)
    with pytest.raises(InputError, match=message) as caught:
        open_poses(write_human36m(tmp_path, content), "human36m", "gt")
    assert str(tmp_path) in str(caught.value)


def test_a_subject_without_cameras_is_refused(tmp_path: Path) -> None:
    content = small_human36m()
    for key in ("positions_2d", "positions_3d"):
        content[key]["S2"] = content[key]["S1"]
    with pytest.raises(InputError, match="no cameras are known for the subject 'S2'"):
        open_poses(write_human36m(tmp_path, content), "human36m", "gt")


@pytest.mark.parametrize(
    ("dataset", "keypoints", "message"),
    [
        ("human36m", "gt", r"data_2d_h36m_gt\.npz: does not exist. Make it with `videopose prepare human36m SOURCE"),
        ("humaneva15", "gt", r"data_2d_humaneva15_gt\.npz: does not exist. Make it with `videopose prepare humaneva S"),
        ("custom", "mine", r"data_2d_custom_mine\.npz: does not exist. Make it with `videopose prepare custom SOURCES"),
        ("human36m", "cpn", r"data_2d_h36m_cpn\.npz: does not exist. Put .*there: none"),
    ],
)
def test_a_missing_archive_is_told_of(tmp_path: Path, dataset: str, keypoints: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_poses(tmp_path, dataset, keypoints)


def test_missing_3d_and_other_keypoints_are_told_of(tmp_path: Path) -> None:
    write_human36m(tmp_path, small_human36m())
    with pytest.raises(InputError, match=r"choose other keypoints \(there: gt\)"):
        open_poses(tmp_path, "human36m", "cpn_ft_h36m_dbb")
    (tmp_path / "data_3d_h36m.npz").unlink()
    with pytest.raises(
        InputError, match=r"data_3d_h36m\.npz: does not exist. Make it with `videopose prepare human36m"
    ):
        open_poses(tmp_path, "human36m", "gt")


def test_other_datasets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Choose from human36m, humaneva15, custom"):
        open_poses(tmp_path, "3dpw", "gt")


def write_humaneva(folder: Path) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    world = {name: rng.normal(0, 1, (FRAMES, 15, 3)).astype(np.float32) for name in ("Train/S1", "Validate/S2")}
    positions = {subject: {"Walking 1 chunk0": joints} for subject, joints in world.items()}
    positions["Train/S1"]["Walking 1 chunk1"] = np.full((FRAMES, 15, 3), np.nan, np.float32)
    views = [rng.uniform(0, 480, (FRAMES + 2, 15, 2)).astype(np.float32) for _ in range(3)]
    keypoints = {subject: dict.fromkeys(actions, views) for subject, actions in positions.items()}
    keypoints["Unlabeled/S4"] = {"Box 1 chunk3": views}
    write_objects(folder / "data_3d_humaneva15.npz", positions_3d=positions)
    write_objects(folder / "data_2d_humaneva15_gt.npz", positions_2d=keypoints, metadata=metadata(HUMANEVA15))
    return world


def test_humaneva_keeps_what_has_no_3d_as_unlabelled(tmp_path: Path) -> None:
    world = write_humaneva(tmp_path)
    data = open_poses(tmp_path, "humaneva15", "gt")
    assert (data.layout_in, data.layout_out, data.frame_rate) == ("humaneva15", "humaneva15", 60.0)
    labelled = [sequence for sequence in data.sequences if sequence.joints is not None]
    assert [sequence.name for sequence in labelled] == [f"{s}/Walking 1 chunk0/{c}" for s in world for c in range(3)]
    unlabelled = {(sequence.subject, sequence.action) for sequence in data.sequences if sequence.joints is None}
    assert unlabelled == {("Train/S1", "Walking 1 chunk1"), ("Unlabeled/S4", "Box 1 chunk3")}
    assert {len(sequence) for sequence in data.sequences if sequence.joints is None} == {FRAMES + 2}
    for sequence in labelled:
        camera = cameras("humaneva15", sequence.subject)[sequence.camera]
        assert sequence.joints is not None
        assert sequence.root is not None
        back = camera_to_world(sequence.joints + sequence.root[:, None], camera.orientation, camera.position_m)
        np.testing.assert_allclose(back, world[sequence.subject], atol=1e-5)
        assert sequence.intrinsics is None
        assert sequence.image_size == (640, 480)


def test_partly_missing_3d_of_humaneva_is_refused(tmp_path: Path) -> None:
    world = write_humaneva(tmp_path)
    positions = {subject: {"Walking 1 chunk0": with_nan(joints)} for subject, joints in world.items()}
    write_objects(tmp_path / "data_3d_humaneva15.npz", positions_3d=positions)
    with pytest.raises(InputError, match="positions_3d Train/S1/Walking 1 chunk0 holds NaN"):
        open_poses(tmp_path, "humaneva15", "gt")


def write_own(folder: Path, **more: Any) -> list[np.ndarray]:
    views = [np.random.default_rng(i).uniform(0, 300, (5 + i, 17, 2)).astype(np.float32) for i in range(2)]
    facts = {"a.mp4": {"w": 640, "h": 480}, "b.mp4": {"w": 360, "h": 640}}
    content = {
        "positions_2d": {name: {"custom": [view]} for name, view in zip(facts, views, strict=True)},
        "metadata": metadata(COCO17, layout_name="coco", video_metadata=facts),
    }
    write_objects(folder / "data_2d_custom_mine.npz", **(content | more))
    return views


def test_own_videos_open_without_3d(tmp_path: Path) -> None:
    views = write_own(tmp_path)
    data = open_poses(tmp_path, "custom", "mine")
    assert (data.name, data.layout_in, data.layout_out, data.frame_rate) == ("custom:mine", "coco17", "h36m17", 50.0)
    assert [sequence.name for sequence in data.sequences] == ["a.mp4/custom/0", "b.mp4/custom/0"]
    assert [sequence.image_size for sequence in data.sequences] == [(640, 480), (360, 640)]
    for sequence, view in zip(data.sequences, views, strict=True):
        assert (sequence.joints, sequence.root, sequence.intrinsics) == (None, None, None)
        np.testing.assert_allclose(denormalize_screen(sequence.keypoints, sequence.image_size), view, atol=1e-3)


@pytest.mark.parametrize(
    "facts", [None, {"a.mp4": {"w": 640, "h": 480}}, {"a.mp4": {"w": 640}}, {"a.mp4": {"w": 0, "h": 480}}]
)
def test_videos_without_a_size_are_refused(tmp_path: Path, facts: Any) -> None:
    more = {} if facts is None else {"video_metadata": facts}
    write_own(tmp_path, metadata=metadata(COCO17, **more))
    with pytest.raises(InputError, match=r"data_2d_custom_mine\.npz: 'metadata' .*the video '[ab]\.mp4'"):
        open_poses(tmp_path, "custom", "mine")
