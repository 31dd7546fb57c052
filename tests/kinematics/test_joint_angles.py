"""Joint angles: closed forms, what is undefined, and what they depend on."""

import numpy as np
import pytest
from kinematics.bodies import FACING, motion, pose, turn

from videopose.kinematics import ANGLES, UNKNOWABLE, joint_angles
from videopose.skeletons import COCO17, H36M17
from videopose.types import Motion
from videopose.world import CAMERA_WORLD, World

NAMES = [angle.name for angle in ANGLES]
MIRROR = np.array([-1.0, 1.0, 1.0])


def angles(poses: np.ndarray, world: World = CAMERA_WORLD) -> dict[str, np.ndarray]:
    return dict(zip(NAMES, joint_angles(motion(np.atleast_3d(poses).reshape(-1, 17, 3)), world).T, strict=True))


def test_every_angle_is_described() -> None:
    assert len(set(NAMES)) == len({angle.title for angle in ANGLES}) == len(ANGLES)
    assert {angle.joint for angle in ANGLES} <= set(H36M17.joint_names)
    assert not set(NAMES) & {each.name for each in UNKNOWABLE}
    assert all(angle.positive and angle.zero for angle in ANGLES)
    assert all(each.reason.endswith(".") for each in UNKNOWABLE)


def test_an_upright_body_reads_zero() -> None:
    found = angles(pose())
    unknown = {name for name in NAMES if np.isnan(found[name]).all()}
    assert unknown == {
        f"{side}_{angle}"
        for side in ("left", "right")
        for angle in ("hip_internal_rotation", "shoulder_plane_of_elevation", "shoulder_internal_rotation")
    }
    for name in set(NAMES) - unknown:
        np.testing.assert_allclose(found[name], 0, atol=1e-4)


def test_known_turns_come_back() -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        a, b, c = rng.uniform((-170, -60, -60), (170, 60, 60))
        flexion, bending, rotation = rng.uniform((-30, -40, -60), (80, 40, 60))
        hip, adduction, inward, knee = rng.uniform((-40, -60, -70, 31), (130, 40, 70, 150), (2, 4)).T
        plane, raised, axial, elbow = rng.uniform((-90, 21, -120, 31), (140, 159, 120, 150), (2, 4)).T
        sides = (("right", 0, 1.0), ("left", 1, -1.0))
        found = angles(
            pose(
                pelvis=FACING @ turn("YXZ", a, b, c),
                trunk=turn("ZXY", -flexion, bending, rotation),
                head=turn("ZX", -flexion / 2, -bending / 2),
                # turns about x and y are mirrored on the left
                hips={side: turn("ZXY", hip[i], sign * adduction[i], sign * inward[i]) for side, i, sign in sides},
                knees={side: knee[i] for side, i, _ in sides},
                shoulders={
                    side: turn("YXY", sign * plane[i], -sign * raised[i], sign * axial[i]) for side, i, sign in sides
                },
                elbows={side: elbow[i] for side, i, _ in sides},
            )
        )
        expected = {
            "pelvis_rotation": a,
            "pelvis_obliquity": -b,
            "pelvis_tilt": -c,
            "trunk_flexion": flexion,
            "trunk_lateral_bending": bending,
            "trunk_rotation": rotation,
            "neck_flexion": flexion / 2,
            "neck_lateral_bending": -bending / 2,
        }
        for side, i, _ in sides:
            expected |= {
                f"{side}_hip_flexion": hip[i],
                f"{side}_hip_adduction": adduction[i],
                f"{side}_hip_internal_rotation": inward[i],
                f"{side}_knee_flexion": knee[i],
                f"{side}_shoulder_plane_of_elevation": plane[i],
                f"{side}_shoulder_elevation": raised[i],
                f"{side}_shoulder_internal_rotation": axial[i],
                f"{side}_elbow_flexion": elbow[i],
            }
        assert set(expected) == set(NAMES) - {"trunk_inclination"}
        for name, degrees in expected.items():
            np.testing.assert_allclose(found[name], degrees, atol=2e-3, err_msg=name)


