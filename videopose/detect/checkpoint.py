"""Checkpoints of Detectron2's networks on disk, read as data: nothing in them ever runs."""

import math
import pickle
import struct
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from torch import Tensor

from videopose.errors import InputError
from videopose.unpickling import unpickle

Shapes = Mapping[str, tuple[int, ...]]
"""Shape of each parameter by its name in Detectron2."""

_OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How torch before 1.6 began its files: a number of ten bytes, pickled."""

_ASK = "Give a checkpoint of Detectron2 (.pkl, .pth) or a .safetensors file."


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read a network's weights; what the file is follows from its content, not from its name.

    Args:
        path: a pickle of NumPy arrays, as Detectron2 publishes them (`.pkl`); a checkpoint that its training writes
            (`.pth`); or a safetensors file. The arrays may lie under `model`, beside anything that is plain data.

    Returns:
        Tensor by name, of the file's own types, on the CPU.

    Raises:
        InputError: the file is missing, no checkpoint, cut off or damaged, or holds Python objects, which are not made.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(len(_OLD_TORCH))
        # the header's length, eight bytes of any value, comes before the header's brace
        if head[8:9] == b"{":
            return _read_safetensors(path)
        if head[:4] == b"PK\x03\x04" or head == _OLD_TORCH:
            mapped = head != _OLD_TORCH
            return _tensors(path, _read_torch(path, mapped), mapped)
        if head[:1] == b"\x80":
            return _tensors(path, _read_pickle(path), False)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()}). {_ASK}") from error
    raise InputError(f"{path}: {'is no checkpoint' if head else 'is empty'}. {_ASK}")


def misfits(shapes: Shapes, expected: Shapes) -> list[str]:
    """What keeps tensors of these shapes from being the expected ones, as clauses; empty if nothing.

    Anchors and pixel statistics follow from the config: some versions of Detectron2 write them, others do not.
    """
    found = []
    for key, shape in expected.items():
        if key not in shapes:
            found += [] if _is_extra(key) else [f"it lacks {key}"]
        elif tuple(shapes[key]) != tuple(shape):
            found.append(f"{key} is {tuple(shapes[key])}, not {tuple(shape)}")
    return found + [f"it also holds {key}" for key in shapes if key not in expected and not _is_extra(key)]


def first_of(problems: Sequence[str]) -> str:
    """The first of several clauses, and how many there are beside it."""
    return problems[0] + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else "")


def check_numbers(path: Path, key: str, value: Tensor) -> None:
    """Make sure that a tensor holds what a network can reckon with.

    Raises:
        InputError: a number is not finite, or a variance negative.
    """
    if not value.numel() or not value.is_floating_point():
        return
    # NaN is passed on; 30 times faster than to look at each number
    least, largest = (float(edge) for edge in torch.aminmax(value))
    if not (math.isfinite(least) and math.isfinite(largest)):
        raise InputError(f"{path}: tensor {key} holds numbers that are not finite. Fetch or train it anew.")
    if key.endswith("running_var") and least < 0:
        raise InputError(f"{path}: tensor {key} holds negative variances. Fetch or train it anew.")


def _is_extra(key: str) -> bool:
    return key.endswith(("pixel_mean", "pixel_std", "num_batches_tracked")) or "anchor_generator.cell_anchors." in key


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with safetensors.safe_open(path, framework="pt") as content:
            return {key: content.get_tensor(key) for key in content.keys()}  # noqa: SIM118 - not a mapping
    except (safetensors.SafetensorError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: damaged, or no file of weights. Fetch or write it anew.") from error


def _read_torch(path: Path, mapped: bool) -> Any:
    try:
        with warnings.catch_warnings():
            # about pickle protocols: what cannot be read is refused
            warnings.simplefilter("ignore")
            # mapped: a checkpoint of training is three times its network, by the optimizer's state
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path}: damaged, or it holds Python objects other than tensors, which are never run. {_ASK}"
        ) from error
    except Exception as error:
        # torch's reader meets a broken file with whatever error its parts happen to raise, OSError among them
        raise InputError(
            f"{path}: cut off, damaged or no checkpoint ({type(error).__name__}). Fetch or write it anew."
        ) from error


def _read_pickle(path: Path) -> Any:
    try:
        with path.open("rb") as stream:
            return unpickle(stream)
    except OSError:
        raise
    except Exception as error:
        # a damaged pickle meets the reader in any state
        if isinstance(error, EOFError | struct.error) or "truncated" in str(error):
            raise InputError(f"{path}: is cut off. Fetch or write it anew.") from error
        if isinstance(error, MemoryError):  # a damaged file may ask for any amount
            raise InputError(
                f"{path}: the memory does not take it, or it is damaged. Free some, or fetch it anew."
            ) from error
        reason = " ".join(str(error).split())[:80] or type(error).__name__
        raise InputError(
            f"{path}: damaged, or it holds more than arrays ({reason}), which is never run. {_ASK}"
        ) from error


def _tensors(path: Path, content: Any, mapped: bool) -> dict[str, Tensor]:
    """The tensors and arrays of a checkpoint; those that are mapped from the file get memory of their own."""
    if isinstance(content, Mapping) and isinstance(content.get("blobs"), Mapping):
        raise InputError(f"{path}: a checkpoint of the older Detectron (Caffe2), whose networks differ. {_ASK}")
    if isinstance(content, Mapping) and isinstance(content.get("model"), Mapping):
        content = content["model"]
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: holds no weights by name. {_ASK}")
    tensors = {}
    for key, value in content.items():
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            # torch knows the machine's own byte order alone
            value = torch.from_numpy(value.astype(value.dtype.newbyteorder("="), copy=False))
        if isinstance(key, str) and isinstance(value, Tensor):
            if not _is_plain(value):
                raise InputError(f"{path}: tensor {key} is stored in an unusual way. {_ASK}")
            tensors[key] = value.detach().clone() if mapped else value.detach()
    if not tensors:
        raise InputError(f"{path}: holds no weights by name. {_ASK}")
    return tensors


def _is_plain(value: Tensor) -> bool:
    if value.layout != torch.strided or value.is_quantized or value.device.type != "cpu":
        return False
    # a view that repeats its numbers could claim any size at no cost in the file
    return value.untyped_storage().nbytes() >= value.numel() * value.element_size()
