"""The panels of one person as PNG, one by one and as one tall picture."""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from videopose.report.build import PersonReport
from videopose.report.chart import DPI, WIDTH_INCHES
from videopose.report.checks import bones_panel, fit_panel, movement_panel
from videopose.report.limits import Grade
from videopose.report.measures import Measures
from videopose.report.panels import angles_panel, path_panel, seen_panel, speeds_panel
from videopose.report.verdicts import TITLES, Verdict

GRADE_COLOURS = {Grade.GOOD: "#00664b", Grade.FAIR: "#8a5a00", Grade.POOR: "#b03a00", Grade.UNJUDGED: "#555555"}
"""Dark enough for text on white; the grade is always said in words, too."""
_LETTERS = 124
_BADGE_INCHES = 0.95
_LINE_INCHES = 0.19


@dataclass(frozen=True, slots=True)
class _Line:
    """Text in a strip."""

    text: str
    size: float
    """Points."""
    colour: str = "#222222"
    grade: Grade | None = None
    """Written before the text."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure with what is judged by it."""

    key: str
    title: str
    verdicts: tuple[str, ...]
    """Measures, keys of `limits.LIMITS`."""
    about: str
    """How to read it: a sentence or two."""
    draw: Callable[[Measures], Figure]


PANELS = (
    Panel(
        "seen",
        "Seen in the picture",
        ("seen",),
        "The detector's score of each keypoint: seen from 0.3 on. Grey frames were filled in between others.",
        seen_panel,
    ),
    Panel(
        "angles",
        "Joint angles",
        ("angles",),
        "Flexion is positive. Faint: not all joints of the angle were seen. A gap: it is not defined there.",
        angles_panel,
    ),
    Panel(
        "speeds",
        "Speeds",
        ("speeds",),
        "Of the joint through space, from places in neighbouring frames. Faint: the joint was not seen.",
        speeds_panel,
    ),
    Panel(
        "path",
        "Path from above",
        ("path",),
        "Where the middle of the hips went; light is early, dark is late. Dashed: the edges of the picture.",
        path_panel,
    ),
    Panel(
        "bones",
        "Bone lengths",
        ("bones",),
        "Bodies keep their lengths; what changes is error, mostly in depth. Trunk and neck do bend, so their lengths "
        "between 17 joints may change a little.",
        bones_panel,
    ),
    Panel(
        "fit",
        "Fit to the picture",
        ("fit",),
        "Joints projected back into the picture against the keypoints. Hips and shoulders never fit quite: detectors "
        "and the skeleton mean different points.",
        fit_panel,
    ),
    Panel(
        "movement",
        "Steadiness, standing feet, left and right",
        ("jitter", "sliding", "swaps"),
        "Feet count as standing by their height alone: close to their lowest place within a second, hardly rising.",
        movement_panel,
    ),
)


def panel_images(report: PersonReport) -> Iterator[tuple[Panel, np.ndarray]]:
    """Each panel with its (H, W, 3) uint8 RGB picture; only one is kept at a time."""
    for panel in PANELS:
        yield panel, _pixels(panel.draw(report.measures))


def png(image: np.ndarray) -> bytes:
    """(H, W, 3) uint8 RGB as a PNG file."""
    done, content = cv2.imencode(".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 6])
    if not done:
        raise ValueError("the picture could not be encoded")
    return bytes(content)


def header(report: PersonReport, name: str) -> np.ndarray:
    """The top of the tall picture: who, how good, and why."""
    lines = [_Line(f"{name}: person {report.person_id}", 15.0), _Line(grade_line(report), 11.0, grade=report.grade)]
    if report.expectation:
        lines.append(_Line(report.expectation, 9.5))
    return _strip(lines)


def grade_line(report: PersonReport) -> str:
    """What made the grade, in one sentence."""
    counted = [verdict.weight for verdict in report.verdicts if verdict.weight is not Grade.UNJUDGED]
    if report.grade is Grade.UNJUDGED:
        return "Nothing could be measured."
    if report.grade is Grade.GOOD:
        return f"All {len(counted)} checks that count are good."
    return f"Because of: {', '.join(TITLES[verdict.measure].lower() for verdict in report.worst())}."


def caption(panel: Panel, verdicts: tuple[Verdict, ...]) -> np.ndarray:
    """The strip above a panel: its title and what is judged by it."""
    lines = [_Line(panel.title, 12.5)]
    lines += [_Line(verdict.text, 9.5, grade=verdict.grade) for verdict in verdicts]
    lines.append(_Line(panel.about, 9.0, "#555555"))
    return _strip(lines)


def _strip(lines: list[_Line]) -> np.ndarray:
    """Lines of text below each other, broken where they are too long."""
    broken = []
    for line in lines:
        room = _LETTERS * (WIDTH_INCHES - (_BADGE_INCHES if line.grade else 0.0)) / WIDTH_INCHES
        pieces = textwrap.wrap(_printable(line.text), int(room * 9.5 / line.size)) or [""]
        broken += [(piece, line, place == 0) for place, piece in enumerate(pieces)]
    heights = [_LINE_INCHES * line.size / 9.5 + (0.07 if line.size > 10 else 0.0) for _, line, _ in broken]
    height = sum(heights) + 0.25
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    top = height - 0.2
    for (text, line, first), step in zip(broken, heights, strict=True):
        left = 0.15
        # no formulas: names may hold dollars
        style: dict[str, Any] = {"fontsize": line.size, "va": "top", "parse_math": False}
        if line.grade is not None:
            if first:
                colour = GRADE_COLOURS[line.grade]
                figure.text(
                    left / WIDTH_INCHES, top / height, line.grade.capitalize(), color=colour, weight="bold", **style
                )
            left += _BADGE_INCHES
        weight = "bold" if line.size > 10 and line.grade is None else "normal"
        figure.text(left / WIDTH_INCHES, top / height, text, color=line.colour, weight=weight, **style)
        top -= step
    return _pixels(figure)


def _printable(text: str) -> str:
    """Without what the font has no picture of."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _pixels(figure: Figure) -> np.ndarray:
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()  # type: ignore[no-untyped-call]
    image: np.ndarray = np.asarray(canvas.buffer_rgba())[..., :3].copy()  # type: ignore[no-untyped-call]
    return image
