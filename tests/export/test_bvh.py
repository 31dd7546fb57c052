"""BVH files: directions, bones, continuity, time and place, on recorded and made-up movement."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from movement import FLIP, REST, motion_of, wild
from scipy.spatial.transform import Rotation

from videopose.data.bvh import BvhMotion, forward_kinematics, read_bvh
from videopose.errors import OutputError
from videopose.export import write_bvh
from videopose.skeletons import H36M17
from videopose.types import Motion

PLACES = {
    "hip": "Hips", "right_hip": "RightUpLeg", "right_knee": "RightLeg", "right_ankle": "RightFoot",
    "left_hip": "LeftUpLeg", "left_knee": "LeftLeg", "left_ankle": "LeftFoot", "spine": "Spine1", "thorax": "Spine2",
    "neck": "Head", "head": "Head_end", "left_shoulder": "LeftArm", "left_elbow": "LeftForeArm",
    "left_wrist": "LeftHand", "right_shoulder": "RightArm", "right_elbow": "RightForeArm", "right_wrist": "RightHand",
}  # fmt: skip


def turned(joints: np.ndarray, names: list[str], centre: str, rotation: Rotation) -> np.ndarray:
    """`joints` (T, 17, 3) with the named ones turned about another, one rotation or one per frame."""
    result, middle = joints.copy(), joints[:, H36M17.index(centre)]
    for name in names:
        row = H36M17.index(name)
        result[:, row] = middle + rotation.apply(joints[:, row] - middle)
    return result


def about(axis: str, degrees: np.ndarray) -> Rotation:
    """Rotations about a coordinate axis, one for each angle (T,)."""
    return Rotation.from_rotvec(np.radians(degrees)[:, None] * np.eye(3)["xyz".index(axis)])


def written(motion: Motion, path: Path, fps: Fraction | float = 25.0) -> BvhMotion:
    write_bvh(motion, path / "a.bvh", fps=fps)
    return read_bvh(path / "a.bvh")


def body_positions(bvh: BvhMotion) -> np.ndarray:
    """(T, 17, 3) of the body's joints, centimetres."""
    positions, _ = forward_kinematics(bvh)
    return positions[:, [bvh.joint_names.index(PLACES[name]) for name in H36M17.joint_names]]


def worst_angle(bvh: BvhMotion, joints: np.ndarray, wanted: np.ndarray | None = None) -> float:
    """Largest angle in degrees between a bone of the file and of `joints`, where `wanted` (T,) is true."""
    positions, worst = body_positions(bvh), 0.0
    for parent, child in H36M17.bones:
        ours, theirs = positions[:, child] - positions[:, parent], joints[:, child] - joints[:, parent]
        sine, cosine = np.linalg.norm(np.cross(ours, theirs), axis=-1), (ours * theirs).sum(-1)
        angle = np.degrees(np.arctan2(sine, cosine))
        worst = max(worst, float(angle[slice(None) if wanted is None else wanted].max()))
    return worst


def steps(bvh: BvhMotion) -> np.ndarray:
    """(T - 1, J) degrees each joint turns in the world from frame to frame."""
    _, rotations = forward_kinematics(bvh)
    change = np.einsum("tjab,tjac->tjbc", rotations[:-1], rotations[1:])
    return np.degrees(Rotation.from_matrix(change.reshape(-1, 3, 3)).magnitude()).reshape(change.shape[:2])


