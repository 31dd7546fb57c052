"""The temporal network for training, as matrix products, with one pass over memory for what stands between them.

A training example is an answer (or a run of them) and the input frames it depends on. For a single answer every
dilated convolution may step by its own width, and a convolution that steps by its width is a matrix product of rows
that already lie side by side in memory. What follows each product (BatchNorm, ReLU, dropout, the residual) is done
piece by piece while a piece is in the processor's cache, on a GPU by fused kernels. Parameters and running statistics
are those of the `TemporalModel`, and so is the result.

With bfloat16 the products' factors and the stored activations are rounded; statistics, sums and the last layer are in
float32.

Source: Pavllo et al., CVPR 2019, for the network and its single-frame form.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from videopose.lift.model import TemporalModel
from videopose.train.distributed import add_up, is_distributed, spread

CACHED_NUMBERS = 1 << 17
"""Numbers in a piece on a processor: in float32 it fits into a core's own cache."""
_DRAWS = 1 << 16
"""Dropout compares 16 random bits: probabilities come in steps of 1/65536."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Which examples of a batch this process has, where several share it."""

    first: int
    """Index of its first example in the whole batch."""
    count: int
    """How many it has."""
    total: int
    """Examples of the whole batch."""


class StridedNetwork(nn.Module):
    """Trains the weights of a `TemporalModel`."""

    def __init__(self, model: TemporalModel, dtype: torch.dtype = torch.float32) -> None:
        """Share the weights of a network.

        Args:
            model: stays the owner of parameters and statistics.
            dtype: of the products' factors, torch.float32 or torch.bfloat16.
        """
        super().__init__()
        self.model = model
        self.dtype = dtype
        self._momentum = torch.tensor(0.1, device=model.shrink.weight.device)

    def set_momentum(self, momentum: float) -> None:
        """Set the share of a batch's statistics in the running ones."""
        self._momentum.fill_(momentum)

    def forward(self, windows: Tensor, shard: Shard | None = None, running: bool = False) -> Tensor:
        """Lift the frames that windows are about.

        In training mode, with a shard, statistics and dropout are those of the whole batch: the results are the same as
        those of one process with all of its examples.

        Args:
            windows: (N, T, in_features) normalised keypoints, T >= the receptive field R.
            shard: where these examples stand in the batch; None: they are the batch.
            running: normalise by the running statistics in training mode too, and leave them as they are.

        Returns:
            (N, T - R + 1, out_joints, 3) float32 joints, metres.
        """
        model = self.model
        momentum = self._momentum if self.training and not running else None
        shard = shard or Shard(0, len(windows), len(windows))
        single = windows.shape[1] == model.receptive_field and not model.dense
        x = self._layer(windows.to(self.dtype), model.expand_conv, model.expand_bn, shard, momentum, single)
        for i, width in enumerate(model.filter_widths[1:]):
            reach = model.reaches[i]
            if single:
                residual = x[:, width - 1 if model.causal else width // 2 :: width]
            else:
                residual = x[:, 2 * reach :] if model.causal else x[:, reach : x.shape[1] - reach]
            x = self._layer(x, model.layers_conv[2 * i], model.layers_bn[2 * i], shard, momentum, single)
            norm = model.layers_bn[2 * i + 1]
            x = self._layer(x, model.layers_conv[2 * i + 1], norm, shard, momentum, single, residual)
        weight, bias = model.shrink.weight[:, :, 0], model.shrink.bias
        joints = functional.linear(x.float(), weight, bias)
        return joints.view(len(windows), -1, model.out_joints, 3)

    def _layer(
        self,
        x: Tensor,
        conv: nn.Module,
        norm: nn.Module,
        shard: Shard,
        momentum: Tensor | None,
        single: bool,
        residual: Tensor | None = None,
    ) -> Tensor:
        """(N, T, C_in) to (N, fewer, C_out): convolution, BatchNorm, ReLU, dropout, and the residual added."""
        assert isinstance(conv, nn.Conv1d) and isinstance(norm, nn.BatchNorm1d)
        rows = self._convolve(x, conv, single)
        frames = rows.shape[1]
        if residual is not None:
            residual = residual.reshape(-1, rows.shape[2])
        probability = self.model.dropout.p if self.training else 0.0
        done: Tensor = _NormReluDropout.apply(  # type: ignore[no-untyped-call]
            rows.reshape(-1, rows.shape[2]), norm.weight, norm.bias, residual, norm, probability,
            momentum, Shard(frames * shard.first, frames * shard.count, frames * shard.total),
        )  # fmt: skip
        return done.view(rows.shape)

    def _convolve(self, x: Tensor, conv: nn.Conv1d, single: bool) -> Tensor:
        """(N, T, C_in) to (N, fewer, C_out): stepping by the kernel's width, or dilated."""
        (width,), (dilation,) = conv.kernel_size, conv.dilation
        if self.model.dense and width > 1:
            return functional.conv1d(x.transpose(1, 2), conv.weight.to(self.dtype)).transpose(1, 2)
        # (C_out, C_in, width) to (C_out, width * C_in): the order of the rows in memory
        weight = conv.weight.permute(0, 2, 1).flatten(1).to(self.dtype)
        if single:
            taps = x.reshape(len(x), -1, weight.shape[1])
        else:
            length = x.shape[1] - (width - 1) * dilation
            taps = torch.cat([x[:, tap * dilation : tap * dilation + length] for tap in range(width)], dim=-1)
        return taps @ weight.t()


class _NormReluDropout(torch.autograd.Function):
    """BatchNorm over rows, ReLU, dropout, plus a residual."""

    @staticmethod
    def forward(
        ctx: Any,
        rows: Tensor,
        gain: Tensor,
        shift: Tensor,
        residual: Tensor | None,
        norm: nn.BatchNorm1d,
        probability: float,
        momentum: Tensor | None,
        shard: Shard,
    ) -> Tensor:
        """(N, C) rows to (N, C) activations; momentum None means: by the running statistics."""
        assert norm.running_mean is not None and norm.running_var is not None
        pieces, work = _pieces(rows), _functions(rows.device.type)
        if momentum is not None:
            mean, variance = _statistics(rows, pieces, work, shard.total)
            unbiased = variance * (shard.total / max(1, shard.total - 1))
            norm.running_mean.lerp_(mean, momentum)
            norm.running_var.lerp_(unbiased, momentum)
        else:
            mean, variance = norm.running_mean, norm.running_var
        inverse = (variance + norm.eps).rsqrt()
        dropped = round(probability * _DRAWS)
        kept = 1.0 - dropped / _DRAWS
        # Dropout's factor goes through ReLU into the affine map.
        scale = gain * inverse / kept
        offset = shift / kept - mean * scale
        draws = _draws(rows, shard) if dropped else None
        limit = dropped - _DRAWS // 2 - 1
        activation = torch.empty_like(rows)
        out = activation if residual is None else torch.empty_like(rows)
        for piece in pieces:
            noise = None if draws is None else draws[piece]
            added = None if residual is None else residual[piece]
            work.activate(rows[piece], scale, offset, noise, limit, added, activation[piece], out[piece])
        ctx.save_for_backward(rows, activation, mean, inverse, gain)
        ctx.kept, ctx.total, ctx.has_residual = (
            kept,
            shard.total if momentum is not None else None,
            residual is not None,
        )
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of rows, gain, shift and residual."""
        (gradient,) = gradients
        gradient = gradient.contiguous()
        rows, activation, mean, inverse, gain = ctx.saved_tensors
        pieces, work = _pieces(rows), _functions(rows.device.type)
        sums = torch.zeros(2, rows.shape[1], device=rows.device)
        for piece in pieces:
            sums += work.gradient_sums(gradient[piece], activation[piece], rows[piece])
        sums /= ctx.kept
        # of the normalised value, not of the row itself
        sums[1] = (sums[1] - mean * sums[0]) * inverse
        own = sums.clone()
        slope = gain * inverse / ctx.kept
        tilt, level = torch.zeros_like(slope), torch.zeros_like(slope)
        if ctx.total is not None:  # the statistics depend on the rows too
            add_up(sums)
            tilt = -gain * inverse.square() * sums[1] / ctx.total
            level = -gain * inverse * sums[0] / ctx.total - mean * tilt
        result = torch.empty_like(rows)
        for piece in pieces:
            work.gradient(gradient[piece], activation[piece], rows[piece], slope, tilt, level, result[piece])
        return result, own[1], own[0], gradient if ctx.has_residual else None, None, None, None, None


@dataclass(frozen=True, slots=True)
class _Functions:
    """What is done to a piece."""

    sums: Callable[..., Tensor]
    activate: Callable[..., None]
    gradient_sums: Callable[..., Tensor]
    gradient: Callable[..., None]


@cache
def _functions(device: str) -> _Functions:
    """As they are for a processor, whose pieces lie in the cache; fused into one kernel each for a GPU."""
    functions: list[Callable[..., Any]] = [_sums, _activate, _gradient_sums, _gradient]
    if device == "cuda":
        fused = [torch.compile(function, dynamic=True) for function in functions]
        try:
            fused[0](torch.zeros(4, 8, device=device), torch.zeros(8, device=device))
            functions = fused
        except Exception as error:
            # The compiler wants Triton and a C compiler; without them training is slower, not impossible.
            warnings.warn(f"training without fused kernels: {str(error).strip().splitlines()[0]}", stacklevel=2)
    return _Functions(*functions)


def _sums(rows: Tensor, centre: Tensor) -> Tensor:
    """(2, C) sums of distances from the centre and of their squares."""
    local = rows.float() - centre
    return torch.stack([local.sum(0), local.square().sum(0)])


def _activate(
    rows: Tensor, scale: Tensor, offset: Tensor, draws: Tensor | None, limit: int, residual: Tensor | None,
    activation: Tensor, out: Tensor,
) -> None:  # fmt: skip
    """Affine map, ReLU and dropout into `activation`; the residual added into `out`."""
    value = torch.addcmul(offset, rows.float(), scale).relu()
    if draws is not None:
        value = _where_above(value, draws.float(), limit)
    activation.copy_(value)
    if residual is not None:
        out.copy_(value + residual.float())


def _gradient_sums(gradient: Tensor, activation: Tensor, rows: Tensor) -> Tensor:
    """(2, C) sums of the gradient that passes, and of its products with the rows."""
    local = _where_above(gradient.float(), activation.float(), 0)
    return torch.stack([local.sum(0), (local * rows.float()).sum(0)])


def _gradient(
    gradient: Tensor, activation: Tensor, rows: Tensor, slope: Tensor, tilt: Tensor, level: Tensor, out: Tensor
) -> None:
    """The gradient of the rows into `out`."""
    local = _where_above(gradient.float(), activation.float(), 0) * slope
    out.copy_(torch.addcmul(local, rows.float(), tilt) + level)


def _where_above(values: Tensor, decisive: Tensor, limit: int) -> Tensor:
    """`values` where `decisive` is above `limit`, else 0; of all ways to mask, the fast one on a processor."""
    masked: Tensor = torch.ops.aten.threshold_backward(values, decisive, limit)
    return masked


def _pieces(rows: Tensor) -> list[slice]:
    """Runs of rows to work on at a time."""
    size = CACHED_NUMBERS // rows.shape[1] if rows.device.type == "cpu" else len(rows)
    return [slice(start, start + max(1, size)) for start in range(0, len(rows), max(1, size))]


def _statistics(rows: Tensor, pieces: list[slice], work: _Functions, total: int) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of each column over all rows of the batch."""
    # Squares of numbers about 0 lose no digits, and the mean of some rows is near enough to it.
    centre = rows[:256].float().mean(0)
    if is_distributed():
        spread(centre)
    sums = torch.zeros(2, rows.shape[1], device=rows.device)
    for piece in pieces:
        sums += work.sums(rows[piece], centre)
    add_up(sums)
    sums /= total
    return sums[0] + centre, (sums[1] - sums[0].square()).clamp_(min=0)


def _draws(rows: Tensor, shard: Shard) -> Tensor:
    """(N, C) int16 random numbers: this process's part of those for the whole batch."""
    columns = rows.shape[1]
    draws = torch.empty(math.ceil(shard.total * columns / 4), dtype=torch.int64, device=rows.device)
    draws.random_(-(2**63), None)
    numbers = draws.view(torch.int16)[shard.first * columns :][: rows.numel()]
    return numbers.view(rows.shape)
