"""Running `videopose batch` as a program of its own, that is stopped, starved or killed with what it starts."""

import os
import signal
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from processes import environment, marked, run_ffmpeg, run_python

from videopose.batch.job import Job
from videopose.batch.worker import Limits
from videopose.batch.worker import _outcome as outcome_of
from videopose.cli.main import run

START = "from videopose.cli.main import main\nif __name__ == '__main__':\n    main()"


@dataclass(frozen=True)
class BatchOutcome:
    """What one run of `batch` left."""

    code: int
    out: str
    err: str
    folder: Path

    def complaint(self) -> str:
        """The sentence of a run that has something to complain about."""
        (sentence,) = [line for line in self.err.splitlines() if line.startswith("videopose: ")]
        assert "Traceback" not in self.err
        return sentence.removeprefix("videopose: ")


class BatchProgram:
    """`videopose batch` as a process of its own."""

    def __init__(self, folder: Path, arguments: Sequence[str], before: str = "", **options: Any) -> None:
        self.folder = folder
        self._mark = uuid.uuid4().hex
        self.process = run_python(
            f"{before}\n{START}", "batch", "-o", str(folder), *arguments, env=environment(self._mark), **options
        )

    def workers(self) -> list[psutil.Process]:
        """Its worker processes that live."""
        with suppress(psutil.Error):
            children = psutil.Process(self.process.pid).children()
            return [child for child in children if "spawn_main" in " ".join(_command(child))]
        return []

    def first_worker(self) -> psutil.Process:
        """One of its worker processes, as soon as there is one: a video is taken before its worker is started."""
        self.wait_for(lambda: bool(self.workers()))
        return self.workers()[0]

    def wait_for(self, condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
        """Until something is so; fails when the program ends before, or it takes too long."""
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, "it did not happen"
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.process.communicate()[1]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL; what it has started is to end by itself."""
        self.process.kill()
        self.process.communicate()
        self._nothing_left()

    def finish(self, timeout_s: float = 240.0) -> BatchOutcome:
        """Wait for its end; nothing that it started may still run soon after."""
        out, err = self.process.communicate(timeout=timeout_s)
        self._nothing_left()
        return BatchOutcome(self.process.returncode, out or "", err or "", self.folder)

    def _nothing_left(self) -> None:
        end = time.monotonic() + 20
        while left := marked(self._mark):
            assert time.monotonic() < end, left
            time.sleep(0.05)


def _command(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


class LedgerRows:
    """Reads the ledger of an output folder as another program would."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "batch.sqlite"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Of an SQL query; none as long as there is no ledger."""
        if not self.path.exists():
            return []
        with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True, timeout=60)) as database:
            try:
                return database.execute(query).fetchall()
            except sqlite3.OperationalError:  # being made
                return []

    def count(self, state: str) -> int:
        """Videos in a state."""
        return len(self.rows(f"SELECT 1 FROM jobs WHERE state = '{state}'"))

    def attempts(self, outcome: str) -> dict[str, int]:
        """How many attempts of each video ended so, by label."""
        rows = self.rows(
            "SELECT label, COUNT(attempts.token) FROM jobs LEFT JOIN attempts "
            f"ON attempts.job = jobs.id AND outcome = '{outcome}' GROUP BY jobs.id"
        )
        return dict(rows)


@pytest.fixture
def ledger_of() -> Callable[[Path], LedgerRows]:
    """The ledger of an output folder."""
    return LedgerRows


@pytest.fixture
def batch(networks: None, tmp_path: Path) -> Iterator[Callable[..., BatchProgram]]:
    """Start `videopose batch -o tmp_path/out ...` as a program; what a failed test leaves is killed."""
    programs: list[BatchProgram] = []

    def begin(
        *arguments: str | Path, before: str = "", folder: Path = tmp_path / "out", **options: Any
    ) -> BatchProgram:
        program = BatchProgram(folder, [str(argument) for argument in arguments], before, **options)
        programs.append(program)
        return program

    yield begin
    for program in programs:
        for pid in marked(program._mark):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def people_folder(tmp_path_factory: pytest.TempPathFactory, squats: Path) -> Path:
    """Six short videos of a woman doing squats, each a little different, two of them in a folder of their own."""
    folder = tmp_path_factory.mktemp("people")
    (folder / "more").mkdir()
    for number in range(6):
        path = folder / ("more" if number > 3 else "") / f"clip{number}.mp4"
        run_ffmpeg("-i", squats, "-frames:v", str(5 + number), "-an", "-c:v", "libx264", "-qp", "0", path)
    return folder


class HereEngine:
    """Does videos in this process, as a worker does them: a worker's own takes seconds to load the networks."""

    def __init__(self, workers: int, *, time_s: float | None = None, **_: Any) -> None:
        self._limits = Limits(threads=1, time_s=time_s)
        self._job: Job | None = None

    def room(self) -> int:
        return int(self._job is None)

    def begin(self, job: Job, alone: bool) -> None:
        self._job = job

    def events(self, timeout_s: float) -> list[Any]:
        job, self._job = self._job, None
        told = Told()
        if job is not None:
            told.append(outcome_of(job, told, self._limits))
        return told

    def close(self) -> None:
        self._job = None


class Told(list):  # type: ignore[type-arg]
    """In place of the pipe to the command."""

    send = list.append


@pytest.fixture
def run_batch(
    networks: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., BatchOutcome]:
    """Run `videopose batch ARGUMENTS -o tmp_path/out` in this process, its videos too."""
    monkeypatch.setattr("videopose.batch.engine.LocalEngine", HereEngine)

    def call(*arguments: str | Path, folder: Path = tmp_path / "out") -> BatchOutcome:
        capsys.readouterr()
        code = run(["batch", "-o", str(folder), *map(str, arguments)])
        return BatchOutcome(code, *capsys.readouterr(), folder)

    return call
