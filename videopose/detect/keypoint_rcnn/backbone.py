"""Residual network and feature pyramid: a picture to maps of 256 channels at strides of 4 to 64 pixels.

Source: He et al., Deep residual learning, CVPR 2016; Lin et al., Feature pyramid networks, CVPR 2017.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from videopose.detect.keypoint_rcnn.architecture import FPN_CHANNELS, LEVELS, Architecture

_EPSILON = 1e-5


def folded(arrays: Mapping[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution with its frozen batch norm folded in: one pass over the map instead of two.

    Args:
        arrays: with `NAME.weight`, and `NAME.norm.*` or `NAME.bias`.
        name: of the convolution.
    """
    weight = arrays[f"{name}.weight"]
    if f"{name}.norm.weight" not in arrays:
        return weight, arrays[f"{name}.bias"]
    gain, shift, mean, variance = (
        arrays[f"{name}.norm.{part}"].double() for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gain / torch.sqrt(variance + _EPSILON)
    return (weight.double() * scale[:, None, None, None]).float(), (shift - mean * scale).float()


def convolution(
    arrays: Mapping[str, Tensor], name: str, *, stride: int = 1, padding: int = 0, groups: int = 1
) -> nn.Conv2d:
    """The convolution called `name`, with its batch norm, if it has one, folded in."""
    weight, bias = folded(arrays, name)
    outputs, inputs, height, width = weight.shape
    # "meta": not filled with random numbers that are replaced at once
    made = nn.Conv2d(
        inputs * groups,
        outputs,
        (height, width),
        stride=stride,
        padding=padding,
        groups=groups,
        device="meta",
    )
    made.weight, made.bias = nn.Parameter(weight, False), nn.Parameter(bias, False)
    return made


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions beside a shortcut."""

    def __init__(self, arrays: Mapping[str, Tensor], name: str, architecture: Architecture, stride: int) -> None:
        super().__init__()
        first, second = (stride, 1) if architecture.stride_in_1x1 else (1, stride)
        self.conv1 = convolution(arrays, f"{name}.conv1", stride=first)
        self.conv2 = convolution(arrays, f"{name}.conv2", stride=second, padding=1, groups=architecture.groups)
        self.conv3 = convolution(arrays, f"{name}.conv3")
        shortcut = f"{name}.shortcut"
        self.shortcut = (
            convolution(arrays, shortcut, stride=stride) if f"{shortcut}.weight" in arrays else nn.Identity()
        )

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H / stride, W / stride)."""
        inner = self.conv1(maps).relu_()
        inner = self.conv2(inner).relu_()
        inner = self.conv3(inner)
        inner += self.shortcut(maps)
        result: Tensor = inner.relu_()
        return result


class Backbone(nn.Module):
    """The residual network with the pyramid on top."""

    def __init__(self, arrays: Mapping[str, Tensor], architecture: Architecture) -> None:
        super().__init__()
        bottom = "backbone.bottom_up"
        self.stem = convolution(arrays, f"{bottom}.stem.conv1", stride=2, padding=3)
        self.stages = nn.ModuleList(
            nn.Sequential(
                *(
                    Bottleneck(
                        arrays, f"{bottom}.res{stage}.{block}", architecture, 2 if block == 0 and stage > 2 else 1
                    )
                    for block in range(count)
                )
            )
            for stage, count in enumerate(architecture.blocks, 2)
        )
        self.laterals = nn.ModuleList(convolution(arrays, f"backbone.fpn_lateral{level}") for level in LEVELS)
        self.outputs = nn.ModuleList(convolution(arrays, f"backbone.fpn_output{level}", padding=1) for level in LEVELS)
        assert self.outputs[0].out_channels == FPN_CHANNELS

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """The pyramid of some pictures.

        Args:
            pictures: (B, 3, H, W) normalised, H and W multiples of 32.

        Returns:
            Five maps (B, 256, H / s, W / s), s = 4, 8, 16, 32, 64 (the last rounded up).
        """
        maps = functional.max_pool2d(self.stem(pictures).relu_(), 3, stride=2, padding=1)
        bottom_up = []
        for stage in self.stages:
            maps = stage(maps)
            bottom_up.append(maps)
        above: Tensor | None = None
        pyramid: list[Tensor] = []
        for level in reversed(range(len(LEVELS))):
            lateral = self.laterals[level](bottom_up[level])
            if above is not None:
                lateral += functional.interpolate(above, scale_factor=2.0, mode="nearest")
            above = lateral
            pyramid.insert(0, self.outputs[level](lateral))
        return [*pyramid, pyramid[-1][:, :, ::2, ::2]]