@pytest.mark.parametrize(
    ("name", "posed"),
    [
        ("pelvis_tilt", pose(pelvis=np.stack([[0, -0.5, 0.75**0.5], [0, 0.75**0.5, 0.5], [-1, 0, 0]], axis=1))),
        ("trunk_inclination", pose(pelvis=FACING @ turn("Z", -30))),
        ("trunk_flexion", pose(trunk=turn("Z", -30))),
        ("right_hip_flexion", pose(hips={"right": turn("Z", 30)})),
        ("left_hip_adduction", pose(hips={"left": turn("X", -30)})),
        ("left_knee_flexion", pose(knees={"left": 30})),
        ("left_shoulder_elevation", pose(shoulders={"left": turn("X", 30)})),
    ],
)
def test_thirty_degrees(name: str, posed: np.ndarray) -> None:
    np.testing.assert_allclose(angles(posed)[name], 30, atol=1e-4)


def points(**places: tuple[float, float, float]) -> np.ndarray:
    """An upright body that faces +Z, some of whose joints are elsewhere."""
    body = pose()
    for name, place in places.items():
        body[H36M17.index(name)] = place
    return body


SPOKEN = {
    # somebody who faces +Z has the right side at -X
    "right foot forward": (points(right_knee=(-0.13, -0.3, 0.3)), "right_hip_flexion", 45),
    "right foot to the side": (points(right_knee=(-0.43, -0.3, 0)), "right_hip_adduction", -45),
    "left foot to the side": (points(left_knee=(0.43, -0.3, 0)), "left_hip_adduction", -45),
    "left arm forward": (points(left_elbow=(0.15, 0.5, 0.3)), "left_shoulder_plane_of_elevation", 90),
    "left arm to the side": (points(left_elbow=(0.45, 0.5, 0)), "left_shoulder_plane_of_elevation", 0),
    "left arm back": (points(left_elbow=(0.15, 0.3, -0.2)), "left_shoulder_plane_of_elevation", -90),
    "right arm up": (points(right_elbow=(-0.35, 0.7, 0)), "right_shoulder_elevation", 135),
    "hand up with the arm to the side": (
        points(left_elbow=(0.45, 0.5, 0), left_wrist=(0.45, 0.75, 0)),
        "left_shoulder_internal_rotation",
        -90,
    ),
    "foot outwards with the knee forward": (
        points(right_knee=(-0.13, 0, 0.4), right_ankle=(-0.43, -0.3, 0.4)),
        "right_hip_internal_rotation",
        45,
    ),
    "head to the right": (points(head=(-0.1, 0.6, 0)), "neck_lateral_bending", 45),
    "head forward": (points(head=(0, 0.6, 0.1)), "neck_flexion", 45),
}


@pytest.mark.parametrize(("body", "name", "degrees"), SPOKEN.values(), ids=SPOKEN)
def test_signs_mean_what_people_mean(body: np.ndarray, name: str, degrees: float) -> None:
    np.testing.assert_allclose(angles(body)[name], degrees, atol=1e-3)


def test_mirrored_movement_has_the_same_angles() -> None:
    rng = np.random.default_rng(2)
    bodies = pose() + rng.normal(0, 0.08, (50, 17, 3))
    found, other = angles(bodies), angles(bodies[:, H36M17.mirror] * MIRROR)
    turned = {"pelvis_obliquity", "pelvis_rotation", "trunk_lateral_bending", "trunk_rotation", "neck_lateral_bending"}
    for name in NAMES:
        swapped = name.replace("left", "?").replace("right", "left").replace("?", "right")
        sign = -1 if name in turned else 1
        np.testing.assert_allclose(found[name], sign * other[swapped], atol=1e-3)


def test_neither_size_nor_place_nor_heading_matters() -> None:
    rng = np.random.default_rng(3)
    bodies = pose() + rng.normal(0, 0.08, (20, 17, 3))
    found, other = angles(bodies), angles(1.7 * bodies @ turn("Y", 40).T)
    for name in set(NAMES) - {"pelvis_rotation"}:
        np.testing.assert_allclose(found[name], other[name], atol=2e-3)
    np.testing.assert_allclose(np.mod(other["pelvis_rotation"] - found["pelvis_rotation"], 360), 40, atol=2e-3)


