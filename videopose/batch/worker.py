"""The process that does videos one after the other: all it does comes by a pipe, and it ends when the pipe does."""

import os
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path

from videopose.batch.events import Advanced, Event, Failed, Failure, Finished, Said
from videopose.batch.job import Job
from videopose.batch.sources import is_address
from videopose.errors import (
    DiskFullError,
    InputError,
    OutputError,
    UsageError,
    VideoposeError,
    is_out_of_memory,
    unexpected_sentence,
)
from videopose.processors import limit_threads
from videopose.settings import InferSettings

_TOLD_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may use."""

    threads: int
    """Processor cores."""
    memory_bytes: int | None = None
    """Of the worker and what it starts; None: any."""
    time_s: float | None = None
    """For one video; None: any."""
    gpu: int | None = None
    """Index of the only GPU that it sees; None: all of them."""
    debug: bool = False
    """Show what it prints, and tracebacks."""


def serve(connection: Connection, limits: Limits) -> None:
    """Do jobs as they come, until the other end of the pipe is closed. Runs in a process of its own."""
    with suppress(OSError, AttributeError):  # Ctrl-C at the terminal is for the command alone
        os.setsid()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _be_first_to_go()
    if not limits.debug:
        # libraries' chatter; whatever matters comes by the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.dup2(2, 1)
    limit_threads(limits.threads)
    if limits.gpu is not None:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        names = visible.split(",") if visible else [str(number) for number in range(limits.gpu + 1)]
        os.environ["CUDA_VISIBLE_DEVICES"] = names[limits.gpu]
    checked: InferSettings | None = None
    while True:
        try:
            job = connection.recv()
        except (EOFError, OSError):
            return
        failure = None if job.settings == checked else _setup_failure(job, connection)
        checked = job.settings if failure is None else None
        connection.send(failure or _outcome(job, connection, limits))


def _setup_failure(job: Job, connection: Connection) -> Failed | None:
    """What would fail every video: weights that cannot be had, a device that is not there, a package not installed."""
    from videopose.batch.setup import check_setup  # torch and OpenCV count threads when they load

    try:
        check_setup(job.settings, PipeProgress(job.job_id, connection))
    except VideoposeError as error:
        return Failed(job.job_id, Failure.SETUP, str(error))
    except Exception:  # memory, mostly: then the video tells it again, and better
        return None
    return None


def _outcome(job: Job, connection: Connection, limits: Limits) -> Event:
    from videopose.batch.work import do_job

    try:
        facts = do_job(job, PipeProgress(job.job_id, connection), endless_allowed=limits.time_s is not None)
        return Finished(job.job_id, facts)
    except Exception as error:  # whatever it is, it is this video's failure and no other's
        if limits.debug:
            traceback.print_exc(file=sys.stderr)
        own = isinstance(error, VideoposeError)
        return Failed(job.job_id, _kind(error, job.source), str(error) if own else _about(job.source, error))


def _about(source: str, error: Exception) -> str:
    sentence = unexpected_sentence(error)
    return sentence if sentence.startswith(source) else f"{source}: {sentence}"


def _kind(error: Exception, source: str) -> Failure:
    if is_out_of_memory(error):
        return Failure.MEMORY
    if isinstance(error, DiskFullError):
        return Failure.DISK_FULL
    if isinstance(error, OutputError):
        return Failure.OUTPUT
    if isinstance(error, UsageError):
        return Failure.INPUT
    # a network may be better the next time
    return Failure.INPUT if isinstance(error, InputError) and not is_address(source) else Failure.TROUBLE


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # a video in work is done again by whoever comes next; ffmpeg ends with its pipes


def _be_first_to_go() -> None:
    """Where memory ends, the system is to end a worker: the command can then go on."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


class PipeProgress:
    """Tells the command how far a video is, some times a second."""

    def __init__(self, job_id: int, connection: Connection) -> None:
        self._job_id, self._connection = job_id, connection
        self._lock = threading.Lock()  # detectors take frames, which count as steps, in threads of their own
        self._stage, self._unit = "", ""
        self._total: int | None = None
        self._told = 0.0

    def begin(self, stage: str, total: int | None, unit: str = "frames") -> None:
        """A stage starts."""
        self._stage, self._total, self._unit = stage, total, unit
        self._tell(0)

    def advance(self, done: int) -> None:
        """`done` steps are behind us."""
        if time.monotonic() - self._told >= _TOLD_EVERY_S:
            self._tell(done)

    def describe(self, stage: str) -> None:
        """Another title for the running stage."""
        self._stage = stage

    def end(self, finished: bool = True) -> None:
        """The next stage tells."""

    def say(self, text: str) -> None:
        """Pass a line on."""
        self._send(Said(self._job_id, text))

    def _tell(self, done: int) -> None:
        self._told = time.monotonic()
        self._send(Advanced(self._job_id, self._stage, done, self._total, self._unit))

    def _send(self, event: Event) -> None:
        with self._lock:
            self._connection.send(event)
