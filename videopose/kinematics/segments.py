"""Axes of the body's segments: x forward, y up along the segment, z to the right."""

import numpy as np

_LEAST_SINE = 0.25
"""Two directions nearer to parallel than this (15 degrees) do not span a plane that could be trusted."""


def unit(vectors: np.ndarray) -> np.ndarray:
    """(..., 3) vectors of length 1; NaN for those without length."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, np.nan))


def axes_from_right(right: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Axes whose z is `right`, and whose y is as near to `up` as can be.

    Args:
        right: (..., 3) any length.
        up: (..., 3) any length.

    Returns:
        (..., 3, 3) x, y, z as columns; NaN where the two are nearly parallel.
    """
    z = unit(right)
    x = _crossed(unit(up), z)
    return np.stack([x, np.cross(z, x), z], axis=-1)


def axes_from_up(up: np.ndarray, right: np.ndarray, least_sine: float = _LEAST_SINE) -> np.ndarray:
    """Axes whose y is `up`, and whose z is as near to `right` as can be.

    Args:
        up: (..., 3) any length.
        right: (..., 3) any length.
        least_sine: of the angle between the two, less gives NaN.

    Returns:
        (..., 3, 3) x, y, z as columns; NaN where the two are nearly parallel.
    """
    y = unit(up)
    x = _crossed(y, unit(right), least_sine)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def within(axes: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """(..., 3) vectors in the axes (..., 3, 3) of a segment."""
    return np.asarray(np.einsum("...ij,...i->...j", axes, vectors))


def against(axes: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(..., 3, 3) turn from the axes of one segment to those of another, both (..., 3, 3)."""
    return np.asarray(np.swapaxes(axes, -1, -2) @ other)


def between_degrees(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(...) angle between (..., 3) vectors, 0 to 180; exact near both ends."""
    sine = np.linalg.norm(np.cross(one, other), axis=-1)
    return np.asarray(np.degrees(np.arctan2(sine, np.sum(one * other, axis=-1))))


def _crossed(one: np.ndarray, other: np.ndarray, least_sine: float = _LEAST_SINE) -> np.ndarray:
    across = np.cross(one, other)
    sine = np.linalg.norm(across, axis=-1, keepdims=True)
    return np.asarray(across / np.where(sine >= least_sine, sine, np.nan))
