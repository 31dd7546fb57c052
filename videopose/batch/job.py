"""One video of a batch, as the command hands it to a worker; what the worker does with it is in `work`."""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from videopose.assets import load_manifest
from videopose.errors import InputError
from videopose.provenance import chosen_settings
from videopose.settings import InferSettings

_DETECTOR_FILES = ("d2_config", "d2_weights")
"""Settings of a detector that may name a file, or something else."""
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


def with_whole_paths(settings: InferSettings) -> InferSettings:
    """The same with files named from the root, so that workers find them wherever they are started."""
    detector = settings.detector
    changed = {name: _whole(getattr(detector, name)) for name in _DETECTOR_FILES}
    weights = None if detector.weights is None else detector.weights.absolute()
    return replace(settings, lifter=_whole(settings.lifter), detector=replace(detector, weights=weights, **changed))


def settings_facts(settings: InferSettings) -> dict[str, Any]:
    """All that results depend on, JSON-able: the settings, and the content of files that they name, wherever they lie.

    Raises:
        InputError: such a file cannot be read.
    """
    chosen = chosen_settings(settings)
    contents: dict[str, str] = {}
    for group, names in ((chosen, ("lifter",)), (chosen["detector"], ("weights", *_DETECTOR_FILES))):
        for name in names:
            if _is_file(group[name]):
                contents[name] = sha256_of_file(group[name])
                group[name] = Path(group[name]).name
    # in which order formats are written does not matter
    return chosen | {"formats": sorted(settings.formats), "files": contents}


def _whole(name: str | None) -> Any:
    return str(Path(name).absolute()) if name is not None and _is_file(name) else name


def _is_file(name: str | None) -> bool:
    # a network's name means that network, whatever lies in the current folder
    return name is not None and name not in load_manifest() and Path(name).is_file()
