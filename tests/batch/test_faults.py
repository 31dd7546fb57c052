"""SIGKILL of workers and of the command itself at random moments: nothing is lost, and nothing is done twice."""

import json
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from videopose.export import read_npz

ROUNDS = 20
SUFFIXES = (".npz", ".json", ".overlay.mp4", ".person1.bvh")


def results(folder: Path) -> dict[str, Any]:
    """Every file below, by its place, in a form that is equal for equal results: without the time they were made."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or name.startswith("batch.sqlite") or name == "report.html":
            continue
        if path.suffix == ".npz":
            with np.load(path) as archive:
                content = {key: archive[key].tobytes() for key in archive.files}
            provenance = read_npz(path).provenance
            found[name] = content | {"provenance": dict(provenance, created="")}
        elif path.suffix == ".json":
            content = json.loads(path.read_text(encoding="utf-8"))
            content["provenance"]["created"] = ""
            found[name] = content
        else:
            found[name] = path.read_bytes()
    return found


@pytest.fixture(scope="module")
def undisturbed(people_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run of the same videos gives that nobody disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    command = [sys.executable, "-P", "-m", "videopose.cli.main", "batch", str(people_folder), "-o", str(folder)]
    done = subprocess.run([*command, "--threads", "1"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = results(folder)
    names = [f"clip{n}" if n < 4 else f"more/clip{n}" for n in range(6)]
    assert sorted(found) == sorted(name + suffix for name in names for suffix in SUFFIXES)
    return found


def test_killed_at_random_moments(batch, ledger_of, people_folder, undisturbed, tmp_path) -> None:
    chance = random.Random(20)
    ledger = ledger_of(tmp_path / "out")
    arguments = (people_folder, "--threads", "1", "--workers", "2", "--retry", "100")
    killed = {"command": 0, "worker": 0}
    removed = 0
    for number in range(ROUNDS):
        if ledger.count("done") == 6:  # one is wanted again, so that there is something to disturb
            (tmp_path / "out" / f"clip{number % 4}.npz").unlink()
            removed += 1
        program = batch(*arguments)
        if number % 2:
            program.first_worker()
        time.sleep(chance.uniform(0.0, 4.0) if number % 2 else chance.uniform(0.5, 6.0))
        if number % 2 and (workers := program.workers()):
            with suppress(psutil.NoSuchProcess):
                chance.choice(workers).kill()
                killed["worker"] += 1
            time.sleep(chance.uniform(0.0, 2.0))
        killed["command"] += program.process.poll() is None
        program.kill()
    assert killed["command"] > ROUNDS // 2
    assert killed["worker"] > ROUNDS // 4
    outcome = batch(*arguments).finish()
    assert outcome.code == 0, outcome.err
    assert ledger.count("done") == 6
    assert sum(ledger.attempts("done").values()) == 6 + removed
    assert results(tmp_path / "out") == undisturbed
    again = batch(*arguments).finish()
    assert again.code == 0
    assert "0 done, 6 were done already, 0 failed" in again.out


@pytest.mark.parametrize("victim", ["command", "worker"])
def test_what_was_done_before_the_kill_is_not_done_again(
    batch, ledger_of, people_folder, undisturbed, tmp_path, victim: str
) -> None:
    ledger = ledger_of(tmp_path / "out")
    program = batch(people_folder, "--threads", "1")
    program.wait_for(lambda: ledger.count("done") >= 2 and ledger.count("running") == 1)
    if victim == "command":
        program.kill()
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("clip*")}
        outcome = batch(people_folder, "--threads", "1").finish()
        assert all(path.stat().st_mtime_ns == time_ns for path, time_ns in before.items())
    else:
        program.first_worker().kill()
        outcome = program.finish()
    assert outcome.code == 0, outcome.err
    assert set(ledger.attempts("done").values()) == {1}
    assert sum(ledger.attempts("lost" if victim == "command" else "failed").values()) == 1
    assert results(tmp_path / "out") == undisturbed


KILL_AT = """
import os, signal, sys

def at_event(event, part):
    def hook(name, args):
        if name == event and part in str(args):
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
"""


@pytest.mark.parametrize(
    "moment",
    [
        'at_event("os.rename", ".json")',  # results are on their way to their names
        'at_event("os.rename", ".overlay.mp4")',
        'at_event("shutil.rmtree", ".videopose")',  # the ledger says done, the rest is cleaned up
    ],
)
def test_killed_while_results_get_their_names(
    batch, ledger_of, people_folder, undisturbed, tmp_path, moment: str
) -> None:
    first = batch(people_folder / "clip0.mp4", "--threads", "1", before=KILL_AT + moment)
    first.process.wait(timeout=120)
    assert first.process.returncode == -signal.SIGKILL
    first.kill()
    outcome = batch(people_folder / "clip0.mp4", "--threads", "1").finish()
    assert outcome.code == 0, outcome.err
    ledger = ledger_of(tmp_path / "out")
    assert ledger.attempts("done") == {"clip0.mp4": 1}
    assert not any("detect" in line for line in outcome.err.splitlines())  # no worker was started for it
    expected = {name: content for name, content in undisturbed.items() if name.startswith("clip0.")}
    assert results(tmp_path / "out") == expected


def test_killed_on_the_way_and_run_with_other_settings(batch, ledger_of, people_folder, undisturbed, tmp_path) -> None:
    clip = people_folder / "clip0.mp4"
    first = batch(clip, "--threads", "1", "--no-smooth", before=KILL_AT + 'at_event("os.rename", ".overlay.mp4")')
    first.process.wait(timeout=120)
    first.kill()
    assert (tmp_path / "out" / "clip0.npz").exists()
    assert not (tmp_path / "out" / "clip0.overlay.mp4").exists()
    outcome = batch(clip, "--threads", "1").finish()
    assert outcome.code == 0, outcome.err
    assert ledger_of(tmp_path / "out").attempts("done") == {"clip0.mp4": 1}
    expected = {name: content for name, content in undisturbed.items() if name.startswith("clip0.")}
    assert results(tmp_path / "out") == expected


def test_ctrl_c_gives_back_what_was_begun(batch, ledger_of, people_folder, undisturbed, tmp_path) -> None:
    ledger = ledger_of(tmp_path / "out")
    program = batch(people_folder, "--threads", "1")
    program.wait_for(lambda: ledger.count("done") >= 1 and ledger.count("running") == 1)
    program.process.send_signal(signal.SIGINT)
    stopped = program.finish()
    assert stopped.code == 130
    assert stopped.complaint() == "stopped."
    assert ledger.count("running") == 0
    assert not (tmp_path / "out" / ".videopose").exists()
    assert (tmp_path / "out" / "report.html").exists()
    assert batch(people_folder, "--threads", "1").finish().code == 0
    assert results(tmp_path / "out") == undisturbed