def channel(bvh: BvhMotion, joint: str) -> dict[str, np.ndarray]:
    """The columns of one joint, by channel name."""
    row = bvh.joint_names.index(joint)
    start = sum(map(len, bvh.channels[:row]))
    return {name: bvh.values[:, start + column] for column, name in enumerate(bvh.channels[row])}


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["09_12_view1", "135_02_view1", "135_07_view0", "135_10_view2", "135_11_view1", "09_06_view0"]
)
def test_recorded_running_and_martial_arts(
    name: str, recorded_motion: Callable[[str], tuple[Motion, float]], tmp_path: Path
) -> None:
    motion, fps = recorded_motion(name)
    bvh = written(motion, tmp_path, fps)
    joints = motion.joints * FLIP
    assert len(bvh) == len(motion)
    assert 1 / bvh.frame_time_s == pytest.approx(fps, rel=1e-6)
    assert worst_angle(bvh, joints) < 0.01
    # Bones: the medians, in every frame.
    positions = body_positions(bvh)
    for parent, child in H36M17.bones:
        length = np.linalg.norm(positions[:, child] - positions[:, parent], axis=-1)
        median = 100 * np.median(np.linalg.norm(joints[:, child] - joints[:, parent], axis=-1))
        np.testing.assert_allclose(length, median, atol=0.002)
    # Continuity: fast kicks turn a shin by 1,300 degrees a second; nothing turns or is written faster than 2,000.
    assert steps(bvh).max() * fps < 2000
    assert np.abs(np.diff(bvh.values[:, 3:], axis=0)).max() * fps < 2000
    # Path: the root's own, in centimetres, but for one constant height.
    np.testing.assert_allclose(bvh.values[:, [0, 2]], 100 * (motion.root * FLIP)[:, [0, 2]], atol=1e-3)
    assert np.ptp(bvh.values[:, 1] - 100 * (motion.root * FLIP)[:, 1]) < 1e-3


@pytest.mark.shared
def test_twists_do_not_chatter(recorded_motion: Callable[[str], tuple[Motion, float]], tmp_path: Path) -> None:
    """Noise of a few millimetres on straight limbs must not spin them."""
    motion, fps = recorded_motion("09_12_view0")
    noise = np.random.default_rng(0).normal(scale=0.003, size=motion.joints.shape).astype(np.float32)
    noisy = Motion(1, motion.frame_index, motion.time_s, motion.joints + noise, motion.root)
    clean_steps, noisy_steps = steps(written(motion, tmp_path, fps)), steps(written(noisy, tmp_path, fps))
    assert noisy_steps.max() < clean_steps.max() + 12


def test_the_t_pose_is_the_rest_pose(tmp_path: Path) -> None:
    bvh = written(motion_of(REST[None]), tmp_path)
    np.testing.assert_allclose(bvh.values[0, 3:], 0, atol=0.2)  # the neck's rest direction is given to two digits
    offsets = {name: tuple(np.round(offset)) for name, offset in zip(bvh.joint_names, bvh.offsets, strict=True)}
    assert offsets["LeftUpLeg"] == (10, 0, 0)
    assert offsets["RightLeg"] == (0, -40, 0)
    assert offsets["LeftForeArm"] == (28, 0, 0)
    assert offsets["RightHand"] == (-24, 0, 0)
    assert offsets["Spine2"] == (0, 25, 0)
    assert offsets["LeftFoot_end"][2] > 10  # toes forward
    assert bvh.frame_time_s == 0.04


def test_joint_names_and_order(tmp_path: Path) -> None:
    bvh = written(motion_of(REST[None]), tmp_path)
    left = ["Hip", "UpLeg", "Leg", "Foot", "Foot_end"]
    arm = ["Shoulder", "Arm", "ForeArm", "Hand", "Hand_end"]
    assert list(bvh.joint_names) == [
        "Hips",
        *(f"{side}{part}" for side in ("Left", "Right") for part in left),
        *("Spine", "Spine1", "Spine2", "Neck", "Head", "Head_end"),
        *(f"{side}{part}" for side in ("Left", "Right") for part in arm),
    ]


@pytest.mark.parametrize(
    ("names", "centre", "axis", "joint", "channel_name"),
    [
        (["left_wrist"], "left_elbow", "y", "LeftForeArm", "Yrotation"),
        (["right_wrist"], "right_elbow", "y", "RightForeArm", "Yrotation"),
        (["left_ankle"], "left_knee", "x", "LeftLeg", "Xrotation"),
        (["right_ankle"], "right_knee", "x", "RightLeg", "Xrotation"),
    ],
)
def test_elbows_and_knees_are_hinges(
    names: list[str], centre: str, axis: str, joint: str, channel_name: str, tmp_path: Path
) -> None:
    """From straight to 120 degrees: only the hinge's own channel moves."""
    sign = -1 if joint == "LeftForeArm" else 1
    angles = sign * np.linspace(0, 120, 50)
    joints = turned(np.tile(REST, (50, 1, 1)), names, centre, about(axis, angles))
    bvh = written(motion_of(joints), tmp_path)
    np.testing.assert_allclose(channel(bvh, joint)[channel_name], angles, atol=0.01)
    moving = {(name, label) for name in ("LeftArm", "RightArm", "LeftUpLeg", "RightUpLeg", joint)
              for label, values in channel(bvh, name).items() if np.abs(values).max() > 0.01}  # fmt: skip
    assert moving == {(joint, channel_name)}


