"""The panels that check the result: bones, fit to the picture, jitter, swaps and standing feet."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from videopose.report.chart import ALARM, LINE, SECOND, SIDES, legend, line, new_figure, say, tidy, time_axis
from videopose.report.measures import Measures
from videopose.report.movement import FEET, LEAST_RATE_HZ, TREMBLE_HZ
from videopose.report.shape import LIMB_BONES, SHARED_JOINTS

_LIMB_NAMES = {"hip": "thigh", "knee": "shank", "shoulder": "upper arm", "elbow": "forearm"}
_MOST_EVENTS = 500


def bone_name(bone: tuple[str, str]) -> str:
    """`left forearm`, `hip to spine`."""
    side, _, part = bone[0].partition("_")
    if bone in LIMB_BONES:
        return f"{side} {_LIMB_NAMES[part]}"
    return " to ".join(name.replace("_", " ") for name in bone)


def bones_panel(measures: Measures) -> Figure:
    """Lengths of the limbs' bones over time, and the variation of all bones."""
    person, bones = measures.person, measures.bones
    figure = new_figure(4.6)
    grid = figure.add_gridspec(4, 2, width_ratios=[2.1, 1])
    rows: list[Axes] = []
    for row, part in enumerate(_LIMB_NAMES.values()):
        axes = figure.add_subplot(grid[row, 0], sharex=rows[0] if rows else None, sharey=rows[0] if rows else None)
        tidy(axes, "% of\nmedian", part.capitalize())
        for column, bone in enumerate(LIMB_BONES):
            if bone_name(bone).endswith(part):
                side = bone[0].partition("_")[0]
                line(axes, person.time_s, 100 * bones.relative[:, column], SIDES[side], side)
        axes.tick_params(labelbottom=row == 3)
        rows.append(axes)
    known = bones.relative[:, : len(LIMB_BONES)]
    known = known[np.isfinite(known)]
    reach = max(6.0, 105 * float(np.abs(known - 1.0).max())) if len(known) else 6.0
    rows[0].set_ylim(100 - reach, 100 + reach)
    legend(rows[0])
    time_axis(rows, person)
    bars = figure.add_subplot(grid[:, 1])
    tidy(bars, title="Variation of each length")
    names = [bone_name(bone) for bone in bones.names]
    colours = [SIDES.get(bone[1].partition("_")[0], "#777777") for bone in bones.names]
    _bars(bars, names, 100 * bones.variation, colours, "SD (% of mean)")
    return figure


def _bars(axes: Axes, names: list[str], values: np.ndarray, colours: list[str], label: str) -> None:
    places = np.arange(len(names))
    axes.barh(places, np.nan_to_num(values), color=colours, height=0.7)
    axes.set_yticks(places, names, fontsize=8.5)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set_xlabel(label, fontsize=9.5)
    if not np.isfinite(values).any():
        axes.set_xlim(0, 1)


def fit_panel(measures: Measures) -> Figure:
    """Distance between projected joints and keypoints."""
    person, fit = measures.person, measures.fit
    figure = new_figure(3.6)
    grid = figure.add_gridspec(2, 2, width_ratios=[2.1, 1])
    pixels = figure.add_subplot(grid[0, 0])
    percent = figure.add_subplot(grid[1, 0], sharex=pixels)
    tidy(pixels, "pixels", "Mean over the joints that were seen")
    tidy(percent, "% of size", "The same over the person's size in the picture")
    line(pixels, person.time_s, fit.error_px, LINE)
    line(percent, person.time_s, 100 * fit.relative, LINE)
    pixels.tick_params(labelbottom=False)
    for axes in (pixels, percent):
        axes.set_ylim(bottom=0)
        if not np.isfinite(fit.error_px).any():
            say(axes, "No place in space, or no focal length: nothing to project.")
    time_axis([pixels, percent], person)
    bars = figure.add_subplot(grid[:, 1])
    tidy(bars, title="Each joint")
    names = [name.replace("_", " ") for name in SHARED_JOINTS]
    _bars(bars, names, fit.by_joint_px, [SIDES[name.partition("_")[0]] for name in SHARED_JOINTS], "median (pixels)")
    return figure


def movement_panel(measures: Measures) -> Figure:
    """Jitter, speed of standing feet, and suspected exchanges of left and right."""
    person = measures.person
    figure = new_figure(4.3)
    jitter, feet, events = figure.subplots(3, 1, sharex=True, height_ratios=[3, 3, 1.3])
    tidy(jitter, "mm", f"Jitter: what is left of the joints' movement above {TREMBLE_HZ:g} Hz")
    line(jitter, person.time_s, measures.jitter.joints_mm, LINE)
    jitter.set_ylim(bottom=0)
    if not np.isfinite(measures.jitter.joints_mm).any():
        say(jitter, f"Cannot be told: needs {LEAST_RATE_HZ:g} frames per second.")
    tidy(feet, "m/s", "Feet that stand: speed over the ground")
    for foot, name in enumerate(FEET):
        side = name.partition("_")[0]
        standing = measures.sliding.standing[:, foot]
        line(feet, person.time_s, np.where(standing, measures.sliding.speed_m_s[:, foot], np.nan), SIDES[side], side)
    feet.set_ylim(bottom=0)
    if measures.sliding.standing.any():
        legend(feet)
    else:
        say(feet, "No foot stands, or none was placed.")
    tidy(events, title="Suspected exchanges of left and right")
    kinds = [*measures.swaps.suspects.items(), ("trunk", measures.swaps.twisted)]
    colours = (ALARM, ALARM, SECOND)
    for row, ((_, where), colour) in enumerate(zip(kinds, colours, strict=True)):
        # so many that they touch: every so many say as much
        times = person.time_s[np.flatnonzero(where)]
        times = times[:: max(1, -(-len(times) // _MOST_EVENTS))]
        events.plot(times, np.full(len(times), row), "|", color=colour, markersize=9, markeredgewidth=1.5)
    events.set_yticks(range(3), [name if name != "trunk" else "trunk twisted" for name, _ in kinds])
    events.set_ylim(2.6, -0.6)
    if not any(where.any() for _, where in kinds):
        events.text(
            0.5,
            1,
            "none",
            transform=events.get_yaxis_transform(),
            ha="center",
            va="center",
            fontsize=10,
            color="#444444",
        )
    time_axis([jitter, feet, events], person)
    return figure
