"""The local engine: shares of the machine, a GPU for each worker, and workers that replace dead ones."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from videopose.batch.engine import Engine, LocalEngine
from videopose.batch.events import Event, Failed, Failure
from videopose.batch.job import Job
from videopose.processors import available_memory_bytes, available_threads
from videopose.settings import InferSettings


def job(folder: Path, number: int) -> Job:
    """Of a video that is not there."""
    settings = InferSettings(threads=1)
    missing = str(folder / f"missing{number}.mp4")
    return Job(number, f"token{number}", missing, folder, f"missing{number}", folder / "staging", settings)


def all_events(engine: Engine, count: int) -> list[Event]:
    """Until so many jobs have ended."""
    events: list[Event] = []
    end = time.monotonic() + 120
    while sum(isinstance(event, Failed) for event in events) < count:
        assert time.monotonic() < end
        events += engine.events(0.5)
    return events


@pytest.mark.parametrize(
    ("workers", "gpus", "expected"),
    [(3, 0, [None, None, None]), (3, 1, [None, None, None]), (2, 2, [0, 1]), (3, 2, [0, 1, 0])],
)
def test_each_worker_has_a_gpu_of_its_own_where_there_are_several(
    networks, tmp_path, workers: int, gpus: int, expected: list[int | None]
) -> None:
    engine = LocalEngine(workers, threads=1, gpus=gpus)
    try:
        for number in range(workers):
            assert engine.room() == workers - number
            engine.begin(job(tmp_path, number), alone=False)
        assert [engine._workers[slot].limits.gpu for slot in range(workers)] == expected
        failed = [event for event in all_events(engine, workers) if isinstance(event, Failed)]
        assert sorted(event.job_id for event in failed) == list(range(workers))
        assert all(event.kind is Failure.INPUT and "no such file" in event.text for event in failed)
        assert engine.room() == workers
    finally:
        engine.close()


IN_A_WORKER = """
import os, sys
from videopose.batch.worker import Limits, serve

class Closed:
    def recv(self):
        raise EOFError

serve(Closed(), Limits(threads=3, gpu=None if sys.argv[1] == "any" else int(sys.argv[1]), debug=True))
from videopose.processors import available_threads
print(os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ["OMP_NUM_THREADS"], available_threads())
"""


@pytest.mark.parametrize(
    ("gpu", "visible", "seen"),
    [
        ("any", None, "None"),
        ("any", "5,3", "5,3"),
        ("1", None, "1"),
        ("1", "5,3", "3"),
        ("0", "GPU-8a,GPU-77", "GPU-8a"),
    ],
)
def test_what_a_worker_sees_of_the_machine(gpu: str, visible: str | None, seen: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
    environment |= {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    done = subprocess.run([sys.executable, "-c", IN_A_WORKER, gpu], capture_output=True, text=True, env=environment)
    assert done.stdout.split() == [seen, "3", str(min(3, available_threads()))], done.stderr


def test_shares_of_the_machine_where_nothing_is_said() -> None:
    engine = LocalEngine(2)
    assert engine._limits.threads == max(1, available_threads() // 2)
    assert engine._limits.memory_bytes == int(0.9 * available_memory_bytes() / 2)


def test_a_dead_worker_is_told_and_replaced(networks, tmp_path) -> None:
    engine = LocalEngine(1, threads=1)
    try:
        engine.begin(job(tmp_path, 1), alone=False)
        (worker,) = engine._workers.values()
        worker._process.kill()
        (failed,) = [event for event in all_events(engine, 1) if isinstance(event, Failed)]
        assert failed.kind is Failure.DIED
        assert "the worker was ended by SIGKILL" in failed.text
        engine.begin(job(tmp_path, 2), alone=False)
        (failed,) = [event for event in all_events(engine, 1) if isinstance(event, Failed)]
        assert failed.kind is Failure.INPUT
    finally:
        engine.close()
