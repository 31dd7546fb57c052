"""The report of an output folder: one page with a row for each video, made from the ledger."""

import base64
from collections.abc import Iterable
from datetime import datetime
from html import escape
from importlib import resources
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from videopose import __version__
from videopose.batch.ledger import Ledger
from videopose.batch.verdict import JobRow
from videopose.files import atomic_path
from videopose.results import OVERLAY_SUFFIXES

REPORT_NAME = "report.html"
_ORDER = ("failed", "running", "waiting", "done")
"""What needs a look comes first."""
_NUMBERS = ("people", "frames", "seconds", "frames/s", "attempts")


def write_report(ledger: Ledger, folder: Path) -> None:
    """Write `report.html`: per video a picture of its overlay, people, frames, speed, errors and notes.

    The page needs nothing else but the results beside it, to which it links.

    Raises:
        OutputError: it cannot be written.
    """
    rows = sorted(ledger.rows(), key=lambda row: _ORDER.index(row.state))
    style = resources.files("videopose.batch").joinpath("report.css").read_text(encoding="utf-8")
    with atomic_path(folder / REPORT_NAME) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        head = "".join(f'<th class="n">{name}</th>' for name in _NUMBERS)
        stream.write(
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>videopose batch</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head><body>\n'
            f'<h1>{escape(folder.name)}</h1>\n<p class="sum">{_summary(rows)}</p>\n<table>\n'
            f"<tr><th></th><th>video</th><th>state</th>{head}</tr>\n"
        )
        for row in rows:
            stream.write(_row(row, ledger.attempts(row.job_id), ledger.thumbnail(row.job_id)))
        stream.write("</table>\n</body></html>\n")


def _summary(rows: list[JobRow]) -> str:
    counts = [(sum(row.state == state for row in rows), state) for state in reversed(_ORDER)]
    frames = sum(row.facts["frames"] for row in rows if row.state == "done")
    seconds = sum(row.facts["total_s"] for row in rows if row.state == "done")
    parts = [f"{count} {state}" for count, state in counts if count]
    rate = f"; {frames} frames in {seconds:.0f} s of work, {frames / seconds:.1f} frames/s a worker" if seconds else ""
    return escape(f"{', '.join(parts)}{rate}. videopose {__version__}, {datetime.now():%Y-%m-%d %H:%M}")


def _row(row: JobRow, attempts: int, thumbnail: bytes | None) -> str:
    facts = row.facts if row.state == "done" else {}
    seconds = facts.get("total_s", 0.0)
    numbers = [
        str(facts.get("people", "")),
        str(facts.get("frames", "")),
        f"{seconds:.1f}" if facts else "",
        f"{facts['frames'] / max(seconds, 1e-9):.1f}" if facts else "",
        str(attempts),
    ]
    state = f'<span class="{row.state}">{row.state}</span>'
    said = [row.error or ""] if row.state == "failed" else list(facts.get("notes", ()))
    state += "".join(f"<small>{escape(text)}</small>" for text in said)
    named = zip(_NUMBERS, numbers, strict=True)
    cells = "".join(f'<td class="n" data-what="{name}">{text}</td>' for name, text in named)
    return (
        f'<tr><td class="p">{_picture(row, thumbnail)}</td><td class="w">{escape(row.label)}{_links(row)}</td>'
        f'<td class="w">{state}</td>{cells}</tr>\n'
    )


def _picture(row: JobRow, thumbnail: bytes | None) -> str:
    if thumbnail is None or row.state != "done":
        return ""
    data = base64.b64encode(thumbnail).decode("ascii")
    image = f'<img alt="" loading="lazy" src="data:image/jpeg;base64,{data}">'
    overlay = next((name for name in row.files if name.endswith(OVERLAY_SUFFIXES)), None)
    return image if overlay is None else f'<a href="{_address(row, overlay)}">{image}</a>'


def _links(row: JobRow) -> str:
    if row.state != "done":
        return ""
    stem = PurePosixPath(row.name).name
    return f"<small>{' '.join(_link(row, name, stem) for name in _in_order(row.files))}</small>"


def _in_order(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (not name.endswith(OVERLAY_SUFFIXES), len(name), name))


def _link(row: JobRow, name: str, stem: str) -> str:
    return f'<a href="{_address(row, name)}">{escape(name.removeprefix(stem + "."))}</a>'


def _address(row: JobRow, name: str) -> str:
    """Relative, so that the folder may be moved."""
    return escape("./" + quote(PurePosixPath(row.name).with_name(name).as_posix()))
