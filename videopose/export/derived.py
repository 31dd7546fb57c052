"""What the output files say besides: computed from the motions when they are written, and not read back."""

from dataclasses import dataclass

import numpy as np

from videopose.ground import recorded_ground
from videopose.kinematics import ANGLES, joint_angles
from videopose.types import Recording


@dataclass(frozen=True, slots=True, repr=False)
class DerivedArrays:
    """P persons by T frames by A angles. The field names are the keys of the files."""

    angles_degrees: np.ndarray
    """(P, T, A) float32: joint angles, degrees, in the axes of `camera_to_ground`; NaN where absent or not defined."""
    angle_names: tuple[str, ...]
    """A names of the last axis of `angles_degrees`, see `kinematics.ANGLES`."""
    camera_to_ground: np.ndarray
    """(4, 4) float64: takes homogeneous points in metres in camera axes to axes with y up and the floor at y = 0."""


DERIVED_KEYS = tuple(DerivedArrays.__dataclass_fields__)
"""Keys of the files."""


def derive(recording: Recording) -> DerivedArrays:
    """Angles and ground of a recording; its motions' frames lie within its own, as `to_arrays` checks."""
    world = recorded_ground(recording).world
    angles = np.full((len(recording.tracks), len(recording.frame_index), len(ANGLES)), np.nan, np.float32)
    for person, motion in enumerate(recording.motions):
        rows = np.searchsorted(recording.frame_index, motion.frame_index)
        angles[person, rows] = joint_angles(motion, world)
    return DerivedArrays(angles, tuple(angle.name for angle in ANGLES), world.matrix())
