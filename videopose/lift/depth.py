"""The likeliest path of a person's depth: noisy measurements, limited acceleration, and feet that stand.

Depth measured by apparent size follows every error of the lifted posture, and the whole person then swims to and fro. A
foot on the floor says how the root moves, whatever the size: as the leg swings over it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solveh_banded

from videopose.lift.standing import Feet, hold_feet

ACCELERATION = 1.2
"""How much people change their speed towards or away from the camera: root of the power density of the acceleration,
m s^-1.5."""

_ITERATIONS = 8
_CAUCHY = 3.5
"""Times the typical error: where an error counts half. (2.4 times the standard deviation loses 5 % on clean noise.)"""


@dataclass(frozen=True, slots=True)
class DepthMeasurements:
    """What the pictures say of one track, T frames."""

    depth: np.ndarray
    """(T,) metres, positive."""
    noise: np.ndarray
    """(T,) relative standard deviation of each depth by itself; infinite where nothing was measured."""
    correlated: np.ndarray
    """(T,) successive frames whose errors are alike: so many count as one."""
    time_s: np.ndarray
    """(T,) seconds, strictly increasing."""


def likeliest_depth(measured: DepthMeasurements, feet: Feet) -> np.ndarray:
    """(T,) metres: the path that fits measurements, acceleration and standing feet best; robust, and without delay.

    Measurements far off the path lose their say, and so do feet that move. Fewer than three frames, or none measured,
    come back as they are. The result may touch zero where measurements are nonsense: the caller holds it in front.
    """
    known = np.isfinite(measured.noise)
    if len(measured.depth) < 3 or not known.any():
        return measured.depth
    penalty = _acceleration_penalty(measured.time_s) / ACCELERATION**2
    # frames without a measurement follow their neighbours; a trace of weight keeps the equations solvable
    trace = 1e-10 * penalty[0].max()
    precision = np.where(known, 1.0 / measured.noise**2, 0.0)
    smooth = measured.depth
    for iteration in range(_ITERATIONS):
        # noise grows with the depth itself; taken from single measurements it would favour those that are too near
        scale = np.maximum(smooth, 0.1 * measured.depth)
        residual = np.abs(smooth - measured.depth) / scale * np.sqrt(precision)
        # in standard deviations: what lies within one is never an outlier
        typical = np.maximum(np.median(residual[known]), 1.0)
        weight = cauchy_trust(residual, typical) * precision / measured.correlated / scale**2
        weight = np.maximum(weight, trace)
        banded, right = penalty.copy(), weight * measured.depth
        banded[0] += weight
        if iteration:
            hold_feet(banded, right, feet, smooth, measured.time_s)
        smooth = solveh_banded(banded, right, lower=True)
    return np.asarray(smooth)


def cauchy_trust(error: np.ndarray, typical: np.ndarray) -> np.ndarray:
    """Weights that let go of what is far off the typical error. Source: Cauchy's robust estimator."""
    trust: np.ndarray = 1.0 / (1.0 + (error / (_CAUCHY * np.maximum(typical, 1e-9))) ** 2)
    return trust


def _acceleration_penalty(time_s: np.ndarray) -> np.ndarray:
    """(3, T) lower bands of D'WD: the squared second derivative integrated over uneven times."""
    before, after = np.diff(time_s)[:-1], np.diff(time_s)[1:]
    span = (before + after) / 2
    rows = np.stack([1 / (before * span), -(1 / before + 1 / after) / span, 1 / (after * span)], axis=1)
    banded = np.zeros((3, len(time_s)))
    for k in range(3):
        for lower in range(3 - k):
            # white acceleration per second, so that the strength does not depend on the frame rate
            banded[lower, k : k + len(span)] += span * rows[:, k] * rows[:, k + lower]
    return banded
