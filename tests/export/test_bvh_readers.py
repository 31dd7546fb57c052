"""BVH files as others read them: an independent library, and Blender itself."""

from collections.abc import Callable
from pathlib import Path

import bvhio
import numpy as np
import pytest
from blender import run_blender

from videopose.data.bvh import forward_kinematics, read_bvh
from videopose.export import write_bvh
from videopose.skeletons import H36M17
from videopose.types import Motion

VIEWS = ("09_12_view1", "135_02_view1", "135_07_view0")
HEADS = {
    "hip": "Hips", "right_hip": "RightUpLeg", "right_knee": "RightLeg", "right_ankle": "RightFoot",
    "left_hip": "LeftUpLeg", "left_knee": "LeftLeg", "left_ankle": "LeftFoot", "spine": "Spine1", "thorax": "Spine2",
    "neck": "Head", "left_shoulder": "LeftArm", "left_elbow": "LeftForeArm", "left_wrist": "LeftHand",
    "right_shoulder": "RightArm", "right_elbow": "RightForeArm", "right_wrist": "RightHand",
}  # fmt: skip


@pytest.fixture(scope="module")
def files(
    recorded_motion: Callable[[str], tuple[Motion, float]], tmp_path_factory: pytest.TempPathFactory
) -> dict[Path, tuple[Motion, float]]:
    """BVH files of recorded movement and the motions they were written from."""
    folder = tmp_path_factory.mktemp("bvh")
    result = {}
    for name in VIEWS:
        motion, fps = recorded_motion(name)
        write_bvh(motion, folder / f"{name}.bvh", fps=fps)
        result[folder / f"{name}.bvh"] = (motion, fps)
    return result


@pytest.mark.shared
def test_bvhio_sees_the_same_places(files: dict[Path, tuple[Motion, float]]) -> None:
    for path in files:
        ours = read_bvh(path)
        positions, _ = forward_kinematics(ours)
        root = bvhio.readAsHierarchy(str(path))
        for frame in (0, 1, len(ours) // 2, len(ours) - 1):
            root.loadPose(frame)
            theirs = {joint.Name: np.array(joint.PositionWorld) for joint, _, _ in root.layout()}
            shown = [index for index, name in enumerate(ours.joint_names) if name in theirs]
            assert len(shown) == 22
            expected = [theirs[ours.joint_names[index]] for index in shown]
            np.testing.assert_allclose(positions[frame, shown], expected, atol=0.01)


@pytest.mark.shared
def test_blender_imports_the_motion(files: dict[Path, tuple[Motion, float]]) -> None:
    imported = run_blender(Path(__file__).with_name("blender_probe.py"), *map(str, files))
    assert imported["blender"].startswith("4.2")
    for (path, (motion, fps)), scene in zip(files.items(), imported["files"], strict=True):
        assert scene["frames"] == len(motion)
        assert scene["fps"] == pytest.approx(fps, rel=1e-3)
        ours = read_bvh(path)
        positions, _ = forward_kinematics(ours)
        joints = motion.joints * [1.0, -1.0, -1.0]
        for row, pose in zip(scene["rows"], scene["poses"], strict=True):
            heads = {name: _y_up(place) for name, place in pose["heads"].items()}
            for name, place in heads.items():
                np.testing.assert_allclose(place, positions[row, ours.joint_names.index(name)], atol=0.05)
            body = {joint: heads[name] for joint, name in HEADS.items()} | {"head": _y_up(pose["tails"]["Head"])}
            for parent, child in H36M17.bones:
                seen = body[H36M17.joint_names[child]] - body[H36M17.joint_names[parent]]
                wanted = joints[row, child] - joints[row, parent]
                sine, cosine = np.linalg.norm(np.cross(seen, wanted)), seen @ wanted
                assert np.degrees(np.arctan2(sine, cosine)) < 0.1
        rest = {name: _y_up(place) for name, place in scene["rest"].items()}
        assert rest["LeftHand"][0] > 30  # a T-pose facing +Z: the left hand at +X, feet below
        assert rest["RightHand"][0] < -30
        assert rest["LeftHand"][1] == pytest.approx(rest["LeftArm"][1], abs=0.01)
        assert rest["LeftFoot"][1] < -60


def _y_up(place: list[float]) -> np.ndarray:
    """Blender has Z up and faces -Y."""
    return np.array([place[0], place[2], -place[1]])
