"""Places where feet stood: the points of the floor that a video shows."""

from dataclasses import dataclass

import numpy as np

from videopose.skeletons import H36M17
from videopose.types import Motion
from videopose.world import bridged_root

STANDING_M_PER_S = 0.3
"""A foot this fast counts a quarter of one at rest: ankles of standing feet move, and lifted ones tremble."""
HURRY = 0.15
"""Share of the hip's speed by which a foot may be faster: ankles of runners never rest."""

_SPAN_S = 0.12
"""A foot that only turns back in the air is slow for less than this."""
_LONGEST_STEP_S = 0.25
"""Between frames farther apart a foot has time to step elsewhere."""
_CELL_M = 0.35
"""Standing places nearer than this are one: their errors are alike."""
_STAND_S = 0.3
"""A place on which a foot stood so long counts fully."""
_RAISED_M = 0.15
"""A foot this much above the other is not taken to stand."""
_ANKLES = [H36M17.index("left_ankle"), H36M17.index("right_ankle")]


@dataclass(frozen=True, slots=True)
class Footholds:
    """Where one person stood, F places."""

    points: np.ndarray
    """(F, 3) float64 metres, camera axes: the ankle's place."""
    weight: np.ndarray
    """(F,) 0 to 1: how sure it is that a foot stood there."""


def ankles(motion: Motion) -> np.ndarray:
    """(T, 2, 3) float64 metres in camera axes, left and right; NaN where unknown. A missing root is bridged."""
    return np.asarray(bridged_root(motion)[:, None] + motion.joints[:, _ANKLES])


def footholds(motion: Motion, up: np.ndarray) -> Footholds:
    """The places where the feet of a motion stood.

    Args:
        motion: with a root; frames without are left out.
        up: (3,) about the vertical, camera axes; decides which foot is the lower one.
    """
    rooted = np.isfinite(motion.root).all(axis=-1)
    if rooted.sum() < 2:
        return Footholds(np.zeros((0, 3)), np.zeros(0))
    places = np.where(rooted[:, None, None], ankles(motion), np.nan)
    step = np.diff(motion.time_s)
    hurry = np.linalg.norm(np.diff(bridged_root(motion), axis=0), axis=-1) / step
    slow = STANDING_M_PER_S + HURRY * hurry[:, None]
    squared = np.sum((np.diff(places, axis=0) / step[:, None, None]) ** 2, axis=-1) / slow**2
    squared[(step > _LONGEST_STEP_S) | ~np.isfinite(squared).all(axis=-1)] = np.inf
    still = 1 / (1 + _spread(squared, motion.time_s)) ** 2
    height = places @ up
    lifted = np.maximum(height - height[:, ::-1], 0)
    still *= np.exp(-((lifted / _RAISED_M) ** 2))
    seconds = np.minimum(np.gradient(motion.time_s), _LONGEST_STEP_S)[:, None] * np.nan_to_num(still)
    known = seconds > 0
    cells, index = np.unique(np.floor(places[known] / _CELL_M), axis=0, return_inverse=True)
    index = index.ravel()
    total = np.bincount(index, seconds[known], len(cells))
    sums = [np.bincount(index, seconds[known] * places[known][:, axis], len(cells)) for axis in range(3)]
    return Footholds(np.stack(sums, axis=-1) / np.maximum(total, 1e-12)[:, None], np.minimum(total / _STAND_S, 1.0))


def _spread(squared: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """(T, F) mean of (T - 1, F) squared speeds in the steps within half of `_SPAN_S` around each frame."""
    count = len(time_s)
    middle = (time_s[1:] + time_s[:-1]) / 2
    first = np.minimum(np.searchsorted(middle, time_s - _SPAN_S / 2), np.maximum(np.arange(count) - 1, 0))
    last = np.maximum(np.searchsorted(middle, time_s + _SPAN_S / 2), np.minimum(np.arange(count) + 1, count - 1))
    total = np.concatenate([np.zeros_like(squared[:1]), np.cumsum(np.minimum(squared, 1e4), axis=0)])
    return np.asarray((total[last] - total[first]) / (last - first)[:, None])