def test_a_turned_head_turns(tmp_path: Path) -> None:
    yaw = about("y", np.linspace(0, 60, 30))
    joints = turned(np.tile(REST, (30, 1, 1)), ["neck", "head"], "thorax", yaw)
    bvh = written(motion_of(joints), tmp_path)
    _, rotations = forward_kinematics(bvh)
    head = Rotation.from_matrix(rotations[:, bvh.joint_names.index("Head")])
    assert np.degrees((head * yaw.inv()).magnitude()).max() < 8


def test_many_turns_add_up(tmp_path: Path) -> None:
    turns = about("y", np.linspace(0, 1080, 200))
    joints = np.stack([turn.apply(REST) for turn in turns])
    bvh = written(motion_of(joints), tmp_path)
    np.testing.assert_allclose(channel(bvh, "Hips")["Yrotation"], np.linspace(0, 1080, 200), atol=0.01)
    assert np.abs(np.diff(bvh.values[:, 3:], axis=0)).max() < 6


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 0, 1), (1, 0, 0.02), (0.02, 0, 1), (1, 1, 1)])
def test_somersaults_and_cartwheels(axis: tuple[float, float, float], tmp_path: Path) -> None:
    """Through upside down and lying: the whole body turns, so only the hips' channels move, without jumps."""
    vector = np.array(axis) / np.linalg.norm(axis)
    turns = Rotation.from_rotvec(np.linspace(0, 4 * np.pi, 240)[:, None] * vector)
    joints = np.stack([turn.apply(REST) for turn in turns])
    bvh = written(motion_of(joints), tmp_path)
    assert worst_angle(bvh, joints) < 0.01
    assert steps(bvh).max() < 3.1
    assert np.abs(np.diff(bvh.values[:, 3:], axis=0)).max() < 10
    np.testing.assert_allclose(bvh.values[:, 6:], np.tile(bvh.values[0, 6:], (240, 1)), atol=0.05)


def test_upside_down_from_the_first_frame(tmp_path: Path) -> None:
    joints = np.tile(REST * [-1, -1, 1], (10, 1, 1))
    assert worst_angle(written(motion_of(joints), tmp_path), joints) < 0.01


@pytest.mark.parametrize("frames", [1, 2, 3, 400])
@pytest.mark.parametrize("seed", [0, 1])
def test_directions_come_out_whatever_the_movement(frames: int, seed: int, tmp_path: Path) -> None:
    joints = wild(frames, seed)
    bvh = written(motion_of(joints), tmp_path)
    assert len(bvh) == frames
    assert worst_angle(bvh, joints) < 0.01


def test_bones_without_length_are_bridged(tmp_path: Path) -> None:
    joints = np.tile(REST, (60, 1, 1))
    joints = turned(joints, ["left_wrist"], "left_elbow", about("y", np.linspace(0, -59, 60)))
    elbow, wrist = H36M17.index("left_elbow"), H36M17.index("left_wrist")
    whole = joints.copy()
    joints[20:30, wrist] = joints[20:30, elbow]
    bvh = written(motion_of(joints), tmp_path)
    assert worst_angle(bvh, whole) < 1
    assert steps(bvh).max() < 2


def test_all_joints_in_one_point(tmp_path: Path) -> None:
    bvh = written(motion_of(np.zeros((5, 17, 3))), tmp_path)
    assert np.isfinite(bvh.values).all()
    np.testing.assert_array_equal(bvh.values[:, 3:], 0)


