"""The gallery's page, from its cases and their figures."""

from typing import Any

from showcase.cases import OPENING, Case

_TOP = """# Good and bad results, and why

Each picture is a frame of the overlay that `videopose infer` draws: the 2D skeleton on the video, and next to it the
3D motion from the front and from the side, on the estimated ground; the thin green line is the way the hips have just
come. At the right edge the 3D pose (left limbs blue, right ones orange) lies over the true one (thick, green), hips on
hips, seen by the camera and from its right.

The people are drawn, their movements are real: motion capture of the CMU Graphics Lab, filmed by `docs/mocap_video.py`
with a virtual camera. So the truth is known. `infer` ran with its defaults (embedded detector, lifter `wild-243`)
unless a case says otherwise, and was told neither the lens nor the person's height. The lifter was not trained on the
people of trials 09 and 135, but it is validated on them; trial 49 was among its training data. A drawn person in a tidy
room is easier to find than a real one in a street: compare the cases with each other, and expect real videos to do
worse.

MPJPE is the mean distance of the 17 joints from their true places, hips on hips; P-MPJPE the same after each pose is
turned and scaled to fit best. Both are means over the frames that have a result. Everything here is made by

```
python docs/gallery.py run cmu_asfamc_subset.zip
```

"""
_END = """
The data used in this project was obtained from mocap.cs.cmu.edu. The database was created with funding from
NSF EIA-0196217.
"""


def page(cases: tuple[Case, ...], figures: dict[str, Any]) -> str:
    """The whole of docs/gallery.md.

    Args:
        cases: in their order.
        figures: by name of the case, as `measuring.errors` gives them.
    """
    parts = [_TOP, _table(cases, figures)]
    for good, heading in ((True, "Good"), (False, "Bad")):
        parts.append(f"\n## {heading}\n")
        parts += [_entry(case, figures[case.name]) for case in cases if case.good == good]
    return "".join([*parts, _END])


def opening(cases: tuple[Case, ...], figures: dict[str, Any]) -> str:
    """What the README shows first: the picture, what it is, and how it was made."""
    case = next(case for case in cases if case.name == OPENING)
    x, y, z = case.view.position
    error_mm = figures[OPENING]["mpjpe_mm"]
    return f"""![A kick: the skeleton on the video, and the same movement in 3D](docs/pictures/opening.gif)

The person is drawn, the movement is real: motion capture of somebody the lifter was not trained on, filmed by a
virtual camera, so that the truth is known: the 17 joints are {error_mm:.0f} mm from it on average. This is the overlay
of these commands; [the gallery](docs/gallery.md) has more results, good and bad ones, with the reasons.

```
python docs/mocap_video.py cmu_asfamc_subset.zip {case.trial} -o kick.mp4 \\
    --start {case.start_s:g} --seconds {case.seconds:g} --camera {x:g},{y:g},{z:g}
videopose infer kick.mp4
```
"""


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _table(cases: tuple[Case, ...], figures: dict[str, Any]) -> str:
    titles = ("case", "trial", "seen in frames", "MPJPE mm", "P-MPJPE mm", "wrists mm", "ankles mm")
    lines = [f"| {' | '.join(titles)} | metres from the camera: true, found |", "|---" * (len(titles) + 1) + "|"]
    for case in cases:
        found = figures[case.name]
        distance = f"{found['distance_true_m']:.1f}, {_number(found.get('distance_found_m'), 1)}"
        cells = (
            f"[{case.title}](#{_anchor(case.title)})",
            case.trial,
            f"{found['frames_seen']} of {found['frames']}",
            *(_number(found.get(key)) for key in ("mpjpe_mm", "p_mpjpe_mm", "wrists_mm", "ankles_mm")),
            distance,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _anchor(title: str) -> str:
    """The name that renderers of Markdown give a heading."""
    return "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -").replace(" ", "-")


def caption(found: dict[str, Any]) -> str:
    """One case's figures in words."""
    if "mpjpe_mm" not in found:
        return f"Nobody was found in {found['frames']} frames."
    seen = f"Seen in {found['frames_seen']} of {found['frames']} frames"
    return f"{seen}. MPJPE {found['mpjpe_mm']:.0f} mm, P-MPJPE {found['p_mpjpe_mm']:.0f} mm."


def _entry(case: Case, found: dict[str, Any]) -> str:
    lines = [f"\n### {case.title}\n", f"![{case.title}](pictures/{case.name}.jpg)\n", f"{caption(found)}\n"]
    lines.append(f"{case.why}\n" if case.good else f"**Why:** {case.why}\n")
    if case.remedy:
        lines.append(f"**What to do:** {case.remedy}\n")
    return "\n".join(lines)
