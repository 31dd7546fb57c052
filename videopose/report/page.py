"""The report as one HTML page that needs nothing else."""

import base64
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources

from videopose.kinematics import UNKNOWABLE
from videopose.report.build import PersonReport, Report
from videopose.report.limits import LIMITS, Grade
from videopose.report.pictures import Panel, grade_line
from videopose.report.verdicts import TITLES, Verdict

_UNITS = {
    "jitter": ("mm", 1.0),
    "sliding": ("m/s", 1.0),
}
"""Of the limits that are no shares."""
_HONEST = (
    "The verdict of a person is the worst of the checks. Hidden limbs, jitter and sliding feet make it fair at most, "
    "and an unsure distance from the camera does not count.",
    "A good grade says that the result agrees with the picture and with itself. It does not say that it is right. "
    "Where the truth is known, fit and bones told results of bad keypoints from those of good ones (rank correlation "
    "with the error of the joints 0.82 and 0.70). Among results of equally good keypoints they said little (-0.25 to "
    "0.72). Jitter (0.33) and sliding feet (0.16) go with the error of accelerations, not with that of the joints.",
)
Drawn = Sequence[tuple[Panel, bytes]]
"""Panels with their PNG."""


def page(report: Report, name: str, drawn: Mapping[int, Drawn]) -> str:
    """The page.

    Args:
        report: what to show.
        name: heading.
        drawn: the panels by person.
    """
    style = resources.files("videopose.report").joinpath("page.css").read_text(encoding="utf-8")
    people = "".join(_person(person, drawn[person.person_id]) for person in report.people)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(name)}: report</title><style>{style}</style></head><body>\n"
        f"<h1>{escape(name)}</h1>\n{_about(report)}{_summary(report)}{people}{_basis(report)}{_unknowable()}{_limits()}"
        "</body></html>\n"
    )


def _about(report: Report) -> str:
    recording, video = report.recording, report.recording.video
    count = len(recording.frame_index)
    span = f", {recording.time_s[0]:.2f} to {recording.time_s[-1]:.2f} s" if count else ""
    source = f"{escape(video.path)}, " if video.path else ""
    return (
        f'<p class="about">{source}{video.width} × {video.height} pixels, {float(video.fps):.4g} frames per second, '
        f"{count} frames{span}.</p>\n"
    )


def _summary(report: Report) -> str:
    if not report.people:
        return '<p class="nobody">Nobody was found in this video: there is nothing to measure.</p>\n'
    rows = "".join(
        f'<tr><td><a href="#person{person.person_id}">Person {person.person_id}</a></td>'
        f"<td>{_badge(person.grade)}</td><td>{escape(_presence(person))}</td><td>{_words(grade_line(person))}</td></tr>\n"
        for person in report.people
    )
    return f'<table class="summary"><tr><th>Who</th><th>Verdict</th><th>When</th><th>Why</th></tr>\n{rows}</table>\n'


def _presence(person: PersonReport) -> str:
    measures = person.measures
    times = measures.person.time_s
    return f"{times[0]:.1f} to {times[-1]:.1f} s, {len(times)} of {measures.frames_in_recording} frames"


def _badge(grade: Grade) -> str:
    return f'<span class="grade {grade.name.lower()}">{grade.capitalize()}</span>'


def _person(person: PersonReport, drawn: Drawn) -> str:
    rows = "".join(
        f"<tr><th>{TITLES[verdict.measure]}</th><td>{_badge(verdict.grade)}</td><td>{_words(verdict.text)}</td></tr>\n"
        for verdict in person.verdicts
    )
    expected = f'<p class="expected">{_words(person.expectation)}</p>' if person.expectation else ""
    by_measure = {verdict.measure: verdict for verdict in person.verdicts}
    panels = "".join(_panel(panel, image, by_measure) for panel, image in drawn)
    return (
        f'<section id="person{person.person_id}"><h2>Person {person.person_id}</h2>\n'
        f'<p class="overall">{_badge(person.grade)} {_words(grade_line(person))}</p>{expected}\n'
        f'<table class="checks">{rows}</table>\n{panels}</section>\n'
    )


def _words(text: str) -> str:
    """Escaped, with names of options kept in one piece."""
    return re.sub(r"--[a-z]+", r"<code>\g<0></code>", escape(text))


def _panel(panel: Panel, image: bytes, by_measure: Mapping[str, Verdict]) -> str:
    given = [by_measure[measure] for measure in panel.verdicts]
    grades = " ".join(_badge(verdict.grade) for verdict in given)
    said = " ".join(f"{verdict.text}" for verdict in given)
    data = base64.b64encode(image).decode("ascii")
    return (
        f'<figure><h3>{escape(panel.title)} {grades}</h3><div class="plot">'
        f'<img alt="{escape(panel.title)}. {escape(said)}" src="data:image/png;base64,{data}"></div>'
        f"<figcaption>{escape(panel.about)}</figcaption></figure>\n"
    )


def _basis(report: Report) -> str:
    items = "".join(f"<li>{_words(sentence)}</li>" for sentence in report.basis)
    return f"<section><h2>What the numbers rest on</h2><ul>{items}</ul></section>\n"


def _unknowable() -> str:
    items = "".join(
        f"<li><b>{escape(each.name.replace('_', ' ').capitalize())}.</b> {escape(each.reason)}</li>"
        for each in UNKNOWABLE
    )
    return f"<section><h2>What 17 joints cannot tell</h2><ul>{items}</ul></section>\n"


def _limits() -> str:
    rows = []
    for name, limits in LIMITS.items():
        unit, factor = _UNITS.get(name, ("%", 100.0))
        more = limits.good > limits.fair
        good, fair = (f"{'at least' if more else 'up to'} {factor * v:g} {unit}" for v in (limits.good, limits.fair))
        rows.append(f"<tr><th>{TITLES[name]}</th><td>{good}</td><td>{fair}</td><td>{escape(limits.reason)}</td></tr>\n")
    return (
        f"<section><h2>How it is graded</h2>\n{''.join(f'<p>{sentence}</p>' for sentence in _HONEST)}\n"
        '<table class="limits"><tr><th></th><th>Good</th><th>Fair</th><th>Why there</th></tr>\n'
        f"{''.join(rows)}</table></section>\n"
    )
