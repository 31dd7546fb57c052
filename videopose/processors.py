"""How many processor cores a process may use: the system's word, or less where several processes share the machine."""

import os

_limit: list[int] = []


def available_threads() -> int:
    """Processor cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([cores, *_limit])


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
