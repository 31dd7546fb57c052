"""What writers of video share: an ffmpeg fed with pictures, and a file that appears whole or not at all."""

import signal
import sys
from abc import ABC, abstractmethod
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

from videopose.errors import DiskFullError, OutputError
from videopose.video.ffmpeg import FFmpeg


class Encoder(ABC):
    """A context manager whose `__enter__` fills `_stack` and `_process`; on any error nothing is left behind."""

    def __init__(self, path: Path, codec: str) -> None:
        """Keep what is needed.

        Args:
            path: the file to write.
            codec: what this ffmpeg has to know, for people.
        """
        self.path = path
        self._codec = codec
        self._stack = ExitStack()
        self._process: FFmpeg | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._finish()
        except BaseException:  # Ctrl-C too: nothing half-written may stay; it is raised again
            self._stack.__exit__(*sys.exc_info())
            raise
        self._stack.__exit__(kind, error, trace)

    @abstractmethod
    def _finish(self) -> None:
        """Make the file whole; called when nothing went wrong."""

    def _open_process(self) -> FFmpeg:
        if self._process is None:
            raise ValueError("the writer is not open: use it in a with statement")
        return self._process

    def _send(self, data: bytes | memoryview) -> None:
        """Feed ffmpeg.

        Raises:
            OutputError: it has ended.
        """
        process, rest = self._open_process(), memoryview(data)
        try:
            while rest:
                rest = rest[process.stdin.write(rest) :]
        except BrokenPipeError:
            process.wait()
            raise self._failed(process) from None

    def _end_input(self, written: int) -> None:
        """Tell ffmpeg that there are no more than the `written` pictures, and wait for it.

        Raises:
            OutputError: there are none, or it failed.
        """
        if written == 0:
            raise OutputError(f"{self.path}: no frames to write. Give a range that holds some.")
        with suppress(BrokenPipeError):  # the exit code tells
            self._open_process().stdin.close()
        self._wait()

    def _wait(self) -> None:
        process = self._open_process()
        if process.wait() != 0:
            raise self._failed(process)

    def _failed(self, process: FFmpeg) -> OutputError:
        """What to raise when `process` has ended with an error."""
        full = any("No space left" in line or "File too large" in line for line in process.errors)
        full = full or process.process.returncode == -getattr(signal, "SIGXFSZ", 0)  # over the user's limit of size
        if full:
            remedy = "Free some space or choose another folder with -o."
            return DiskFullError(f"{self.path}: cannot be written (no space left on device). {remedy}")
        remedy = f"Check that this ffmpeg encodes {self._codec}."
        return OutputError(f"{self.path}: cannot be written (ffmpeg: {process.reason()}). {remedy}")
