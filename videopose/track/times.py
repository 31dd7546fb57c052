"""Presentation times as a clock that speeds can be measured with."""

import numpy as np


def strictly_increasing(time_s: np.ndarray) -> np.ndarray:
    """(T,) float64 seconds, strictly increasing: every step at least a hundredth of the usual one.

    Broken files repeat time stamps or go back; times that are already in order come back unchanged.

    Raises:
        ValueError: a time is not finite.
    """
    time_s = np.asarray(time_s, np.float64)
    if not np.isfinite(time_s).all():
        raise ValueError("time_s must be finite")
    step = np.diff(time_s)
    forward = step[step > 0]
    least = 0.01 * (float(np.median(forward)) if len(forward) else 1.0)
    if (step >= least).all():
        return time_s
    return np.concatenate([time_s[:1], time_s[0] + np.cumsum(np.maximum(step, least))])
