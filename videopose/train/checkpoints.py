"""Checkpoints of runs: what cannot be gone on from is refused with a sentence."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from videopose.errors import InputError


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn what reading and taking over a checkpoint raises into one sentence.

    Args:
        path: of the checkpoint, for the sentence.

    Raises:
        InputError: the file is broken, or of another recipe or other data.
    """
    try:
        yield
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError, LookupError, TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"{path}: not a checkpoint of this recipe ({reason}). Use another folder, or delete it to start anew."
        ) from error
