"""One video of a batch, as the command hands it to a worker; what the worker does with it is in `work`."""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videopose.errors import InputError
from videopose.provenance import chosen_settings
from videopose.settings import InferSettings

FINISHED_NAME = "finished.json"
"""In a folder of results when all of them are whole: the point from which a video counts as done."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is asked to do."""

    job_id: int
    """In the ledger."""
    token: str
    """Of the attempt."""
    source: str
    """Absolute path, or URL."""
    folder: Path
    """Where the results will lie."""
    stem: str
    """What they are called."""
    staging: Path
    """Where they are made."""
    settings: InferSettings


def read_finished(staging: Path) -> dict[str, Any] | None:
    """The facts of a staging folder whose results are all whole; None of any other."""
    with suppress(OSError, ValueError):
        facts = json.loads((staging / FINISHED_NAME).read_text(encoding="utf-8"))
        if isinstance(facts, dict):
            return facts
    return None


def sha256_of_file(path: str) -> str:
    """Of the whole content.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 (names may hold bytes that are no text)
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{path}: cannot be read ({reason}). Check the path and its permissions.") from error


def settings_facts(settings: InferSettings) -> dict[str, Any]:
    """All that results depend on, JSON-able: the settings, and the content of files that they name."""
    chosen = chosen_settings(settings)
    detector = settings.detector
    named = [settings.lifter, detector.weights, detector.d2_config, detector.d2_weights]
    files = {str(path): sha256_of_file(str(path)) for path in named if path is not None and Path(path).is_file()}
    # by what order they are written does not matter
    return chosen | {"formats": sorted(settings.formats), "files": files}
