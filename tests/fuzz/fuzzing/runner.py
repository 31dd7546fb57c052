"""Running many cases, two at a time, each in a forked process under watch; and telling of those that went wrong."""

import random
import shlex
import shutil
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from nursery import Nursery
from processes import running_with

from fuzzing.checks import wrong_files, wrong_words
from fuzzing.plan import ONLY, SEED, cases
from videopose.video.ffmpeg import ffmpeg_path

_SHOWN = 8
"""Failures that are told of in full."""
_PATIENCE_S = 5.0
"""For a program that was killed with the command to be gone."""


@dataclass
class Case:
    """One command line to be tried, and the files it needs."""

    name: str
    folder: Path
    """Its own, empty at first."""
    chance: random.Random
    """Follows from the seed and the name alone."""
    out: Path = field(init=False)
    """Folder for results."""
    canary: Path = field(init=False)
    """Code hidden in a file would make this one."""

    def __post_init__(self) -> None:
        self.out = self.folder / "out"
        self.canary = self.folder / "canary"

    def write(self, name: str, data: bytes) -> Path:
        """Put a file into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


Build = Callable[[Case], list[Any]]
"""Writes the files of a case, and gives the command line."""


@dataclass(frozen=True)
class Result:
    """What came of a case."""

    name: str
    code: int
    seconds: float
    trouble: tuple[str, ...]
    said: str


class Runner:
    """Runs cases in processes that are forked from `nurseries`."""

    def __init__(self, folder: Path, nurseries: list[Nursery]) -> None:
        """Keep what is needed.

        Args:
            folder: for the cases; those that fail stay in it.
            nurseries: as many as cases may run at a time.
        """
        self.folder = folder
        self.done: Counter[str] = Counter()
        """Cases by kind."""
        self._nurseries: SimpleQueue[Any] = SimpleQueue()
        for nursery in nurseries:
            self._nurseries.put(nursery)
        self._workers = len(nurseries)

    def run(self, kind: str, build: Build, *, succeed: tuple[float, float]) -> None:
        """Run all cases of a kind.

        Args:
            kind: key of `PLAN`.
            build: makes a case.
            succeed: least and largest share that may end with exit code 0: mutations that change nothing, or that
                nothing survives, test little.
        """
        names = cases(kind)
        if not names:
            pytest.skip("none of the chosen cases is of this kind")
        with ThreadPoolExecutor(self._workers) as pool:
            results = list(pool.map(lambda name: self._try(name, build), names))
        self.done[kind] += len(results)
        slowest = max(results, key=lambda one: one.seconds)
        share = sum(one.code == 0 for one in results) / len(results)
        print(f"{kind}: {len(results)} cases, {share:.0%} succeeded, slowest {slowest.name} {slowest.seconds:.1f} s")
        failed = [one for one in results if one.trouble]
        if failed:
            told = "\n".join(self._told(one) for one in failed[:_SHOWN])
            pytest.fail(f"{len(failed)} of {len(results)} cases of {kind} went wrong:\n{told}", pytrace=False)
        if not ONLY:
            assert succeed[0] <= share <= succeed[1], f"{share:.0%} of the cases of {kind} succeeded"

    def _try(self, name: str, build: Build) -> Result:
        case = Case(name, self.folder / name, random.Random(f"{SEED}:{name}"))
        case.folder.mkdir()
        arguments = [str(word) for word in build(case)]
        given = {path: path.read_bytes() for path in case.out.rglob("*") if path.is_file()}
        record = self.folder / f"{name}.seen"
        record.touch()
        watched = (str(case.folder), str(record), ffmpeg_path(), not name.endswith("0"))
        watch = f"import fuzzing.watch; fuzzing.watch.start(*{watched!r})"
        nursery = self._nurseries.get()
        try:
            begun = time.monotonic()
            code, out, err, mark = nursery.run_line(*arguments, before=watch)
            seconds = time.monotonic() - begun
        finally:
            self._nurseries.put(nursery)
        trouble = wrong_words(code, out, err) + wrong_files(case.out, given)
        trouble += [f"it did what it must not: {line}" for line in record.read_text().splitlines()[:3]]
        if case.canary.exists():
            trouble.append("code in the file was run")
        trouble += [f"left running: {program}" for program in self._left(mark)]
        if trouble:
            (case.folder / "command.txt").write_text(f"videopose {shlex.join(arguments)}\n\n{out}\n{err}")
        else:
            shutil.rmtree(case.folder)
            record.unlink()
        return Result(name, code, seconds, tuple(trouble), err)

    def _left(self, mark: str) -> list[str]:
        until = time.monotonic() + _PATIENCE_S
        while (left := running_with(mark)) and time.monotonic() < until:
            time.sleep(0.1)
        return left

    def _told(self, one: Result) -> str:
        end = "\n".join(f"      | {line[:300]}" for line in one.said.splitlines()[-4:])
        trouble = "\n".join(f"    - {line[:500]}" for line in one.trouble)
        return (
            f"  {one.name} (again: VIDEOPOSE_FUZZ_SEED={SEED} VIDEOPOSE_FUZZ_ONLY={one.name}; files and command line: "
            f"{self.folder / one.name})\n{trouble}\n{end}"
        )
