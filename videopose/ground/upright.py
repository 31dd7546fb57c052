"""Which way is up, as a body tells: people hold themselves upright, the more so the straighter they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videopose.skeletons import H36M17
from videopose.types import Motion

# Least squares over the poses of the CMU motion capture that the default lifter learned from (six a second, 1500 a
# subject at most), rounded. When a trunk leans forward, thighs or shanks lean back, and the sum stays upright.
_SEGMENTS = (
    (0.45, (("hip", "spine"),)),
    (0.1, (("thorax", "head"),)),
    (0.3, (("left_knee", "left_hip"), ("right_knee", "right_hip"))),
    (0.15, (("left_ankle", "left_knee"), ("right_ankle", "right_knee"))),
)
"""Share of a segment in the long axis, and from where to where it goes up."""
_STRAIGHT_DEGREES, _STEEPNESS = 4.5, 6.0
"""How far the long axis of a straight body is from the vertical, root mean square, and how fast that grows when it
bends: 8 degrees at length 0.9, 15 at 0.8, 27 at 0.7. As measured on the same poses."""
_LASTING = 0.4
"""Share of it that stays, however long one looks: people keep their posture."""
_BIAS_DEGREES = 5.0
"""How far lifted bodies are turned as a whole, about the line from left to right of the picture."""
_MOMENT_S = 1.0
"""What a body says for so long counts once: postures last."""
_LYING_DEGREES = 50.0
"""A body farther than this from the picture's vertical lies down; cameras are hardly ever tilted so."""
_OUTLIER_DEGREES = 15.0
"""Moments this far off the person's usual axis count half."""
_LEAST_LENGTH = 0.3
"""Shorter axes belong to bodies rolled up."""


@dataclass(frozen=True, slots=True)
class Upright:
    """What one person's body says."""

    direction: np.ndarray
    """(3,) of length 1, camera axes: up."""
    error_degrees: float
    """Standard deviation of it towards and away from the camera; to the sides it is smaller."""


def upright(motion: Motion) -> Upright | None:
    """Up, as the body of a motion tells; None where it never is upright."""
    axis = _long_axis(motion.joints.astype(np.float64))
    length = np.linalg.norm(axis, axis=-1)
    steep = -axis[:, 1] > np.cos(np.radians(_LYING_DEGREES)) * length
    usable = steep & (length > _LEAST_LENGTH)  # NaN is not
    if not usable.any():
        return None
    direction, length = axis[usable] / length[usable, None], length[usable]
    seconds = np.gradient(motion.time_s) if len(motion) > 1 else np.full(1, _MOMENT_S / 10)
    error = _STRAIGHT_DEGREES * np.exp(_STEEPNESS * (1 - length))
    known = np.minimum(seconds[usable], _MOMENT_S) / _MOMENT_S / error**2
    weight = known
    for _ in range(10):
        mean = _unit(weight @ direction)
        off = np.degrees(np.arccos(np.clip(direction @ mean, -1, 1)))
        weight = known / (1 + (off / _OUTLIER_DEGREES) ** 2)
    lasting = _LASTING**2 * float(weight.sum() / (weight / error**2).sum())
    return Upright(mean, float(np.sqrt(_BIAS_DEGREES**2 + lasting + 1 / weight.sum())))


def _long_axis(joints: np.ndarray) -> np.ndarray:
    """(T, 3) up the body; length 1 where it is straight."""

    def mean(lines: Sequence[tuple[str, str]]) -> np.ndarray:
        ends = [joints[:, H36M17.index(top)] - joints[:, H36M17.index(bottom)] for bottom, top in lines]
        return np.asarray(np.mean([_unit(end) for end in ends], axis=0))

    return np.asarray(np.sum([share * mean(lines) for share, lines in _SEGMENTS], axis=0))


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9))
