"""Training curves of a run as a picture, drawn from its log."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, ScalarFormatter

from videopose.files import atomic_path

NAME = "curves.png"
_STEEP = 3.0
"""Errors that fall by more than this factor are easier to see on a logarithmic scale."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes."""

    label: str
    """Of the y axis, with its unit."""
    lines: dict[str, str]
    """Legend by key of the log."""


PANELS = (
    Panel("error (mm)", {"train_mm": "training", "valid_mm": "test", "valid_p_mpjpe_mm": "test, aligned (P-MPJPE)"}),
    Panel("loss (mm)", {"trajectory_mm": "trajectory (weighted by 1/depth)", "bone_mm": "bone lengths"}),
    Panel("loss (half widths\nof the picture)", {"projection": "projection"}),
    Panel("acceleration error\n(mm/frame²)", {"valid_acceleration_mm": "test"}),
    Panel("learning rate", {"learning_rate": "learning rate"}),
)
"""Those are drawn of which the log has something."""


def draw_curves(log: Sequence[dict[str, Any]], path: Path, title: str) -> None:
    """Draw the curves of a run.

    Args:
        log: lines of `log.jsonl`, from `run_log.read_log`; missing numbers are gaps.
        path: picture to write, replaced if it exists.
        title: above it.

    Raises:
        OutputError: the picture cannot be written.
    """
    panels = [panel for panel in PANELS if any(_numbers(log, key)[0] for key in panel.lines)]
    heights = [3.0] + [1.4] * (len(panels) - 1)
    figure = Figure(figsize=(8.0, 1.2 + sum(heights[: max(1, len(panels))])), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    rows = figure.subplots(max(1, len(panels)), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axes, panel in zip(rows, panels, strict=False):
        _draw(axes, panel, log)
    rows[-1].set_xlabel("epoch")
    rows[-1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")


def _draw(axes: Axes, panel: Panel, log: Sequence[dict[str, Any]]) -> None:
    steep = False
    for key, label in panel.lines.items():
        epochs, values = _numbers(log, key)
        if not epochs:
            continue
        last = f"{values[-1]:.3g}" if key == "learning_rate" or key == "projection" else f"{values[-1]:.1f}"
        marker = "." if len(epochs) < 40 else ""
        axes.plot(epochs, values, marker=marker, linewidth=1.3, label=f"{label}: {last} at the end")
        positive = [value for value in values if value > 0]
        steep = steep or (len(positive) == len(values) and max(values) > _STEEP * min(values))
    if steep:
        axes.set_yscale("log")
        if panel.label.startswith("error"):
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0)))
            axes.yaxis.set_major_formatter(ScalarFormatter())
            axes.yaxis.set_minor_formatter("")
    axes.set_ylabel(panel.label)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper right", fontsize="small")


def _numbers(log: Sequence[dict[str, Any]], key: str) -> tuple[list[int], list[float]]:
    """Epochs and values of those lines that have the key."""
    rows = [(int(line["epoch"]), float(line[key])) for line in log if line.get(key) is not None]
    return [epoch for epoch, _ in rows], [value for _, value in rows]
