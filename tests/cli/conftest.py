"""Running `videopose infer` as a user does: in this process, or as a program of its own that is stopped or starved."""

import ctypes
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from videopose.cli.main import run
from videopose.export import RecordingArrays, read_npz


@dataclass(frozen=True)
class Outcome:
    """What one run of `infer` left."""

    code: int
    out: str
    err: str
    folder: Path

    def arrays(self, stem: str) -> RecordingArrays:
        """The NPZ file of the video called `stem`."""
        return read_npz(self.folder / f"{stem}.npz")

    def names(self) -> list[str]:
        """All files in the output folder, hidden ones too."""
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []

    def complaint(self) -> str:
        """The one sentence of a failed run: the last line of stderr, and the only one that is no progress."""
        *_, last = self.err.strip().splitlines()
        assert last.startswith("videopose: ")
        assert self.err.count("videopose: ") == 1
        assert "Traceback" not in self.err
        return last.removeprefix("videopose: ")


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
        # pytest itself may have been started with Ctrl-C ignored
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, "infer", "-o", str(folder), *arguments],
                env=os.environ | {"VIDEOPOSE_TEST_MARK": self._mark},
                **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options},
            )
        finally:
            signal.signal(signal.SIGINT, handler)

    def finish(self) -> Outcome:
        """Wait for its end; nothing that it started may still run then."""
        out, err = self.process.communicate(timeout=120)
        assert self.left_running() == []
        return Outcome(self.process.returncode, out or "", err or "", self.folder)

    def left_running(self) -> list[str]:
        """The programs that carry its mark in their environment: itself and what it started."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if self._mark.encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:200])
            except OSError:
                continue  # ended meanwhile
        return found


@pytest.fixture
def start(networks: None, tmp_path: Path) -> Callable[..., Program]:
    """Start `videopose infer` as a program; see `Program`."""

    def begin(*arguments: str | Path, before: str = "", folder: Path = tmp_path / "out", **options: Any) -> Program:
        return Program(folder, [str(argument) for argument in arguments], before, **options)

    return begin


@pytest.fixture(scope="session")
def obey_permissions() -> Callable[[], None]:
    """For Popen's preexec_fn: root too may only do what the permissions of files allow."""
    libc = ctypes.CDLL(None, use_errno=True)
    drop_capability, override, read_search = 24, 1, 2

    def drop() -> None:
        if os.geteuid() == 0:
            for capability in (override, read_search):
                if libc.prctl(drop_capability, capability, 0, 0, 0) != 0:
                    raise OSError(ctypes.get_errno(), "prctl")

    return drop
