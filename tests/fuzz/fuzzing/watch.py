"""Runs inside the process of one case, before the command: limits, and an eye on what a file could make it do."""

import atexit
import os
import resource
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

HANG_S = 60
"""A case takes about a second; one that takes this long hangs."""
MEMORY = 6 << 30
"""Address space of the command, and of each ffmpeg that it starts."""
CPU_S = 120
"""Processor time of any of them: ends what outlives the command."""

_RUNNING = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn", "code.__new__")
_SPEAKING = ("socket.connect", "socket.bind", "socket.sendto", "urllib.Request", "webbrowser.open")
_FORBIDDEN = (*_RUNNING, *_SPEAKING, "pickle.find_class", "marshal.load", "sys.settrace", "sys.setprofile")
_HARMLESS = {("tensorboardX.proto.event_pb2", "Event"), ("builtins", "object")}
"""Classes that may be unpickled: what TensorBoard's writer sends from thread to thread."""
_CHANGING = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.truncate")


def start(folder: str, record: str, ffmpeg: str, quick: bool) -> None:
    """Begin to watch this process.

    Args:
        folder: of the case, the only one in which files may be written, made, renamed or removed.
        record: file that gets a line for everything that must not happen.
        ffmpeg: the only program that may be started.
        quick: leave out the interpreter's taking apart of all modules at the end, which takes longer than most cases.
    """
    if quick:
        sys.exit = _leave  # type: ignore[assignment]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Nothing is done at this signal: it ends the process even where that is stuck in C.
    signal.setitimer(signal.ITIMER_REAL, HANG_S)
    tempfile.tempdir = os.environ["TMPDIR"] = str(Path(folder, "tmp"))
    Path(folder, "tmp").mkdir()
    os.environ.pop("TORCHINDUCTOR_CACHE_DIR", None)  # other tests leave it to processes that come after
    handle = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    inside = os.path.realpath(folder) + os.sep

    def is_inside(path: Any) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return True  # a descriptor that was opened already
        text = os.path.realpath(os.fsdecode(path))
        return text.startswith(inside) or text + os.sep == inside or text == os.devnull

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        bad = event in _FORBIDDEN and not (event == "pickle.find_class" and arguments in _HARMLESS)
        if event == "open":
            path, _, flags = arguments
            writing = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            bad = bool(writing) and not is_inside(path)
        elif event == "subprocess.Popen":
            bad = os.fsdecode(arguments[0]) != ffmpeg
        elif event in _CHANGING:
            bad = not is_inside(arguments[0])
        if bad:
            os.write(handle, f"{event} {arguments!r:.300}\n".encode(errors="backslashreplace"))

    sys.addaudithook(hook)


def _leave(code: int) -> None:
    """All that ending a process does as far as the command has a part in it."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
