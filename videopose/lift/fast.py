"""The temporal network as plain matrix products: faster than `Conv1d` on a CPU, and in bounded memory.

BatchNorm is folded into the convolutions, time is the leading axis, and a dilated convolution is the sum of one matrix
product per tap over shifted views of the same buffer. Sequences go through in pieces; each layer keeps the last rows it
will need again, so that nothing is computed twice and the result is that of one pass.

With bfloat16 only the factors of the large products are rounded; the residual stream, the first and the last layer stay
in float32. Two things keep the rounding small: activations are held relative to their mean (BatchNorm tells it), and
biases go through the product as two more rows, the value and what rounding took from it.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from videopose.lift.model import TemporalModel

PIECE_ROWS = 2048
"""Rows (frames x sequences) that go through the network at once: large enough for full-speed products, and their
activations (1024 channels) take 8 MB a layer."""

PAD = 32
"""Columns added for the bias: two would do, but products like round sizes."""

MIN_BFLOAT16_CHANNELS = 256
"""Below this the products are too small for bfloat16 to be faster."""


def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 natively (AVX512-BF16 or AMX), so that it is worth its rounding."""
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    native = any(getattr(torch.cpu, name)() for name in names if hasattr(torch.cpu, name))
    return native and bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


def choose_precision(precision: str, device: torch.device, channels: int) -> torch.dtype:
    """The dtype for `auto`, `float32` or `bfloat16`: auto takes bfloat16 only where it is faster.

    Raises:
        ValueError: another name.
    """
    if precision == "auto":
        fast = torch.cuda.is_bf16_supported() if device.type == "cuda" else device.type == "cpu" and has_fast_bfloat16()
        return torch.bfloat16 if fast and channels >= MIN_BFLOAT16_CHANNELS else torch.float32
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    if precision not in dtypes:
        raise ValueError(f"precision must be auto, float32 or bfloat16, got {precision!r}")
    return dtypes[precision]


@dataclass(frozen=True, slots=True)
class _Folded:
    """One convolution with its BatchNorm folded in."""

    weights: Tensor
    """(taps, C_in, C_out) float64"""
    bias: Tensor
    """(C_out,) float64"""
    mean: Tensor
    """(C_out,) float64: mean of the result after ReLU, rounded to bfloat16."""
    step: int
    """Frames from tap to tap."""

    @property
    def reach(self) -> int:
        """Frames by which the result is shorter."""
        return (len(self.weights) - 1) * self.step


def _fold(conv: torch.nn.Module, norm: torch.nn.Module, step: int) -> _Folded:
    assert isinstance(conv, torch.nn.Conv1d) and isinstance(norm, torch.nn.BatchNorm1d)
    assert norm.running_var is not None and norm.running_mean is not None
    gain, shift = norm.weight.detach().double(), norm.bias.detach().double()
    scale = gain / torch.sqrt(norm.running_var.double() + norm.eps)
    weights = (conv.weight.detach().double() * scale[:, None, None]).permute(2, 1, 0)
    # the mean of max(0, x) for normally distributed x
    spread = gain.abs().clamp(min=1e-12)
    ratio = shift / spread
    density = torch.exp(-ratio.square() / 2) / math.sqrt(2 * math.pi)
    mean = shift * torch.special.ndtr(ratio) + spread * density
    return _Folded(weights, shift - norm.running_mean.double() * scale, mean.bfloat16().double(), step)


@dataclass(frozen=True, slots=True)
class _Layer:
    """A convolution and ReLU in float32."""

    weights: tuple[Tensor, ...]
    """(C_in, C_out) for each tap."""
    bias: Tensor
    """(C_out,)"""
    floor: Tensor | None
    """(C_out,) that takes ReLU's place where results are relative to a mean; None for ReLU."""
    step: int
    """Frames from tap to tap."""

    def __call__(self, x: Tensor, sequences: int) -> Tensor:
        """(frames * sequences, C_in), frame by frame -> (fewer, C_out)."""
        taps = len(self.weights)
        rows = len(x) - (taps - 1) * self.step * sequences
        out = torch.addmm(self.bias, x[:rows], self.weights[0])
        for tap in range(1, taps):
            start = tap * self.step * sequences
            out.addmm_(x[start : start + rows], self.weights[tap])
        return out.relu_() if self.floor is None else torch.maximum(out, self.floor, out=out)


