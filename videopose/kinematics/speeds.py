"""Speeds of joints, at the true times of the frames."""

import numpy as np

from videopose.types import Motion
from videopose.world import possible_places


def relative_to_hip(motion: Motion) -> bool:
    """Whether `joint_speeds` has to be relative to the hip: no frame of the motion has a root."""
    return not bool(np.isfinite(possible_places(motion.root)).any())


def joint_speeds(motion: Motion) -> np.ndarray:
    """How fast each joint moves through space.

    Between neighbouring frames the place is taken to lie on a parabola through three of them, at their true times, even
    or not; at an end, or beside an unknown place, on a line through two. The hip stands for the root, joint 0.

    Returns:
        (T, J) float32 m/s. NaN where the place is unknown, or both neighbours are. Where no frame at all has a root,
        speeds are relative to the hip, see `relative_to_hip`.
    """
    places = possible_places(motion.joints)
    if not relative_to_hip(motion):
        places = places + possible_places(motion.root)[:, None]
    if len(places) < 2:
        return np.full(places.shape[:2], np.nan, np.float32)
    step = np.diff(motion.time_s)[:, None, None]
    velocity = np.diff(places, axis=0) / step
    nothing = np.full_like(places[:1], np.nan)
    before, after = np.concatenate([nothing, velocity]), np.concatenate([velocity, nothing])
    # the nearer neighbour counts more: the tangent of the parabola
    share = np.concatenate([np.ones((1, 1, 1)), step[:-1] / (step[:-1] + step[1:]), np.zeros((1, 1, 1))])
    share = np.where(np.isnan(before), 1.0, np.where(np.isnan(after), 0.0, share))
    tangent = np.where(share == 1.0, after, np.where(share == 0.0, before, (1 - share) * before + share * after))
    return np.asarray(np.linalg.norm(tangent, axis=-1), np.float32)
