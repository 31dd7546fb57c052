"""What network a set of tensors belongs to, read from their shapes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Architecture:
    """The arguments of `TemporalModel` that shapes tell."""

    in_features: int
    """Numbers per input frame: two per keypoint."""
    out_joints: int
    """Joints in the result."""
    filter_widths: tuple[int, ...]
    """Width of each temporal convolution."""
    channels: int
    """Width of the network."""
    dense: bool
    """Full kernels instead of dilated ones."""

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `TemporalModel`."""
        return {field: getattr(self, field) for field in self.__dataclass_fields__}


def read_architecture(shapes: Mapping[str, tuple[int, ...]], dense: bool = False) -> Architecture:
    """Find the architecture from the tensors' shapes.

    A dense kernel of width 2 * reach + 1 looks like a dilated one of that width. Where every kernel has the width that
    a dense network of small filters would give it, dense is assumed: nobody publishes dilated filters of 7, 19, 55.

    Args:
        shapes: `state_dict` key -> shape.
        dense: the file says that it is dense.

    Raises:
        ValueError: a tensor is missing or its shape fits no such network.
    """
    channels, in_features, first = _kernel(shapes, "expand_conv.weight")
    outputs, shrink_in, one = _kernel(shapes, "shrink.weight")
    if shrink_in != channels or one != 1 or outputs % 3:
        raise ValueError(f"shrink.weight must be (3 * joints, {channels}, 1), got {shapes['shrink.weight']}")
    kernels: list[int] = []
    while f"layers_conv.{2 * len(kernels)}.weight" in shapes:
        key = f"layers_conv.{2 * len(kernels)}.weight"
        out_channels, in_channels, width = _kernel(shapes, key)
        if (out_channels, in_channels) != (channels, channels):
            raise ValueError(f"{key} must be ({channels}, {channels}, *), got {shapes[key]}")
        kernels.append(width)
    if any(width % 2 == 0 for width in (first, *kernels)):
        raise ValueError(f"filter widths must be odd, got {(first, *kernels)}")
    dense_widths = _dense_widths(first, kernels)
    if dense and dense_widths is None:
        raise ValueError(f"kernels of {(first, *kernels)} frames are not those of a dense network")
    use_dense = dense_widths is not None and (dense or 3 not in kernels)
    widths = dense_widths if use_dense and dense_widths is not None else tuple(kernels)
    return Architecture(in_features, outputs // 3, (first, *widths), channels, use_dense)


def _kernel(shapes: Mapping[str, tuple[int, ...]], key: str) -> tuple[int, int, int]:
    if key not in shapes:
        raise ValueError(f"tensor {key} is missing")
    shape = shapes[key]
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"tensor {key} must have three axes, got {shape}")
    return shape[0], shape[1], shape[2]


def _dense_widths(first: int, kernels: list[int]) -> tuple[int, ...] | None:
    """Filter widths of the dense network with these kernels; None when there is none (or nothing to tell apart)."""
    widths, dilation = [], first
    for kernel in kernels:
        if (kernel - 1) % dilation:
            return None
        width = (kernel - 1) // dilation + 1
        if width % 2 == 0:
            return None
        widths.append(width)
        dilation *= width
    return tuple(widths) if any(kernel > 1 for kernel in kernels) else None
