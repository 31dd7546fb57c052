"""Pictures made ready for the network: resized as it was trained, on the device they are on."""

from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from videopose.detect.keypoint_rcnn.architecture import BGR_MEAN, LONG_SIDE, SHORT_SIDE, SIZE_DIVISOR

_BITS = 22
"""Behind the binary point of a weight: a sum of weights times 255 fits 32 bits."""


def resized_size(width: int, height: int, short_side: int = SHORT_SIDE) -> tuple[int, int]:
    """Width and height to resize to: the shorter side as asked, the longer at most in proportion 1333:800."""
    scale = short_side / min(width, height)
    new_width, new_height = width * scale, height * scale
    limit = LONG_SIDE * short_side / SHORT_SIDE
    if max(new_width, new_height) > limit:
        shrink = limit / max(new_width, new_height)
        new_width, new_height = new_width * shrink, new_height * shrink
    return max(1, int(new_width + 0.5)), max(1, int(new_height + 0.5))


def resize(pictures: Tensor, width: int, height: int) -> Tensor:
    """Bilinear, with antialiasing when made smaller: bit for bit what Pillow gives, on any device.

    (But for pictures three times taller than wide, which it makes smaller down first.) A difference of one grey level
    in a few pixels moves boxes by thousandths of a pixel and scores by 4e-5, more than all other arithmetic together.

    Args:
        pictures: (B, H, W, 3) uint8.
        width: wanted, pixels.
        height: wanted, pixels.

    Returns:
        (B, height, width, 3) uint8.
    """
    return _resize_axis(_resize_axis(pictures, 2, width), 1, height)


def _resize_axis(pictures: Tensor, axis: int, size: int) -> Tensor:
    if pictures.shape[axis] == size:
        return pictures
    pixels, weights = (one.to(pictures.device) for one in _taps(pictures.shape[axis], size))
    shape = [1] * pictures.ndim
    shape[axis] = size
    total = torch.full_like(weights[0], 1 << (_BITS - 1)).view(shape)
    for pixel, weight in zip(pixels, weights, strict=True):
        total = total + pictures.index_select(axis, pixel) * weight.view(shape)
    return (total >> _BITS).clamp_(0, 255).to(torch.uint8)


@cache
def _taps(inputs: int, outputs: int) -> tuple[Tensor, Tensor]:
    """Which pixels make up each new one: (K, outputs) int64 indices and int32 weights in units of 2 ** -22."""
    scale = inputs / outputs
    reach = max(scale, 1.0)
    centre = (np.arange(outputs) + 0.5) * scale
    first = np.maximum(np.floor(centre - reach + 0.5), 0).astype(np.int64)
    behind = np.minimum(np.floor(centre + reach + 0.5), inputs).astype(np.int64)
    pixels = first + np.arange(int((behind - first).max()))[:, None]
    weights = np.maximum(1.0 - np.abs((pixels - centre + 0.5) / reach), 0.0) * (pixels < behind)
    weights /= weights.sum(axis=0)
    whole = np.floor(weights * (1 << _BITS) + 0.5).astype(np.int32)
    return torch.from_numpy(np.minimum(pixels, inputs - 1)), torch.from_numpy(whole)


def prepare(pictures: Tensor, width: int, height: int, bgr_std: tuple[float, float, float]) -> Tensor:
    """Resize, normalise, and pad to the right and below with zeros.

    Args:
        pictures: (B, H, W, 3) uint8 BGR.
        width: to resize to.
        height: to resize to.
        bgr_std: what the network divides by.

    Returns:
        (B, 3, H', W') float32, H' and W' multiples of 32.
    """
    small = resize(pictures, width, height).permute(0, 3, 1, 2).float()
    mean, std = small.new_tensor(BGR_MEAN), small.new_tensor(bgr_std)
    normal = (small - mean[:, None, None]) / std[:, None, None]
    return functional.pad(normal, (0, -width % SIZE_DIVISOR, 0, -height % SIZE_DIVISOR))
