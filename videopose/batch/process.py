"""A worker as the command sees it: started, watched, ended."""

import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from typing import Any

import psutil

from videopose.batch.events import Advanced, Event, Failed, Failure, Finished
from videopose.batch.job import Job
from videopose.batch.worker import Limits, serve

STALL_S = 1800.0
"""A video that makes no step for so long will make none any more."""
_LOOK_EVERY_S = 0.25
"""At its memory."""


class Worker:
    """A process that does one video at a time. Its limits are kept by whoever polls it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.job: Job | None = None
        self._memory_bytes = limits.memory_bytes
        self._connection, far_end = multiprocessing.Pipe()
        # a fresh interpreter: a fork would share threads' locks and what libraries have counted
        self._process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(far_end, limits), name="videopose-worker", daemon=True
        )
        with _unheard():
            self._process.start()
        far_end.close()
        self._began = self._stepped = self._looked = 0.0

    @property
    def handles(self) -> list[Any]:
        """What `multiprocessing.connection.wait` waits for."""
        return [self._connection, self._process.sentinel]

    @property
    def alive(self) -> bool:
        """Whether it can take a job."""
        return self._process.is_alive()

    def begin(self, job: Job, memory_bytes: int | None) -> None:
        """Give it a video, with a limit of memory for this one."""
        self.job, self._memory_bytes = job, memory_bytes
        self._began = self._stepped = time.monotonic()
        with suppress(OSError):  # it is dead: the next poll tells
            self._connection.send(job)

    def poll(self) -> list[Event]:
        """What it has told since, and whether it died or had to be ended; then its job is none any more."""
        events: list[Event] = []
        dead = not self._process.is_alive()  # before reading: what it said last is still in the pipe
        try:
            while self._connection.poll():
                events.append(self._connection.recv())
        except (EOFError, OSError):
            dead = True
        if any(isinstance(event, Advanced) for event in events):
            self._stepped = time.monotonic()
        if any(isinstance(event, Finished | Failed) for event in events):
            self.job = None
        elif self.job is not None:
            failure = self._death(self.job) if dead else self._excess(self.job)
            if failure is not None:
                self.kill()
                events.append(failure)
                self.job = None
        return events

    def kill(self) -> None:
        """End it and all that it has started, now."""
        with suppress(psutil.Error):
            family = psutil.Process(self._process.pid).children(recursive=True)
            self._process.kill()
            for process in family:
                with suppress(psutil.Error):
                    process.kill()
        self._process.join()
        self._connection.close()

    def _death(self, job: Job) -> Failed:
        self._process.join()
        code = self._process.exitcode or 0
        how = f"by {signal.Signals(-code).name}" if -code in list(signal.Signals) else f"with exit code {code}"
        text = f"{job.source}: the worker was ended {how}, as happens when memory runs out or a library crashes."
        return Failed(job.job_id, Failure.DIED, f"{text} Run the same command again, or leave this video out.")

    def _excess(self, job: Job) -> Failed | None:
        """Over a limit?"""
        now = time.monotonic()
        limit_s = self.limits.time_s
        if limit_s is not None and now - self._began > limit_s:
            text = f"not done after {limit_s:g} s. Allow more with --time-limit, or take a part of it with --end."
            return Failed(job.job_id, Failure.INPUT, f"{job.source}: {text}")
        if now - self._stepped > STALL_S:
            text = f"no step forward for {STALL_S / 60:.0f} minutes. Check that it plays."
            return Failed(job.job_id, Failure.INPUT, f"{job.source}: {text}")
        if self._memory_bytes is None or now - self._looked < _LOOK_EVERY_S:
            return None
        self._looked = now
        used = self.memory_bytes()
        if used <= self._memory_bytes:
            return None
        text = f"{job.source}: needs more memory than {self._memory_bytes / 2**20:.0f} MiB ({used / 2**20:.0f} MiB)."
        return Failed(job.job_id, Failure.MEMORY, f"{text} Allow more with --max-memory, or use fewer --workers.")

    def memory_bytes(self) -> int:
        """What it and all that it has started hold; 0 when it is dead."""
        total = 0
        with suppress(psutil.Error):
            process = psutil.Process(self._process.pid)
            for member in (process, *process.children(recursive=True)):
                with suppress(psutil.Error):
                    total += member.memory_info().rss
        return total


@contextmanager
def _unheard() -> Iterator[None]:
    """Signals wait while a process starts: in it, they would hit Python before it can tell what to do with them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def wait_for(workers: list[Worker], timeout_s: float) -> None:
    """Sleep until one of them has something to say, at most so long."""
    handles = [handle for worker in workers for handle in worker.handles]
    if handles:
        wait(handles, timeout_s)
    else:
        time.sleep(timeout_s)
