"""Several processes that train together, as `torchrun` starts them; alone, everything here does nothing."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch import distributed as dist
from torch.distributed.nn import functional as joint


@contextmanager
def process_group(device: str) -> Iterator[torch.device]:
    """Join the other processes where `torchrun` started this one, and leave them at the end.

    Args:
        device: `cpu` or `cuda`; with CUDA each process of a machine takes its own GPU.

    Yields:
        The device of this process.
    """
    if "WORLD_SIZE" not in os.environ:
        yield torch.device(device)
        return
    own = torch.device(device)
    if own.type == "cuda":
        own = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(own)
    dist.init_process_group("nccl" if own.type == "cuda" else "gloo")
    try:
        with warnings.catch_warnings():
            # Harmless: on the layout of one-wide kernels' gradients, and on what newer versions of torch call other.
            warnings.filterwarnings("ignore", "Grad strides do not match")
            warnings.filterwarnings("ignore", ".*is deprecated", FutureWarning)
            yield own
    finally:
        dist.destroy_process_group()


def is_distributed() -> bool:
    """Whether several processes train together."""
    return dist.is_available() and dist.is_initialized()


def world_size() -> int:
    """How many processes train together."""
    return dist.get_world_size() if is_distributed() else 1


def rank() -> int:
    """Number of this process; the first one, 0, writes files and prints."""
    return dist.get_rank() if is_distributed() else 0


def add_up(values: Tensor) -> None:
    """Sum over all processes, in place."""
    if is_distributed():
        dist.all_reduce(values)


def spread(values: Tensor) -> None:
    """Take over the values of the first process, in place."""
    if is_distributed():
        dist.broadcast(values, 0)


def added_up(values: Tensor) -> Tensor:
    """Sum over all processes, through which gradients flow."""
    if not is_distributed():
        return values
    total: Tensor = joint.all_reduce(values)  # type: ignore[no-untyped-call]
    return total
