"""How long-running work tells what it does; the command line shows it, libraries stay silent."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Receives what is being done."""

    def begin(self, stage: str, total: int | None, unit: str = "frames") -> None:
        """A stage starts; `total` steps of `unit` are expected, None when not known."""

    def advance(self, done: int) -> None:
        """`done` steps of the stage are behind us."""

    def describe(self, stage: str) -> None:
        """The running stage has something new to say of itself."""

    def end(self, finished: bool = True) -> None:
        """The stage is over: done, or broken off."""

    def say(self, text: str) -> None:
        """Something the user should know."""


class SilentProgress:
    """Shows nothing."""

    def begin(self, stage: str, total: int | None, unit: str = "frames") -> None:
        """Nothing."""

    def advance(self, done: int) -> None:
        """Nothing."""

    def describe(self, stage: str) -> None:
        """Nothing."""

    def end(self, finished: bool = True) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""


class Stages:
    """Times the stages of a run and passes them on to a `Progress`."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}
        """Wall time of each finished stage, in order."""

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "frames") -> Iterator[None]:
        """Everything inside belongs to the stage called `name`."""
        begin = time.perf_counter()
        finished = False
        try:
            self.progress.begin(name, total, unit)  # inside: what a Ctrl-C leaves half begun is ended too
            yield
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin
            finished = True
        finally:
            self.progress.end(finished)

    def count(self, items: Iterable[T]) -> Iterator[T]:
        """Pass items through; each one taken is a step."""
        for done, item in enumerate(items):
            yield item
            self.progress.advance(done + 1)


class Fetching:
    """Shows a download as a stage of its own; if nothing has to be fetched it shows nothing."""

    def __init__(self, what: str, progress: Progress) -> None:
        self._what, self._progress, self._begun = what, progress, False

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` bytes (0: not known) are there."""
        if not self._begun:
            self._progress.begin(f"fetch {self._what}", total or None, "bytes")
            self._begun = True
        self._progress.advance(done)

    def __enter__(self) -> "Fetching":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._begun:
            self._progress.end(kind is None)
