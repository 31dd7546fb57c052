"""The panels of one person as PNG, one by one and as one tall picture."""

import io
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

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
from videopose.report.verdicts import Verdict

GRADE_COLOURS = {Grade.GOOD: "#00664b", Grade.FAIR: "#8a5a00", Grade.POOR: "#b03a00", Grade.UNJUDGED: "#555555"}
"""Dark enough for text on white; the grade is always said in words, too."""
_LETTERS = 112
_LINE_INCHES = 0.19


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
        "The detector's score of each keypoint. From 0.3 on it counts as seen. Grey frames were filled in between others.",
        seen_panel,
    ),
    Panel(
        "angles",
        "Joint angles",
        ("angles",),
        "Signs as usual in biomechanics: flexion is positive. A gap: the angle is not defined there.",
        angles_panel,
    ),
    Panel("speeds", "Speeds", ("speeds",), "Of the joint through space, from places in neighbouring frames.", speeds_panel),
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
        "Bodies keep their lengths; what changes is error, mostly in depth. Trunk and neck do bend, so their lengths between "
        "17 joints may change a little.",
        bones_panel,
    ),
    Panel(
        "fit",
        "Fit to the picture",
        ("fit",),
        "Joints projected back into the picture against the keypoints. Hips and shoulders never fit quite: detectors and the "
        "skeleton mean different points.",
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
    done, content = cv2.imencode(".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    if not done:
        raise ValueError("the picture could not be encoded")
    return bytes(content)


def header(report: PersonReport, name: str) -> np.ndarray:
    """The top of the tall picture: who, how good, and why."""
    lines = [(f"{name}: person {report.person_id}", 15.0, "#000000"), (grade_line(report), 12.0, GRADE_COLOURS[report.grade])]
    for verdict in report.worst():
        lines.append((verdict.text, 9.5, "#222222"))
    if report.expectation:
        lines.append((report.expectation, 9.5, "#222222"))
    return _strip(lines)


def grade_line(report: PersonReport) -> str:
    """`Fair: 2 of 8 checks are fair, none is poor.`"""
    counted = [verdict.grade for verdict in report.verdicts if verdict.counts and verdict.grade is not Grade.UNJUDGED]
    if report.grade is Grade.UNJUDGED:
        return "Not judged: nothing could be measured."
    number = counted.count(report.grade)
    said = f"{number} of {len(counted)} checks {'is' if number == 1 else 'are'} {report.grade}"
    return f"{report.grade.capitalize()}: {said}."


def caption(panel: Panel, verdicts: tuple[Verdict, ...]) -> np.ndarray:
    """The strip above a panel: its title and what is judged by it."""
    lines = [(panel.title, 12.5, "#000000")]
    for verdict in verdicts:
        lines.append((f"{verdict.grade.capitalize()}. {verdict.text}", 9.5, GRADE_COLOURS[verdict.grade]))
    lines.append((panel.about, 9.0, "#555555"))
    return _strip(lines)


def _strip(lines: list[tuple[str, float, str]]) -> np.ndarray:
    """Lines of text, broken where they are too long: text, size in points, colour."""
    broken = [
        (piece, size, colour)
        for text, size, colour in lines
        for piece in textwrap.wrap(_printable(text), int(_LETTERS * 9.5 / size)) or [""]
    ]
    heights = [_LINE_INCHES * size / 9.5 + (0.07 if size > 10 else 0.0) for _, size, _ in broken]
    height = sum(heights) + 0.25
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    top = height - 0.2
    for (text, size, colour), step in zip(broken, heights, strict=True):
        # no formulas: names may hold dollars
        figure.text(
            0.15 / WIDTH_INCHES, top / height, text, fontsize=size, color=colour, va="top", parse_math=False,
            fontweight="bold" if size > 10 else "normal",
        )  # fmt: skip
        top -= step
    return _pixels(figure)


def _printable(text: str) -> str:
    """Without what the font has no picture of."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _pixels(figure: Figure) -> np.ndarray:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="raw", dpi=DPI)
    width, height = figure.canvas.get_width_height(physical=True)
    return np.frombuffer(buffer.getvalue(), np.uint8).reshape(height, width, 4)[..., :3].copy()
