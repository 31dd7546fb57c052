"""The ledger's file: damaged, foreign, locked or not to be written, and what a mere look leaves (nothing)."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from videopose.batch import ledger as module
from videopose.batch.ledger import LEDGER_NAME, Ledger
from videopose.batch.sources import Source
from videopose.batch.verdict import Wanted
from videopose.errors import InputError, OutputError

WALK, RUN = Source("/in/walk.mp4", "walk.mp4"), Source("/in/a/run.mp4", "a/run.mp4", "a")


def never(*_: object) -> bool:
    return False


def foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
        database.commit()


def newer_version(path: Path) -> None:
    with Ledger.open(path.parent):
        pass
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 7")


def damaged(path: Path) -> None:
    with Ledger.open(path.parent) as ledger:
        ledger.enlist([WALK, RUN], never)
    content = bytearray(path.read_bytes())
    content[100 : len(content)] = b"\x5a" * (len(content) - 100)
    path.write_bytes(content)


UNUSABLE = {
    "no database": (lambda path: path.write_bytes(b"Dear diary\n" * 500), "is damaged (file is not a database)"),
    "a database of another program": (foreign_database, "a ledger of version 0, this program keeps version 1."),
    "a newer version": (newer_version, "a ledger of version 7, this program keeps version 1."),
    "overwritten": (damaged, "is damaged ("),
}


@pytest.mark.parametrize("opening", [Ledger.open, Ledger.peek], ids=["open", "peek"])
@pytest.mark.parametrize("case", UNUSABLE)
def test_a_ledger_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path, case: str, opening) -> None:
    spoil, words = UNUSABLE[case]
    spoil(tmp_path / LEDGER_NAME)
    before = (tmp_path / LEDGER_NAME).read_bytes()
    with pytest.raises(InputError) as error:
        opening(tmp_path).rows()
    assert str(error.value).startswith(f"{tmp_path / LEDGER_NAME}: ")
    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert (tmp_path / LEDGER_NAME).read_bytes() == before


def test_a_folder_in_the_place_of_the_ledger_is_told(tmp_path: Path) -> None:
    (tmp_path / LEDGER_NAME).mkdir()
    with pytest.raises(OutputError, match=r"cannot be used \(unable to open database file\)"):
        Ledger.open(tmp_path)


def test_a_locked_ledger_is_told(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "_BUSY_S", 0.05)
    with Ledger.open(tmp_path) as ledger, closing(sqlite3.connect(tmp_path / LEDGER_NAME)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutputError, match=r"cannot be used \(database is locked\)"):
            ledger.enlist([WALK], never)
        other.execute("ROLLBACK")
        assert ledger.enlist([WALK], never) == [1]


def test_a_ledger_that_may_not_be_written_is_told_but_can_be_looked_at(tmp_path: Path, obey_permissions) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.enlist([WALK], never)
    (tmp_path / LEDGER_NAME).chmod(0o444)
    tmp_path.chmod(0o555)
    code = """
import sys
from pathlib import Path
from videopose.batch.ledger import Ledger
from videopose.errors import VideoposeError
for opening in (Ledger.peek, Ledger.open):
    try:
        print([row.name for row in opening(Path(sys.argv[1])).rows()])
    except VideoposeError as error:
        print(type(error).__name__, error)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=obey_permissions)
    tmp_path.chmod(0o755)
    names, sentence = done.stdout.splitlines()
    assert names == "['walk']"
    assert sentence.startswith(f"OutputError {tmp_path / LEDGER_NAME}: cannot be used (")


def test_a_look_changes_nothing(tmp_path: Path) -> None:
    wanted = Wanted({}, "key", None, tmp_path, 2)
    ledger = Ledger.open(tmp_path)
    (job,) = ledger.enlist([WALK], never)
    with Ledger.peek(tmp_path) as copy:
        assert copy.enlist([RUN, WALK], never) == [2, job]
        copy.forget([job])
        assert copy.judge(job, wanted).reason == "new"
    assert [row.job_id for row in ledger.rows()] == [job]
    ledger.close()


def test_a_look_leaves_no_file_behind(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.enlist([WALK], never)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert list(before) == [LEDGER_NAME]
    Ledger.peek(tmp_path).close()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_look_at_no_ledger_makes_none(tmp_path: Path) -> None:
    with Ledger.peek(tmp_path / "nowhere") as copy:
        assert copy.rows() == []
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_is_found_where_names_mean_something_to_addresses(tmp_path: Path) -> None:
    folder = tmp_path / "100% a?b#c"
    folder.mkdir()
    with Ledger.open(folder) as ledger:
        ledger.enlist([WALK], never)
    with Ledger.peek(folder) as copy:
        assert [row.name for row in copy.rows()] == ["walk"]
