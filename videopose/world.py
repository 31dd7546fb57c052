"""The axes results are shown and written in: right-handed, metres, Y up, whoever faces the camera faces +Z."""

from dataclasses import dataclass

import numpy as np

from videopose.types import Motion, check_shape

WORLDS = ("camera", "ground")


@dataclass(frozen=True, slots=True, repr=False)
class World:
    """Axes to give places in, and how to get there from camera axes (x right, y down, z away)."""

    rotation: np.ndarray
    """(3, 3) float64: turns camera axes into the world's (y up)."""
    origin: np.ndarray
    """(3,) float64 metres, camera axes: what becomes (0, 0, 0)."""

    def __post_init__(self) -> None:
        check_shape("rotation", self.rotation, (3, 3))
        check_shape("origin", self.origin, (3,))

    def directions(self, vectors: np.ndarray) -> np.ndarray:
        """(..., 3) vectors in camera axes, of any length unit, turned into the world's axes; float64."""
        return np.asarray(vectors.astype(np.float64) @ self.rotation.T)

    def places(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) points in metres from the camera to metres in the world; float64."""
        return np.asarray((points.astype(np.float64) - self.origin) @ self.rotation.T)

    def matrix(self) -> np.ndarray:
        """(4, 4) float64: takes homogeneous points in camera axes to the world."""
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = self.rotation, -self.rotation @ self.origin
        return matrix


CAMERA_WORLD = World(np.diag([1.0, -1.0, -1.0]), np.zeros(3))
"""The camera at the origin, taken to be level: half a turn about x makes y point up and z towards the camera."""


_FARTHEST_M = 1e5
"""No camera shows people farther away: such places are errors of whoever wrote them."""


def possible_places(metres: np.ndarray) -> np.ndarray:
    """(..., 3) float64: places in metres, NaN for those that are infinite or farther away than anybody can be seen."""
    places = metres.astype(np.float64)
    with np.errstate(invalid="ignore"):
        possible = (np.abs(places) < _FARTHEST_M).all(axis=-1, keepdims=True)
    return np.where(possible, places, np.nan)


def bridged_root(motion: Motion) -> np.ndarray:
    """Where the motion's root is, with what is missing interpolated in time and the ends held.

    Returns:
        (T, 3) float64 metres, camera axes; zeros where no frame has a root.
    """
    root = motion.root.astype(np.float64)
    known = np.flatnonzero(np.isfinite(root).all(axis=-1))
    if not len(known):
        return np.zeros_like(root)
    return np.stack([np.interp(motion.time_s, motion.time_s[known], root[known, axis]) for axis in range(3)], axis=-1)


def world_joints(motion: Motion, world: World) -> np.ndarray:
    """Every joint's place.

    Returns:
        (T, J, 3) float64 metres in the world's axes; NaN where the joint is unknown. A missing root is bridged.
    """
    return world.places(motion.joints + bridged_root(motion)[:, None])
