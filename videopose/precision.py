"""The type a network's products are computed in."""

import torch

MIN_BFLOAT16_CHANNELS = 256
"""Below this the products are too small for bfloat16 to be faster."""


def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 natively (AVX512-BF16 or AMX), so that it is worth its rounding."""
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    native = any(getattr(torch.cpu, name)() for name in names if hasattr(torch.cpu, name))
    return native and bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


def choose_precision(precision: str, device: torch.device, channels: int | None = None) -> torch.dtype:
    """The dtype for `auto`, `float32` or `bfloat16`: auto takes bfloat16 only where it is faster.

    Args:
        precision: one of these.
        device: where the network runs.
        channels: of a lifter's layers; None for a network of large convolutions.

    Raises:
        ValueError: another name.
    """
    if precision == "auto":
        fast = torch.cuda.is_bf16_supported() if device.type == "cuda" else device.type == "cpu" and has_fast_bfloat16()
        return torch.bfloat16 if fast and (channels is None or channels >= MIN_BFLOAT16_CHANNELS) else torch.float32
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    if precision not in dtypes:
        raise ValueError(f"precision must be auto, float32 or bfloat16, got {precision!r}")
    return dtypes[precision]
