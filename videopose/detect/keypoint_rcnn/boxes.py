"""Boxes as (..., 4) float32 tensors x0, y0, x1, y1 in pixels: decoding, clipping, overlap, non-maximum suppression."""

import math

import torch
from torch import Tensor

_LARGEST_DELTA = math.log(1000.0 / 16.0)
"""Of the logarithm of a size: what the network was trained with."""


def decode(boxes: Tensor, deltas: Tensor, weights: tuple[float, float, float, float]) -> Tensor:
    """Move and scale boxes by what a network says of them.

    Args:
        boxes: (..., 4).
        deltas: (..., 4): centre in box sizes, logarithms of the sizes, each times its weight.
        weights: of the four.

    Source: Girshick et al., Rich feature hierarchies, CVPR 2014 (bounding-box regression).
    """
    size = boxes[..., 2:] - boxes[..., :2]
    centre = boxes[..., :2] + 0.5 * size
    scaled = deltas / deltas.new_tensor(weights)
    new_centre = scaled[..., :2] * size + centre
    half = 0.5 * scaled[..., 2:].clamp(max=_LARGEST_DELTA).exp() * size
    return torch.cat([new_centre - half, new_centre + half], dim=-1)


def clip(boxes: Tensor, width: int, height: int) -> Tensor:
    """Cut off what lies outside of a picture of that size."""
    # Plain numbers, not a tensor of them: no copy to the device.
    x, y = boxes[..., 0::2].clamp(0, width), boxes[..., 1::2].clamp(0, height)
    return torch.stack([x[..., 0], y[..., 0], x[..., 1], y[..., 1]], dim=-1)


def has_area(boxes: Tensor) -> Tensor:
    """(...,) bool."""
    return ((boxes[..., 2:] - boxes[..., :2]) > 0).all(dim=-1)


def overlap(boxes: Tensor) -> Tensor:
    """(B, N, N) intersection over union of each pair of boxes (B, N, 4); 0 for two empty ones."""
    area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    low = torch.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
    high = torch.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
    common = (high - low).clamp_(min=0).prod(dim=-1)
    union = area[:, :, None] + area[:, None, :] - common
    return torch.where(union > 0, common / union, common)


def suppress(boxes: Tensor, valid: Tensor, threshold: float) -> Tensor:
    """Greedy non-maximum suppression, all pictures and boxes at once.

    A box is kept when no kept box before it overlaps it by more than `threshold`. All boxes start as kept; applying the
    rule to all at once settles at least the first box not yet settled, and ends, exactly there, when nothing
    changes: after as many rounds as the longest chain of boxes that free each other, usually a handful.

    Args:
        boxes: (B, N, 4) by falling score.
        valid: (B, N) bool; others neither count nor are kept.
        threshold: intersection over union.

    Returns:
        (B, N) bool: kept.

    Source: the fixed point of Zheng et al., Enhancing geometric factors in model learning (Cluster-NMS), 2020.
    """
    # row j: those before it that would remove it
    removes = (overlap(boxes) > threshold).tril_(diagonal=-1)
    keep = valid
    while True:
        removed = (removes & keep[:, None, :]).any(dim=-1)
        now = valid & ~removed
        if torch.equal(now, keep):
            return keep
        keep = now
