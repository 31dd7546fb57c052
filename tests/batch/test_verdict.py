"""Whether a video is to be done, and why: one table."""

from dataclasses import replace
from pathlib import Path

import pytest

from videopose.batch.verdict import Input, JobRow, Verdict, Wanted, judge, settings_key

ROW = JobRow(
    1, "/in/day1/walk.mp4", "day1/walk.mp4", "day1/walk", "done", 0, None, "key", Input(10, 20), "hash", None, None, {},
    {"walk.npz": 4, "walk.json": 2},
)  # fmt: skip
WANTED = Wanted({}, "key", Input(10, 20), Path(), 2)
FAILED = {"state": "failed", "failures": 1, "error": "it broke", "files": {}}
DO_CHANGED_SETTINGS, DO_CHANGED_VIDEO = Verdict("do", "the settings changed"), Verdict("do", "the video changed")

CASES = {
    "new": ({"state": "waiting", "files": {}}, {}, Verdict("do", "new")),
    "asked for again": ({"state": "waiting"}, {}, Verdict("do", "done before, to be done again")),
    "done": ({}, {}, Verdict("skip", "done")),
    "done, other settings": ({}, {"settings_key": "other"}, DO_CHANGED_SETTINGS),
    "done, other size": ({}, {"input": Input(11, 20)}, DO_CHANGED_VIDEO),
    "done, other time": ({}, {"input": Input(10, 21)}, DO_CHANGED_VIDEO),
    "done, video put away": ({}, {"input": None}, Verdict("skip", "done")),
    "done, video put away, other settings": ({}, {"input": None, "settings_key": "other"}, DO_CHANGED_SETTINGS),
    "done URL": ({"input": None}, {"input": None}, Verdict("skip", "done")),
    "running, its command dead": ({"state": "running"}, {}, Verdict("do", "begun by a command that ended")),
    "failed once": (FAILED, {}, Verdict("do", "failed before: it broke")),
    "failed as often as may be": (FAILED | {"failures": 2}, {}, Verdict("do", "failed before: it broke")),
    "failed too often": (
        FAILED | {"failures": 3}, {}, Verdict("give up", "failed 3 times, --retry 3 tries again: it broke"),
    ),
    "failed once, no retry": (
        FAILED, {"retry": 0}, Verdict("give up", "failed once, --retry 1 tries again: it broke"),
    ),
    "failed too often, other settings": (FAILED | {"failures": 3}, {"settings_key": "other"}, DO_CHANGED_SETTINGS),
    "failed too often, video mended": (FAILED | {"failures": 3}, {"input": Input(11, 20)}, DO_CHANGED_VIDEO),
    "failed too often, video gone": (FAILED | {"failures": 3}, {"input": None}, DO_CHANGED_VIDEO),
    "was missing, still is": (
        FAILED | {"failures": 3, "input": None}, {"input": None},
        Verdict("give up", "failed 3 times, --retry 3 tries again: it broke"),
    ),
    "was missing, is there": (FAILED | {"failures": 3, "input": None}, {}, DO_CHANGED_VIDEO),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An output folder with the results of `ROW`."""
    (tmp_path / "day1").mkdir()
    (tmp_path / "day1" / "walk.npz").write_bytes(b"1234")
    (tmp_path / "day1" / "walk.json").write_bytes(b"{}")
    return tmp_path


@pytest.mark.parametrize("case", CASES)
def test_verdicts(folder: Path, case: str) -> None:
    row, wanted, expected = CASES[case]
    assert judge(replace(ROW, **row), replace(WANTED, folder=folder, **wanted), held=False) == expected


@pytest.mark.parametrize("state", ["waiting", "running", "done", "failed"])
def test_what_another_command_runs_is_left_to_it(folder: Path, state: str) -> None:
    verdict = judge(replace(ROW, state=state), replace(WANTED, folder=folder, settings_key="other"), held=True)
    assert verdict == Verdict("busy", "another command runs it")
    assert not verdict.begins


SPOILT = {
    "missing": (lambda path: path.unlink(), "walk.npz is missing"),
    "cut": (lambda path: path.write_bytes(b"12"), "walk.npz is not as it was written"),
    "empty": (lambda path: path.write_bytes(b""), "walk.npz is not as it was written"),
    "longer": (lambda path: path.write_bytes(b"12345"), "walk.npz is not as it was written"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_results_are_looked_at_before_they_are_trusted(folder: Path, case: str) -> None:
    spoil, reason = SPOILT[case]
    spoil(folder / "day1" / "walk.npz")
    assert judge(ROW, replace(WANTED, folder=folder), held=False) == Verdict("do", reason)


def test_a_folder_in_the_place_of_a_result_is_none(folder: Path) -> None:
    path = folder / "day1" / "walk.npz"
    path.unlink()
    path.mkdir()
    assert judge(ROW, replace(WANTED, folder=folder), held=False).begins


def test_a_key_stands_for_what_settings_say_not_for_their_order() -> None:
    assert settings_key({"a": 1, "b": [2]}) == settings_key({"b": [2], "a": 1})
    assert settings_key({"a": 1}) != settings_key({"a": 2})


@pytest.mark.parametrize("address", ["https://host/a.mp4", "/nowhere/a.mp4", "/nul\0l"])
def test_there_is_no_input_of_what_is_no_file(address: str) -> None:
    assert Input.of(address) is None
