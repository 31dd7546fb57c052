"""Checkpoints of runs: what cannot be gone on from is refused with a sentence."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from videopose.errors import InputError, VideoposeError, is_out_of_memory


def load_optimizer(optimizer: torch.optim.Optimizer, state: Any) -> None:
    """Take an optimizer's state over; torch itself finds out in the next step what it lacks.

    Raises:
        ValueError: it is of another optimizer or of other parameters.
    """
    wanted = [set(group) for group in optimizer.param_groups]
    optimizer.load_state_dict(state)
    kept = {frozenset(values) for values in optimizer.state.values()}
    complete = all(keys <= set(group) for keys, group in zip(wanted, optimizer.param_groups, strict=True))
    rates = [group["lr"] for group in optimizer.param_groups if "lr" in group]
    shapes = all(
        value.ndim == 0 or value.shape == parameter.shape
        for parameter, values in optimizer.state.items()
        for value in values.values()
        if isinstance(value, torch.Tensor)
    )
    numbers = all(isinstance(rate, float | int | torch.Tensor) for rate in rates)
    if not (complete and numbers and shapes) or len(kept) > 1:
        raise ValueError("the optimizer's state is incomplete")


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn what reading and taking over a checkpoint raises into one sentence.

    Args:
        path: of the checkpoint, for the sentence.

    Raises:
        InputError: the file is broken, or of another recipe or other data.
    """
    try:
        with warnings.catch_warnings():
            # torch warns of states that it then refuses
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        # a state that was tampered with meets torch's optimizers in any way
        if isinstance(error, VideoposeError) or is_out_of_memory(error):
            raise
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"{path}: not a checkpoint of this recipe ({reason}). Use another folder, or delete it to start anew."
        ) from error


def read_state(path: Path, device: torch.device) -> Any:
    """What a checkpoint holds: tensors on `device`, plain values and containers; no code in it is ever run.

    Raises:
        InputError: the file is damaged, or holds other Python objects.
    """
    with refusing(path):
        try:
            return torch.load(path, weights_only=True, map_location=device)
        except Exception as error:
            if isinstance(error, OSError) or is_out_of_memory(error):
                raise
            # torch's own words advise to read it with the code that is in it
            raise ValueError("damaged, or it holds Python objects other than tensors, which are never run") from error
