"""The panels of the report, a figure each: what was seen, angles, speeds, the path from above."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from videopose.kinematics import ANGLES
from videopose.report.chart import (
    COLUMNS,
    LINE,
    RIGHT,
    SECOND,
    SHADE,
    SIDES,
    legend,
    line,
    new_figure,
    say,
    shade,
    tidy,
    time_axis,
)
from videopose.report.measures import CHAINS, Measures, seen_all
from videopose.skeletons import COCO17, H36M17

_ROWS = (
    ("head", COCO17.joint_names[:5]),
    ("shoulders", ("left_shoulder", "right_shoulder")),
    ("hips", ("left_hip", "right_hip")),
    *((f"{side} {part}", (f"{side}_{part}",)) for part in ("elbow", "wrist", "knee", "ankle") for side in SIDES),
)
_TRUNK = ("trunk_inclination", "trunk_flexion", "trunk_rotation")
_TITLES = {angle.name: angle.title for angle in ANGLES}
_PLACE = {angle.name: place for place, angle in enumerate(ANGLES)}


def seen_panel(measures: Measures) -> Figure:
    """Scores of the keypoints over time, and how often each was seen."""
    person = measures.person
    figure = new_figure(3.5)
    axes, states = figure.subplots(2, 1, sharex=True, height_ratios=[10, 1])
    columns = np.unique(np.linspace(0, len(person.time_s), COLUMNS + 1).astype(np.int64)[:-1])
    scores = np.where(
        person.observed[:, None] & person.present[:, None], np.nan_to_num(person.keypoints[..., 2]), np.nan
    )
    rows = [[COCO17.index(name) for name in names] for _, names in _ROWS]
    table = np.stack([scores[:, row].mean(axis=1) for row in rows])
    # the worst of a column: a short loss must not vanish
    table = np.fmin.reduceat(table, columns, axis=1)
    edges = _edges(person.time_s, columns)
    mesh = axes.pcolormesh(
        edges, np.arange(len(_ROWS) + 1), np.ma.masked_invalid(table), cmap="cividis", vmin=0, vmax=1, rasterized=True
    )
    axes.set_facecolor("white")
    axes.set_yticks(np.arange(len(_ROWS)) + 0.5, [name for name, _ in _ROWS])
    axes.invert_yaxis()
    tidy(axes)
    axes.grid(False)
    shares = axes.secondary_yaxis("right")
    seen = [measures.seen_share[row].mean() for row in rows]
    shares.set_yticks(np.arange(len(_ROWS)) + 0.5, [f"{100 * share:.0f} %" for share in seen], fontsize=9)
    shares.spines["right"].set_visible(False)
    shares.tick_params(length=0)
    shares.set_ylabel("seen, share of frames", fontsize=9.5)
    bar = figure.colorbar(mesh, ax=[axes, states], pad=0.01, fraction=0.025, aspect=30)
    bar.set_label("score of the keypoint (0 to 1)", fontsize=9.5)
    bar.ax.tick_params(labelsize=9)
    _states(states, measures)
    time_axis([states], person)
    return figure


def _states(axes: Axes, measures: Measures) -> None:
    person = measures.person
    tidy(axes)
    axes.grid(False)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.5], ["frames"])
    shade(axes, person.time_s, person.present & person.observed, SECOND)
    shade(axes, person.time_s, ~person.present, "#ffffff")
    kinds = [
        (SECOND, "seen", person.observed),
        (SHADE, "filled in", ~person.observed),
        ("white", "absent", ~person.present),
    ]
    for colour, text, where in kinds:
        if not where.any():
            continue
        axes.bar([person.time_s[0]], [0], color=colour, edgecolor="#888888", linewidth=0.6, label=text)
    axes.legend(
        fontsize=9, ncols=3, frameon=False, loc="upper right", bbox_to_anchor=(1.0, -0.9), borderaxespad=0.0,
        handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip


def _edges(time_s: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Left edges of the columns in seconds, and the end of the last."""
    half = 0.5 * float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.25
    return np.concatenate([time_s[columns] - half, [time_s[-1] + half]])


def angles_panel(measures: Measures) -> Figure:
    """Angles of hips, knees, shoulders and elbows, and of the trunk."""
    person = measures.person
    figure = new_figure(6.0)
    grid = figure.subplots(3, 2, sharex=True)
    cells = grid.ravel()
    for axes, name in zip(cells[:4], CHAINS, strict=True):
        tidy(axes, "degrees", _TITLES[f"left_{name}"].removeprefix("Left ").capitalize())
        for side, colour in SIDES.items():
            sure = seen_all(person, f"{side}_{name}")
            line(axes, person.time_s, measures.angles[:, _PLACE[f"{side}_{name}"]], colour, side, sure)
    tidy(cells[4], "degrees", "Trunk")
    for name, colour in zip(_TRUNK, (LINE, SECOND, "#cc79a7"), strict=True):
        label = _TITLES[name].removeprefix("Trunk ")
        line(cells[4], person.time_s, measures.angles[:, _PLACE[name]], colour, label)
    tidy(cells[5], "degrees", "Pelvis")
    for name, colour in (("pelvis_tilt", LINE), ("pelvis_obliquity", SECOND)):
        line(cells[5], person.time_s, measures.angles[:, _PLACE[name]], colour, _TITLES[name].removeprefix("Pelvis "))
    for axes in (cells[1], cells[4], cells[5]):
        legend(axes, 3)
    time_axis([cells[0], cells[2], cells[4]], person)
    time_axis([cells[1], cells[3], cells[5]], person)
    return figure


