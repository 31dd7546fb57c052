"""Joint angles from places of joints.

Segments have axes x forward, y up, z to the right. The pelvis has its z through the hips, and its y as near to the
spine as can be; the thorax its y from spine to thorax, and its z as near to the line of the shoulders as can be; thigh
and upper arm their y along the bone, and their z along the hinge of the knee or elbow. Left limbs are mirrored and then
taken for right ones.
"""

import numpy as np

from videopose.kinematics.angles import ANGLES, BENT_DEGREES, GIMBAL_DEGREES, LIMB_ANGLES, RAISED_DEGREES
from videopose.kinematics.segments import against, axes_from_right, axes_from_up, between_degrees, unit, within
from videopose.skeletons import H36M17
from videopose.types import Motion
from videopose.world import World, possible_places

_MIRROR_X = np.array([-1.0, 1.0, 1.0])
# Angles that can pass 180 are cut where no body gets to.
_HIP_FLEXION_MIDDLE = 55.0
_ELEVATION_PLANE_MIDDLE = 20.0

Angles = dict[str, np.ndarray]
"""(T,) degrees by name."""


def joint_angles(motion: Motion, world: World) -> np.ndarray:
    """The angles of `ANGLES` in every frame.

    Args:
        motion: of 17 joints; neither a root nor the size of the body matters.
        world: says which way is up, and so decides the angles of the pelvis and the trunk's inclination; all others
            do not depend on it.

    Returns:
        (T, A) float32 degrees; NaN where a joint is unknown or the angle is not defined (`Angle.undefined`).

    Raises:
        ValueError: the motion has another skeleton.
    """
    if motion.skeleton != H36M17:
        raise ValueError(f"angles are of {H36M17.name}, got {motion.skeleton.name}")
    joints = world.directions(possible_places(motion.joints))
    mirrored = joints[:, H36M17.mirror] * _MIRROR_X
    angles = _trunk(joints)
    for side, body in (("left", mirrored), ("right", joints)):
        limbs = _right_leg(body) | _right_arm(body)
        angles |= {f"{side}_{name}": limbs[name] for name in LIMB_ANGLES}
    return np.stack([angles[angle.name] for angle in ANGLES], axis=-1).astype(np.float32)


def _line(joints: np.ndarray, start: str, end: str) -> np.ndarray:
    """(T, 3) from one joint to another."""
    return np.asarray(joints[:, H36M17.index(end)] - joints[:, H36M17.index(start)])


def _pelvis(joints: np.ndarray) -> np.ndarray:
    return axes_from_right(_line(joints, "left_hip", "right_hip"), _line(joints, "hip", "spine"))


def _thorax(joints: np.ndarray) -> np.ndarray:
    return axes_from_up(_line(joints, "spine", "thorax"), _line(joints, "left_shoulder", "right_shoulder"))


def _trunk(joints: np.ndarray) -> Angles:
    right = unit(_line(joints, "left_hip", "right_hip"))
    upright = np.broadcast_to([0.0, 1.0, 0.0], right.shape)
    obliquity = np.degrees(np.arcsin(np.clip(right[:, 1], -1, 1)))
    heading = np.degrees(np.arctan2(right[:, 2], -right[:, 0]))
    top = within(axes_from_right(right, upright), unit(_line(joints, "hip", "spine")))
    pelvis, thorax = _pelvis(joints), _thorax(joints)
    flexion, bending = _bend(within(pelvis, thorax[..., 1]))
    across = against(pelvis, thorax)[:, 2]
    rotation = np.degrees(np.arctan2(-across[:, 0], across[:, 2]))
    head_flexion, head_bending = _bend(within(thorax, unit(_line(joints, "thorax", "head"))))
    return {
        "pelvis_tilt": _unless_gimbal(np.degrees(np.arctan2(top[:, 0], top[:, 1])), obliquity),
        "pelvis_obliquity": obliquity,
        "pelvis_rotation": _continued(_unless_gimbal(heading, obliquity)),
        "trunk_inclination": between_degrees(_line(joints, "hip", "thorax"), upright),
        "trunk_flexion": -flexion,
        "trunk_lateral_bending": bending,
        "trunk_rotation": _unless_gimbal(rotation, bending),
        "neck_flexion": -head_flexion,
        "neck_lateral_bending": head_bending,
    }


def _right_leg(joints: np.ndarray) -> Angles:
    thigh, shank = _line(joints, "right_knee", "right_hip"), _line(joints, "right_knee", "right_ankle")
    pelvis = _pelvis(joints)
    flexion, adduction = _bend(within(pelvis, unit(thigh)))
    knee = between_degrees(-thigh, shank)
    # the shank bends backwards about the hinge, which points to the right
    across = against(pelvis, axes_from_up(thigh, np.cross(thigh, shank), least_sine=0.0))[:, 2]
    rotation = np.degrees(np.arctan2(-across[:, 0], across[:, 2]))
    return {
        "hip_flexion": _around(flexion, _HIP_FLEXION_MIDDLE),
        "hip_adduction": adduction,
        "hip_internal_rotation": _where(knee >= BENT_DEGREES, _unless_gimbal(rotation, adduction)),
        "knee_flexion": knee,
    }


def _right_arm(joints: np.ndarray) -> Angles:
    upper, forearm = _line(joints, "right_elbow", "right_shoulder"), _line(joints, "right_elbow", "right_wrist")
    thorax = _thorax(joints)
    arm = within(thorax, unit(-upper))
    elevation = between_degrees(arm, np.broadcast_to([0.0, -1.0, 0.0], arm.shape))
    plane = np.degrees(np.arctan2(arm[:, 0], arm[:, 2]))
    elbow = between_degrees(-upper, forearm)
    # Ry(plane) Rx(-elevation) Ry(rotation): the forearm bends forwards about the hinge, which points to the right
    row = against(thorax, axes_from_up(upper, np.cross(forearm, upper), least_sine=0.0))[:, 1]
    rotation = np.degrees(np.arctan2(-row[:, 0], row[:, 2]))
    raised = (elevation >= RAISED_DEGREES) & (elevation <= 180 - RAISED_DEGREES)
    return {
        "shoulder_plane_of_elevation": _where(raised, _around(plane, _ELEVATION_PLANE_MIDDLE)),
        "shoulder_elevation": elevation,
        "shoulder_internal_rotation": _where(raised & (elbow >= BENT_DEGREES), rotation),
        "elbow_flexion": elbow,
    }


def _bend(up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turns about z, then x, that bring (0, 1, 0) to (T, 3) unit vectors: degrees, the first NaN near gimbal lock."""
    second = np.degrees(np.arcsin(np.clip(up[:, 2], -1, 1)))
    return _unless_gimbal(np.degrees(np.arctan2(-up[:, 0], up[:, 1])), second), second


def _where(defined: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    return np.where(defined, degrees, np.nan)


def _unless_gimbal(degrees: np.ndarray, second: np.ndarray) -> np.ndarray:
    """NaN where the second of three turns has come near a right angle."""
    return _where(np.abs(second) <= GIMBAL_DEGREES, degrees)


def _around(degrees: np.ndarray, middle: float) -> np.ndarray:
    """The same angles, within 180 of `middle`."""
    return np.asarray((degrees - middle + 180) % 360 - 180 + middle)


def _continued(degrees: np.ndarray) -> np.ndarray:
    """The same angles without jumps of a whole turn, from the first known one on."""
    known = np.isfinite(degrees)
    continued = degrees.copy()
    continued[known] = np.unwrap(degrees[known], period=360)
    return continued
