"""The devices that torch can run networks on here."""

import ctypes
import sys
from pathlib import Path

from videopose.errors import UsageError


def usable_device(name: str) -> str:
    """Torch's name of the device to use; `auto` takes CUDA where there is one.

    Raises:
        UsageError: torch has no such device here.
    """
    if name == "auto":
        return "cuda" if has_cuda() else "cpu"
    import torch

    try:
        torch.zeros(1, device=name).numpy(force=True)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        if reason.startswith("Expected one of"):  # lists two dozen, most of them of no use here
            reason = "it knows no such device"
        raise UsageError(f"--device {name}: torch has none here ({reason}). Choose auto, cpu, cuda or mps.") from error
    return name


def has_cuda() -> bool:
    """Whether torch can use a GPU (CUDA or ROCm). Torch takes a second to load, so it is not asked without a driver."""
    if "torch" not in sys.modules and not _has_driver():
        return False
    import torch

    return torch.cuda.is_available()


def _has_driver() -> bool:
    if sys.platform == "darwin":
        return False
    if sys.platform != "linux" or Path("/dev/kfd").exists():  # AMD's driver
        return True
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True
