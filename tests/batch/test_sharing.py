"""Several commands on one output folder: a video is done once, and taken over from a command that died or sleeps."""

import signal
import time
from pathlib import Path

import pytest

from videopose.export import read_npz

SOME = ("--formats", "npz,bvh", "--threads", "1")


@pytest.mark.parametrize("others", [1, 3])
def test_commands_share_the_work(batch, ledger_of, people_folder, tmp_path, others: int) -> None:
    programs = [batch(people_folder, *SOME) for _ in range(1 + others)]
    outcomes = [program.finish() for program in programs]
    assert [outcome.code for outcome in outcomes] == [0] * len(programs), [outcome.err for outcome in outcomes]
    ledger = ledger_of(tmp_path / "out")
    assert set(ledger.attempts("done").values()) == {1}
    ((began,),) = ledger.rows("SELECT COUNT(*) FROM attempts")
    assert began == 6
    ((helped,),) = ledger.rows("SELECT COUNT(DISTINCT command) FROM attempts")
    assert helped > 1
    for outcome in outcomes:
        done, already = (int(part.split()[0]) for part in outcome.out.split("\n\n")[-1].split(", ")[:2])
        assert done + already == 6


def test_a_command_that_waits_takes_over_from_one_that_dies(batch, ledger_of, people_folder, tmp_path) -> None:
    ledger = ledger_of(tmp_path / "out")
    clip = people_folder / "clip0.mp4"
    first = batch(clip, *SOME)
    first.wait_for(lambda: ledger.count("running") == 1)
    worker = first.first_worker()
    worker.suspend()  # or it might be done before the second command has begun
    second = batch(clip, *SOME)
    second.wait_for(lambda: len(ledger.rows("SELECT 1 FROM commands")) == 2)
    time.sleep(0.5)
    assert ledger.rows("SELECT command, outcome FROM attempts") == [(1, None)]
    first.process.kill()
    worker.resume()
    first.kill()
    outcome = second.finish()
    assert outcome.code == 0, outcome.err
    assert ledger.rows("SELECT command, outcome FROM attempts ORDER BY began") == [(1, "lost"), (2, "done")]
    assert len(read_npz(tmp_path / "out" / "clip0.npz").frame_index) == 5


SHORT_LEASE = "import videopose.batch.ledger as ledger, videopose.batch.run as run\n"
SHORT_LEASE += "ledger.LEASE_S = 4.0\nrun.HEARTBEAT_S = 1.0\n"
NO_ONE_KNOWS = "import videopose.batch.owners as owners\nowners._here = lambda: 'machine {}'\n"


@pytest.mark.parametrize("machines", [(1, 1), (1, 2)], ids=["same machine", "another machine"])
def test_a_command_that_sleeps_loses_its_video_and_does_no_harm(
    batch, ledger_of, people_folder, tmp_path, machines: tuple[int, int]
) -> None:
    ledger = ledger_of(tmp_path / "out")
    clip = people_folder / "more" / "clip5.mp4"
    here, there = (SHORT_LEASE + NO_ONE_KNOWS.format(machine) for machine in machines)
    sleeper = batch(clip, *SOME, before=here)
    sleeper.wait_for(lambda: ledger.count("running") == 1)
    sleeper.process.send_signal(signal.SIGSTOP)
    outcome = batch(clip, *SOME, before=there).finish()
    assert outcome.code == 0, outcome.err
    result = tmp_path / "out" / "clip5.npz"
    before = (result.stat().st_ino, result.read_bytes())
    sleeper.process.send_signal(signal.SIGCONT)
    late = sleeper.finish()
    assert late.code == 0, late.err
    assert "0 done, 1 were done already, 0 failed" in late.out
    assert (result.stat().st_ino, result.read_bytes()) == before
    assert set(ledger.attempts("done").values()) == {1}
    assert not (tmp_path / "out" / ".videopose").exists()


def test_a_living_command_on_another_machine_keeps_its_video(batch, ledger_of, people_folder, tmp_path) -> None:
    ledger = ledger_of(tmp_path / "out")
    clip: Path = people_folder / "more" / "clip5.mp4"
    here, there = (SHORT_LEASE + NO_ONE_KNOWS.format(machine) for machine in (1, 2))
    slow = "import videopose.batch.process as process\nprocess.STALL_S = 3600\n"
    first = batch(clip, *SOME, before=here + slow)
    first.wait_for(lambda: ledger.count("running") == 1)
    worker = first.first_worker()
    worker.suspend()  # it takes its time, the command goes on
    second = batch(clip, *SOME, before=there)
    second.wait_for(lambda: len(ledger.rows("SELECT 1 FROM commands")) == 2)
    time.sleep(6)  # longer than a lease
    assert ledger.rows("SELECT command, outcome FROM attempts") == [(1, None)]
    worker.resume()
    assert [first.finish().code, second.finish().code] == [0, 0]
    assert ledger.rows("SELECT command, outcome FROM attempts") == [(1, "done")]
