"""What `batch` prints at the end."""

from collections.abc import Sequence

import click

from videopose.batch.ledger import Ledger
from videopose.batch.plan import Planned
from videopose.batch.run import Outcome
from videopose.cli.batch_view import duration
from videopose.errors import InputError, one_line

_NAMED = 5
"""Failed videos that the last sentence names."""


def print_summary(ledger: Ledger, planned: Sequence[Planned], outcome: Outcome, elapsed_s: float) -> None:
    """Print a line for each video that this command worked on, and what came of it all, to stdout."""
    by_id = {one.job_id: one for one in planned}
    lines = [["video", "people", "frames", "s", "frames/s", ""]]
    frames = 0
    for job_id in (*outcome.done, *outcome.failed):
        row, label = ledger.row(job_id), by_id[job_id].source.label
        if row.state != "done":
            lines.append([label, "", "", "", "", f"failed: {row.error}"])
            continue
        facts = row.facts
        seconds = facts["total_s"]
        frames += facts["frames"]
        notes = facts["notes"]
        lines.append(
            [label, str(facts["people"]), str(facts["frames"]), f"{seconds:.1f}",
             f"{facts['frames'] / max(seconds, 1e-9):.1f}", f"note: {notes[0]}" if notes else ""]
        )  # fmt: skip
    if len(lines) > 1:
        widths = [max(len(line[column]) for line in lines) for column in range(5)]
        click.echo()
        for line in lines:
            numbers = "  ".join(cell.rjust(width) for cell, width in zip(line[1:5], widths[1:], strict=True))
            click.echo(one_line(f"{line[0].ljust(widths[0])}  {numbers}  {line[5]}".rstrip()))
    parts = [f"{len(outcome.done)} done", f"{len(outcome.skipped)} were done already", f"{len(outcome.failed)} failed"]
    if outcome.left:
        parts.append(f"{outcome.left} left")
    rate = f", {frames / max(elapsed_s, 1e-9):.1f} frames/s in all" if frames else ""
    click.echo(f"\n{', '.join(parts)}; {duration(elapsed_s)}{rate}")


def complain(planned: Sequence[Planned], outcome: Outcome) -> None:
    """Say what is missing.

    Raises:
        InputError: videos failed.
        OutputError: the command could not go on.
    """
    if outcome.trouble is not None:
        done = len(outcome.done) + len(outcome.skipped)
        raise type(outcome.trouble)(
            f"{outcome.trouble} {done} of {len(planned)} videos are done; the same command goes on from there."
        )
    if outcome.failed:
        by_id = {one.job_id: one for one in planned}
        labels = [by_id[job_id].source.label for job_id in outcome.failed]
        named = ", ".join(labels[:_NAMED]) + (", ..." if len(labels) > _NAMED else "")
        raise InputError(
            f"{len(labels)} of {len(planned)} videos failed: {named}. The report says why; the others are done."
        )
