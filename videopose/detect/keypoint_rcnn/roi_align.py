"""RoIAlign: what the pyramid shows in each box, resampled to a grid of one size.

Source: He et al., Mask R-CNN, ICCV 2017; half-pixel correction, as many samples a cell as it is pixels wide.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from videopose.detect.keypoint_rcnn.architecture import LEVELS

_FINEST, _COARSEST = LEVELS[0], LEVELS[-1]
_CHUNK_TAPS = 1 << 22
"""Pixels gathered at a time: bounds the memory of their indices."""


def pool(pyramid: Sequence[Tensor], boxes: Tensor, picture: Tensor, cells: int) -> Tensor:
    """Resample the part of the pyramid under each box.

    A box takes its map from the level its size calls for. A cell is the average of n x m bilinear samples; bilinear
    weights are products, so it is a weighted sum of the (n + 1) x (m + 1) pixels under it with weights that are
    sums over one axis each. That sum, over all cells of many boxes at once, is what `embedding_bag` does on any device.

    Args:
        pyramid: maps (B, C, h, w) of levels 2 to 5 (and more, not used).
        boxes: (R, 4) float32 pixels of the network's picture.
        picture: (R,) int64: whose picture of the B.
        cells: of the grid, along each side.

    Returns:
        (R, cells, cells, C), in the maps' type.
    """
    maps = pyramid[: len(LEVELS)]
    channels = maps[0].shape[1]
    if not len(boxes):
        return maps[0].new_zeros((0, cells, cells, channels))
    # one table of pixels for all levels and pictures
    table = torch.cat([one.permute(0, 2, 3, 1).reshape(-1, channels) for one in maps])
    sizes = torch.tensor([one.shape[2:] for one in maps], device=boxes.device)
    counts = sizes.prod(dim=1) * maps[0].shape[0]
    level = _level(boxes)
    height, width = sizes[level].unbind(dim=1)
    first = (counts.cumsum(0) - counts)[level] + picture * height * width

    scale = torch.exp2(-(level + _FINEST).to(boxes.dtype))
    corners = boxes * scale[:, None] - 0.5
    start, length = corners[:, :2], corners[:, 2:] - corners[:, :2]
    samples = (length / cells).ceil().clamp(min=1).long()
    # Boxes with like numbers of samples go together, whatever their order: few are long, and all would pay for them.
    groups = torch.unique(_bucket(samples), dim=0, return_inverse=True)
    result = table.new_empty((len(boxes), cells * cells, channels))
    for group, (across, down) in enumerate(groups[0].tolist()):
        members = (groups[1] == group).nonzero().flatten()
        room = max(1, _CHUNK_TAPS // (cells * cells * (across + 1) * (down + 1)))
        for rows in members.split(room):
            x, x_weight = _taps(start[rows, 0], length[rows, 0], samples[rows, 0], width[rows], cells, across)
            y, y_weight = _taps(start[rows, 1], length[rows, 1], samples[rows, 1], height[rows], cells, down)
            # (rows, cells down, cells across, taps down, taps across)
            line = first[rows, None, None] + y * width[rows, None, None]
            index = line[:, :, None, :, None] + x[:, None, :, None, :]
            weight = y_weight[:, :, None, :, None] * x_weight[:, None, :, None, :]
            taps = (down + 1) * (across + 1)
            summed = functional.embedding_bag(
                index.reshape(-1, taps), table, mode="sum", per_sample_weights=weight.reshape(-1, taps).to(table.dtype)
            )
            result[rows] = summed.view(len(rows), cells * cells, channels)
    return result.view(len(boxes), cells, cells, channels)


def _level(boxes: Tensor) -> Tensor:
    """(R,) int64: 0 for level 2 to 3 for level 5; a box of 224 pixels belongs to level 4."""
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    level = torch.floor(4 + torch.log2(area.sqrt() / 224 + 1e-8))
    return level.clamp(_FINEST, _COARSEST).long() - _FINEST


def _bucket(samples: Tensor) -> Tensor:
    """Numbers of samples rounded up to 1, 2, 3, 4, 6, 8, 12, 16, ..."""
    power = torch.exp2(torch.floor(torch.log2(samples.float()))).long()
    half = power + power // 2
    up = torch.where(samples <= power, power, torch.where(samples <= half, half, 2 * power))
    return torch.where(samples <= 4, samples, up)


def _taps(start: Tensor, length: Tensor, samples: Tensor, size: Tensor, cells: int, most: int) -> tuple[Tensor, Tensor]:
    """The pixels under each cell along one axis.

    Args:
        start: (R,) where the box begins, in pixels of its map, pixel centres at whole numbers.
        length: (R,) its size.
        samples: (R,) int64, samples a cell.
        size: (R,) int64, pixels of its map along this axis.
        cells: along this axis.
        most: no cell has more samples.

    Returns:
        (R, cells, most + 1) int64 pixels, within the map, and float32 weights.
    """
    number = torch.arange(most, device=start.device)
    cell = torch.arange(cells, device=start.device)
    share = (number + 0.5) / samples[:, None]
    step = (length / cells)[:, None, None]
    place = start[:, None, None] + (cell[:, None] + share[:, None, :]) * step
    last = (size - 1)[:, None, None]
    # Samples more than a pixel outside count as zero, those nearer as the map's edge.
    counts = (number < samples[:, None])[:, None, :] & (place >= -1.0) & (place <= last + 1)
    place = torch.minimum(place.clamp(min=0.0), last.to(place.dtype))
    base = place[..., :1].floor().long()
    pixel = base + torch.arange(most + 1, device=start.device)
    near = (1.0 - (place[..., :, None] - pixel[..., None, :]).abs()).clamp(min=0.0)
    weight = (near * counts[..., None]).sum(dim=-2) / samples[:, None, None]
    return torch.minimum(pixel, last), weight
