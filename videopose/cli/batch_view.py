"""A batch on the console: a display that stays in its place on a terminal, plain lines elsewhere. Goes to stderr."""

import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from videopose.batch.events import Advanced
from videopose.batch.plan import Planned
from videopose.batch.verdict import JobRow
from videopose.batch.view import Tally
from videopose.errors import one_line

PLAIN_INTERVAL_S = 30.0
"""Seconds between plain lines about the whole batch."""


class ConsoleView:
    """Shows how far a batch is."""

    def __init__(self, plain: bool | None = None) -> None:
        """Choose the form.

        Args:
            plain: lines instead of a display; None decides by whether stderr is a terminal.
        """
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._plain = not self._console.is_terminal if plain is None else plain
        self._live: Live | None = None
        self._tally = Tally([])
        self._elsewhere = 0
        self._shown = time.monotonic()
        self._begun = False

    def begin(self, planned: Sequence[Planned]) -> None:
        """The command's videos."""
        self._tally, self._begun = Tally(planned), True
        self._shown = time.monotonic()
        settled = len(planned) - self._tally.videos
        text = f"{_count(len(planned), 'video')}"
        self.say(text + (f", {settled} of them need nothing" if settled else ""))
        if not self._plain and self._tally.videos:
            self._live = Live(console=self._console, transient=True, get_renderable=self._render, refresh_per_second=4)
            self._live.start()

    def started(self, one: Planned) -> None:
        """A video has begun."""
        self._tally.started(one)

    def advanced(self, one: Planned, event: Advanced) -> None:
        """A video is a step further."""
        self._tally.advanced(one, event)

    def settled(self, one: Planned, row: JobRow) -> None:
        """A line for each video that was worked on."""
        if not self._begun:
            return
        self._tally.settled(one, row)
        if row.state == "done":
            facts = row.facts
            seconds = facts.get("total_s", 0.0)
            what = f"{_count(facts.get('people', 0), 'person', 'people')}, {_count(facts.get('frames', 0), 'frame')}"
            self.say(f"done    {one.source.label}: {what}, {seconds:.1f} s")
            for note in facts.get("notes", ()):
                self.say(f"        note: {note}")
        else:
            about = "" if (row.error or "").startswith(row.source) else f"{one.source.label}: "
            self.say(f"failed  {about}{row.error}")

    def say(self, text: str) -> None:
        """Print one line."""
        text = one_line(text)
        if self._live is not None:
            self._console.print(text, markup=False)
            return
        with suppress(OSError):  # whoever read our lines has gone: no reason to give up the work
            print(text, file=sys.stderr, flush=True)

    def show(self, elsewhere: int) -> None:
        """From time to time, a plain line about everything."""
        self._elsewhere = elsewhere
        if self._plain and time.monotonic() - self._shown >= PLAIN_INTERVAL_S:
            self._shown = time.monotonic()
            self.say(self._summary())

    def end(self) -> None:
        """Take the display away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    @property
    def elapsed_s(self) -> float:
        """Since the batch began."""
        return self._tally.elapsed_s

    def _summary(self) -> str:
        tally = self._tally
        parts = [f"{tally.done} of {_count(tally.videos, 'video')} done", f"{len(tally.running)} running"]
        if tally.failed:
            parts.append(f"{tally.failed} failed")
        if self._elsewhere:
            parts.append(f"{self._elsewhere} run by other commands")
        parts.append(f"{tally.frames_per_s:.1f} frames/s")
        if tally.left_s is not None:
            parts.append(f"{duration(tally.left_s)} left")
        return ", ".join(parts)

    def _render(self) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column(width=24)
        table.add_column(no_wrap=True)
        for video in self._tally.running.values():
            at = f"{video.done} of {video.total} {video.unit}" if video.total else f"{video.done} {video.unit}"
            bar = ProgressBar(total=1.0, completed=video.fraction, width=24)
            table.add_row(Text(one_line(video.label)), bar, Text(f"{video.stage}, {at}"))
        return Group(table, Text(self._summary(), style="bold"))


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """For example `2 h 05 min`, `3 min 20 s`, `12 s`."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"
