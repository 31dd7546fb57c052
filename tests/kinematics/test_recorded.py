"""Angles from places of joints against the turns that motion capture recorded, and what upright people read."""

from pathlib import Path

import numpy as np
import pytest
from kinematics.bodies import FACING
from kinematics.recorded import EVERY, Recorded
from scipy.spatial.transform import Rotation

from videopose.kinematics import joint_speeds

pytestmark = pytest.mark.shared
TRIALS = ("09_01", "09_12", "16_15", "14_02", "135_02")
"""A run, a walk in a circle, a walk, boxing and other sports, karate."""


@pytest.fixture(scope="module", params=TRIALS)
def recorded(request: pytest.FixtureRequest, shared_dir: Path) -> Recorded:
    return Recorded(shared_dir, request.param)


@pytest.mark.parametrize("side", ["left", "right"])
def test_hinges_are_as_recorded(recorded: Recorded, side: str) -> None:
    for angle, bone in (("knee_flexion", "tibia"), ("elbow_flexion", "radius")):
        true = np.abs(recorded.turns[f"{side[0]}{bone}"][:, 0])
        assert np.ptp(true) > 10
        np.testing.assert_allclose(recorded.angles[f"{side}_{angle}"], true, atol=1e-3)


@pytest.mark.parametrize(("side", "sign"), [("left", -1), ("right", 1)])
def test_hips_are_as_recorded(recorded: Recorded, side: str, sign: int) -> None:
    down = recorded.direction("root", f"{side[0]}femur")
    found = recorded.angles
    np.testing.assert_allclose(found[f"{side}_hip_adduction"], -sign * np.degrees(np.arcsin(down[:, 2])), atol=1e-3)
    # the pelvis as seen from its joints tilts with the lower back
    true = np.degrees(np.arctan2(down[:, 0], -down[:, 1]))
    error = found[f"{side}_hip_flexion"] - true
    assert np.sqrt(np.mean(error**2)) < 7 and np.corrcoef(found[f"{side}_hip_flexion"], true)[0, 1] > 0.97


@pytest.mark.parametrize("side", ["left", "right"])
def test_arms_are_raised_as_recorded(recorded: Recorded, side: str) -> None:
    true = np.degrees(np.arccos(-recorded.direction("thorax", f"{side[0]}humerus")[:, 1]))
    error = recorded.angles[f"{side}_shoulder_elevation"] - true
    assert np.sqrt(np.mean(error**2)) < 7


def test_trunk_and_pelvis_are_as_recorded(recorded: Recorded) -> None:
    flexion, bending, rotation = (
        Rotation.from_matrix(recorded.between("root", "thorax")).as_euler("ZXY", degrees=True).T
    )
    found = recorded.angles
    # what is off by a constant is where the joints lie in the body
    for name, true, spread in (
        ("trunk_flexion", -flexion, 7),
        ("trunk_lateral_bending", bending, 1.5),
        ("trunk_rotation", rotation, 1),
    ):
        error = found[name] - true
        assert np.std(error) < spread and abs(np.mean(error)) < 9
    turn = FACING.T @ recorded.pose.rotations["root"].as_matrix() @ FACING
    heading, list_, tilt = Rotation.from_matrix(turn).as_euler("YXZ", degrees=True).T
    np.testing.assert_allclose((found["pelvis_rotation"] - heading + 180) % 360 - 180, 0, atol=2e-3)
    np.testing.assert_allclose(found["pelvis_obliquity"], -list_, atol=2e-3)
    assert np.std(found["pelvis_tilt"] + tilt) < 7


def test_a_walker_is_upright_with_straight_legs_in_between(shared_dir: Path) -> None:
    found = Recorded(shared_dir, "16_15").angles
    for name, low, high in (
        ("trunk_inclination", 0, 6),
        ("trunk_lateral_bending", -5, 5),
        ("trunk_rotation", -5, 5),
        ("left_hip_adduction", -8, 8),
        ("right_hip_adduction", -8, 8),
    ):
        assert low < np.median(found[name]) < high, name
    for side in ("left", "right"):
        assert found[f"{side}_knee_flexion"].min() < 20 and found[f"{side}_knee_flexion"].max() > 55
        assert found[f"{side}_hip_flexion"].min() < -5 and found[f"{side}_hip_flexion"].max() > 20
    # legs take turns
    assert np.corrcoef(found["left_hip_flexion"], found["right_hip_flexion"])[0, 1] < -0.5


def test_speeds_add_up_to_the_way_that_the_hip_went(recorded: Recorded) -> None:
    hip = joint_speeds(recorded.motion)[:, 0]
    path_m = np.sum(hip[1:-1]) * EVERY / 120
    middle = recorded.motion.root[1:-1].astype(np.float64)
    assert path_m == pytest.approx(np.linalg.norm(np.diff(middle, axis=0), axis=1).sum(), rel=0.06)