def test_only_pelvis_and_inclination_ask_for_the_world() -> None:
    bodies = pose() + np.random.default_rng(4).normal(0, 0.05, (20, 17, 3))
    tilted = World(turn("X", 20) @ CAMERA_WORLD.rotation, np.zeros(3))
    found, other = angles(bodies), angles(bodies, tilted)
    changed = {name for name in NAMES if not np.allclose(found[name], other[name], atol=2e-3, equal_nan=True)}
    assert changed == {"pelvis_tilt", "pelvis_obliquity", "pelvis_rotation", "trunk_inclination"}


UNDEFINED = {
    "straight knee": (pose(knees={"left": 29}), {"left_hip_internal_rotation"}, pose(knees={"left": 31})),
    "straight elbow": (
        pose(shoulders={"left": turn("X", 60)}, elbows={"left": 29}),
        {"left_shoulder_internal_rotation"},
        pose(shoulders={"left": turn("X", 60)}, elbows={"left": 31}),
    ),
    "hanging arm": (
        pose(shoulders={"left": turn("X", 19)}, elbows={"left": 90}),
        {"left_shoulder_internal_rotation", "left_shoulder_plane_of_elevation"},
        pose(shoulders={"left": turn("X", 21)}, elbows={"left": 90}),
    ),
    "arm straight up": (
        pose(shoulders={"left": turn("X", 161)}, elbows={"left": 90}),
        {"left_shoulder_internal_rotation", "left_shoulder_plane_of_elevation"},
        pose(shoulders={"left": turn("X", 159)}, elbows={"left": 90}),
    ),
    "split": (
        pose(hips={"right": turn("X", -76)}, knees={"right": 90}),
        {"right_hip_flexion", "right_hip_internal_rotation"},
        pose(hips={"right": turn("X", -74)}, knees={"right": 90}),
    ),
    "cartwheel": (
        pose(pelvis=FACING @ turn("X", 76)),
        {"pelvis_tilt", "pelvis_rotation"},
        pose(pelvis=FACING @ turn("X", 74)),
    ),
}


@pytest.mark.parametrize(("body", "names", "defined"), UNDEFINED.values(), ids=UNDEFINED)
def test_undefined_angles_are_nan(body: np.ndarray, names: set[str], defined: np.ndarray) -> None:
    unknown, known = angles(body), angles(defined)
    for name in names:
        assert np.isnan(unknown[name]).all() and np.isfinite(known[name]).all()
        assert ANGLES[NAMES.index(name)].undefined
    assert not {name for name in NAMES if np.isnan(unknown[name]).all() and np.isfinite(known[name]).all()} - names


def test_collapsed_bodies_give_nan_not_errors() -> None:
    with np.errstate(all="raise"):
        assert np.isnan(joint_angles(motion(np.zeros((2, 17, 3))), CAMERA_WORLD)).sum() >= 2 * (len(ANGLES) - 5)


def test_an_unknown_joint_leaves_the_other_angles() -> None:
    body = pose(knees={"left": 60, "right": 60}, shoulders={"left": turn("X", 60), "right": turn("X", -60)})
    lost = body.copy()
    lost[H36M17.index("left_ankle")] = np.nan
    found, other = angles(body), angles(lost)
    gone = {name for name in NAMES if np.isnan(other[name]).all() and np.isfinite(found[name]).all()}
    assert gone == {"left_knee_flexion", "left_hip_internal_rotation"}


def test_turning_on_and_on_has_no_jump() -> None:
    turns = np.arange(0, 900, 15.0)
    bodies = np.stack([pose(pelvis=FACING @ turn("Y", degrees)) for degrees in turns])
    bodies[10:14] = np.nan
    found = angles(bodies)["pelvis_rotation"]
    np.testing.assert_allclose(found, np.where(np.isnan(bodies[:, 0, 0]), np.nan, turns), atol=1e-3)


@pytest.mark.parametrize("frames", [0, 1])
def test_short_motions(frames: int) -> None:
    found = joint_angles(motion(np.repeat(pose()[None], frames, axis=0)), CAMERA_WORLD)
    assert found.shape == (frames, len(ANGLES)) and found.dtype == np.float32


def test_other_skeletons_are_refused() -> None:
    other = Motion(1, np.arange(1), np.zeros(1), np.zeros((1, 17, 3)), np.zeros((1, 3)), COCO17)
    with pytest.raises(ValueError, match="angles are of h36m17, got coco17"):
        joint_angles(other, CAMERA_WORLD)
