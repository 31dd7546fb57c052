"""The ledger of a batch: an SQLite file in the output folder that says what is to do, being done, done and failed.

Every change is one transaction, so a command that is killed leaves a ledger that is true. Several commands may use it
at the same time: who begins a video holds it by a token and a lease, kept up by the command's heartbeat.
"""

import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from videopose.batch.names import choose_names, name_key
from videopose.batch.owners import Owner, network_folder
from videopose.batch.sources import Source
from videopose.batch.verdict import COLUMNS, Input, JobRow, Verdict, Wanted, judge
from videopose.errors import DiskFullError, InputError, OutputError

LEDGER_NAME = "batch.sqlite"
LEDGER_VERSION = 1
LEASE_S = 60.0
"""A command that gave no sign for so long has lost its videos; on its own machine, a dead one loses them at once."""
_BUSY_S = 60.0
_FULL = (sqlite3.SQLITE_FULL,)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_SCHEMA)


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of asking for a video."""

    verdict: Verdict
    row: JobRow
    """As it was before."""
    token: str = ""
    """Of the attempt that begins; empty when none does."""
    lost_token: str | None = None
    """Of the attempt that this one takes over from: its command is dead."""


class Ledger:
    """See the module. Not for use by several threads."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._db, self._path = database, path
        self._db.row_factory = sqlite3.Row
        self._owner: Owner | None = None
        self._command = 0

    @classmethod
    def open(cls, folder: Path) -> "Ledger":
        """Open the ledger of an output folder for a command, made where there is none.

        Raises:
            OutputError: it cannot be written.
            InputError: it is damaged, or of another version.
        """
        path = folder / LEDGER_NAME
        with _plain_errors(path):
            ledger = cls(sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None), path)
            ledger._check_version()  # another program's database is left as it is
            # memory shared through a file, which write-ahead logs need, is none between machines
            ledger._keep_journal("DELETE" if network_folder(folder) else "WAL")
            ledger._db.execute("PRAGMA synchronous = FULL")
        ledger._prepare()
        ledger._enter()
        return ledger

    @classmethod
    def peek(cls, folder: Path) -> "Ledger":
        """A copy of the ledger in memory: whatever is done to it has no effect.

        Raises:
            InputError: the ledger is damaged, or of another version.
        """
        path = folder / LEDGER_NAME
        with _plain_errors(path):
            ledger = cls(sqlite3.connect(":memory:", isolation_level=None), path)
            if path.exists():
                source = sqlite3.connect(_reading(path), uri=True, timeout=_BUSY_S)
                try:
                    source.backup(ledger._db)
                finally:
                    source.close()
        ledger._prepare()
        return ledger

    def close(self) -> None:
        """Give up what is still held; the ledger can be used no more."""
        try:
            if self._owner is not None:
                with self._change():
                    self._db.execute("UPDATE commands SET heartbeat = 0 WHERE id = ?", (self._command,))
        finally:
            self._db.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.close()
        except OutputError:
            if kind is None:  # else what went wrong before is what counts
                raise

    def _keep_journal(self, mode: str) -> None:
        """Set how changes are logged. SQLite does not wait for another command that sets it at the same time."""
        end = time.monotonic() + _BUSY_S
        while True:
            try:
                self._db.execute(f"PRAGMA journal_mode = {mode}")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def _check_version(self) -> bool:
        """True for a ledger of this version, False for a database with nothing in it; others raise InputError."""
        # in this order: another command may fill the database between the two
        empty = self._db.execute("SELECT 1 FROM sqlite_master").fetchone() is None
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == LEDGER_VERSION:
            return True
        if version == 0 and empty:
            return False
        raise InputError(
            f"{self._path}: a ledger of version {version}, this program keeps version {LEDGER_VERSION}. "
            "Choose another folder with -o."
        )

    def _prepare(self) -> None:
        with self._change():
            if self._check_version():
                return
            script = resources.files("videopose.batch").joinpath("ledger.sql").read_text(encoding="utf-8")
            for statement in script.split(";\n"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {LEDGER_VERSION}")

    def _enter(self) -> None:
        self._owner = Owner.this_process()
        with self._change():
            self._command = (
                self._db.execute(
                    "INSERT INTO commands (host, pid, started, heartbeat) VALUES (?, ?, ?, ?)",
                    (self._owner.host, self._owner.pid, self._owner.started, time.time()),
                ).lastrowid
                or 0
            )

    def heartbeat(self) -> None:
        """Keep the lease of everything that this command runs."""
        with self._change():
            self._db.execute("UPDATE commands SET heartbeat = ? WHERE id = ?", (time.time(), self._command))

    def enlist(self, sources: Sequence[Source], same: Callable[[JobRow, Source], bool]) -> list[int]:
        """Note videos that are new, and give the ids of all, in their order.

        Args:
            sources: what was asked for.
            same: whether a row of a video that is no longer where it was is about this one (moved with its folder).
        """
        moved = self._moved(sources, same)  # looks into files: others may use the ledger meanwhile
        with self._change():
            self._db.executemany("UPDATE jobs SET source = ? WHERE source = ?", moved)
            known = {row["source"]: row["id"] for row in self._db.execute("SELECT id, source FROM jobs")}
            new = [source for source in sources if source.key not in known]
            taken = {row["name_key"] for row in self._db.execute("SELECT name_key FROM jobs")}
            for source, name in zip(new, choose_names(new, taken), strict=True):
                known[source.key] = self._db.execute(
                    "INSERT INTO jobs (source, label, name, name_key) VALUES (?, ?, ?, ?)",
                    (source.key, source.label, name, name_key(name)),
                ).lastrowid
        return [known[source.key] for source in sources]

    def _moved(self, sources: Sequence[Source], same: Callable[[JobRow, Source], bool]) -> list[tuple[str, str]]:
        """New and old address of the videos that moved."""
        rows = self.rows()
        known = {row.source for row in rows}
        by_label: dict[str, list[JobRow]] = {}
        for row in rows:
            by_label.setdefault(row.label, []).append(row)
        moved: dict[str, str] = {}
        for source in sources:
            candidates = [] if source.key in known else by_label.get(source.label, [])
            found = next((row for row in candidates if row.source not in moved and same(row, source)), None)
            if found is not None:
                moved[found.source] = source.key
        return [(new, old) for old, new in moved.items()]

    def row(self, job_id: int) -> JobRow:
        """What is known of a video."""
        with _plain_errors(self._path):
            return JobRow.read(self._db.execute(f"SELECT {COLUMNS} FROM jobs WHERE id = ?", (job_id,)).fetchone())

    def rows(self) -> list[JobRow]:
        """What is known of all videos, in the order of their names."""
        with _plain_errors(self._path):
            return [JobRow.read(row) for row in self._db.execute(f"SELECT {COLUMNS} FROM jobs ORDER BY name_key")]

    def attempts(self, job_id: int) -> int:
        """How often a video was begun."""
        with _plain_errors(self._path):
            count = self._db.execute("SELECT COUNT(*) FROM attempts WHERE job = ?", (job_id,)).fetchone()[0]
        return int(count)

    def touched(self, job_id: int, found: Input) -> None:
        """The file has another date, but holds what it held."""
        with self._change():
            self._db.execute("UPDATE jobs SET input_mtime_ns = ? WHERE id = ?", (found.mtime_ns, job_id))

    def forget(self, job_ids: Iterable[int]) -> None:
        """Let videos that are done or failed wait again."""
        with self._change():
            self._db.executemany(
                "UPDATE jobs SET state = 'waiting', failures = 0 WHERE id = ? AND state IN ('done', 'failed')",
                [(job_id,) for job_id in job_ids],
            )

    def judge(self, job_id: int, wanted: Wanted) -> Verdict:
        """Whether a video is to be done."""
        row = self.row(job_id)
        return judge(row, wanted, self._is_held(row))

    def claim(self, job_id: int, wanted: Wanted) -> Claim:
        """Begin a video, if it is to be done and nobody else is about it."""
        with self._change():
            row = self.row(job_id)
            verdict = judge(row, wanted, self._is_held(row))
            if not verdict.begins:
                return Claim(verdict, row)
            token = secrets.token_hex(8)
            lost = row.token if row.state == "running" else None
            self._close_attempt(lost, "lost", "its command ended")
            same = row.settings == wanted.settings_key and row.input == wanted.input
            content = (wanted.settings_key, json.dumps(wanted.settings, sort_keys=True))
            self._db.execute("INSERT OR IGNORE INTO settings (key, content) VALUES (?, ?)", content)
            size, mtime_ns = (None, None) if wanted.input is None else (wanted.input.size, wanted.input.mtime_ns)
            self._db.execute(
                "UPDATE jobs SET state = 'running', failures = ?, settings = ?, input_bytes = ?, input_mtime_ns = ?, "
                "input_sha256 = ?, command = ?, token = ? WHERE id = ?",
                (row.failures if same else 0, wanted.settings_key, size, mtime_ns,
                 row.input_sha256 if same else None, self._command, token, job_id),
            )  # fmt: skip
            self._db.execute(
                "INSERT INTO attempts (token, job, command, began) VALUES (?, ?, ?, ?)",
                (token, job_id, self._command, time.time()),
            )
        return Claim(verdict, row, token, lost)

    def _is_held(self, row: JobRow) -> bool:
        """Whether a living command has a video."""
        if row.state != "running" or row.command == self._command:
            return row.state == "running"
        found = self._db.execute("SELECT * FROM commands WHERE id = ?", (row.command,)).fetchone()
        if found is None or time.time() - found["heartbeat"] > LEASE_S:
            return False
        return Owner(found["host"], found["pid"], found["started"]).may_live()

    def running_tokens(self) -> set[str]:
        """Of all attempts that go on, and of those whose command died: their results may be whole."""
        with _plain_errors(self._path):
            return {row["token"] for row in self._db.execute("SELECT token FROM jobs WHERE state = 'running'")}

    def thumbnail(self, job_id: int) -> bytes | None:
        """The picture of a video that is done, a JPEG."""
        with _plain_errors(self._path):
            row = self._db.execute("SELECT thumbnail FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return None if row is None else row["thumbnail"]

    def finish(
        self, job_id: int, token: str, facts: Mapping[str, Any], thumbnail: bytes | None, publish: Callable[[], None]
    ) -> bool:
        """Note that a video is done, with its results under their final names.

        Args:
            job_id: the video.
            token: of the attempt.
            facts: what came out; `files` are the results with their bytes, `input` tells the video's hash.
            thumbnail: JPEG.
            publish: moves the results to their final names; no other command changes the ledger meanwhile.

        Returns:
            False when the attempt was taken over by another command: nothing was done then.
        """
        with self._change():
            if self.row(job_id).token != token:
                return False
            publish()
            self._db.execute(
                "UPDATE jobs SET state = 'done', failures = 0, error = NULL, command = NULL, token = NULL, "
                "input_sha256 = ?, facts = ?, files = ?, thumbnail = ? WHERE id = ?",
                (facts["input"]["sha256"], json.dumps(facts), json.dumps(facts["files"]), thumbnail, job_id),
            )
            self._close_attempt(token, "done", None)
        return True

    def fail(self, job_id: int, token: str, error: str) -> int | None:
        """Note that an attempt failed.

        Returns:
            How many failed now, with this input and these settings; None when another command took the video over.
        """
        with self._change():
            own = self.row(job_id).token == token
            if own:
                self._db.execute(
                    "UPDATE jobs SET state = 'failed', failures = failures + 1, error = ?, command = NULL, "
                    "token = NULL WHERE id = ?",
                    (error, job_id),
                )
            self._close_attempt(token, "failed", error)
            return self.row(job_id).failures if own else None

    def own(self, job_id: int, files: Mapping[str, int]) -> None:
        """Note which results under final names, with their bytes, are a video's."""
        with self._change():
            self._db.execute("UPDATE jobs SET files = ? WHERE id = ?", (json.dumps(dict(files)), job_id))

    def release(self, job_id: int, token: str, reason: str) -> None:
        """Give a video back that was begun, as if it had not been."""
        with self._change():
            self._db.execute(
                "UPDATE jobs SET state = 'waiting', command = NULL, token = NULL WHERE id = ? AND token = ?",
                (job_id, token),
            )
            self._close_attempt(token, "released", reason)

    def _close_attempt(self, token: str | None, outcome: str, error: str | None) -> None:
        self._db.execute(
            "UPDATE attempts SET ended = ?, outcome = ?, error = ? WHERE token = ? AND outcome IS NULL",
            (time.time(), outcome, error, token),
        )

    @contextmanager
    def _change(self) -> Iterator[None]:
        """One transaction: all of it, or nothing."""
        with _plain_errors(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:  # Ctrl-C too; it is raised again
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def _reading(path: Path) -> str:
    """SQLite's address of a ledger for reading."""
    # to read beside others SQLite keeps two files, which it takes away only where it may write
    mode = "mode=rw" if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK) else "mode=ro"
    if mode == "mode=ro" and not path.with_name(path.name + "-wal").exists():
        mode += "&immutable=1"
    return f"{path.absolute().as_uri()}?{mode}"


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells kinds apart
        reason = str(error)
        if code in _FULL:
            raise DiskFullError(
                f"{path}: cannot be written ({reason}). Free some space and run the same command again."
            ) from error
        if code in _DAMAGED:
            raise InputError(
                f"{path}: the ledger of this folder is damaged ({reason}). Move it away to begin anew."
            ) from error
        raise OutputError(
            f"{path}: cannot be used ({reason}). Check the folder, or choose another one with -o."
        ) from error
