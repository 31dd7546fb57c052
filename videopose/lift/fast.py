"""The temporal network as plain matrix products: faster than `Conv1d` on a CPU, and in bounded memory.

BatchNorm is folded into the convolutions, time is the leading axis, and a dilated convolution is the sum of one matrix
product per tap over shifted views of the same buffer. Sequences go through in pieces; each layer keeps the last rows it
will need again, so that nothing is computed twice and the result is that of one pass.

With bfloat16 only the factors of the products are rounded. The residual stream, the first and the last layer stay in
float32.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from videopose.lift.model import TemporalModel

PIECE_ROWS = 2048
"""Rows (frames x sequences) that go through the network at once: large enough for full-speed products, and their
activations (1024 channels) take 8 MB a layer."""

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
class _Layer:
    """One convolution with its BatchNorm folded in."""

    weights: tuple[Tensor, ...]
    """(C_in, C_out) for each tap in float32; in bfloat16 a single (taps * C_in, C_out)."""
    bias: Tensor
    """(C_out,)"""
    taps: int
    """Frames of the kernel."""
    step: int
    """Frames from tap to tap."""

    @property
    def reach(self) -> int:
        """Frames by which the result is shorter."""
        return (self.taps - 1) * self.step

    def __call__(self, x: Tensor, sequences: int) -> Tensor:
        """(frames * sequences, C_in), frame by frame -> (fewer, C_out) after ReLU."""
        rows = len(x) - self.reach * sequences
        starts = [tap * self.step * sequences for tap in range(self.taps)]
        if len(self.weights) == 1:
            columns = x if self.taps == 1 else torch.cat([x[start : start + rows] for start in starts], dim=1)
            return torch.addmm(self.bias, columns, self.weights[0]).relu_()
        out = torch.addmm(self.bias, x[:rows], self.weights[0])
        for start, weight in zip(starts[1:], self.weights[1:], strict=True):
            out.addmm_(x[start : start + rows], weight)
        return out.relu_()


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
        with torch.inference_mode():
            self._expand = self._fold(model.expand_conv, model.expand_bn, 1, torch.float32, gather=True)
            self._blocks = []
            step = model.filter_widths[0]
            for i, width in enumerate(model.filter_widths[1:]):
                wide, narrow = model.layers_conv[2 * i : 2 * i + 2]
                wide_bn, narrow_bn = model.layers_bn[2 * i : 2 * i + 2]
                gather = dtype != torch.float32
                first = self._fold(wide, wide_bn, 1 if model.dense else step, dtype, gather=gather)
                second = self._fold(narrow, narrow_bn, 1, dtype, gather=True)
                self._blocks.append((first, second, first.reach if model.causal else first.reach // 2))
                step *= width
            self._shrink = model.shrink.weight[:, :, 0].detach().T.contiguous().to(self.device)
            self._shrink_bias = model.shrink.bias.detach().to(self.device)  # type: ignore[union-attr]

    def _fold(
        self, conv: torch.nn.Module, norm: torch.nn.Module, step: int, dtype: torch.dtype, gather: bool
    ) -> _Layer:
        assert isinstance(conv, torch.nn.Conv1d) and isinstance(norm, torch.nn.BatchNorm1d)
        assert norm.running_var is not None and norm.running_mean is not None
        scale = (norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)).detach()
        bias = norm.bias.detach().double() - norm.running_mean.double() * scale
        weight = (conv.weight.detach().double() * scale[:, None, None]).permute(2, 1, 0)
        taps = len(weight)
        parts = [weight.reshape(-1, weight.shape[2])] if gather else list(weight)
        return _Layer(
            tuple(part.to(self.device, dtype).contiguous() for part in parts), bias.to(self.device, dtype), taps, step
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
        x = self._with_tail(0, x, model._expand.reach)
        x = model._expand(x, n) if len(x) > model._expand.reach * n else x.new_empty(0, model._shrink.shape[0])
        for i, (first, second, crop) in enumerate(model._blocks):
            x = self._with_tail(i + 1, x, first.reach)
            rows = len(x) - first.reach * n
            if rows <= 0:
                x = x[:0]
                continue
            branch = second(first(x.to(model.dtype), n), n)
            residual = x[crop * n : crop * n + rows]
            x = branch.add_(residual) if branch.dtype == residual.dtype else residual + branch
        out = torch.addmm(model._shrink_bias, x, model._shrink)
        return out.reshape(-1, n, out.shape[1]).cpu()

    def _with_tail(self, layer: int, new: Tensor, reach: int) -> Tensor:
        """What the layer gets: the rows kept from before, and the new ones. Keeps the last ones for the next time."""
        tail = self._tails[layer]
        x = new if tail is None else torch.cat([tail, new])
        keep = min(len(x), reach * self._sequences)
        self._tails[layer] = x[len(x) - keep :].clone()
        return x
