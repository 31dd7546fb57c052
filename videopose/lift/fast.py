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
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from videopose.lift.model import TemporalModel

PIECE_ROWS = 2048
"""Rows (frames x sequences) that go through the network at once: large enough for full-speed products. Activations
take 8 MB a layer at 1024 channels."""

ACCELERATOR_PIECE_ROWS = 32768
"""The same on a GPU, which smaller products leave idle: 134 MB a layer at 1024 channels."""

PAD = 32
"""Columns added for the bias: two would do, but products like round sizes."""


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


class _Block(Protocol):
    """Both convolutions of a residual block."""

    reach: int
    """Frames by which the result is shorter."""

    def __call__(self, x: Tensor, residual: Tensor, sequences: int, out: Tensor) -> None:
        """Compute a block.

        Args:
            x: (frames * sequences, C) float32, frame by frame.
            residual: (rows, C) part of x to add, rows = (frames - reach) * sequences.
            sequences: number of them.
            out: (rows, C) float32, receives the result.
        """


class _Layer:
    """A convolution and ReLU in float32: the sum of one product per tap, without copying anything."""

    def __init__(self, folded: _Folded, mean: Tensor | None, device: torch.device) -> None:
        bias = folded.bias if mean is None else folded.bias - mean
        self.step, self.reach, self.width = folded.step, folded.reach, folded.weights.shape[1]
        # views of (C_out, C_in): the order in which the libraries multiply fastest
        self._weights = [tap.T.to(device, torch.float32).contiguous().T for tap in folded.weights]
        self._bias = bias.to(device, torch.float32)
        # takes ReLU's place where results are relative to a mean
        self._floor = None if mean is None else -mean.to(device, torch.float32)

    def __call__(self, x: Tensor, sequences: int, out: Tensor) -> None:
        """(frames * sequences, C_in), frame by frame -> `out`, (fewer, C_out)."""
        torch.addmm(self._bias, x[: len(out)], self._weights[0], out=out)
        for tap, weights in enumerate(self._weights[1:], start=1):
            start = tap * self.step * sequences
            out.addmm_(x[start : start + len(out)], weights)
        if self._floor is None:
            out.relu_()
        else:
            torch.maximum(out, self._floor, out=out)


class _ExactBlock:
    """A block in float32."""

    def __init__(self, wide: _Folded, narrow: _Folded, device: torch.device) -> None:
        self.reach = wide.reach
        self._wide, self._narrow = _Layer(wide, None, device), _Layer(narrow, None, device)
        self._between = _Workspace(device, torch.float32)

    def __call__(self, x: Tensor, residual: Tensor, sequences: int, out: Tensor) -> None:
        between = self._between.get(*out.shape)
        self._wide(x, sequences, between)
        self._narrow(between, sequences, out)
        out.add_(residual)


class _RoundedBlock:
    """A block with bfloat16 factors, on activations relative to their means.

    The taps stand side by side in one product, and beside them the constants 1, 1, 0, ... that bring in the bias; the
    first product makes the same constants for the second in its last columns.
    """

    def __init__(self, wide: _Folded, narrow: _Folded, mean: Tensor, device: torch.device) -> None:
        self.reach, self._step, self._taps = wide.reach, wide.step, len(wide.weights)
        first = _with_bias(wide.weights.flatten(0, 1), wide.bias + mean @ wide.weights.sum(0) - wide.mean)
        first = functional.pad(first, (0, PAD))
        first[-PAD, -PAD : 2 - PAD] = 1.0
        second = _with_bias(narrow.weights[0], narrow.bias + wide.mean @ narrow.weights[0] - narrow.mean)
        self._wide, self._narrow = first.to(device, torch.bfloat16), second.to(device, torch.bfloat16)
        self._wide_floor = functional.pad(-wide.mean, (0, PAD)).to(device, torch.bfloat16)
        self._narrow_floor = (-narrow.mean).to(device, torch.bfloat16)
        self._columns, self._between, self._branch = (_Workspace(device, torch.bfloat16) for _ in range(3))

    def __call__(self, x: Tensor, residual: Tensor, sequences: int, out: Tensor) -> None:
        rows, channels = out.shape
        columns = self._columns.get(rows, len(self._wide))
        for tap in range(self._taps):
            start = tap * self._step * sequences
            columns[:, tap * channels : (tap + 1) * channels].copy_(x[start : start + rows])
        columns[:, -PAD : 2 - PAD] = 1.0
        columns[:, 2 - PAD :] = 0.0
        between = torch.mm(columns, self._wide, out=self._between.get(rows, len(self._narrow)))
        torch.maximum(between, self._wide_floor, out=between)
        branch = torch.mm(between, self._narrow, out=self._branch.get(rows, channels))
        torch.maximum(branch, self._narrow_floor, out=branch)
        torch.add(residual, branch, out=out)


