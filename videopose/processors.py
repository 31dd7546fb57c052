"""What a process may use of the machine: as the system says, or less where several processes share it."""

import os
from contextlib import suppress
from pathlib import Path

_limit: list[int] = []


def available_threads() -> int:
    """Processor cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([cores, *_limit])


def available_memory_bytes() -> int:
    """Memory this process may use: the machine's, or less in a container."""
    import psutil

    total = psutil.virtual_memory().total
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # no Linux, no such limit, or the word `max`
            total = min(total, int(Path(limit).read_text(encoding="ascii")))
    return int(total)


def limit_threads(count: int) -> None:
    """From now on this process counts on at most `count` cores, and so do the libraries that it loads later.

    Args:
        count: 1 or more.
    """
    _limit[:] = [count]
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ[name] = str(count)
    # Idle worker threads that spin would take the processor from the processes beside this one.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
