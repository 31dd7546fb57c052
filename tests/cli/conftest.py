"""Running `videopose infer` as a user does: in this process, or as a program of its own that is stopped or starved."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from nursery import Nursery, Outcome
from processes import environment, run_python, running_with

from videopose.cli.main import run

Infer = Callable[..., Outcome]


@pytest.fixture
def infer(networks: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Infer:
    """Run `videopose infer SOURCE -o tmp_path/out ...` in this process."""

    def call(source: Path | str, *options: str, folder: Path = tmp_path / "out") -> Outcome:
        capsys.readouterr()
        code = run(["infer", "-o", str(folder), *options, "--", str(source)])
        return Outcome(code, *capsys.readouterr(), folder)

    return call


class Program:
    """`videopose infer` as a process of its own, and all that it starts."""

    def __init__(self, folder: Path, arguments: list[str], before: str = "", **options: Any) -> None:
        """Start it.

        Args:
            folder: where the results go.
            arguments: of `infer`.
            before: Python to run in the new process first.
            options: of Popen.
        """
        self.folder = folder
        self._mark = uuid.uuid4().hex
        code = f"import signal, sys\n{before}\nfrom videopose.cli.main import main\nmain()"
        self.process = run_python(
            code,
            "infer",
            "-o",
            str(folder),
            *arguments,
            env=environment(self._mark),
            **options,
        )

    def finish(self) -> Outcome:
        """Wait for its end; nothing that it started may still run then."""
        out, err = self.process.communicate(timeout=120)
        assert running_with(self._mark) == []
        return Outcome(self.process.returncode, out or "", err or "", self.folder)


@pytest.fixture
def start(networks: None, tmp_path: Path) -> Callable[..., Program]:
    """Start `videopose infer` as a program; see `Program`."""

    def begin(*arguments: str | Path, before: str = "", folder: Path = tmp_path / "out", **options: Any) -> Program:
        return Program(folder, [str(argument) for argument in arguments], before, **options)

    return begin


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    made = Nursery(tmp_path_factory.mktemp("nursery"))
    yield made
    made.close()


@pytest.fixture
def fork(networks: None, nursery: Nursery, tmp_path: Path) -> Callable[..., Outcome]:
    """Run `videopose infer` in a forked process; see `Nursery.run`."""
    return partial(nursery.run, folder=tmp_path / "out")


@dataclass(frozen=True)
class Detected:
    """What one run of `detect` left."""

    code: int
    out: str
    err: str
    path: Path

    def json(self) -> Any:
        """The file's content."""
        return json.loads(self.path.read_text(encoding="utf-8"))

    def complaint(self) -> str:
        """The one sentence of a failed run."""
        (sentence,) = [line for line in self.err.splitlines() if line.startswith("videopose: ")]
        assert "Traceback" not in self.err
        return sentence.removeprefix("videopose: ")

    def worked(self) -> bool:
        """Whether a detector was loaded."""
        return "detector: " in self.err


@pytest.fixture
def detect(networks: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Detected]:
    """Run `videopose detect SOURCES -o tmp_path/out/NAME ...` in this process."""

    def call(*sources: Path | str, options: str = "", name: str = "people.json") -> Detected:
        capsys.readouterr()
        path = tmp_path / "out" / name
        given = ["--detector", "blazepose", *options.split(), "-o", str(path)]
        code = run(["detect", *given, "--", *map(str, sources)])
        return Detected(code, *capsys.readouterr(), path)

    return call
