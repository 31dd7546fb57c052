"""Getting through a batch: handing videos out, putting results in place, and noting it in the ledger."""

import base64
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from videopose.batch.engine import Engine
from videopose.batch.events import Advanced, Event, Failure, Finished, Said
from videopose.batch.job import Job, read_finished
from videopose.batch.ledger import Claim, Ledger
from videopose.batch.plan import BatchSettings, Planned, Planner
from videopose.batch.staging import Staging, check_free, in_place, publish
from videopose.batch.verdict import Wanted
from videopose.batch.view import BatchView
from videopose.errors import DiskFullError, OutputError, VideoposeError

HEARTBEAT_S = 10.0
_ASK_AGAIN_S = 2.0
"""About a video that another command runs."""
_EVENTS_S = 0.5


@dataclass(slots=True)
class Running:
    """A video in work."""

    planned: Planned
    wanted: Wanted
    claim: Claim
    alone: bool


@dataclass(slots=True)
class Outcome:
    """What came of a command."""

    done: list[int] = field(default_factory=list)
    """Ids of the videos that it has done itself."""
    failed: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    """Done before, or by another command meanwhile."""
    trouble: VideoposeError | None = None
    """Why it stopped before the end."""
    left: int = 0
    """Videos that it did not come to."""


class BatchRun:
    """One command's way through its videos."""

    def __init__(
        self, ledger: Ledger, engine: Engine, planner: Planner, settings: BatchSettings, view: BatchView
    ) -> None:
        self._ledger, self._engine, self._planner, self._settings, self._view = ledger, engine, planner, settings, view
        self._staging = Staging(settings.output)
        self._waiting: deque[Planned] = deque()
        self._alone: deque[Planned] = deque()
        self._elsewhere: deque[Planned] = deque()
        """Videos that another command runs."""
        self._running: dict[int, Running] = {}
        self._outcome = Outcome()
        self._said: set[str] = set()
        self._beat = self._asked = time.monotonic()

    def run(self, planned: Sequence[Planned]) -> Outcome:
        """Do what is to be done.

        Raises:
            VideoposeError: the ledger or the engine cannot be used any more.
        """
        self._staging.sweep(self._ledger.running_tokens)
        for one in planned:
            self._sort_in(one)
        self._view.begin(planned)
        try:
            while self._running or (self._left() and self._outcome.trouble is None):
                self._step()
        finally:
            self._engine.close()
            self._view.end()
            self._let_go()
        self._outcome.left = self._left()
        return self._outcome

    def _left(self) -> int:
        return len(self._waiting) + len(self._alone) + len(self._elsewhere)

    def _sort_in(self, one: Planned) -> None:
        action = one.verdict.action
        if action == "do":
            self._waiting.append(one)
        elif action == "busy":
            self._elsewhere.append(one)
        else:
            self._settle(one, self._outcome.skipped if action == "skip" else self._outcome.failed)

    def _settle(self, one: Planned, among: list[int]) -> None:
        among.append(one.job_id)
        self._view.settled(one, self._ledger.row(one.job_id))

    def _step(self) -> None:
        now = time.monotonic()
        if now - self._beat >= HEARTBEAT_S:
            self._beat = now
            self._ledger.heartbeat()
        if now - self._asked >= _ASK_AGAIN_S:
            self._asked = now
            self._waiting.extend(self._elsewhere)
            self._elsewhere.clear()
        if self._outcome.trouble is None:
            self._hand_out()
        for event in self._engine.events(_EVENTS_S):
            self._take(event)
        self._view.show(len(self._elsewhere))

    def _hand_out(self) -> None:
        while self._waiting and self._engine.room() > 0 and not any(one.alone for one in self._running.values()):
            self._try(self._waiting.popleft(), alone=False)
        if self._alone and not self._waiting and not self._running:
            self._try(self._alone.popleft(), alone=True)

    def _try(self, one: Planned, alone: bool) -> None:
        """Begin a video, unless it is none of ours any more."""
        wanted = self._planner.wanted(one.source)
        claim = self._ledger.claim(one.job_id, wanted)
        one = replace(one, verdict=claim.verdict, row=claim.row)
        if not claim.verdict.begins:
            self._sort_in(one)
            return
        running = self._running[one.job_id] = Running(one, wanted, claim, alone)
        job = self._job(running)
        if claim.lost_token is not None and self._inherit(running, claim.lost_token):
            return
        try:
            if not self._settings.infer.overwrite:
                check_free(job.folder, running.claim.row, job.settings.formats, job.stem)
        except OutputError as error:
            self._failed(running, Failure.OUTPUT, str(error))
            return
        self._view.started(one)
        self._engine.begin(job, alone)

    def _job(self, running: Running) -> Job:
        target = self._settings.output / running.claim.row.name
        token = running.claim.token
        return Job(
            running.planned.job_id, token, running.planned.source.address, target.parent, target.name,
            self._staging.of(token), self._settings.infer,
        )  # fmt: skip

    def _inherit(self, running: Running, lost_token: str) -> bool:
        """A command may have died when all was done but the ledger's line: nothing is done twice then."""
        row, wanted = running.claim.row, running.wanted
        facts = read_finished(self._staging.of(lost_token))
        same = row.settings == wanted.settings_key and row.input == wanted.input
        if facts is not None and same and self._staging.take_over(lost_token, running.claim.token):
            self._finished(running, facts)
            return True
        if facts is not None:  # of no use now, but some of it may lie under final names already: ours to replace
            files = {**row.files, **in_place((self._settings.output / row.name).parent, facts["files"])}
            self._ledger.own(row.job_id, files)
            running.claim = replace(running.claim, row=replace(row, files=files))
        self._staging.remove(lost_token)
        return False

    def _take(self, event: Event) -> None:
        running = self._running.get(event.job_id)
        if running is None:
            return
        if isinstance(event, Advanced):
            self._view.advanced(running.planned, event)
        elif isinstance(event, Said):
            if event.text not in self._said:
                self._said.add(event.text)
                self._view.say(event.text)
        elif isinstance(event, Finished):
            self._finished(running, event.facts)
        elif (facts := read_finished(self._staging.of(running.claim.token))) is not None:
            self._finished(running, facts)  # it died when all was done
        else:
            self._failed(running, event.kind, event.text)

    def _finished(self, running: Running, facts: dict[str, Any]) -> None:
        token, row = running.claim.token, running.claim.row
        picture = facts.pop("thumbnail", None)
        folder = (self._settings.output / row.name).parent

        def put_in_place() -> None:
            facts["notes"] += publish(self._staging.of(token), folder, facts["files"], row.files)

        try:
            own = self._ledger.finish(
                row.job_id, token, facts, None if picture is None else base64.b64decode(picture), put_in_place
            )
        except OutputError as error:
            kind = Failure.DISK_FULL if isinstance(error, DiskFullError) else Failure.OUTPUT
            trouble = self._general_trouble(kind, str(error))
            if trouble is None:
                self._failed(running, kind, str(error))
                return
            # left as it is: whoever takes over finds the results whole
            self._outcome.trouble = self._outcome.trouble or trouble
            self._waiting.append(self._running.pop(row.job_id).planned)
            return
        del self._running[row.job_id]
        self._staging.remove(token)
        self._settle(running.planned, self._outcome.done if own else self._outcome.skipped)

    def _failed(self, running: Running, kind: Failure, text: str) -> None:
        one, token = running.planned, running.claim.token
        del self._running[one.job_id]
        self._staging.remove(token)
        trouble = self._general_trouble(kind, text)
        if trouble is not None:
            self._ledger.release(one.job_id, token, text)
            self._outcome.trouble = self._outcome.trouble or trouble
            self._waiting.append(one)
            return
        failures = self._ledger.fail(one.job_id, token, text)
        self._remove_empty((self._settings.output / running.claim.row.name).parent)
        if failures is None:
            self._elsewhere.append(one)
        elif kind in (Failure.MEMORY, Failure.DIED) and failures <= self._settings.retry and not running.alone:
            self._view.say(f"{text} It is tried again alone, at the end.")
            self._alone.append(one)
        elif kind in (Failure.TROUBLE, Failure.DIED) and failures <= self._settings.retry:
            self._view.say(f"{text} It is tried again at the end.")
            (self._alone if running.alone else self._waiting).append(one)
        else:
            self._settle(one, self._outcome.failed)

    def _general_trouble(self, kind: Failure, text: str) -> VideoposeError | None:
        """Whether every other video would fail as well."""
        if kind is Failure.SETUP:
            return VideoposeError(text)
        if kind is Failure.DISK_FULL:
            return DiskFullError(text)
        if kind is Failure.OUTPUT:
            try:
                self._staging.check_writable()
            except OutputError as error:
                return error
        return None

    def _remove_empty(self, folder: Path) -> None:
        """A folder made for results that did not come."""
        with suppress(OSError):
            while folder != self._settings.output:
                folder.rmdir()
                folder = folder.parent

    def _let_go(self) -> None:
        """Give back what was begun, for whoever comes next."""
        for job_id, running in list(self._running.items()):
            self._ledger.release(job_id, running.claim.token, "the command was stopped")
            self._staging.remove(running.claim.token)
            self._waiting.append(running.planned)
        self._running.clear()
