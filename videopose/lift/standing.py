"""Feet that stand: what they say of the root's movement, and how far they can be believed.

Which foot stands when is not asked in advance: a foot that nearly stands is taken to stand, one that moves is let go.
Feet stand in camera axes only while the camera does. When it travels along its view, feet agree on another speed than
standstill, and then none is believed: else a camera that retreats at 0.5 m/s costs a third of the accuracy. (Turns of
the camera need no question: they sweep all feet aside.)
"""

from dataclasses import dataclass

import numpy as np

STANDING_SPEED = 0.2
"""m/s. A foot this fast counts a quarter of one at rest: lifted ankles of standing feet move about so fast."""

SLIP = 0.004
"""m^2/s: power density of the speed that lifting errors lend a standing foot (0.14 m/s an axis, for 0.2 s)."""

_SWING_S = 0.1
"""A foot that only turns back in the air is at rest for less than this."""
_LONGEST_STEP_S = 0.25
"""Between frames farther apart a foot has time to step elsewhere."""
_CAMERA_SPEEDS = np.linspace(-1.6, 1.6, 17)
"""m/s along the view, standstill in the middle."""
_CAMERA_SPAN_S = 10.0
"""Over so long the feet vote on the camera's speed."""
_CAMERA_LEAST_S = 2.0
"""Over less, depth as measured may itself seem to move: the camera is taken to stand."""
_CAMERA_LEAD = 1.5
"""Times the votes for standstill that another speed may have by chance."""


@dataclass(frozen=True, slots=True)
class Feet:
    """Points that may stand, as lines on which they lie: at root depth z a foot is at `offset + z * ray`."""

    offset: np.ndarray
    """(T, F, 3) metres, camera axes."""
    ray: np.ndarray
    """(T, 3) the root's viewing ray, z = 1."""
    seen: np.ndarray
    """(T,) bool: False where the person was not seen."""


def hold_feet(banded: np.ndarray, right: np.ndarray, feet: Feet, depth: np.ndarray, time_s: np.ndarray) -> None:
    """Add to the equations for the depths that feet which nearly stand do not move.

    Args:
        banded: (2 or more, T) lower bands of the equations' matrix, changed in place.
        right: (T,) right-hand side, changed in place.
        feet: the feet.
        depth: (T,) metres, as known so far; decides which feet stand.
        time_s: (T,) seconds, strictly increasing.
    """
    step = np.diff(time_s)
    shift = np.diff(feet.offset, axis=0)
    velocity = (shift + np.diff(depth[:, None] * feet.ray, axis=0)[:, None]) / step[:, None, None]
    usable = feet.seen[1:] & feet.seen[:-1] & (step <= _LONGEST_STEP_S)
    believed = standing(velocity, step) * (usable / (SLIP * step))[:, None]
    before, after = feet.ray[:-1], feet.ray[1:]
    for foot, weight in enumerate(believed.T):
        # of |shift + z' ray' - z ray|^2
        banded[0, 1:] += weight * np.sum(after**2, axis=1)
        banded[0, :-1] += weight * np.sum(before**2, axis=1)
        banded[1, :-1] -= weight * np.sum(after * before, axis=1)
        right[1:] -= weight * np.sum(after * shift[:, foot], axis=1)
        right[:-1] += weight * np.sum(before * shift[:, foot], axis=1)


def standing(velocity: np.ndarray, step: np.ndarray) -> np.ndarray:
    """How far feet count as standing, (T, F) from 1 to 0.

    Args:
        velocity: (T, F, 3) m/s, camera axes.
        step: (T,) seconds that each velocity covers.

    Source: Geman and McClure's robust estimator.
    """
    interval = float(np.median(step))
    speeds = _CAMERA_SPEEDS if step.sum() >= _CAMERA_LEAST_S else np.zeros(1)
    across = np.sum(velocity[..., :2] ** 2, axis=-1)
    squared = across[..., None] + (velocity[..., 2:] - speeds) ** 2
    weight = 1.0 / (1.0 + _moving_mean(squared, _SWING_S / interval) / STANDING_SPEED**2) ** 2
    votes = _moving_mean(weight.sum(axis=1), _CAMERA_SPAN_S / interval)
    still = len(speeds) // 2
    share = votes[:, still] / np.maximum(votes.max(axis=1), 1e-12)
    camera_stands = np.minimum(1.0, _CAMERA_LEAD * share) ** 8
    return np.asarray(weight[..., still] * camera_stands[:, None])


def _moving_mean(values: np.ndarray, frames: float) -> np.ndarray:
    """Mean over about so many frames around each (axis 0), over fewer at the ends."""
    reach, count = round((frames - 1) / 2), len(values)
    total = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    first = np.maximum(np.arange(count) - reach, 0)
    last = np.minimum(np.arange(count) + reach + 1, count)
    size = (last - first).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray((total[last] - total[first]) / size)
