"""Take files out of a wheel that pip fetches, without installing or running anything of it."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from videopose.assets.errors import SourceError
from videopose.assets.manifest import Source

POLL_S = 0.2


def pip_download(source: Source, folder: Path, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Fetch a wheel into `folder` with this Python's pip, from whatever index pip is set to.

    Args:
        source: of kind `wheel`.
        folder: empty; pip's own temporary files go there too, so that they lie on the cache's disk.
        progress: called with (bytes done, bytes in all or 0).

    Returns:
        The wheel's path.

    Raises:
        SourceError: pip is missing or did not find or fetch it; the message is pip's reason in short.
    """
    target = folder / "wheel"
    target.mkdir(parents=True)
    with (folder / "pip.log").open("wb") as log:
        process = subprocess.Popen(
            _command(source, target),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # a user's "only inside a virtual environment" rule is about installing
            env={**os.environ, "TMPDIR": str(folder), "PIP_REQUIRE_VIRTUALENV": "0"},
        )
        done = 0
        try:
            while _running(process):
                # pip moves and copies what it fetched: the sum may sink or double for a moment
                bytes_there = min(_bytes_under(folder, except_for=log.name), source.size or sys.maxsize)
                if progress is not None and bytes_there > done:
                    done = bytes_there
                    progress(done, source.size)
        except BaseException:  # Ctrl-C too: pip must not go on alone; it is raised again
            process.terminate()
            process.wait()
            raise
    wheels = sorted(target.glob("*.whl"))
    if process.returncode != 0 or not wheels:
        raise SourceError(pip_reason((folder / "pip.log").read_text(encoding="utf-8", errors="replace")))
    return wheels[0]


def _command(source: Source, target: Path) -> list[str]:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet"]
    command += ["--disable-pip-version-check", "--timeout", "30", "--retries", "2", "--dest", str(target)]
    if source.python:
        command += ["--python-version", source.python, "--implementation", "cp"]
    if source.platform:
        command += ["--platform", source.platform]
    return [*command, "--", source.value]


def _running(process: "subprocess.Popen[bytes]") -> bool:
    try:
        process.wait(POLL_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _bytes_under(folder: Path, *, except_for: str) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for path in (Path(root) / name for name in names):
            try:
                total += path.stat().st_size if str(path) != except_for else 0
            except OSError:  # pip has just moved it
                continue
    return total


def pip_reason(output: str) -> str:
    """Pip's reason for failing, from its output, as one short clause."""
    if "No module named pip" in output:
        return "this Python has no pip; `python -m ensurepip` installs it"
    offline = (
        r"NewConnectionError|NameResolutionError|Failed to establish a new connection"
        r"|Temporary failure in name resolution|Max retries exceeded|ConnectTimeoutError|ReadTimeoutError|ProxyError"
    )
    if re.search(offline, output):
        return "pip reaches no package index (offline?)"
    if re.search(r"No space left on device|Errno 28", output):
        return "no space left on device"
    errors = re.findall(r"^ERROR: (.+)$", output, re.MULTILINE)
    if missing := [line for line in errors if "No matching distribution" in line]:
        return f"pip finds {missing[-1].removeprefix('No matching distribution found for ')} on no index it is set to"
    lines = errors or [line for line in output.splitlines() if line.strip()] or ["pip failed without a word"]
    return re.sub(r"\s+", " ", lines[-1]).strip().rstrip(".")[:160]


def extract(wheel: Path, member: str, target: Path, *, size: int) -> None:
    """Copy one file of the archive to `target`.

    Args:
        wheel: a zip archive.
        member: its name in the archive.
        target: written anew.
        size: bytes it must have, 0 if not known.

    Raises:
        SourceError: no such member, another size, or a broken archive.
        OSError: `target` cannot be written.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            info = archive.getinfo(member)
            if size and info.file_size != size:  # before a byte is unpacked: a small archive may hold a huge file
                raise SourceError(f"{member} has {info.file_size:,} bytes, expected {size:,}")
            with archive.open(info) as packed, target.open("wb") as stream:
                shutil.copyfileobj(packed, stream, 1 << 20)
    except KeyError as error:
        raise SourceError(f"the wheel holds no {member}") from error
    except (zipfile.BadZipFile, EOFError) as error:
        raise SourceError(f"the wheel is broken ({error})") from error
