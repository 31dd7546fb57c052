"""Motion at an even rate, for files that know only one."""

import numpy as np

_UNEVEN_FRAMES = 0.25
"""A time stamp this far (in frames) from its even place makes the rate a variable one."""


def even_rows(time_s: np.ndarray, fps: float) -> np.ndarray | None:
    """Where in (T,) increasing times, in seconds, the frames of a constant rate lie.

    Returns:
        (T',) float64 rows between which to interpolate, one every 1 / `fps` seconds from the first time on; None where
        the times are even already, so that row t is frame t.
    """
    late_s = time_s - time_s[0]
    if np.ptp(late_s * fps - np.arange(len(late_s))) <= 2 * _UNEVEN_FRAMES:
        return None
    even_s = np.arange(round(late_s[-1] * fps) + 1) / fps
    return np.asarray(np.interp(even_s, late_s, np.arange(len(late_s))))


def at_rows(values: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    """(T, ...) values at (T',) rows between them, linearly; the values themselves for None."""
    if rows is None:
        return values
    before = np.clip(np.floor(rows).astype(int), 0, max(len(values) - 2, 0))
    after = np.minimum(before + 1, len(values) - 1)
    share = (rows - before).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(values[before] * (1 - share) + values[after] * share)
