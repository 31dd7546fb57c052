"""How far predicted joints are from the truth, in the unit of the input; sequences run along axis 0."""

import numpy as np

from videopose.types import check_shape


def mpjpe(predicted: np.ndarray, target: np.ndarray) -> float:
    """Mean per-joint position error (protocol 1) of (..., J, 3) joints.

    Raises:
        ValueError: the shapes differ.
    """
    _same_shape(predicted, target)
    return float(np.linalg.norm(predicted - target, axis=-1).mean())


def procrustes_align(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Move, turn and scale each predicted pose onto its target (no mirroring).

    Args:
        predicted: (N, J, 3) joints, any length unit.
        target: (N, J, 3) joints, the unit of the result.

    Returns:
        (N, J, 3) aligned poses.

    Raises:
        ValueError: the shapes differ, or a pose has zero extent.

    Source: Gower, Generalized Procrustes analysis, 1975; protocol 2 of Martinez et al., ICCV 2017.
    """
    _same_shape(predicted, target)
    check_shape("predicted", predicted, (None, None, 3))
    middle = target.mean(axis=1, keepdims=True)
    a, b = predicted - predicted.mean(axis=1, keepdims=True), target - middle
    extent = np.sum(a**2, axis=(1, 2))
    if np.any(extent == 0):
        raise ValueError("a predicted pose has zero extent, all its joints coincide")
    u, s, vt = np.linalg.svd(np.swapaxes(a, 1, 2) @ b)
    sign = np.ones_like(s)
    sign[:, -1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * sign[:, None]) @ vt
    scale = np.sum(s * sign, axis=1) / extent
    aligned: np.ndarray = scale[:, None, None] * (a @ rotation) + middle
    return aligned


def p_mpjpe(predicted: np.ndarray, target: np.ndarray) -> float:
    """MPJPE after Procrustes alignment of each (J, 3) pose of (N, J, 3) (protocol 2)."""
    return mpjpe(procrustes_align(predicted, target), target)


def scale_align(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Scale each predicted (J, 3) pose of (..., J, 3) about the origin so that it fits its target best (least squares).

    Raises:
        ValueError: the shapes differ.
    """
    _same_shape(predicted, target)
    norm = np.sum(predicted**2, axis=(-2, -1), keepdims=True)
    scaled: np.ndarray = np.sum(predicted * target, axis=(-2, -1), keepdims=True) / norm * predicted
    return scaled


def n_mpjpe(predicted: np.ndarray, target: np.ndarray) -> float:
    """MPJPE after the best scale for each (J, 3) pose (protocol 3)."""
    return mpjpe(scale_align(predicted, target), target)


def mpjve(predicted: np.ndarray, target: np.ndarray) -> float:
    """Mean per-joint velocity error, per frame: (T, J, 3) joints along time."""
    _same_shape(predicted, target)
    return mpjpe(np.diff(predicted, axis=0), np.diff(target, axis=0))


def acceleration_error(predicted: np.ndarray, target: np.ndarray) -> float:
    """Mean error of second differences, per frame^2: (T, J, 3) joints along time."""
    _same_shape(predicted, target)
    return mpjpe(np.diff(predicted, 2, axis=0), np.diff(target, 2, axis=0))


def _same_shape(predicted: np.ndarray, target: np.ndarray) -> None:
    if predicted.shape != target.shape:
        raise ValueError(f"predicted and target must have the same shape, got {predicted.shape} and {target.shape}")