def speeds_panel(measures: Measures) -> Figure:
    """Speeds of hip, wrists and ankles."""
    person = measures.person
    figure = new_figure(4.0)
    rows = figure.subplots(3, 1, sharex=True)
    tidy(rows[0], "m/s", "Hip" if person.placed.any() else "Hip (no root: other speeds are relative to the hip)")
    line(rows[0], person.time_s, measures.speeds[:, 0], LINE)
    for axes, part in zip(rows[1:], ("wrist", "ankle"), strict=True):
        tidy(axes, "m/s", f"{part.capitalize()}s")
        for side, colour in SIDES.items():
            joint = f"{side}_{part}"
            sure = person.seen[:, COCO17.index(joint)]
            line(axes, person.time_s, measures.speeds[:, H36M17.index(joint)], colour, side, sure)
    for axes in rows:
        axes.set_ylim(bottom=0)
        if not np.isfinite(measures.speeds).any():
            say(axes, "Needs two frames with joints in 3D.")
    legend(rows[1])
    time_axis(rows, person)
    return figure


def path_panel(measures: Measures) -> Figure:
    """The hip's path from above: with the camera, and near."""
    path = measures.path
    figure = new_figure(3.9)
    far, near = figure.subplots(1, 2)
    known = np.isfinite(path.places).all(axis=1)
    across, along = path.places[:, 0], path.places[:, 2]
    for axes, title in ((far, "From above, with the camera"), (near, "The path alone")):
        tidy(axes, "towards the camera (m)", title)
        axes.set_xlabel("to the right in the picture (m)", fontsize=9.5)
        if not known.any():
            say(axes, "No place in space was found.")
            continue
        axes.set_aspect("equal", adjustable="datalim" if axes is far else "box")
        _trace(axes, across, along, measures.person.time_s)
        first, last = np.flatnonzero(known)[[0, -1]]
        axes.plot(across[first], along[first], "o", color=SECOND, markersize=7, label="start", zorder=5)
        axes.plot(across[last], along[last], "s", color=RIGHT, markersize=6.5, label="end", zorder=4)
    if known.any():
        far.plot(path.camera[0], path.camera[2], "^", color=LINE, markersize=9, label="camera")
        _view(far, measures)
        far.legend(fontsize=9, frameon=False, loc="best")
        _pad(near, across[known], along[known])
    return figure


def _trace(axes: Axes, across: np.ndarray, along: np.ndarray, time_s: np.ndarray) -> None:
    """The path as a line that darkens with time; so many points as can be told apart."""
    chosen = np.unique(np.linspace(0, len(across) - 1, min(len(across), 4 * COLUMNS)).astype(np.int64))
    points = np.stack([across[chosen], along[chosen]], axis=-1)
    segments = np.stack([points[:-1], points[1:]], axis=1)
    keep = np.isfinite(segments).all(axis=(1, 2))
    shades = ListedColormap([(1 - v, 1 - v, 1 - v) for v in np.linspace(0.3, 1.0, 64)])
    lines = LineCollection(segments[keep], array=time_s[chosen][:-1][keep], cmap=shades, linewidths=1.6, zorder=3)
    axes.add_collection(lines)
    axes.plot(across, along, alpha=0.0)  # what the limits go by


def _view(axes: Axes, measures: Measures) -> None:
    """What the camera sees: the edges of its picture on the ground."""
    person, path = measures.person, measures.path
    if person.focal_px is None:
        return
    reach = 1.1 * path.distance_m[1]
    half = person.image_size[0] / 2.0 / person.focal_px
    ends = [person.world.places(np.array([side * half, 0.0, 1.0]) * reach) for side in (-1.0, 1.0)]
    for end in ends:
        axes.plot(
            [path.camera[0], end[0]], [path.camera[2], end[2]], color="#888888", linewidth=0.9, linestyle=(0, (4, 3))
        )


def _pad(axes: Axes, across: np.ndarray, along: np.ndarray) -> None:
    """At least half a metre to be seen: a person who stands must not seem to wander."""
    middle = [(float(v.min()) + float(v.max())) / 2 for v in (across, along)]
    reach = max(0.25, 0.55 * max(float(np.ptp(across)), float(np.ptp(along))))
    axes.set_xlim(middle[0] - reach, middle[0] + reach)
    axes.set_ylim(middle[1] - reach, middle[1] + reach)