@dataclass(frozen=True, slots=True)
class _RoundedBlock:
    """Both convolutions of a block with bfloat16 factors, on activations relative to their means."""

    wide: Tensor
    """(taps * C + PAD, C + PAD): the taps below each other, then the bias; gives the constant 1 in its last columns."""
    wide_floor: Tensor
    """(C + PAD,) ReLU's floor relative to the mean."""
    narrow: Tensor
    """(C + PAD, C)"""
    narrow_floor: Tensor
    """(C,)"""
    taps: int
    step: int

    @classmethod
    def build(cls, wide: _Folded, narrow: _Folded, mean: Tensor, device: torch.device) -> "_RoundedBlock":
        """Lay out a block whose input is relative to `mean`, (C,)."""
        first = _with_bias(wide.weights.flatten(0, 1), wide.bias + mean @ wide.weights.sum(0) - wide.mean)
        first = torch.nn.functional.pad(first, (0, PAD))
        first[-PAD, -PAD : 2 - PAD] = 1.0
        second = _with_bias(narrow.weights[0], narrow.bias + wide.mean @ narrow.weights[0] - narrow.mean)
        floor = torch.nn.functional.pad(-wide.mean, (0, PAD))
        half = [part.to(device, torch.bfloat16) for part in (first, floor, second, -narrow.mean)]
        return cls(half[0], half[1], half[2], half[3], len(wide.weights), wide.step)

    def __call__(self, x: Tensor, sequences: int) -> Tensor:
        """(frames * sequences, C) float32, frame by frame -> (fewer, C) bfloat16."""
        rows = len(x) - (self.taps - 1) * self.step * sequences
        half = x.bfloat16()
        ones = half.new_zeros(rows, PAD)
        ones[:, :2] = 1.0
        starts = [tap * self.step * sequences for tap in range(self.taps)]
        out = torch.mm(torch.cat([*(half[start : start + rows] for start in starts), ones], dim=1), self.wide)
        torch.maximum(out, self.wide_floor, out=out)
        out = torch.mm(out, self.narrow)
        return torch.maximum(out, self.narrow_floor, out=out)


def _with_bias(weights: Tensor, bias: Tensor) -> Tensor:
    """(K, C) weights, and below them PAD rows for inputs of 1, 1, 0, ...: the bias as bfloat16 has it, and the rest."""
    rows = torch.zeros(PAD, weights.shape[1], dtype=weights.dtype)
    rows[0] = bias.bfloat16()
    rows[1] = bias - rows[0]
    return torch.cat([weights, rows])


@dataclass(frozen=True, slots=True)
class _Block:
    """Both convolutions of a block in float32."""

    wide: _Layer
    narrow: _Layer

    def __call__(self, x: Tensor, sequences: int) -> Tensor:
        """(frames * sequences, C), frame by frame -> (fewer, C)."""
        return self.narrow(self.wide(x, sequences), sequences)


