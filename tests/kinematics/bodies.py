"""A body posed by known turns: a skeleton of straight lines, built up from its segments' axes."""

import numpy as np
from scipy.spatial.transform import Rotation

from videopose.skeletons import H36M17
from videopose.types import Motion

EYE = np.eye(3)
FACING = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
"""A body's axes (forward, up, right) in a world with y up, in which it faces +Z."""


def turn(order: str, *degrees: float) -> np.ndarray:
    """(3, 3): turns about the axes named, each about the axes that the ones before have made."""
    return np.asarray(Rotation.from_euler(order, degrees, degrees=True).as_matrix())


def pose(
    pelvis: np.ndarray = FACING,
    trunk: np.ndarray = EYE,
    head: np.ndarray = EYE,
    hips: dict[str, np.ndarray] | None = None,
    knees: dict[str, float] | None = None,
    shoulders: dict[str, np.ndarray] | None = None,
    elbows: dict[str, float] | None = None,
) -> np.ndarray:
    """(17, 3) metres, root-relative, y up.

    Args:
        pelvis: axes of the pelvis in the world.
        trunk: of the thorax against the pelvis.
        head: of the neck against the thorax.
        hips: of the thighs against the pelvis; straight where not named.
        knees: bend, degrees.
        shoulders: of the upper arms against the thorax.
        elbows: bend, degrees.
    """
    points = {"hip": np.zeros(3), "spine": pelvis @ [0, 0.25, 0]}
    thorax = pelvis @ trunk
    points["thorax"] = points["spine"] + thorax @ [0, 0.25, 0]
    points["head"] = points["thorax"] + thorax @ head @ [0, 0.25, 0]
    points["neck"] = points["thorax"] + thorax @ head @ [0.05, 0.12, 0]
    for side, sign in (("left", -1.0), ("right", 1.0)):
        points[f"{side}_hip"] = pelvis @ [0, 0, 0.13 * sign]
        thigh = pelvis @ (hips or {}).get(side, np.eye(3))
        points[f"{side}_knee"] = points[f"{side}_hip"] + thigh @ [0, -0.45, 0]
        # knees bend the shank backwards, elbows the forearm forwards
        shank = thigh @ turn("Z", -(knees or {}).get(side, 0.0))
        points[f"{side}_ankle"] = points[f"{side}_knee"] + shank @ [0, -0.44, 0]
        points[f"{side}_shoulder"] = points["thorax"] + thorax @ [0, 0, 0.15 * sign]
        arm = thorax @ (shoulders or {}).get(side, np.eye(3))
        points[f"{side}_elbow"] = points[f"{side}_shoulder"] + arm @ [0, -0.28, 0]
        forearm = arm @ turn("Z", (elbows or {}).get(side, 0.0))
        points[f"{side}_wrist"] = points[f"{side}_elbow"] + forearm @ [0, -0.25, 0]
    return np.stack([points[name] for name in H36M17.joint_names])


def motion(poses: np.ndarray, fps: float = 30.0) -> Motion:
    """(T, 17, 3) poses with y up, as seen by a level camera that stands still."""
    count = len(poses)
    joints = (poses * [1.0, -1.0, -1.0]).astype(np.float32)
    return Motion(1, np.arange(count), np.arange(count) / fps, joints, np.full((count, 3), np.nan, np.float32))
