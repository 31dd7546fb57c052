"""The errors of `metrics` for many sequences at once, on any device: no Python per frame, no results fetched between.

Procrustes needs the best rotation of half a million poses. Instead of as many small singular value decompositions, one
by one, the largest eigenvector of Horn's symmetric 4x4 matrix is found by Jacobi rotations that run over all poses side
by side. It is the best rotation also where the best orthogonal matrix would be a mirroring, and where poses are flat.

Source: Horn, Closed-form solution of absolute orientation using unit quaternions, JOSA A 1987.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from videopose.train.metrics import AUC_STEPS, COMMON14, PCK_MM

BASIC = ("mpjpe_mm", "p_mpjpe_mm", "n_mpjpe_mm", "mpjve_mm", "acceleration_mm")
"""The paper's three protocols, velocity (mm per frame) and acceleration (mm per frame^2)."""
COMMON = ("mpjpe_14_mm", "pa_mpjpe_14_mm", "acceleration_14_mm", "pck_150_percent", "auc_150_percent")
"""Of the 14 common joints: 3DPW's and HMMR's relative to the middle of the hips, 3DHP's relative to joint 0."""

_SWEEPS = 5
"""Jacobi converges quadratically: after four sweeps doubles are as good as they get, the fifth is for bad luck."""
_PAIRS = ((0, 1), (2, 3), (0, 2), (1, 3), (0, 3), (1, 2))
_CACHED_FRAMES = 8192
"""Frames at a time on a CPU: a column of numbers then fits its cache."""
_ACCELERATOR_FRAMES = 262144
"""Frames at a time on a GPU: about 1 GB."""