class _Workspace:
    """Memory for intermediate results, kept from piece to piece: fresh memory costs a page fault every 4 kB."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self._memory = torch.empty(0, device=device, dtype=dtype)

    def get(self, rows: int, columns: int) -> Tensor:
        """(rows, columns) with anything in it; valid until the next call."""
        if self._memory.numel() < rows * columns:
            self._memory = torch.empty(rows * columns, device=self._memory.device, dtype=self._memory.dtype)
        return self._memory[: rows * columns].view(rows, columns)


def _with_bias(weights: Tensor, bias: Tensor) -> Tensor:
    """(K, C) weights, and below them PAD rows for inputs of 1, 1, 0, ...: the bias as bfloat16 has it, and the rest."""
    rows = weights.new_zeros(PAD, weights.shape[1])
    rows[0] = bias.bfloat16()
    rows[1] = bias - rows[0]
    return torch.cat([weights, rows])


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
            self._expand = _Layer(folded, mean if rounded else None, self.device)
            self._blocks: list[_Block] = []
            step = model.filter_widths[0]
            for i, width in enumerate(model.filter_widths[1:]):
                wide = _fold(model.layers_conv[2 * i], model.layers_bn[2 * i], 1 if model.dense else step)
                narrow = _fold(model.layers_conv[2 * i + 1], model.layers_bn[2 * i + 1], 1)
                if rounded:
                    self._blocks.append(_RoundedBlock(wide, narrow, mean, self.device))
                    mean = mean + narrow.mean
                else:
                    self._blocks.append(_ExactBlock(wide, narrow, self.device))
                step *= width
            shrink, bias = model.shrink.weight.detach()[:, :, 0].double(), model.shrink.bias
            assert bias is not None
            self._shrink = shrink.T.contiguous().to(self.device, torch.float32)
            self._shrink_bias = (bias.detach() + shrink @ mean).to(self.device, torch.float32)
        self._last = _Workspace(self.device, torch.float32)
        # frames by which the residual path starts later than its block's input
        self._crops = [block.reach if model.causal else block.reach // 2 for block in self._blocks]

    def __call__(self, inputs: Tensor) -> Tensor:
        """Lift sequences.

        Args:
            inputs: (N, T, F) float32 normalised keypoints, T >= receptive_field.

        Returns:
            (N, T - receptive_field + 1, J, 3) float32, on the CPU.
        """
        return self.on_device(inputs).cpu()

    def on_device(self, inputs: Tensor) -> Tensor:
        """The same, but the result stays on the device where it was computed."""
        sequences, frames = inputs.shape[:2]
        answers = frames - self.receptive_field + 1
        result = torch.empty(answers, sequences, self.out_joints * 3, device=self.device)
        stream = self.stream(sequences)
        done = 0
        rows = PIECE_ROWS if self.device.type == "cpu" else ACCELERATOR_PIECE_ROWS
        # pieces of equal size: a short last one would run slower
        for piece in inputs.tensor_split(math.ceil(frames * sequences / rows), dim=1):
            out = stream.push_on_device(piece)
            result[done : done + len(out)] = out
            done += len(out)
        return result.reshape(-1, sequences, self.out_joints, 3).transpose(0, 1)

    def stream(self, sequences: int = 1) -> "Stream":
        """Begin lifting `sequences` sequences side by side, piece by piece. One stream at a time."""
        return Stream(self, sequences)


class Stream:
    """Sequences on their way through a `FastModel`; holds what each layer still needs of the past."""

    def __init__(self, model: FastModel, sequences: int) -> None:
        self._model = model
        self._sequences = sequences
        reaches = [model._expand.reach, *(block.reach for block in model._blocks)]
        widths = [model._expand.width] + [model._shrink.shape[0]] * len(model._blocks)
        self._inputs = [
            _Window(reach * sequences, width, model.device) for reach, width in zip(reaches, widths, strict=True)
        ]

    def push(self, inputs: Tensor) -> Tensor:
        """Lift on.

        Args:
            inputs: (N, T, F) float32, the next frames of every sequence; T may be anything.

        Returns:
            (T', N, J * 3) float32 on the CPU: results that became final, none until `receptive_field` frames came.
        """
        return self.push_on_device(inputs).cpu()

    @torch.inference_mode()
    def push_on_device(self, inputs: Tensor) -> Tensor:
        """The same, but the result stays on the device where it was computed."""
        model, n = self._model, self._sequences
        # time leads, sequences alternate: a shift in time is then a shift of rows for all of them
        rows = inputs.shape[1] * n
        self._inputs[0].extend(rows).copy_(inputs.to(model.device).transpose(0, 1).reshape(rows, inputs.shape[2]))
        for i, window in enumerate(self._inputs):
            rows = max(0, window.rows - window.past)
            last = i == len(model._blocks)
            out = model._last.get(rows, model._shrink.shape[0]) if last else self._inputs[i + 1].extend(rows)
            if rows:
                if i == 0:
                    model._expand(window.view(), n, out)
                else:
                    crop = model._crops[i - 1] * n
                    model._blocks[i - 1](window.view(), window.view()[crop : crop + rows], n, out)
            window.forget()
        result = torch.addmm(model._shrink_bias, out, model._shrink)
        return result.reshape(-1, n, result.shape[1])


class _Window:
    """The input of one layer: the last rows it has seen, and the new ones behind them."""

    def __init__(self, past: int, width: int, device: torch.device) -> None:
        self.past = past
        self.rows = 0
        self._memory = torch.empty(past, width, device=device)

    def extend(self, rows: int) -> Tensor:
        """Room for new rows at the end, to be written to."""
        total = self.rows + rows
        if total > len(self._memory):
            memory = torch.empty(total, self._memory.shape[1], device=self._memory.device)
            memory[: self.rows] = self._memory[: self.rows]
            self._memory = memory
        room = self._memory[self.rows : total]
        self.rows = total
        return room

    def view(self) -> Tensor:
        """(rows, width): all of it."""
        return self._memory[: self.rows]

    def forget(self) -> None:
        """Keep only the rows the layer needs again."""
        keep = min(self.rows, self.past)
        kept = self._memory[self.rows - keep : self.rows]
        # the two ranges overlap when few rows came
        self._memory[:keep] = kept.clone() if keep > self.rows - keep else kept
        self.rows = keep
