"""The ledger: what it keeps, who may do what, and what is lost when a command ends all of a sudden (nothing)."""

import json
import multiprocessing
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from videopose.batch.ledger import LEASE_S, LEDGER_NAME, Ledger
from videopose.batch.owners import Owner
from videopose.batch.sources import Source
from videopose.batch.verdict import Input, Wanted

WALK, RUN = Source("/in/walk.mp4", "walk.mp4"), Source("/in/a/run.mp4", "a/run.mp4", "a")
FACTS = {"input": {"sha256": "hash"}, "files": {"walk.npz": 4}, "people": 2, "frames": 30, "total_s": 1.5, "notes": []}


def never(*_: object) -> bool:
    return False


def nothing() -> None:
    """Puts no results in place."""


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    return Wanted({"formats": ["npz"]}, "key", Input(10, 20), tmp_path, 2)


@pytest.fixture
def ledger(tmp_path: Path):
    with Ledger.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def other(ledger: Ledger, tmp_path: Path):
    """Another command's view of the same ledger."""
    with Ledger.open(tmp_path) as opened:
        yield opened


def query(folder: Path, text: str, *values: object) -> list[tuple]:
    """Ask, or change, the database behind the ledger's back."""
    with closing(sqlite3.connect(folder / LEDGER_NAME)) as database:
        rows = database.execute(text, values).fetchall()
        database.commit()
    return rows


