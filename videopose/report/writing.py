"""Writing a report: one page, and a tall picture for each person."""

import re
from pathlib import Path

import numpy as np

from videopose.files import atomic_path
from videopose.report.build import Report, build_report
from videopose.report.page import page
from videopose.report.pictures import Panel, caption, header, panel_images, png
from videopose.types import Recording

PAGE_SUFFIX = ".report.html"


def write_report(recording: Recording, folder: Path, stem: str) -> tuple[Path, ...]:
    """Write `STEM.report.html`, and `STEM.person<ID>.report.png` for each person.

    Pictures of people that an earlier report showed and this one does not are removed. The caller checks whether
    anything may be replaced, see `present_reports`.

    Args:
        recording: to judge.
        folder: made if needed.
        stem: the video's name.

    Returns:
        The files written, the page first.

    Raises:
        OutputError: a file cannot be written.
    """
    return write_files(build_report(recording), folder / f"{stem}{PAGE_SUFFIX}", stem, pictures=True)


def write_files(report: Report, path: Path, stem: str, *, pictures: bool) -> tuple[Path, ...]:
    """Write the page to `path`, and the pictures beside it.

    Args:
        report: what to show.
        path: of the page.
        stem: the video's name: heading, and start of the pictures' names.
        pictures: whether each person's picture is written as a file of its own, too.

    Raises:
        OutputError: a file cannot be written.
    """
    drawn: dict[int, list[tuple[Panel, bytes]]] = {}
    written = []
    for person in report.people:
        by_measure = {verdict.measure: verdict for verdict in person.verdicts}
        drawn[person.person_id] = []
        strips = [header(person, stem)]
        for panel, image in panel_images(person):
            drawn[person.person_id].append((panel, png(image)))
            strips += [caption(panel, tuple(by_measure[name] for name in panel.verdicts)), image]
        if pictures:
            written.append(path.with_name(f"{stem}.person{person.person_id}.report.png"))
            with atomic_path(written[-1]) as temporary:
                temporary.write_bytes(png(np.concatenate(strips)))
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(page(report, stem, drawn))
    if pictures:
        # People of an earlier report would pass for this one's.
        for old in _pictures(path.parent, stem):
            if old not in written:
                old.unlink()
    return (path, *written)


def present_reports(folder: Path, stem: str) -> list[Path]:
    """Files of an earlier report of that name."""
    path = folder / f"{stem}{PAGE_SUFFIX}"
    return ([path] if path.exists() else []) + _pictures(folder, stem)


def _pictures(folder: Path, stem: str) -> list[Path]:
    pattern = re.compile(re.escape(stem) + r"\.person\d+\.report\.png")
    return sorted(path for path in folder.glob("*.report.png") if pattern.fullmatch(path.name))