def sequence_errors(predicted: Tensor, target: Tensor, valid: Tensor, common: Sequence[int] | None = None) -> Tensor:
    """The mean errors of each sequence.

    Args:
        predicted: (N, T, J, 3) metres, T > 0, floating point of the precision wanted.
        target: (N, T, J, 3) metres, of the same type.
        valid: (N, T) bool: frames that count; differences count where all their frames do.
        common: indices of `metrics.COMMON14` in the layout, to measure `COMMON` too.

    Returns:
        (N, M) in the order of `BASIC`, then `COMMON`; NaN where a sequence has no frame for the number.
    """
    sequences, frames = valid.shape
    sums: Tensor | None = None
    counts: Tensor | None = None
    at_once = _CACHED_FRAMES if predicted.device.type == "cpu" else _ACCELERATOR_FRAMES
    step = max(1, at_once // max(1, sequences))
    for start in range(0, frames, step):
        # differences belong to the last of their frames, so each part needs two frames of the part before
        begin, stop = max(0, start - 2), min(frames, start + step)
        part = slice(begin, stop)
        errors, counting = _part(predicted[:, part], target[:, part], valid[:, part], start - begin, common)
        part_sums = torch.where(counting, errors, 0.0).sum(-1)
        sums = part_sums if sums is None else sums + part_sums
        counts = counting.sum(-1) if counts is None else counts + counting.sum(-1)
    assert sums is not None and counts is not None
    return (sums / counts).T


def _part(
    predicted: Tensor, target: Tensor, valid: Tensor, before: int, common: Sequence[int] | None
) -> tuple[Tensor, Tensor]:
    """(M, N, t) errors of the frames after the first `before` ones, and which of them count."""
    pairs = torch.zeros_like(valid)
    pairs[:, 1:] = valid[:, 1:] & valid[:, :-1]
    triples = torch.zeros_like(valid)
    triples[:, 2:] = pairs[:, 2:] & pairs[:, 1:-1]
    new = slice(before, None)
    p, t = predicted[:, new], target[:, new]
    difference = predicted - target
    errors = [
        1000 * _length(p - t),
        1000 * _length(similarity_align(p, t) - t),
        1000 * _length(_scale_align(p, t) - t),
        1000 * _length(_differences(difference, 1)[:, new]),
        1000 * _length(_differences(difference, 2)[:, new]),
    ]
    counting = [valid, valid, valid, pairs, triples]
    if common is not None:
        p14, t14 = _relative(predicted, common), _relative(target, common)
        rooted = (p - p[:, :, :1])[:, :, common] - (t - t[:, :, :1])[:, :, common]
        distance = 1000 * rooted.norm(dim=-1)
        steps = torch.linspace(0.0, PCK_MM, AUC_STEPS, dtype=p.dtype, device=p.device)
        # how many thresholds lie above the distance: what a comparison with each of them would count
        passed = AUC_STEPS - torch.searchsorted(steps, distance.contiguous(), right=True)
        errors += [
            1000 * _length(p14[:, new] - t14[:, new]),
            1000 * _length(similarity_align(p14[:, new], t14[:, new]) - t14[:, new]),
            1000 * _length(_differences(p14 - t14, 2)[:, new]),
            100 * (distance < PCK_MM).to(p.dtype).mean(-1),
            100 * passed.to(p.dtype).mean(-1) / AUC_STEPS,
        ]
        counting += [valid, valid, triples, valid, valid]
    assert len(errors) == len(BASIC) + (len(COMMON) if common is not None else 0)
    return torch.stack(errors), torch.stack(counting)[..., before:]


def similarity_align(predicted: Tensor, target: Tensor) -> Tensor:
    """Move, turn and scale each predicted (J, 3) pose of (..., J, 3) onto its target, without mirroring.

    A pose without extent moves to the middle of its target.
    """
    middle = target.mean(-2, keepdim=True)
    a, b = predicted - predicted.mean(-2, keepdim=True), target - middle
    rotation, score = best_rotation(a.transpose(-1, -2) @ b)
    extent = a.square().sum((-1, -2)).clamp(min=torch.finfo(a.dtype).tiny)
    return (score / extent)[..., None, None] * (a @ rotation.transpose(-1, -2)) + middle


def best_rotation(covariance: Tensor) -> tuple[Tensor, Tensor]:
    """The rotations that bring vectors a onto vectors b best.

    Args:
        covariance: (..., 3, 3) sum of a b^T over the pairs of vectors.

    Returns:
        (..., 3, 3) rotations R with R a = b, and (...) the sum of b . R a that they reach, the largest there is.
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = (row.unbind(-1) for row in covariance.unbind(-2))
    upper = {
        (0, 0): xx + yy + zz, (0, 1): yz - zy, (0, 2): zx - xz, (0, 3): xy - yx,
        (1, 1): xx - yy - zz, (1, 2): xy + yx, (1, 3): zx + xz,
        (2, 2): yy - xx - zz, (2, 3): yz + zy,
        (3, 3): zz - xx - yy,
    }  # fmt: skip
    values, vectors = _eigen4(upper)
    score, index = values.max(-1)
    w, x, y, z = vectors.gather(-1, index[..., None, None].expand(*index.shape, 4, 1))[..., 0].unbind(-1)
    rows = (
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    )  # fmt: skip
    return torch.stack(rows, -1).reshape(covariance.shape), score


def _eigen4(upper: dict[tuple[int, int], Tensor]) -> tuple[Tensor, Tensor]:
    """Eigenvalues (..., 4) and eigenvectors, columns of (..., 4, 4), of symmetric matrices given by upper halves."""
    a = dict(upper)
    zero, one = torch.zeros_like(a[0, 0]), torch.ones_like(a[0, 0])
    tiny = torch.finfo(zero.dtype).tiny
    v = [[one if row == column else zero for column in range(4)] for row in range(4)]
    for p, q in _PAIRS * _SWEEPS:
        off, gap = a[p, q], a[q, q] - a[p, p]
        # the smaller of the two rotations that make the element zero
        tangent = torch.where(gap < 0, -2.0, 2.0) * off / (gap.abs() + torch.hypot(gap, 2 * off) + tiny)
        cosine = torch.rsqrt(1 + tangent.square())
        sine = tangent * cosine
        a[p, p], a[q, q], a[p, q] = a[p, p] - tangent * off, a[q, q] + tangent * off, zero
        for r in range(4):
            if r not in (p, q):
                with_p, with_q = (min(r, p), max(r, p)), (min(r, q), max(r, q))
                a[with_p], a[with_q] = cosine * a[with_p] - sine * a[with_q], sine * a[with_p] + cosine * a[with_q]
            v[r][p], v[r][q] = cosine * v[r][p] - sine * v[r][q], sine * v[r][p] + cosine * v[r][q]
    vectors = torch.stack([torch.stack(row, -1) for row in v], -2)
    return torch.stack([a[i, i] for i in range(4)], -1), vectors


def _scale_align(predicted: Tensor, target: Tensor) -> Tensor:
    norm = predicted.square().sum((-1, -2), keepdim=True).clamp(min=torch.finfo(predicted.dtype).tiny)
    return (predicted * target).sum((-1, -2), keepdim=True) / norm * predicted


def _differences(values: Tensor, order: int) -> Tensor:
    """Differences along axis 1, at the last of their frames; zeros before the first."""
    result = torch.zeros_like(values)
    result[:, order:] = values.diff(order, dim=1)
    return result


def _relative(joints: Tensor, common: Sequence[int]) -> Tensor:
    """The common joints relative to the middle of the hips."""
    chosen = joints[:, :, list(common)]
    hips = [COMMON14.index("right_hip"), COMMON14.index("left_hip")]
    return chosen - chosen[:, :, hips].mean(-2, keepdim=True)


def _length(vectors: Tensor) -> Tensor:
    """(..., J, 3) to (...): the mean length over the joints."""
    mean: Tensor = vectors.norm(dim=-1).mean(-1)
    return mean
