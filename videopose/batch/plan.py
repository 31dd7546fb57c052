"""What a command has to do: each video with what the ledger knows of it and what is to happen."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videopose.batch.job import settings_facts, sha256_of_file
from videopose.batch.ledger import Ledger
from videopose.batch.sources import Source, is_address
from videopose.batch.verdict import Input, JobRow, Verdict, Wanted, settings_key
from videopose.errors import InputError
from videopose.settings import InferSettings


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """What is wanted of every video."""

    infer: InferSettings
    output: Path
    retry: int = 2
    """How often a video that failed is tried again."""
    redo: bool = False
    """Do again what is done, and what failed too often."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A video of this command."""

    job_id: int
    source: Source
    row: JobRow
    verdict: Verdict


class Planner:
    """Compares videos as they are with the ledger."""

    def __init__(self, ledger: Ledger, settings: BatchSettings) -> None:
        """Take the settings down: files that they name are read.

        Raises:
            InputError: such a file cannot be read.
        """
        self._ledger, self._settings = ledger, settings
        self._facts: dict[str, Any] = settings_facts(settings.infer)
        self._key = settings_key(self._facts)

    def plan(self, sources: Sequence[Source]) -> list[Planned]:
        """Note new videos in the ledger, and decide about each."""
        asked = {source.key for source in sources}
        ids = self._ledger.enlist(sources, lambda row, source: row.source not in asked and _has_moved(row, source))
        if self._settings.redo:
            self._ledger.forget(ids)
        planned = []
        for job_id, source in zip(ids, sources, strict=True):
            wanted = self.wanted(source)
            self._see_touched(job_id, source, wanted)
            planned.append(Planned(job_id, source, self._ledger.row(job_id), self._ledger.judge(job_id, wanted)))
        return planned

    def wanted(self, source: Source) -> Wanted:
        """What is wanted of a video, as it is now."""
        return Wanted(self._facts, self._key, Input.of(source.address), self._settings.output, self._settings.retry)

    def _see_touched(self, job_id: int, source: Source, wanted: Wanted) -> None:
        """A copy of an output folder and its videos may have other dates; what counts is the content."""
        row, now = self._ledger.row(job_id), wanted.input
        if row.state not in ("done", "failed") or row.input is None or now is None or row.input_sha256 is None:
            return
        if row.input.size == now.size and row.input.mtime_ns != now.mtime_ns and _hash(source) == row.input_sha256:
            self._ledger.touched(job_id, now)


def _hash(source: Source) -> str | None:
    try:
        return sha256_of_file(source.address)
    except InputError:
        return None


def _has_moved(row: JobRow, source: Source) -> bool:
    """Whether the video of a row is this one: gone from where it was, with the same content in the same place below."""
    if is_address(row.source) or row.input is None or row.input_sha256 is None or os.path.lexists(row.source):
        return False
    now = Input.of(source.address)
    return now is not None and now.size == row.input.size and _hash(source) == row.input_sha256
