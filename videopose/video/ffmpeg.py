"""Finding ffmpeg, running it so that it never outlives us, and telling what it complained about."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from videopose.errors import VideoposeError
from videopose.processors import available_threads

OLDEST_FFMPEG = (5, 1)
"""The first version with `-fps_mode`."""

_KEPT_ERRORS = 50
_PIPE_BYTES = 1 << 20
_URL = re.compile(r"(https?|rtsps?|rtmps?|srt|udp)://", re.IGNORECASE)
_PREFIX = re.compile(r"^(?:\[[^\]]* @ 0x[0-9a-f]+\] )*\[(\w+)\] ")


@lru_cache(maxsize=1)
def ffmpeg_path() -> str:
    """Give the ffmpeg to use: the system's when it is recent and writes H.264, else the one inside imageio-ffmpeg.

    Raises:
        VideoposeError: there is no usable ffmpeg.
    """
    complaints = []
    for find in (_system_ffmpeg, _imageio_ffmpeg):
        path = find()
        if path is None:
            continue
        complaint = _complaint(path)
        if complaint is None:
            return path
        complaints.append(complaint)
    reason = "; ".join(complaints) or "neither on the PATH nor from the package imageio-ffmpeg"
    raise VideoposeError(f"ffmpeg: none that can be used ({reason}). Install one with: pip install imageio-ffmpeg")


def thread_count(most: int) -> int:
    """Threads for ffmpeg: half of the cores that this process may use, since decoding and encoding overlap with others.

    Each thread more costs processor time (5 to 10 % for the second).
    """
    return max(1, min(most, available_threads() // 2))


def _system_ffmpeg() -> str | None:
    """Path of the ffmpeg that the shell would run."""
    return shutil.which("ffmpeg")


def _imageio_ffmpeg() -> str | None:
    """Path of the binary that the imageio-ffmpeg wheel carries."""
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


def _complaint(path: str) -> str | None:
    """Why this ffmpeg will not do; None when it will."""
    try:
        done = subprocess.run(
            [path, "-encoders"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{path} does not run: {error}"
    version = re.search(rb"ffmpeg version n?(\d+)\.(\d+)", done.stdout + done.stderr)
    # builds from git carry no such number and are recent
    if version and (int(version[1]), int(version[2])) < OLDEST_FFMPEG:
        return f"{path} is version {int(version[1])}.{int(version[2])}, needed is {OLDEST_FFMPEG[0]}.{OLDEST_FFMPEG[1]}"
    if b" libx264 " not in done.stdout:
        return f"{path} cannot write H.264 (no libx264)"
    return None


def is_url(source: str) -> bool:
    """True for a network address that ffmpeg opens, False for the path of a local file."""
    return _URL.match(source) is not None


def input_options(source: str) -> tuple[str, dict[str, Any]]:
    """Give ffmpeg's name for a source, and the options that keep it from opening anything else.

    A local path gets the prefix `file:`, so that `-i.mp4` or `concat:a.mp4` are plain file names, and playlists
    inside it may name local files only. What comes from the network may not name local files.
    """
    if not is_url(source):
        return f"file:{Path(source).absolute()}", {"protocol_whitelist": "file"}
    scheme = source.split(":", 1)[0].lower()
    if scheme.startswith("rtsp"):
        return source, {"protocol_whitelist": "rtsp,rtsps,rtp,srtp,udp,tcp,tls", "rtsp_transport": "tcp"}
    if scheme.startswith("http"):
        allowed = "http,https,httpproxy,tcp,tls,crypto,data"
        return source, {"protocol_whitelist": allowed, "rw_timeout": 30_000_000}
    return source, {"protocol_whitelist": "rtmp,rtmps,srt,udp,tcp,tls"}


def _widen(pipe: IO[bytes]) -> None:
    """Let a pipe hold more of a picture at once: fewer turns between the two processes."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # users have a limit for all their pipes
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class FFmpeg:
    """One running ffmpeg; `close` ends it whatever it does. Lines of its log go to `on_line(level, text)`."""

    def __init__(
        self,
        command: list[str],
        *,
        stdin: bool = False,
        stdout: bool = False,
        on_line: Callable[[str, str], None] | None = None,
    ) -> None:
        self._on_line = on_line
        self.errors: list[str] = []
        """The first lines of level error or worse."""
        self.killed = False
        """True once `kill` has ended it before its time."""
        # a session of its own: Ctrl-C in the terminal reaches us alone, and we end it
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE if stdout else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                _widen(pipe)
        self._log = threading.Thread(target=self._read_log, name="ffmpeg-log", daemon=True)
        self._log.start()

    @property
    def stdin(self) -> IO[bytes]:
        """Where frames are written."""
        assert self.process.stdin is not None
        return self.process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """Where frames are read."""
        assert self.process.stdout is not None
        return self.process.stdout

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        with os.fdopen(os.dup(self.process.stderr.fileno()), "r", encoding="utf-8", errors="replace") as log:
            for line in log:
                text = line.rstrip("\r\n")
                prefix = _PREFIX.match(text)
                level = prefix[1] if prefix else ""
                text = text[prefix.end() :] if prefix else text
                if level in ("error", "fatal", "panic") and len(self.errors) < _KEPT_ERRORS:
                    self.errors.append(text)
                if self._on_line is not None:
                    self._on_line(level, text)

    def wait(self) -> int:
        """Wait for its end; every line of the log has been seen then."""
        code = self.process.wait()
        self._log.join()
        return code

    def kill(self) -> None:
        """End it now if it still runs. May be called from any thread."""
        if self.process.poll() is None:
            self.killed = True
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        """End it now if it still runs, and free its pipes."""
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):  # bytes that a dead process did not take
                    pipe.close()
        self.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def reason(self) -> str:
        """The first complaint of its log, which is nearest to the cause, fit for one sentence."""
        code = self.process.returncode
        if not self.errors and code is not None and code < 0:
            return f"ended by signal {-code}"
        text = self.errors[0] if self.errors else "no reason given"
        return text.removeprefix("Error opening input: ").strip().rstrip(".")
