"""Averages over what is known: NaN is left out."""

import numpy as np


def mean_of_known(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean along `axis` of what is no NaN; NaN where there is nothing."""
    known = np.isfinite(values)
    number = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.asarray(np.where(number > 0, total / np.maximum(number, 1), np.nan))


def median_of_known(values: np.ndarray) -> float:
    """Median of what is no NaN; NaN where there is nothing."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")
