"""What all panels share: colours, lines that keep their gaps and peaks, shades for what was not seen."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from videopose.report.person import Person

LEFT, RIGHT = "#56b4e9", "#e69f00"
"""Sky blue and orange of Okabe and Ito, Color Universal Design, 2008; as in the overlay."""
LINE, SECOND, ALARM = "#000000", "#009e73", "#d55e00"
"""Black, bluish green, vermilion of the same."""
SIDES = {"left": LEFT, "right": RIGHT}
SHADE = "#dddddd"
COLUMNS = 1500
"""A picture is not wider: longer recordings are drawn as least and largest value of each column."""
WIDTH_INCHES = 9.0
DPI = 150
_FAINT = 0.4
_FEW = 120
"""So few frames are marked each."""


def new_figure(height_inches: float) -> Figure:
    """An empty figure of the width that all have, without the state that pyplot keeps."""
    engine = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.05)
    figure = Figure(figsize=(WIDTH_INCHES, height_inches), dpi=DPI, layout=engine, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def tidy(axes: Axes, label: str = "", title: str = "") -> None:
    """Small type, a light grid, no box."""
    axes.tick_params(labelsize=9)
    axes.set_ylabel(label, fontsize=9.5)
    if title:
        axes.set_title(title, fontsize=10, loc="left")
    axes.grid(True, color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def time_axis(rows: Iterable[Axes], person: Person, *, label: str = "time in the video (s)") -> None:
    """The person's time below the last of `rows`, the same for all, with what was filled in shaded."""
    first, last = float(person.time_s[0]), float(person.time_s[-1])
    margin = 0.01 * (last - first) or 0.5
    below = list(rows)
    for axes in below:
        axes.set_xlim(first - margin, last + margin)
        shade(axes, person.time_s, person.present & ~person.observed)
    below[-1].set_xlabel(label, fontsize=9.5)


def shade(axes: Axes, time_s: np.ndarray, where: np.ndarray, colour: str = SHADE, alpha: float = 1.0) -> None:
    """Bands over the full height at the frames `where`, each as long as its frame."""
    spans = _spans(time_s, where)
    if spans:
        corners = [[(a, 0), (a, 1), (b, 1), (b, 0)] for a, b in spans]
        transform = axes.get_xaxis_transform()
        bands = PolyCollection(corners, facecolors=colour, edgecolors="none", alpha=alpha, zorder=0.4)
        bands.set_transform(transform)
        axes.add_collection(bands, autolim=False)


def _spans(time_s: np.ndarray, where: np.ndarray) -> list[tuple[float, float]]:
    """Start and end of each run, seconds; runs closer than a column of the picture become one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], where.astype(np.int8), [0]])))
    if not len(edges):
        return []
    half = 0.5 * float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.25
    column = (float(time_s[-1] - time_s[0]) or 1.0) / COLUMNS
    merged: list[tuple[float, float]] = []
    for first, last in edges.reshape(-1, 2):
        start, end = float(time_s[first]) - half, float(time_s[last - 1]) + half
        if merged and start - merged[-1][1] < column:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def line(
    axes: Axes, time_s: np.ndarray, values: np.ndarray, colour: str, label: str = "", sure: np.ndarray | None = None
) -> None:
    """A line over time with gaps where the values are NaN; single frames between gaps are dots.

    Args:
        axes: where.
        time_s: (T,) seconds.
        values: (T,) NaN for gaps.
        colour: of the line.
        label: in the legend.
        sure: (T,) bool; the line is faint where it is not. None: everywhere.
    """
    if sure is None or sure.all():
        _draw(axes, time_s, values, colour, label, 1.0)
        return
    _draw(axes, time_s, values, colour, "", _FAINT)
    _draw(axes, time_s, np.where(sure, values, np.nan), colour, label, 1.0)


def _draw(axes: Axes, time_s: np.ndarray, values: np.ndarray, colour: str, label: str, alpha: float) -> None:
    thin_time, thin = thinned(time_s, values)
    marker = "." if len(time_s) <= _FEW else ""
    style: dict[str, Any] = {"color": colour, "alpha": alpha}
    axes.plot(thin_time, thin, linewidth=1.3, label=label or None, marker=marker, markersize=3.5, **style)
    if not marker:
        known = np.concatenate([[False], np.isfinite(thin), [False]])
        alone = known[1:-1] & ~known[:-2] & ~known[2:]
        axes.plot(thin_time[alone], thin[alone], ".", markersize=3, **style)


def thinned(time_s: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most two points a column, the least and the largest value, in their order in time; all when they are few.

    Args:
        time_s: (T,) seconds.
        values: (T,) NaN for gaps; a column without any value stays a gap.

    Returns:
        (N,) seconds and (N,) values, N at most 2 * `COLUMNS`.
    """
    count = len(time_s)
    if count <= 2 * COLUMNS:
        return time_s, values
    edges = np.linspace(0, count, COLUMNS + 1).astype(np.int64)[:-1]
    known = np.isfinite(values)
    index = np.arange(count)
    ends = []
    for worst, pick in ((np.inf, np.minimum), (-np.inf, np.maximum)):
        filled = np.where(known, values, worst)
        extreme = pick.reduceat(filled, edges)
        column = np.searchsorted(edges, index, side="right") - 1
        here = np.where(filled == extreme[column], index, count)
        ends.append(np.minimum.reduceat(here, edges))
    chosen = np.sort(np.stack(ends, axis=1), axis=1).ravel()
    return time_s[chosen], np.where(known[chosen], values[chosen], np.nan)


def legend(axes: Axes, columns: int = 4) -> None:
    """Above the right end of the axes, where no line is in its way."""
    axes.legend(
        fontsize=9, ncols=columns, frameon=False, loc="lower right", bbox_to_anchor=(1.0, 0.98), borderaxespad=0.0,
        handlelength=1.6, columnspacing=1.2,
    )  # fmt: skip


def say(axes: Axes, text: str) -> None:
    """A sentence in the middle of axes that have nothing to show, and no numbers beside it."""
    axes.set_yticks([])
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize=10, color="#444444", wrap=True
    )