def test_a_new_ledger_is_an_sqlite_file_with_a_write_ahead_log(ledger: Ledger, tmp_path: Path) -> None:
    assert query(tmp_path, "PRAGMA journal_mode") == [("wal",)]
    assert query(tmp_path, "PRAGMA user_version") == [(1,)]
    assert query(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    names = query(tmp_path, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    assert names == [("attempts",), ("commands",), ("jobs",), ("settings",)]


def test_videos_are_noted_once_and_keep_their_names(ledger: Ledger, other: Ledger) -> None:
    first, second = ledger.enlist([WALK, RUN], never)
    assert other.enlist([RUN, WALK], never) == [second, first]
    (third,) = other.enlist([Source("/elsewhere/walk.mov", "walk.mov")], never)
    assert [(row.job_id, row.name, row.state) for row in ledger.rows()] == [
        (second, "a/run", "waiting"),
        (first, "walk", "waiting"),
        (third, "walk.mov", "waiting"),
    ]


def test_a_finished_video_is_told_with_all_that_came_out(ledger: Ledger, wanted: Wanted, tmp_path: Path) -> None:
    (job,) = ledger.enlist([WALK], never)
    claim = ledger.claim(job, wanted)
    assert (claim.verdict.reason, claim.row.state, claim.lost_token) == ("new", "waiting", None)
    assert ledger.row(job).state == "running"
    moved = []
    assert ledger.finish(job, claim.token, FACTS, b"picture", lambda: moved.append("results"))
    row = ledger.row(job)
    assert moved == ["results"]
    assert (row.state, row.failures, row.error, row.token, row.command) == ("done", 0, None, None, None)
    assert (row.settings, row.input, row.input_sha256) == ("key", Input(10, 20), "hash")
    assert (row.facts, row.files, ledger.thumbnail(job)) == (FACTS, {"walk.npz": 4}, b"picture")
    assert query(tmp_path, "SELECT key, content FROM settings") == [("key", json.dumps({"formats": ["npz"]}))]
    ((outcome, error, began, ended),) = query(tmp_path, "SELECT outcome, error, began, ended FROM attempts")
    assert (outcome, error, ledger.attempts(job)) == ("done", None, 1)
    assert began <= ended


def test_only_one_command_gets_a_video(ledger: Ledger, other: Ledger, wanted: Wanted) -> None:
    (job,) = ledger.enlist([WALK], never)
    claim = ledger.claim(job, wanted)
    assert claim.token
    for one in (ledger, other):
        refused = one.claim(job, replace(wanted, settings_key="other"))
        assert (refused.verdict.action, refused.token) == ("busy", "")
        assert one.judge(job, wanted).action == "busy"
        assert one.running_tokens() == {claim.token}


def test_a_video_given_back_is_as_if_it_had_not_been_begun(ledger: Ledger, other: Ledger, wanted: Wanted) -> None:
    (job,) = ledger.enlist([WALK], never)
    ledger.release(job, ledger.claim(job, wanted).token, "the command was stopped")
    assert ledger.row(job).failures == 0
    assert other.claim(job, wanted).verdict.reason == "new"


def age(folder: Path, seconds: float) -> None:
    """Let all commands have given their last sign some time ago."""
    query(folder, "UPDATE commands SET heartbeat = heartbeat - ?", seconds)


def test_a_lease_ends_and_is_kept_up_by_heartbeats(
    ledger: Ledger, other: Ledger, wanted: Wanted, tmp_path: Path
) -> None:
    (job,) = ledger.enlist([WALK], never)
    token = ledger.claim(job, wanted).token
    age(tmp_path, LEASE_S + 1)
    ledger.heartbeat()
    assert other.claim(job, wanted).verdict.action == "busy"
    age(tmp_path, LEASE_S + 1)
    assert other.running_tokens() == {token}  # its results may be whole
    claim = other.claim(job, wanted)
    assert (claim.verdict.reason, claim.lost_token) == ("begun by a command that ended", token)
    assert query(tmp_path, "SELECT token, outcome FROM attempts ORDER BY outcome") == [
        (claim.token, None), (token, "lost"),
    ]  # fmt: skip


def test_who_lost_a_video_changes_nothing_any_more(
    ledger: Ledger, other: Ledger, wanted: Wanted, tmp_path: Path
) -> None:
    (job,) = ledger.enlist([WALK], never)
    token = ledger.claim(job, wanted).token
    age(tmp_path, LEASE_S + 1)
    claim = other.claim(job, wanted)
    moved = []
    assert not ledger.finish(job, token, FACTS, None, lambda: moved.append("results"))
    ledger.fail(job, token, "too late")
    ledger.release(job, token, "too late")
    assert moved == []
    assert (ledger.row(job).state, ledger.row(job).token, ledger.row(job).failures) == ("running", claim.token, 0)
    assert other.finish(job, claim.token, FACTS, None, nothing)


@pytest.fixture
def dead() -> Owner:
    """A real process of this machine that has ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        owner = replace(Owner.this_process(), pid=process.pid, started=psutil.Process(process.pid).create_time())
        assert owner.may_live()
        process.communicate(b"\n")
    return owner


def test_a_dead_command_loses_its_videos_at_once(
    ledger: Ledger, other: Ledger, wanted: Wanted, tmp_path: Path, dead: Owner
) -> None:
    (job,) = ledger.enlist([WALK], never)
    token = ledger.claim(job, wanted).token
    query(tmp_path, "UPDATE commands SET pid = ?, started = ? WHERE id = 1", dead.pid, dead.started)
    assert other.claim(job, wanted).lost_token == token


OWNERS = {
    "this one": ({}, True),
    "its process id used again": ({"started": 1000.0}, False),
    "another machine": ({"host": "elsewhere", "pid": 1, "started": 0.0}, True),
}


@pytest.mark.parametrize("case", OWNERS)
def test_owners(case: str) -> None:
    change, lives = OWNERS[case]
    assert replace(Owner.this_process(), **change).may_live() is lives


def test_a_command_that_closed_has_nothing_any_more(ledger: Ledger, wanted: Wanted, tmp_path: Path) -> None:
    (job,) = ledger.enlist([WALK], never)
    with Ledger.open(tmp_path) as other:
        assert other.claim(job, wanted).token
        assert ledger.claim(job, wanted).verdict.action == "busy"
    assert ledger.claim(job, wanted).verdict.reason == "begun by a command that ended"


def test_failures_are_counted_for_one_input_and_settings(ledger: Ledger, wanted: Wanted) -> None:
    (job,) = ledger.enlist([WALK], never)
    for count in (1, 2, 3):
        assert ledger.fail(job, ledger.claim(job, wanted).token, f"broke {count}") == count
    assert ledger.judge(job, wanted).action == "give up"
    assert ledger.row(job).error == "broke 3"
    settings = replace(wanted, settings_key="other")
    assert ledger.fail(job, ledger.claim(job, settings).token, "broke") == 1
    changed = replace(settings, input=Input(11, 20))
    assert ledger.fail(job, ledger.claim(job, changed).token, "broke") == 1
    assert ledger.fail(job, ledger.claim(job, changed).token, "broke") == 2
    assert ledger.finish(job, ledger.claim(job, changed).token, FACTS, None, nothing)
    assert (ledger.row(job).failures, ledger.attempts(job)) == (0, 7)


def test_forgetting_makes_videos_wait_again_unless_they_run(ledger: Ledger, wanted: Wanted) -> None:
    done, failed, running = ledger.enlist([WALK, RUN, Source("/in/c.mp4", "c.mp4")], never)
    ledger.finish(done, ledger.claim(done, wanted).token, FACTS, None, nothing)
    for _ in range(3):
        ledger.fail(failed, ledger.claim(failed, wanted).token, "broke")
    ledger.claim(running, wanted)
    ledger.forget([done, failed, running])
    assert [ledger.row(job).state for job in (done, failed, running)] == ["waiting", "waiting", "running"]
    assert ledger.row(failed).failures == 0
    assert ledger.row(done).files == {"walk.npz": 4}


def test_results_that_cannot_be_put_in_place_leave_the_ledger_as_it_was(ledger: Ledger, wanted: Wanted) -> None:
    (job,) = ledger.enlist([WALK], never)
    token = ledger.claim(job, wanted).token
    with pytest.raises(ZeroDivisionError):
        ledger.finish(job, token, FACTS, None, lambda: 1 / 0)
    assert (ledger.row(job).state, ledger.row(job).files) == ("running", {})
    assert ledger.finish(job, token, FACTS, None, nothing)


def test_a_video_that_moved_with_its_folder_stays_the_same(ledger: Ledger) -> None:
    (job,) = ledger.enlist([WALK], never)
    moved = Source("/new/walk.mp4", "walk.mp4")
    assert ledger.enlist([moved], lambda row, source: row.source == WALK.key and source == moved) == [job]
    assert [(row.source, row.name) for row in ledger.rows()] == [("/new/walk.mp4", "walk")]
    assert ledger.enlist([WALK], never) != [job]


CHILD = """
import os, sys
from pathlib import Path
from videopose.batch.ledger import Ledger
from videopose.batch.sources import Source
from videopose.batch.verdict import Input, Wanted

ledger = Ledger.open(Path(sys.argv[1]))
wanted = Wanted({}, "key", Input(1, 2), Path(sys.argv[1]), 2)
facts = {"input": {"sha256": "hash"}, "files": {}}
done, failed, running = ledger.enlist([Source(f"/in/{n}.mp4", f"{n}.mp4") for n in range(3)], lambda *_: False)
ledger.finish(done, ledger.claim(done, wanted).token, facts, None, lambda: None)
ledger.fail(failed, ledger.claim(failed, wanted).token, "broke")
ledger.claim(running, wanted)
ledger.finish(running, ledger.row(running).token, facts, None, lambda: os._exit(9))
"""


def test_what_was_noted_outlasts_a_sudden_end(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CHILD, str(tmp_path)], check=False)
    assert done.returncode == 9
    assert query(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    with Ledger.open(tmp_path) as ledger:
        assert [row.state for row in ledger.rows()] == ["done", "failed", "running"]
        (running,) = [row for row in ledger.rows() if row.state == "running"]
        claim = ledger.claim(running.job_id, Wanted({}, "key", Input(1, 2), tmp_path, 2))
        assert claim.lost_token == running.token


def open_and_enlist(folder: Path, number: int, gate, answers) -> None:
    gate.wait()
    try:
        with Ledger.open(folder) as ledger:
            answers.put(ledger.enlist([Source(f"/in/{number}.mp4", f"{number}.mp4")], never))
    except BaseException as error:
        answers.put(repr(error))


def test_two_commands_that_begin_at_once_share_a_new_ledger(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for turn in range(30):
        folder = tmp_path / str(turn)
        folder.mkdir()
        gate, answers = context.Barrier(3), context.SimpleQueue()
        both = [context.Process(target=open_and_enlist, args=(folder, n, gate, answers)) for n in range(3)]
        for process in both:
            process.start()
        ids = [answers.get() for _ in both]
        for process in both:
            process.join()
        assert sorted(ids, key=str) == [[1], [2], [3]]
