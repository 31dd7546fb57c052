"""Starting Python as a user does, ffmpeg, and finding out what still runs."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from videopose.video import ffmpeg_path

MARK = "VIDEOPOSE_TEST_MARK"
"""Environment variable that a program passes on to all that it starts."""


def run_python(code: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """Start Python with pipes at its ends."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], **(pipes | options))


def marked(mark: str) -> dict[int, str]:
    """Process id and command line of the programs that carry a mark in their environment."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes():
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:200]
        except OSError:
            continue  # ended meanwhile
    return found


def running_with(mark: str) -> list[str]:
    """The programs that carry a mark: a program that was given it, and what it started."""
    return list(marked(mark).values())


def environment(mark: str) -> dict[str, str]:
    """This process's environment, with a mark."""
    return os.environ | {MARK: mark}


def run_ffmpeg(*arguments: str | Path, stdin: bytes | None = None) -> None:
    """Run ffmpeg to its end; its complaint is the error."""
    command = [ffmpeg_path(), "-hide_banner", "-loglevel", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
