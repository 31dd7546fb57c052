"""Whether a video is to be done, and why."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videopose.batch.sources import is_address


@dataclass(frozen=True, slots=True)
class Input:
    """What tells at a glance whether a file was changed."""

    size: int
    """Bytes."""
    mtime_ns: int
    """Time of the last change, Unix nanoseconds."""

    @classmethod
    def of(cls, address: str) -> "Input | None":
        """None for a URL, and for a file that is not there."""
        if is_address(address):
            return None
        try:
            status = os.stat(address)  # noqa: PTH116 (names may hold bytes that are no text)
        except (OSError, ValueError):
            return None
        return cls(status.st_size, status.st_mtime_ns)


COLUMNS = (
    "id, source, label, name, state, failures, error, settings, input_bytes, input_mtime_ns, input_sha256, command, "
    "token, facts, files"
)
"""Of `jobs`, those that `JobRow` holds."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A video in the ledger; see `jobs` in ledger.sql."""

    job_id: int
    source: str
    label: str
    name: str
    state: str
    failures: int
    error: str | None
    settings: str | None
    input: Input | None
    input_sha256: str | None
    command: int | None
    token: str | None
    facts: Mapping[str, Any]
    files: Mapping[str, int]

    @classmethod
    def read(cls, row: sqlite3.Row) -> "JobRow":
        """From the database."""
        size, mtime_ns = row["input_bytes"], row["input_mtime_ns"]
        return cls(
            row["id"], row["source"], row["label"], row["name"], row["state"], row["failures"], row["error"],
            row["settings"], None if size is None else Input(size, mtime_ns), row["input_sha256"], row["command"],
            row["token"], json.loads(row["facts"] or "{}"), json.loads(row["files"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command wants of one video."""

    settings: Mapping[str, Any]
    """JSON-able: all that results depend on."""
    settings_key: str
    """SHA-256 of them."""
    input: Input | None
    """As the video is now."""
    folder: Path
    """Of the output."""
    retry: int
    """How often a video that failed is tried again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to happen with a video."""

    action: str
    """`do`, `skip` (done), `busy` (another command has it), or `give up` (failed too often)."""
    reason: str

    @property
    def begins(self) -> bool:
        """Whether it is to be done now."""
        return self.action == "do"


def settings_key(settings: Mapping[str, Any]) -> str:
    """The same for the same settings."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def judge(row: JobRow, wanted: Wanted, held: bool) -> Verdict:
    """Decide about one video.

    Args:
        row: what the ledger has of it.
        wanted: what is wanted.
        held: a living command runs it.
    """
    if held:
        return Verdict("busy", "another command runs it")
    if row.state == "waiting":
        return Verdict("do", "done before, to be done again" if row.files else "new")
    if row.state == "running":
        return Verdict("do", "begun by a command that ended")
    if row.settings != wanted.settings_key:
        return Verdict("do", "the settings changed")
    # the video of results that are there may have been put away
    if row.input != wanted.input and (wanted.input is not None or row.state == "failed"):
        return Verdict("do", "the video changed")
    if row.state == "failed":
        if row.failures <= wanted.retry:
            return Verdict("do", f"failed before: {row.error}")
        times = "once" if row.failures == 1 else f"{row.failures} times"
        return Verdict("give up", f"failed {times}, --retry {row.failures} tries again: {row.error}")
    for name, size in row.files.items():
        path = (wanted.folder / row.name).with_name(name)
        found = Input.of(str(path))
        if found is None or found.size != size:
            return Verdict("do", f"{name} is missing" if found is None else f"{name} is not as it was written")
    return Verdict("skip", "done")
