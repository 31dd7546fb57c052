"""Zero-phase smoothing over time, for any rhythm of frames."""

import numpy as np
from scipy.linalg import solveh_banded

from videopose.track.times import strictly_increasing

# Half of a movement at this frequency is kept. Running and martial arts (subjects of the CMU motion capture) hold next
# to nothing above: on their noise-free joints the filter costs 2.1 and 0.8 mm, and 5 Hz would cost 3.2 and 1.3 mm. On a
# lifter's error (correlated, 30 mm an axis, and 4 to 8 mm jitter) it takes 60 to 80 % off the acceleration error while
# MPJPE falls a little; see benchmarks/track.py.
CUTOFF_HZ = 6.0
# Penalising the third derivative leaves constants, straight lines and parabolas (free fall) as they are, and bends
# fast movements less than the second (or a Butterworth filter) at the same acceleration error.
ORDER = 3


def smooth(values: np.ndarray, time_s: np.ndarray, cutoff_hz: float = CUTOFF_HZ) -> np.ndarray:
    """Smooth values over time without shifting them (Whittaker's smoother on irregular times).

    Minimises the squared distance to the values plus the squared third derivative, both integrated over time: a
    low-pass with gain 1 / (1 + (f / cutoff)^6), well below the frame rate, that uses past and future alike. Constants,
    straight lines and parabolas come back as they are. The strength depends on time, not on frames: at 5 fps hardly
    anything is left to smooth.

    Args:
        values: (T, ...) any unit; a stretch of NaN parts what is before and after it.
        time_s: (T,) seconds, increasing, any rhythm.
        cutoff_hz: frequency of half gain; infinite for none.

    Returns:
        (T, ...) float64, NaN where the values are.

    Raises:
        ValueError: the lengths differ, a time is not finite, or the cutoff is not positive.

    Source: Whittaker, On a new method of graduation, 1923; Eilers, A perfect smoother, Analytical Chemistry 2003.
    """
    if not cutoff_hz > 0:
        raise ValueError(f"cutoff_hz must be positive, got {cutoff_hz}")
    if len(values) != len(time_s):
        raise ValueError(f"values must be ({len(time_s)}, ...), got {np.shape(values)}")
    result = np.array(values, np.float64)
    if not result.size or np.isinf(cutoff_hz):
        return result
    time_s = strictly_increasing(time_s)
    columns = result.reshape(len(result), -1)
    finite = np.isfinite(columns)
    patterns, which = np.unique(finite, axis=1, return_inverse=True)
    for index, pattern in enumerate(patterns.T):
        members = np.flatnonzero(which.ravel() == index)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], pattern, [False]]).astype(np.int8)))
        for first, last in edges.reshape(-1, 2):
            columns[first:last, members] = _smooth_run(columns[first:last, members], time_s[first:last], cutoff_hz)
    return columns.reshape(result.shape)


def _smooth_run(values: np.ndarray, time_s: np.ndarray, cutoff_hz: float) -> np.ndarray:
    """(T, C) finite values."""
    count = len(time_s)
    if count <= ORDER:
        return values
    # in units of the cutoff's period, so that the numbers stay near one
    time = (time_s - time_s.mean()) * 2 * np.pi * cutoff_hz
    weight = np.gradient(time)
    # the line is taken off first, so that it comes back to the last digit
    offset = time - np.average(time, weights=weight)
    mean = np.average(values, axis=0, weights=weight)
    slope = (weight * offset) @ (values - mean) / (weight @ offset**2)
    line = mean + offset[:, None] * slope
    # rows of the divided differences' matrix: coefficient k of row r belongs to value r + k
    coefficient = np.ones((count, 1))
    for order in range(1, ORDER + 1):
        scale = order / (time[order:] - time[:-order])
        grown = np.zeros((count - order, order + 1))
        grown[:, 1:] += coefficient[1:]
        grown[:, :-1] -= coefficient[:-1]
        coefficient = grown * scale[:, None]
    span = (time[ORDER:] - time[:-ORDER]) / ORDER
    banded = np.zeros((ORDER + 1, count))
    banded[0] = weight
    for k in range(ORDER + 1):
        for lower in range(ORDER + 1 - k):
            banded[lower, k : k + len(span)] += span * coefficient[:, k] * coefficient[:, k + lower]
    smoothed: np.ndarray = solveh_banded(banded, weight[:, None] * (values - line), lower=True) + line
    return smoothed
