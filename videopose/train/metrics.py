"""How far predicted joints are from the truth, in the unit of the input; sequences run along axis 0.

The plain formulas in NumPy. `frame_errors` has the same for many sequences at once, on a GPU too.
"""

import numpy as np

from videopose.skeletons import SKELETONS
from videopose.types import check_shape

COMMON14 = (
    *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle"),
    *("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist"),
    *("thorax", "head"),
)
"""The joints that 3DPW, HMMR and MPI-INF-3DHP measure, in the order of the Leeds Sports Poses, by our names.

What they call neck lies between the shoulders: Human3.6M's thorax, not the joint at the nose that it calls neck.
"""
_HIPS = [COMMON14.index("right_hip"), COMMON14.index("left_hip")]

PCK_MM = 150.0
"""Threshold of PCK, and the end of the range that AUC covers (Mehta et al., 3DV 2017)."""
AUC_STEPS = 31
"""Thresholds of AUC: 0, 5, ... 150 mm."""


def mpjpe(predicted: np.ndarray, target: np.ndarray) -> float:
    """Mean per-joint position error (protocol 1) of (..., J, 3) joints.

    Raises:
        ValueError: the shapes differ.
    """
    _same_shape(predicted, target)
    return float(np.linalg.norm(predicted - target, axis=-1).mean())


def weighted_mpjpe(predicted: np.ndarray, target: np.ndarray, weight: np.ndarray) -> float:
    """Mean of the per-joint position errors of (..., J, 3) joints times weights that broadcast to (..., J).

    Raises:
        ValueError: the shapes differ.
    """
    _same_shape(predicted, target)
    return float((weight * np.linalg.norm(predicted - target, axis=-1)).mean())


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


def acceleration_error(
    predicted: np.ndarray, target: np.ndarray, valid: np.ndarray | None = None, frame_rate: float = 1.0
) -> float:
    """Mean error of second differences: (T, J, 3) joints along time.

    Args:
        predicted: (T, J, 3) joints.
        target: (T, J, 3) joints.
        valid: (T,) bool: a second difference counts only where all its three frames are valid; None: all are.
        frame_rate: frames per second, for a result per s^2; 1 leaves it per frame^2.

    Returns:
        The mean; NaN when no three frames in a row are valid.

    Raises:
        ValueError: the shapes differ.

    Source: Kanazawa et al., Learning 3D human dynamics from video, CVPR 2019.
    """
    _same_shape(predicted, target)
    errors = np.linalg.norm(np.diff(predicted - target, 2, axis=0), axis=-1).mean(axis=-1)
    if valid is not None:
        check_shape("valid", valid, (len(target),))
        errors = errors[valid[:-2] & valid[1:-1] & valid[2:]]
    return float(errors.mean()) * frame_rate**2 if len(errors) else float("nan")


def common_joints(layout: str) -> tuple[int, ...]:
    """Indices of `COMMON14` in a layout, a key of `skeletons.SKELETONS`.

    Raises:
        ValueError: the layout lacks one of them.
    """
    names = SKELETONS[layout].joint_names
    if missing := [name for name in COMMON14 if name not in names]:
        raise ValueError(f"{layout} has no {missing[0]}, one of the 14 joints that 3DPW and 3DHP measure")
    return tuple(map(names.index, COMMON14))


def to_common14(joints: np.ndarray, layout: str) -> np.ndarray:
    """The 14 common joints relative to the middle of the hips: (..., J, 3) of a layout to (..., 14, 3).

    Raises:
        ValueError: the layout lacks one of them.
    """
    common = joints[..., common_joints(layout), :]
    relative: np.ndarray = common - common[..., _HIPS, :].mean(axis=-2, keepdims=True)
    return relative


def mpjpe_14(predicted: np.ndarray, target: np.ndarray, layout: str = "h36m17") -> float:
    """MPJPE of the 14 common joints of (..., J, 3) relative to the middle of the hips, as 3DPW and HMMR measure."""
    return mpjpe(to_common14(predicted, layout), to_common14(target, layout))


def pa_mpjpe_14(predicted: np.ndarray, target: np.ndarray, layout: str = "h36m17") -> float:
    """The same after Procrustes alignment of each of (N, J, 3) poses."""
    return p_mpjpe(to_common14(predicted, layout), to_common14(target, layout))


def pck(predicted: np.ndarray, target: np.ndarray, threshold: float) -> float:
    """Share of (..., J, 3) joints, 0 to 1, that lie nearer than `threshold` (same unit) to the truth.

    MPI-INF-3DHP takes the 14 common joints, relative to the hip, and 150 mm.

    Raises:
        ValueError: the shapes differ.

    Source: Mehta et al., Monocular 3D human pose estimation in the wild, 3DV 2017.
    """
    _same_shape(predicted, target)
    return float((np.linalg.norm(predicted - target, axis=-1) < threshold).mean())


def auc(predicted: np.ndarray, target: np.ndarray, limit: float, steps: int = AUC_STEPS) -> float:
    """Mean of `pck` over `steps` thresholds from 0 to `limit`, both included: 0 to 1.

    Raises:
        ValueError: the shapes differ.
    """
    return float(np.mean([pck(predicted, target, threshold) for threshold in np.linspace(0.0, limit, steps)]))


def _same_shape(predicted: np.ndarray, target: np.ndarray) -> None:
    if predicted.shape != target.shape:
        raise ValueError(f"predicted and target must have the same shape, got {predicted.shape} and {target.shape}")
