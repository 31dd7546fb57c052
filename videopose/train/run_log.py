"""`log.jsonl` of a run: one object per epoch, strictly valid JSON, each epoch once."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from videopose.files import atomic_path, output_error


def append_epoch(path: Path, values: Mapping[str, Any]) -> None:
    """Write one line; numbers that are not finite become null.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({key: _finite(value) for key, value in values.items()}, allow_nan=False) + "\n")
    except OSError as error:
        raise output_error(path, error) from error


def read_log(path: Path) -> list[dict[str, Any]]:
    """The epochs of a run, in order; of one that was trained twice the later line, and no half-written ones."""
    epochs: dict[int, dict[str, Any]] = {}
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            values = json.loads(line)
            epochs[int(values["epoch"])] = values
        except (ValueError, TypeError, LookupError):
            continue  # cut off when the run was killed
    return [epochs[number] for number in sorted(epochs)]


def keep_epochs(path: Path, last: int) -> None:
    """Remove what lies behind the checkpoint that a run goes on from: those epochs are trained, and written, again.

    Args:
        path: of the log; it need not exist.
        last: number of the last epoch that is kept.

    Raises:
        OutputError: the file cannot be written.
    """
    if not path.exists():
        return
    kept = [values for values in read_log(path) if values["epoch"] <= last]
    text = "".join(json.dumps(values) + "\n" for values in kept)
    if text == path.read_text("utf-8", errors="replace"):
        return
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