def test_straight_limbs_stay_quiet(tmp_path: Path) -> None:
    """Arms swing while straight to a millimetre: the forearm follows, nothing twists."""
    noise = np.random.default_rng(1).normal(scale=0.001, size=(100, 17, 3))
    swing = about("z", -80 + 10 * np.sin(np.linspace(0, 12, 100)))
    joints = turned(np.tile(REST, (100, 1, 1)), ["left_elbow", "left_wrist"], "left_shoulder", swing) + noise
    bvh = written(motion_of(joints), tmp_path)
    arm = steps(bvh)[:, bvh.joint_names.index("LeftArm")]
    assert arm.max() < 4


def test_the_ground_is_where_the_feet_usually_are(tmp_path: Path) -> None:
    """One bad frame and a jump leave the ground alone; a crouch lowers the hips, not the ground."""
    joints = np.tile(REST, (100, 1, 1))
    root = np.tile([1.0, 7.0, -4.0], (100, 1))
    root[40:60, 1] += 0.5 * np.sin(np.linspace(0, np.pi, 20))
    root[70, 1] -= 1.5
    bvh = written(motion_of(joints, root), tmp_path)
    positions, _ = forward_kinematics(bvh)
    sole = positions[:, bvh.joint_names.index("RightFoot_end"), 1]
    np.testing.assert_allclose(sole[:40], 0, atol=0.1)
    assert sole.max() == pytest.approx(50, abs=1)
    np.testing.assert_allclose(bvh.values[0, :3], [100, 80 + 0.18 * 40, -400], atol=0.1)


def test_missing_roots_are_bridged(tmp_path: Path) -> None:
    root = np.stack([np.linspace(0, 1, 11), np.zeros(11), np.full(11, -3.0)], axis=-1)
    root[:2] = root[5:7] = np.nan
    bvh = written(motion_of(np.tile(REST, (11, 1, 1)), root), tmp_path)
    np.testing.assert_allclose(bvh.values[:, 0], [20, 20, 20, 30, 40, 50, 60, 70, 80, 90, 100], atol=1e-3)
    nowhere = written(motion_of(np.tile(REST, (11, 1, 1)), np.full((11, 3), np.nan)), tmp_path)
    np.testing.assert_allclose(nowhere.values[:, :3], np.tile([0, 87.2, 0], (11, 1)), atol=1e-3)


def test_time_stamps_to_the_millisecond_count_as_even(tmp_path: Path) -> None:
    time_s = np.round(np.arange(300) * 1001 / 30000, 3)
    bvh = written(motion_of(wild(300, 3), time_s=time_s), tmp_path, Fraction(30000, 1001))
    assert len(bvh) == 300
    assert bvh.frame_time_s == pytest.approx(1001 / 30000, abs=1e-8)


def test_a_variable_rate_is_resampled_by_time(tmp_path: Path) -> None:
    """A person turning at 90 degrees a second, frames dropped and late: the file turns at that speed."""
    rng = np.random.default_rng(4)
    time_s = 5 + np.sort(np.concatenate([[0, 4], rng.uniform(0, 4, 120)]))
    turns = about("y", 90 * (time_s - 5))
    joints = np.stack([turn.apply(REST) for turn in turns])
    root = np.stack([time_s - 5, np.zeros(122), np.zeros(122)], axis=-1)
    bvh = written(motion_of(joints, root, time_s), tmp_path, 25.0)
    assert len(bvh) == 101
    np.testing.assert_allclose(channel(bvh, "Hips")["Yrotation"], 90 * np.arange(101) / 25, atol=0.2)
    np.testing.assert_allclose(bvh.values[:, 0], 100 * np.arange(101) / 25, atol=0.01)


def test_the_same_motion_gives_the_same_bytes(tmp_path: Path) -> None:
    motion = motion_of(wild(50, 5))
    for name in ("a.bvh", "b.bvh"):
        write_bvh(motion, tmp_path / name, fps=25.0)
    assert (tmp_path / "a.bvh").read_bytes() == (tmp_path / "b.bvh").read_bytes()


def test_bad_calls(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 frames"):
        write_bvh(motion_of(REST[None][:0]), tmp_path / "a.bvh", fps=25.0)
    with pytest.raises(ValueError, match="fps=0"):
        write_bvh(motion_of(REST[None]), tmp_path / "a.bvh", fps=0)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write_bvh(motion_of(REST[None]), tmp_path / "file" / "a.bvh", fps=25.0)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