class FastModel:
    """A `TemporalModel` in evaluation mode, prepared for inference."""

    def __init__(self, model: TemporalModel, dtype: torch.dtype = torch.float32, device: str = "cpu") -> None:
        """Fold and lay out the weights.

        Args:
            model: the network; left as it is.
            dtype: torch.float32, or torch.bfloat16 for the factors of the large products.
            device: where to compute.
        """
        self.receptive_field = model.receptive_field
        self.out_joints = model.out_joints
        self.dtype = dtype
        self.device = torch.device(device)
        rounded = dtype != torch.float32
        with torch.inference_mode():
            folded = _fold(model.expand_conv, model.expand_bn, 1)
            mean = folded.mean if rounded else torch.zeros_like(folded.mean)
            self._expand = self._layer(folded, mean if rounded else None)
            self._expand_reach = folded.reach
            self._blocks: list[tuple[_Block | _RoundedBlock, int, int]] = []
            step = model.filter_widths[0]
            for i, width in enumerate(model.filter_widths[1:]):
                wide = _fold(model.layers_conv[2 * i], model.layers_bn[2 * i], 1 if model.dense else step)
                narrow = _fold(model.layers_conv[2 * i + 1], model.layers_bn[2 * i + 1], 1)
                block: _Block | _RoundedBlock
                if rounded:
                    block = _RoundedBlock.build(wide, narrow, mean, self.device)
                    mean = mean + narrow.mean
                else:
                    block = _Block(self._layer(wide, None), self._layer(narrow, None))
                self._blocks.append((block, wide.reach, wide.reach if model.causal else wide.reach // 2))
                step *= width
            shrink, bias = model.shrink.weight.detach()[:, :, 0].double(), model.shrink.bias
            assert bias is not None
            self._shrink = shrink.T.contiguous().to(self.device, torch.float32)
            self._shrink_bias = (bias.detach() + shrink @ mean).to(self.device, torch.float32)

    def _layer(self, folded: _Folded, mean: Tensor | None) -> _Layer:
        """In float32; the result is relative to `mean` where one is given."""
        bias = folded.bias if mean is None else folded.bias - mean
        return _Layer(
            tuple(tap.contiguous().to(self.device, torch.float32) for tap in folded.weights),
            bias.to(self.device, torch.float32),
            None if mean is None else -mean.to(self.device, torch.float32),
            folded.step,
        )

    def __call__(self, inputs: Tensor) -> Tensor:
        """Lift sequences.

        Args:
            inputs: (N, T, F) float32 normalised keypoints, T >= receptive_field.

        Returns:
            (N, T - receptive_field + 1, J, 3) float32, on the CPU.
        """
        sequences, frames = inputs.shape[:2]
        result = torch.empty(frames - self.receptive_field + 1, sequences, self.out_joints * 3)
        stream = self.stream(sequences)
        step = max(1, PIECE_ROWS // sequences)
        done = 0
        for start in range(0, frames, step):
            piece = stream.push(inputs[:, start : start + step])
            result[done : done + len(piece)] = piece
            done += len(piece)
        return result.reshape(-1, sequences, self.out_joints, 3).transpose(0, 1)

    def stream(self, sequences: int = 1) -> "Stream":
        """Begin lifting `sequences` sequences side by side, piece by piece."""
        return Stream(self, sequences)


class Stream:
    """Sequences on their way through a `FastModel`; holds what each layer still needs of the past."""

    def __init__(self, model: FastModel, sequences: int) -> None:
        self._model = model
        self._sequences = sequences
        self._tails: list[Tensor | None] = [None] * (len(model._blocks) + 1)

    @torch.inference_mode()
    def push(self, inputs: Tensor) -> Tensor:
        """Lift on.

        Args:
            inputs: (N, T, F) float32, the next frames of every sequence; T may be anything.

        Returns:
            (T', N, J * 3) float32 on the CPU: results that became final, none until `receptive_field` frames came.
        """
        model, n = self._model, self._sequences
        # time leads, sequences alternate: a shift in time is then a shift of rows for all of them
        x = inputs.to(model.device).transpose(0, 1).reshape(inputs.shape[1] * n, -1)
        x = self._with_tail(0, x, model._expand_reach)
        x = model._expand(x, n) if len(x) > model._expand_reach * n else x.new_empty(0, model._shrink.shape[0])
        for i, (block, reach, crop) in enumerate(model._blocks):
            x = self._with_tail(i + 1, x, reach)
            rows = len(x) - reach * n
            x = x[crop * n : crop * n + rows] + block(x, n) if rows > 0 else x[:0]
        out = torch.addmm(model._shrink_bias, x, model._shrink)
        return out.reshape(-1, n, out.shape[1]).cpu()

    def _with_tail(self, layer: int, new: Tensor, reach: int) -> Tensor:
        """What the layer gets: the rows kept from before, and the new ones. Keeps the last ones for the next time."""
        tail = self._tails[layer]
        x = new if tail is None else torch.cat([tail, new])
        keep = min(len(x), reach * self._sequences)
        self._tails[layer] = x[len(x) - keep :].clone()
        return x
