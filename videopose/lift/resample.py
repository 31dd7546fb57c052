"""Between a video's own times and the even rhythm a lifter was trained at."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.signal import firwin

SAME_RATE = 0.02
"""Rates that differ by less than this fraction count as equal: 29.97 and 30 frames/s, 50 and 49.9."""

_JITTER_FRAMES = 0.2
"""Time stamps rounded to milliseconds or ticks stay below this; dropped frames do not."""

_FILTER_FRAMES = 6
"""Length of the anti-aliasing filter in frames of the lifter's rate."""

_LONGEST_GAP_S = 10.0
"""Twice what the longest lifter sees: frames farther apart do not belong together, and the grid between them, which a
broken clock can make years long, is of no use to anybody."""

_SPARSE = 0.5
"""Below this fraction of the lifter's rate a spline through the frames swings out between them (running at 5 frames/s:
twice the error of a monotone cubic); above it the spline is the smoother one."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Times of a video's frames, and the even grid on which its keypoints are lifted."""

    time_s: np.ndarray
    """(T,) float64, strictly increasing; longer gaps than the longest that matters are shortened to it."""
    rate: float
    """Frames per second of the grid."""
    grid_s: np.ndarray
    """(G,) float64: even times from the first to the last of `time_s`."""
    same: bool
    """True: the frames are the grid, nothing is interpolated."""

    @classmethod
    def between(cls, time_s: np.ndarray, rate: float) -> "Timeline":
        """Lay a grid of `rate` frames per second over the times.

        Raises:
            ValueError: times are not finite or not strictly increasing.
        """
        time_s = np.asarray(time_s, np.float64)
        if time_s.ndim != 1 or not np.isfinite(time_s).all() or (np.diff(time_s) <= 0).any():
            raise ValueError("time_s must be (T,), finite and strictly increasing")
        count = len(time_s)
        if count < 2:
            return cls(time_s, rate, time_s, same=True)
        steps_s = np.diff(time_s)
        if steps_s.max() > _LONGEST_GAP_S:
            time_s = time_s[0] + np.concatenate([[0.0], np.cumsum(np.minimum(steps_s, _LONGEST_GAP_S))])
        own_rate = (count - 1) / (time_s[-1] - time_s[0])
        even = np.linspace(time_s[0], time_s[-1], count)
        regular = np.abs(time_s - even).max() * own_rate < _JITTER_FRAMES
        if regular and abs(own_rate / rate - 1.0) < SAME_RATE:
            return cls(time_s, rate, time_s, same=True)
        # stretched by less than half a frame to end on the last frame: nothing has to be extrapolated
        steps = max(1, round((time_s[-1] - time_s[0]) * rate))
        return cls(time_s, rate, np.linspace(time_s[0], time_s[-1], steps + 1), same=False)

    def to_grid(self, values: np.ndarray) -> np.ndarray:
        """Values at the frames, (T, ...), to the grid, (G, ...): a cubic, low-passed where frames are many.

        A video with more frames than the lifter takes is first laid on a multiple of its rate, then filtered and
        thinned out, so that jitter is averaged away instead of folded in.
        """
        if self.same:
            return values
        ratio = 1.0 / (self.rate * float(np.median(np.diff(self.time_s))))
        if ratio < _SPARSE:
            return np.asarray(PchipInterpolator(self.time_s, values.astype(np.float64), axis=0)(self.grid_s))
        multiple = max(1, math.ceil(ratio - 0.1))
        if multiple == 1:
            return _cubic(self.time_s, values, self.grid_s)
        fine = np.linspace(self.grid_s[0], self.grid_s[-1], (len(self.grid_s) - 1) * multiple + 1)
        return _low_pass(_cubic(self.time_s, values, fine), multiple)[::multiple]

    def to_frames(self, values: np.ndarray) -> np.ndarray:
        """Values on the grid, (G, ...), back to the frames' own times, (T, ...)."""
        return values if self.same else _cubic(self.grid_s, values, self.time_s)


def _cubic(time_s: np.ndarray, values: np.ndarray, at_s: np.ndarray) -> np.ndarray:
    """A cubic spline through the values."""
    result: np.ndarray = CubicSpline(time_s, values.astype(np.float64), axis=0)(at_s)
    return result


def _low_pass(values: np.ndarray, multiple: int) -> np.ndarray:
    """Zero-phase low-pass before keeping every `multiple`-th row; continued through its ends by point reflection."""
    half = _FILTER_FRAMES * multiple // 2
    taps = firwin(2 * half + 1, 1.0 / multiple)
    around = [(half, half)] + [(0, 0)] * (values.ndim - 1)
    padded = np.pad(values, around, mode="reflect", reflect_type="odd")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=0)
    result: np.ndarray = windows @ taps
    return result
