"""Where the videos of a batch are done: on a Ray cluster, whose nodes all see the output folder under the same path."""

import logging
import platform
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, suppress
from typing import Any

from videopose import __version__
from videopose.batch.events import Event, Failed, Failure, Finished
from videopose.batch.job import Job
from videopose.batch.worker import Limits
from videopose.errors import UsageError, VideoposeError, unexpected_sentence

_POLL_S = 0.5
_KNOCK_S = 20.0
_THREADS = 2
"""Cores for a video where nothing else is said: one decodes while the other detects."""


def _supervise(job: Job, limits: Limits, version: str) -> Iterator[Event]:
    """Run on a node: the same worker process as on one machine, its limits kept where it runs."""
    from videopose.batch.process import Worker, wait_for

    if version != __version__:
        text = (
            f"{job.source}: this node has videopose {__version__}, the command {version}. Install the same everywhere."
        )
        yield Failed(job.job_id, Failure.INPUT, text)
        return
    output = job.staging.parents[1]
    if not output.is_dir():
        text = f"{output}: not there on the node {platform.node()}. Choose a folder that all nodes share with -o."
        yield Failed(job.job_id, Failure.INPUT, text)
        return
    worker = Worker(limits)
    try:
        worker.begin(job, limits.memory_bytes)
        while worker.job is not None:
            wait_for([worker], _POLL_S)
            for event in worker.poll():  # noqa: UP028 (Ray sends into what it streams from; a list takes nothing)
                yield event
    finally:
        worker.kill()


def _knock(address: str | None) -> None:
    """Raise OSError when nobody listens at HOST:PORT: Ray itself would try for minutes."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=_KNOCK_S).close()


class RayEngine:
    """Tasks on a Ray cluster, each with the cores, memory and GPU it needs. Nodes may come and go."""

    def __init__(
        self,
        address: str | None,
        workers: int | None,
        *,
        threads: int | None = None,
        memory_bytes: int | None = None,
        time_s: float | None = None,
        gpu: bool = True,
        debug: bool = False,
    ) -> None:
        """Connect.

        Args:
            address: `auto`, or HOST:PORT of a cluster; None: one on this machine for the time being.
            workers: most videos at a time; None: as many as the cluster has room for.
            threads: cores for a video.
            memory_bytes: for a video; None: any.
            time_s: for a video; None: any.
            gpu: give each video a GPU where the cluster has any.
            debug: show what workers print.

        Raises:
            UsageError: Ray is not installed.
            VideoposeError: there is no such cluster.
        """
        try:
            import ray
        except ImportError:
            raise UsageError("--engine ray wants Ray. Install it with: pip install 'videopose[ray]'") from None
        self._ray = ray
        self._workers = workers
        self._threads = threads or _THREADS
        self._limits = Limits(self._threads, memory_bytes, time_s, gpu=None, debug=debug)
        self._running: dict[Any, int] = {}
        """Id of the job of each task's stream of events."""
        try:
            _knock(address)
            # Ray lets tasks import from the current folder first; a checkout there is not what is installed
            with chdir(sys.prefix):
                ray.init(address=address, log_to_driver=debug, logging_level=logging.WARNING, include_dashboard=False)
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            where = address or "on this machine"
            reason = " ".join(str(error).split()).rstrip(".")
            raise VideoposeError(
                f"Ray: no cluster {where} ({reason}). Start one with `ray start --head`, or check --ray-address."
            ) from error
        self._gpu = gpu and self._call(ray.cluster_resources).get("GPU", 0) >= 1
        options: dict[str, Any] = {"num_cpus": self._threads, "num_gpus": 1 if self._gpu else 0}
        if memory_bytes is not None:
            options["memory"] = memory_bytes
        # the ledger decides what is tried again: Ray must not, it knows nothing of results that are whole
        self._task = ray.remote(num_returns="streaming", max_retries=0, **options)(_supervise)

    def room(self) -> int:
        """How many more videos the cluster takes now."""
        resources = self._call(self._ray.cluster_resources)
        fit = int(resources.get("CPU", 0) // self._threads)
        if self._gpu:
            fit = min(fit, int(resources.get("GPU", 0)))
        return min(fit, self._workers or fit) - len(self._running)

    def begin(self, job: Job, alone: bool) -> None:
        """Hand a job to the cluster."""
        stream = self._call(self._task.remote, job, self._limits, __version__)
        self._running[stream] = job.job_id

    def events(self, timeout_s: float) -> list[Event]:
        """What the tasks tell, and which of them were lost with their node."""
        if not self._running:
            time.sleep(timeout_s)
            return []
        streams = list(self._running)
        ready, _ = self._call(self._ray.wait, streams, num_returns=len(streams), timeout=timeout_s, fetch_local=False)
        return [event for stream in ready for event in self._take(stream)]

    def close(self) -> None:
        """Cancel everything that still runs, and leave the cluster."""
        for stream in self._running:
            with suppress(Exception):  # the cluster may be gone
                self._ray.cancel(stream, force=True)
        self._running.clear()
        with suppress(Exception):
            self._ray.shutdown()

    def _take(self, stream: Any) -> list[Event]:
        """The next event of a task that has one."""
        job_id = self._running[stream]
        try:
            event: Event = self._ray.get(next(stream))
        except StopIteration:
            del self._running[stream]
            return []
        except self._ray.exceptions.RayError as error:
            del self._running[stream]
            return [Failed(job_id, Failure.TROUBLE, self._sentence(error))]
        if isinstance(event, Finished | Failed):
            del self._running[stream]
        return [event]

    def _sentence(self, error: Exception) -> str:
        """Of an error in a task, or of the loss of one."""
        if isinstance(error, self._ray.exceptions.RayTaskError) and isinstance(error.cause, Exception):
            return unexpected_sentence(error.cause)
        kind = type(error).__name__
        return f"the task was lost with its node of the Ray cluster ({kind}). Run the same command again."

    def _call(self, function: Any, *arguments: Any, **options: Any) -> Any:
        """Ask Ray something.

        Raises:
            VideoposeError: the cluster is gone.
        """
        try:
            return function(*arguments, **options)
        except (self._ray.exceptions.RayError, ConnectionError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:200].rstrip(".")
            raise VideoposeError(
                f"Ray: the cluster is gone ({reason}). Start it, and run the same command again."
            ) from error
