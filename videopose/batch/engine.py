"""Where the videos of a batch are done: on this machine, by processes that share its cores, memory and GPUs."""

from dataclasses import replace
from typing import Protocol

from videopose.batch.events import Event
from videopose.batch.job import Job
from videopose.batch.process import Worker, wait_for
from videopose.batch.worker import Limits
from videopose.processors import available_memory_bytes, available_threads

_MEMORY_SHARE = 0.9
"""Of the machine's memory, for all workers together where no limit is given."""


class Engine(Protocol):
    """Does jobs, several at a time."""

    def room(self) -> int:
        """How many more jobs can begin now."""

    def begin(self, job: Job, alone: bool) -> None:
        """Start a job; `alone`: nothing else runs, and it may have the memory of all workers."""

    def events(self, timeout_s: float) -> list[Event]:
        """What happened since; waits for something at most so long."""

    def close(self) -> None:
        """End everything that still runs, at once."""


class LocalEngine:
    """Processes on this machine, each limited in threads and memory; each with its own GPU if there are several."""

    def __init__(
        self,
        workers: int,
        *,
        threads: int | None = None,
        memory_bytes: int | None = None,
        time_s: float | None = None,
        gpus: int = 0,
        debug: bool = False,
    ) -> None:
        """Set the limits; processes start with the jobs.

        Args:
            workers: how many at a time.
            threads: of each; None: an even share of the cores.
            memory_bytes: of each; None: an even share of most of the machine's.
            time_s: for one video; None: any.
            gpus: how many there are to share.
            debug: show what workers print.
        """
        if memory_bytes is None:
            memory_bytes = int(_MEMORY_SHARE * available_memory_bytes() / workers)
        self._count, self._gpus = workers, gpus
        self._limits = Limits(
            threads or max(1, available_threads() // workers), memory_bytes, time_s, gpu=None, debug=debug
        )
        self._memory_bytes = memory_bytes
        self._workers: dict[int, Worker] = {}

    def room(self) -> int:
        """How many workers have nothing to do."""
        return self._count - sum(worker.job is not None for worker in self._workers.values())

    def begin(self, job: Job, alone: bool) -> None:
        """Hand a job to a worker that has none; one that died is replaced."""
        if alone:
            # what the others keep loaded is memory, too
            self.close()
        slot = next(n for n in range(self._count) if n not in self._workers or self._workers[n].job is None)
        worker = self._workers.get(slot)
        if worker is None or not worker.alive:
            gpu = slot % self._gpus if self._gpus > 1 else None
            worker = self._workers[slot] = Worker(replace(self._limits, gpu=gpu))
        worker.begin(job, self._memory_bytes * (self._count if alone else 1))

    def events(self, timeout_s: float) -> list[Event]:
        """What the workers tell, and whether one died or went over a limit."""
        busy = [worker for worker in self._workers.values() if worker.job is not None]
        wait_for(busy, timeout_s)
        return [event for worker in busy for event in worker.poll()]

    def close(self) -> None:
        """End all workers."""
        while self._workers:
            self._workers.popitem()[1].kill()


def count_gpus(device: str) -> int:
    """GPUs that workers share when the networks run on `device` as the user names it; 0 where none is used."""
    from videopose.devices import has_cuda

    if device not in ("auto", "cuda") or not has_cuda():
        return 0
    import torch

    return torch.cuda.device_count()
