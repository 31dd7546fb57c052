"""From heat maps to keypoints: each map resized to its box, the highest pixel taken.

Source: He et al., Mask R-CNN, ICCV 2017; the resizing is Keys, Cubic convolution interpolation, 1981, with a = -0.75.
"""

import torch
from torch import Tensor

_A = -0.75
_CHUNK = 1 << 25
"""Resized map values held at a time."""


def decode_heat_maps(maps: Tensor, boxes: Tensor) -> Tensor:
    """Find the keypoints of each person.

    Resizing is a product with one matrix for each axis, so people of different sizes are resized together, the smaller
    ones with empty rows; a block of rows at a time, of which only the highest value stays.

    Args:
        maps: (P, K, h, w) float32.
        boxes: (P, 4) float32 pixels.

    Returns:
        (P, K, 3) float32: x, y in the boxes' pixels, and a pseudo probability: one over the sum of exp(map - highest)
        over the map as it came; above zero, unbounded.
    """
    people, kinds, height, width = maps.shape
    if not people:
        return maps.new_zeros((0, kinds, 3))
    size = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1.0)
    pixels = size.ceil().long()
    across, down = pixels.amax(dim=0).tolist()
    horizontal = _resizing(width, pixels[:, 0], 0, across)
    rows = max(1, _CHUNK // (people * kinds * across))
    best = maps.new_full((people, kinds), -torch.inf)
    place = torch.zeros((people, kinds), dtype=torch.int64, device=maps.device)
    beside = torch.arange(across, device=maps.device) >= pixels[:, :1]
    for first in range(0, down, rows):
        last = min(down, first + rows)
        vertical = _resizing(height, pixels[:, 1], first, last)
        resized = torch.einsum("pyh,pkhw,pxw->pkyx", vertical, maps, horizontal)
        below = torch.arange(first, last, device=maps.device) >= pixels[:, 1:]
        resized.masked_fill_((below[:, :, None] | beside[:, None, :])[:, None], -torch.inf)
        value, index = resized.flatten(2).max(dim=2)
        better = value > best
        best = torch.where(better, value, best)
        place = torch.where(better, index + first * across, place)
    found = torch.stack([place % across, place // across], dim=-1) + 0.5
    xy = found * (size / pixels)[:, None] + boxes[:, None, :2]
    score = 1.0 / (maps - best[..., None, None]).exp().sum(dim=(2, 3))
    return torch.cat([xy, score[..., None]], dim=-1)


def _resizing(inputs: int, outputs: Tensor, first: int, last: int) -> Tensor:
    """Bicubic resizing from `inputs` to `outputs` (P,) pixels, rows `first` to `last`, as (P, last - first, inputs)."""
    row = torch.arange(first, last, device=outputs.device, dtype=torch.float32)
    place = (row + 0.5) * (inputs / outputs[:, None]) - 0.5
    base = place.floor()
    matrix = torch.zeros((len(outputs), last - first, inputs), device=outputs.device)
    for offset in (-1, 0, 1, 2):
        pixel = (base + offset).clamp(0, inputs - 1).long()
        matrix.scatter_add_(2, pixel[..., None], _cubic((place - base - offset).abs())[..., None])
    return matrix


def _cubic(distance: Tensor) -> Tensor:
    """The kernel at a distance of up to 2 pixels."""
    near = ((_A + 2) * distance - (_A + 3)) * distance**2 + 1
    far = ((_A * distance - 5 * _A) * distance + 8 * _A) * distance - 4 * _A
    return torch.where(distance <= 1, near, far)
