"""Progress on the console: a bar on a terminal, plain lines elsewhere. Everything goes to stderr."""

import sys
import time
from contextlib import suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

PLAIN_INTERVAL_S = 5.0
"""Seconds between plain lines."""


class _Rate(ProgressColumn):
    """Steps per second since the stage began."""

    def render(self, task: Task) -> Text:
        """For example `31.2 frames/s`."""
        if not task.completed or not task.elapsed:
            return Text("")
        return Text(f"{task.completed / task.elapsed:.1f} {task.fields['unit']}/s", style="cyan")


class ConsoleProgress:
    """Shows the stages of a run one after the other."""

    def __init__(self, plain: bool | None = None) -> None:
        """Choose the form.

        Args:
            plain: lines instead of a bar; None decides by whether stderr is a terminal.
        """
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._plain = not self._console.is_terminal if plain is None else plain
        self._bar: Progress | None = None
        self._stage, self._unit = "", ""
        self._total: int | None = None
        self._begin = self._shown = 0.0
        self._done = 0

    def begin(self, stage: str, total: int | None, unit: str = "frames") -> None:
        """A stage starts."""
        self._stage, self._unit, self._total, self._done = stage, unit, total, 0
        self._begin = self._shown = time.monotonic()
        if self._plain:
            self.say(f"{stage} ..." if total is None else f"{stage}: {total} {unit} ...")
            return
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), _Rate(), TimeRemainingColumn(),
            console=self._console, transient=False,
        )  # fmt: skip
        self._task = self._bar.add_task(stage, total=total, unit=unit)
        self._bar.start()

    def advance(self, done: int) -> None:
        """`done` steps are behind us."""
        self._done = done
        if self._bar is not None:
            self._bar.update(self._task, completed=done)
            return
        now = time.monotonic()
        if now - self._shown < PLAIN_INTERVAL_S:
            return
        self._shown = now
        rate = done / (now - self._begin)
        text = f"{self._stage}: {done}"
        if self._total:
            left = max(self._total - done, 0) / rate
            text += f" of {self._total} {self._unit}, {rate:.1f} {self._unit}/s, {left:.0f} s left"
        else:
            text += f" {self._unit}, {rate:.1f} {self._unit}/s"
        self.say(text)

    def describe(self, stage: str) -> None:
        """Another title for the running stage."""
        self._stage = stage
        if self._bar is not None:
            self._bar.update(self._task, description=stage)

    def end(self, finished: bool = True) -> None:
        """The stage is over."""
        if self._bar is not None:
            if finished:  # the header may have promised more frames than there were: what came is all
                self._bar.update(self._task, total=max(self._done, 1), completed=max(self._done, 1))
            self._bar.stop()
            self._bar = None

    def say(self, text: str) -> None:
        """Print one line."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False)
            return
        with suppress(OSError):  # whoever read our lines has gone: no reason to give up the work
            print(text, file=sys.stderr, flush=True)
