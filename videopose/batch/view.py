"""How far a batch is, and who is told."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from videopose.batch.events import Advanced
from videopose.batch.plan import Planned
from videopose.batch.verdict import Input, JobRow

_SHARES = {"detect": (0.0, 0.65), "draw overlay": (0.65, 1.0)}
"""Of a video's work: where a stage begins and ends, on a processor with all outputs."""


class BatchView(Protocol):
    """Receives what is going on."""

    def begin(self, planned: Sequence[Planned]) -> None:
        """These are the command's videos; those that need nothing have been settled already."""

    def started(self, one: Planned) -> None:
        """A video has begun."""

    def advanced(self, one: Planned, event: Advanced) -> None:
        """A video is a step further."""

    def settled(self, one: Planned, row: JobRow) -> None:
        """A video is done or has failed, as the ledger says."""

    def say(self, text: str) -> None:
        """Something the user should know."""

    def show(self, elsewhere: int) -> None:
        """Some time has passed; so many videos are run by other commands."""

    def end(self) -> None:
        """That is all."""


@dataclass(slots=True)
class VideoProgress:
    """A video in work."""

    label: str
    stage: str = "start"
    done: int = 0
    total: int | None = None
    unit: str = "frames"
    frames: float = 0.0
    """Of the video, the part of the way that is done."""
    fraction: float = 0.0
    """Of the video's way, 0..1."""


class Tally:
    """Counts videos and frames, and estimates how long it will take by the size of the videos."""

    def __init__(self, planned: Sequence[Planned]) -> None:
        todo = [one for one in planned if one.verdict.action in ("do", "busy")]
        self.videos = len(todo)
        self.done = self.failed = 0
        self.running: dict[int, VideoProgress] = {}
        inputs = {one.job_id: Input.of(one.source.address) for one in todo}
        self._sizes = {job_id: None if found is None else float(found.size) for job_id, found in inputs.items()}
        self._frames = self._work = 0.0
        self._begin = time.monotonic()

    def _size(self, job_id: int) -> float:
        """Bytes; of a video whose size is not known the mean of the others."""
        known = [size for size in self._sizes.values() if size]
        return self._sizes.get(job_id) or (sum(known) / len(known) if known else 1.0)

    def started(self, one: Planned) -> None:
        """A video has begun."""
        self.running[one.job_id] = VideoProgress(one.source.label)

    def advanced(self, one: Planned, event: Advanced) -> None:
        """A video is a step further."""
        video = self.running.get(one.job_id)
        if video is None:
            return
        video.stage, video.done, video.total, video.unit = event.stage, event.done, event.total, event.unit
        if event.total and event.stage in _SHARES:
            first, last = _SHARES[event.stage]
            video.fraction = first + (last - first) * min(event.done / event.total, 1.0)
            video.frames = video.fraction * event.total

    def settled(self, one: Planned, row: JobRow) -> None:
        """A video is done or has failed."""
        self.running.pop(one.job_id, None)
        if row.state == "done":
            self.done += 1
            self._frames += row.facts.get("frames", 0)
            self._work += self._size(one.job_id)
        else:
            self.failed += 1
            self._sizes[one.job_id] = 0.0

    @property
    def elapsed_s(self) -> float:
        """Since the batch began."""
        return time.monotonic() - self._begin

    @property
    def frames_per_s(self) -> float:
        """Of all workers together, from the beginning."""
        frames = self._frames + sum(video.frames for video in self.running.values())
        return frames / max(self.elapsed_s, 1e-9)

    @property
    def left_s(self) -> float | None:
        """Estimated; None as long as there is nothing to estimate by."""
        work = self._work + sum(video.fraction * self._size(job_id) for job_id, video in self.running.items())
        whole = sum(self._size(job_id) if size != 0.0 else 0.0 for job_id, size in self._sizes.items())
        return self.elapsed_s * max(whole - work, 0.0) / work if work > 0 else None
