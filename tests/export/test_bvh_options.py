"""BVH files with chosen axes, units, rest pose, names and world: the movement shown stays the same."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from movement import FLIP, REST, motion_of, wild
from scipy.spatial.transform import Rotation

from videopose.data.bvh import BvhMotion, forward_kinematics, read_bvh
from videopose.export import ExportSettings, write_bvh
from videopose.export.humanoid import JOINTS
from videopose.export.names import joint_names
from videopose.types import Motion
from videopose.world import World

RECORDED = "135_02_view1"
TURN_TO_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def written(motion: Motion, folder: Path, fps: float = 25.0, axes: World | None = None, **settings: str) -> BvhMotion:
    path = folder / f"{'_'.join(settings.values()) or 'usual'}.bvh"
    if axes is None:
        write_bvh(motion, path, fps=fps, settings=ExportSettings(**settings))
    else:
        write_bvh(motion, path, fps=fps, settings=ExportSettings(**settings), world=axes)
    return read_bvh(path)


def places(bvh: BvhMotion) -> np.ndarray:
    return forward_kinematics(bvh)[0]


@pytest.mark.shared
@pytest.mark.parametrize("rest_pose", ["a", "first"])
def test_the_rest_pose_changes_nothing_that_is_shown(
    rest_pose: str, recorded_motion: Callable[[str], tuple[Motion, float]], tmp_path: Path
) -> None:
    motion, fps = recorded_motion(RECORDED)
    usual, other = written(motion, tmp_path, fps), written(motion, tmp_path, fps, rest_pose=rest_pose)
    assert np.abs(usual.offsets - other.offsets).max() > 5
    np.testing.assert_allclose(places(other), places(usual), atol=0.005)
    # Angles stay continuous: nothing turns or is written faster than 2,000 degrees a second.
    assert np.abs(np.diff(other.values[:, 3:], axis=0)).max() * fps < 2000


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rest_pose", ["a", "first"])
def test_rest_poses_of_wild_movement(rest_pose: str, seed: int, tmp_path: Path) -> None:
    motion = motion_of(wild(120, seed))
    np.testing.assert_allclose(
        places(written(motion, tmp_path, rest_pose=rest_pose)), places(written(motion, tmp_path)), atol=0.005
    )


def test_the_a_pose_has_its_arms_half_down(tmp_path: Path) -> None:
    bvh = written(motion_of(REST[None]), tmp_path, rest_pose="a")
    offsets = dict(zip(bvh.joint_names, bvh.offsets, strict=True))
    for side, sign in (("Left", 1), ("Right", -1)):
        for name in (f"{side}ForeArm", f"{side}Hand", f"{side}Hand_end"):
            way = offsets[name] / np.linalg.norm(offsets[name])
            np.testing.assert_allclose(way, [sign * np.sqrt(0.5), -np.sqrt(0.5), 0], atol=1e-4)
        np.testing.assert_allclose(offsets[f"{side}Leg"], [0, -40, 0], atol=1e-3)


def test_the_first_frame_can_be_the_rest_pose(tmp_path: Path) -> None:
    bvh = written(motion_of(wild(20, 7)), tmp_path, rest_pose="first")
    np.testing.assert_allclose(bvh.values[0, 3:], 0, atol=1e-4)
    assert np.abs(bvh.values[-1, 3:]).max() > 10


@pytest.mark.shared
def test_z_can_be_up(recorded_motion: Callable[[str], tuple[Motion, float]], tmp_path: Path) -> None:
    motion, fps = recorded_motion(RECORDED)
    usual, other = written(motion, tmp_path, fps), written(motion, tmp_path, fps, up="z")
    np.testing.assert_allclose(places(other), places(usual) @ TURN_TO_Z_UP.T, atol=0.005)
    # The same angles about renamed axes: as continuous as with Y up.
    assert np.abs(np.diff(other.values[:, 3:], axis=0)).max() == pytest.approx(
        np.abs(np.diff(usual.values[:, 3:], axis=0)).max(), abs=0.01
    )


def test_who_faces_the_camera_faces_minus_y_with_z_up(tmp_path: Path) -> None:
    bvh = written(motion_of(REST[None]), tmp_path, up="z")
    offsets = dict(zip(bvh.joint_names, bvh.offsets, strict=True))
    assert offsets["LeftForeArm"][0] > 20
    assert offsets["LeftFoot_end"][1] < -10
    assert offsets["LeftFoot"][2] < -30


@pytest.mark.parametrize(("units", "per_cm", "digits"), [("m", 0.01, 6), ("mm", 10.0, 3)])
def test_units(units: str, per_cm: float, digits: int, tmp_path: Path) -> None:
    motion = motion_of(wild(30, 2))
    usual, other = written(motion, tmp_path), written(motion, tmp_path, units=units)
    np.testing.assert_allclose(other.offsets, per_cm * usual.offsets, atol=2e-4 * per_cm)
    np.testing.assert_allclose(places(other), per_cm * places(usual), atol=0.005 * per_cm)
    lines = (tmp_path / f"{units}.bvh").read_text().splitlines()
    assert all(len(number.partition(".")[2]) == digits for number in lines[-1].split()[:3])


@pytest.mark.parametrize("names", ["videopose", "h36m", "mixamo", "cmu", "rigify"])
def test_names_change_names_alone(names: str, tmp_path: Path) -> None:
    motion = motion_of(wild(5, 3))
    usual, other = written(motion, tmp_path), written(motion, tmp_path, names=names)
    np.testing.assert_array_equal(other.values, usual.values)
    np.testing.assert_array_equal(other.offsets, usual.offsets)
    wanted = joint_names(names)
    assert [name for name in other.joint_names if not name.endswith("_end")] == [wanted[joint.name] for joint in JOINTS]


def test_the_ground_of_the_world_is_kept(tmp_path: Path) -> None:
    """A person in the air over a known floor stays there; the camera is turned and high up."""
    lean = Rotation.from_euler("xyz", [20, 30, -10], degrees=True).as_matrix()
    world = World(lean @ np.diag(FLIP), np.array([0.5, 1.6, 4.0]))
    frames = 12
    stands = np.tile(REST, (frames, 1, 1))
    root = np.stack([np.linspace(0, 1, frames), np.full(frames, 1.5), np.zeros(frames)], axis=-1)
    # What the camera sees of it.
    joints, place = stands @ world.rotation, root @ world.rotation + world.origin
    motion = Motion(1, np.arange(frames), np.arange(frames) / 25, joints.astype(np.float32), place.astype(np.float32))
    bvh = written(motion, tmp_path, axes=world, world="ground")
    np.testing.assert_allclose(bvh.values[:, :3], 100 * root, atol=0.001)
    left_knee = places(bvh)[:, bvh.joint_names.index("LeftLeg")]
    np.testing.assert_allclose(left_knee, 100 * (root + REST[5]), atol=0.05)


def test_without_options_the_file_is_the_usual_one(tmp_path: Path) -> None:
    motion = motion_of(wild(30, 8))
    write_bvh(motion, tmp_path / "a.bvh", fps=25)
    chosen = ExportSettings(world="camera", up="y", units=None, rest_pose="t", names="videopose")
    write_bvh(motion, tmp_path / "b.bvh", fps=25, settings=chosen)
    assert (tmp_path / "a.bvh").read_bytes() == (tmp_path / "b.bvh").read_bytes()
