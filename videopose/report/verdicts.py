"""What the measures mean, in plain sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videopose.kinematics import ANGLES
from videopose.report.checks import bone_name
from videopose.report.limits import (
    FASTEST_HIP_M_S,
    FASTEST_LIMB_M_S,
    KNOWN_ANGLE_ERRORS,
    KNOWN_ERRORS,
    LIMITS,
    Grade,
)
from videopose.report.measures import CHAINS, Measures, seen_all
from videopose.report.movement import LEAST_RATE_HZ, TREMBLE_HZ, Swaps
from videopose.report.shape import LIMB_BONES
from videopose.skeletons import COCO17, H36M17


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judgement."""

    measure: str
    """Key of `limits.LIMITS`."""
    grade: Grade
    value: float
    """What was graded; NaN where it cannot be told."""
    unit: str
    """Of the value: `share`, `mm`, `m/s`."""
    text: str
    """The number, what it means, what to do."""
    weight: Grade
    """As what it counts for the person's verdict: a hidden limb, an unsteady
    movement or an unsure lens does not make the whole body poor."""


TITLES = {
    "seen": "Seen in the picture",
    "angles": "Joint angles",
    "speeds": "Speeds",
    "path": "Path",
    "bones": "Bone lengths",
    "fit": "Fit to the picture",
    "jitter": "Steadiness",
    "sliding": "Standing feet",
    "swaps": "Left and right",
}
"""For people, by measure."""
LIMB_JOINTS = tuple(COCO17.joint_names[5:])
"""Keypoints of shoulders, elbows, wrists, hips, knees and ankles."""
_ORDER = (Grade.GOOD, Grade.FAIR, Grade.POOR)
_MOST_NAMED = 4


def verdicts(measures: Measures) -> tuple[Verdict, ...]:
    """All judgements of one person, in the order of the panels."""
    return (
        seen_verdict(dict(zip(COCO17.joint_names, measures.seen_share.tolist(), strict=True)), measures.filled_share),
        angles_verdict(seen_together(measures)),
        speeds_verdict(measures.speeds, relative=not measures.person.placed.any()),
        path_verdict(measures),
        bones_verdict(measures.bones.limbs, dict(zip(LIMB_BONES, measures.bones.variation.tolist(), strict=False))),
        fit_verdict(measures.fit.median_px, measures.fit.median_relative, measures.person.focal_px is not None),
        jitter_verdict(measures.jitter.rms_mm, measures.person.rate_hz),
        sliding_verdict(measures.sliding.median_m_s, measures.sliding.standing_share),
        swaps_verdict(measures.swaps, measures.person.time_s, measures.lifted_frames),
    )


def overall(given: Sequence[Verdict]) -> Grade:
    """The worst of what the verdicts count as; not judged when none could be."""
    grades = [verdict.weight for verdict in given if verdict.weight is not Grade.UNJUDGED]
    return max(grades, key=_ORDER.index) if grades else Grade.UNJUDGED


def expectation(given: Sequence[Verdict]) -> str:
    """What results with such a fit and such bones were off by where the truth is known; empty when not judged."""
    grades = [verdict.grade for verdict in given if verdict.measure in ("fit", "bones")]
    if Grade.UNJUDGED in grades or not grades:
        return ""
    worst = max(grades, key=_ORDER.index)
    known = KNOWN_ERRORS[worst]
    return (
        f"{known.results} results of known truth had a fit and bones of this grade ({worst}): their joints were off by "
        f"{known.median_mm} mm (median), 8 of 10 by {known.low_mm} to {known.high_mm} mm. They were running and "
        "martial arts with simulated keypoints; other movements may be better or worse."
    )


def seen_verdict(shares: dict[str, float], filled_share: float) -> Verdict:
    """Of the share of frames in which each COCO keypoint was seen."""
    limbs = {name: shares[name] for name in LIMB_JOINTS}
    least = min(limbs.values())
    grade = LIMITS["seen"].grade(least)
    few = sorted((share, name) for name, share in limbs.items() if LIMITS["seen"].grade(share) is not Grade.GOOD)
    if few:
        named = _listed([f"{_spaced(name)} in {_percent(share)}" for share, name in few])
        advice = "treat their places and angles with care" if len(few) > 1 else "treat its place and angles with care"
        text = f"{_sentence(named)} of the frames only: {advice}. What was not seen is inferred."
    else:
        text = f"Every joint of the limbs was seen in at least {_percent(least)} of the frames."
    if filled_share > 0:
        text += f" {_percent(filled_share)} of the frames were filled in: do not measure there."
    hidden = sum(LIMITS["seen"].grade(share) is Grade.POOR for share in limbs.values())
    weight = grade if 2 * hidden >= len(limbs) else _at_most_fair(grade)
    return Verdict("seen", grade, least, "share", text, weight)


def seen_together(measures: Measures) -> dict[str, float]:
    """Share of the person's frames in which all joints of an angle were seen, by the angle's name."""
    person = measures.person
    present = max(int(person.present.sum()), 1)
    names = [f"{side}_{name}" for name in CHAINS for side in ("left", "right")]
    shares = {name: float(seen_all(person, name).sum() / present) for name in names}
    if not measures.lifted_frames:
        return dict.fromkeys(shares, float("nan"))
    return shares


def angles_verdict(shares: dict[str, float]) -> Verdict:
    """Of the share of frames in which all joints of an angle were seen together."""
    least = min(shares.values())
    grade = LIMITS["angles"].grade(least)
    if grade is Grade.UNJUDGED:
        return Verdict("angles", grade, least, "share", "There are no joints in 3D, so there are no angles.", grade)
    titles = {angle.name: angle.title for angle in ANGLES}
    few = sorted((share, name) for name, share in shares.items() if LIMITS["angles"].grade(share) is not Grade.GOOD)
    if few:
        named = _listed([f"{titles[name].lower()} in {_percent(share)}" for share, name in few])
        text = (
            f"The joints of an angle were not always seen together: {named} of the frames. Use those angles with care."
        )
    else:
        text = f"The joints of each angle were seen together in at least {_percent(least)} of the frames."
    known = ", ".join(f"{name.replace('_', ' ')} {error}" for name, error in KNOWN_ANGLE_ERRORS.items())
    text += f" Where the truth is known, angles were off by (median, degrees): {known}."
    return Verdict("angles", grade, least, "share", text, _at_most_fair(grade))


def speeds_verdict(speeds: np.ndarray, *, relative: bool) -> Verdict:
    """Of (T, 17) speeds in m/s."""
    hip = speeds[:, [0]]
    limbs = speeds[:, [H36M17.index(f"{side}_{part}") for part in ("wrist", "ankle") for side in ("left", "right")]]
    known = np.isfinite(speeds).any(axis=1)
    if not known.any():
        return Verdict(
            "speeds", Grade.UNJUDGED, float("nan"), "share", "Speeds need two frames with joints in 3D.", Grade.UNJUDGED
        )
    beyond = (np.nan_to_num(hip) > FASTEST_HIP_M_S).any(1) | (np.nan_to_num(limbs) > FASTEST_LIMB_M_S).any(1)
    share = float(beyond.sum() / known.sum())
    grade = LIMITS["speeds"].grade(share)
    parts = [("a wrist", limbs[:, :2]), ("an ankle", limbs[:, 2:])]
    if not relative:
        parts.insert(0, ("the hip", hip))
    peaks = [f"{np.nanmax(values):.1f} at {name}" for name, values in parts if np.isfinite(values).any()]
    text = f"At most, in m/s: {', '.join(peaks)}"
    if grade is Grade.GOOD:
        text += ": bodies do that."
    else:
        text += (
            f". {_percent(share)} of the frames are faster than any body: the track may jump to somebody else, or the "
            "times may be wrong. Leave those frames out."
        )
    if relative:
        text += " No frame has a place in space, so speeds are relative to the hip."
    return Verdict("speeds", grade, share, "share", text, grade)


def path_verdict(measures: Measures) -> Verdict:
    """Of where the person went."""
    path, person = measures.path, measures.person
    if not person.placed.any():
        text = (
            "No frame has a place in space: there is no path. Only joints relative to the hip can be used."
            if measures.lifted_frames
            else "There are no joints in 3D, so there is no path."
        )
        return Verdict("path", Grade.UNJUDGED, float("nan"), "share", text, Grade.UNJUDGED)
    grade = LIMITS["path"].grade(path.share)
    text = f"{_percent(path.share)} of the frames have a place in space, {_span(*path.distance_m)} m from the camera"
    text += f"; the hip went {path.length_m:.1f} m over the ground." if np.isfinite(path.length_m) else "."
    if not person.focal_known:
        grade = Grade.FAIR if grade is Grade.GOOD else grade
        text += (
            " The lens was assumed (55 degrees): with lenses of 45 to 75 degrees, distances from the camera would be a "
            "quarter longer to a third shorter. Give --fov or --focal."
        )
    return Verdict("path", grade, path.share, "share", text, grade if grade is Grade.POOR else Grade.UNJUDGED)


def bones_verdict(variation: float, by_bone: dict[tuple[str, str], float]) -> Verdict:
    """Of the mean variation of the limbs' bones."""
    grade = LIMITS["bones"].grade(variation)
    if grade is Grade.UNJUDGED:
        return Verdict("bones", grade, variation, "share", "Needs two frames with joints in 3D.", grade)
    worst = max(by_bone, key=lambda bone: by_bone[bone])
    text = f"Bones of the limbs vary by {_percent(variation, 1)} ({bone_name(worst)}: {_percent(by_bone[worst], 1)}): "
    text += {
        Grade.GOOD: "good.",
        Grade.FAIR: "limbs were hidden at times, or point at the camera. Look where a length leaves 100 %.",
        Grade.POOR: "bodies do not do that. Distrust depth where a length leaves 100 %; another view would help.",
    }[grade]
    return Verdict("bones", grade, variation, "share", text, grade)


def fit_verdict(median_px: float, relative: float, focal: bool) -> Verdict:
    """Of the median distance between projected joints and keypoints."""
    grade = LIMITS["fit"].grade(relative)
    if grade is Grade.UNJUDGED:
        why = "there is no place in space, or no joint was seen" if focal else "the file does not say the focal length"
        return Verdict("fit", grade, relative, "share", f"Cannot be told: {why}.", grade)
    text = (
        f"Projected joints lie {median_px:.1f} pixels from the keypoints, {_percent(relative, 1)} of the person's size"
    )
    text += {
        Grade.GOOD: ": pose and picture agree.",
        Grade.FAIR: ": pose and picture differ somewhat. Look at the overlay where the error is high.",
        Grade.POOR: ": pose and picture disagree. Look at the overlay, and check who was followed and the lens.",
    }[grade]
    return Verdict("fit", grade, relative, "share", text, grade)


def jitter_verdict(rms_mm: float, rate_hz: float) -> Verdict:
    """Of the movement above `TREMBLE_HZ`."""
    grade = LIMITS["jitter"].grade(rms_mm)
    if grade is Grade.UNJUDGED:
        slow = f"{rate_hz:.3g} frames per second do not show it" if rate_hz < LEAST_RATE_HZ else "too few frames in 3D"
        return Verdict("jitter", grade, rms_mm, "mm", f"Jitter cannot be told: {slow}.", grade)
    text = f"Above {TREMBLE_HZ:g} Hz the joints move by {rms_mm:.1f} mm (RMS): "
    text += {
        Grade.GOOD: "steady.",
        Grade.FAIR: "somewhat unsteady, or a very fast movement. Smooth before taking accelerations.",
        Grade.POOR: "unsteady. Do not take accelerations from it without smoothing more.",
    }[grade]
    return Verdict("jitter", grade, rms_mm, "mm", text, _at_most_fair(grade))


def sliding_verdict(median_m_s: float, share: float) -> Verdict:
    """Of the speed of standing feet."""
    grade = LIMITS["sliding"].grade(median_m_s)
    if grade is Grade.UNJUDGED:
        return Verdict(
            "sliding", grade, median_m_s, "m/s", "No foot was found to stand: sliding cannot be told.", grade
        )
    text = f"Feet that stand ({_percent(share)} of the frames) move at {median_m_s:.2f} m/s over the ground (median): "
    text += {
        Grade.GOOD: "as usual for one camera; real feet stand still.",
        Grade.FAIR: "they slide. Take steps and contacts from it with care.",
        Grade.POOR: "they slide much, or the camera moves. Do not take steps or contacts from it.",
    }[grade]
    return Verdict("sliding", grade, median_m_s, "m/s", text, _at_most_fair(grade))


def swaps_verdict(swaps: Swaps, time_s: np.ndarray, lifted: int) -> Verdict:
    """Of suspected exchanges of left and right."""
    count = len(time_s)
    if count < 2:
        return Verdict(
            "swaps",
            Grade.UNJUDGED,
            float("nan"),
            "share",
            "Exchanges of left and right need two frames.",
            Grade.UNJUDGED,
        )
    suspected = swaps.twisted.copy()
    for found in swaps.suspects.values():
        suspected |= found
    share = float(suspected.sum() / count)
    grade = LIMITS["swaps"].grade(share)
    if grade is Grade.GOOD:
        return Verdict("swaps", grade, share, "share", "No exchange of left and right is suspected.", grade)
    parts = []
    for name, found in swaps.suspects.items():
        if found.any():
            often = "once, at" if found.sum() == 1 else f"{int(found.sum())} times, first at"
            parts.append(f"{name} {often} {time_s[found.argmax()]:.2f} s")
    text = f"Left and right may have changed places: {'; '.join(parts)}. " if parts else ""
    if swaps.twisted.any():
        twisted = _percent(swaps.twisted.sum() / max(lifted, 1), 1)
        text += (
            f"The trunk is twisted by more than a right angle in {twisted} of the frames, "
            f"first at {time_s[swaps.twisted.argmax()]:.2f} s. "
        )
    return Verdict("swaps", grade, share, "share", f"{text}Look at the overlay there.", grade)


def _at_most_fair(grade: Grade) -> Grade:
    return Grade.FAIR if grade is Grade.POOR else grade


def _percent(share: float, digits: int = 0) -> str:
    if 0 < share < 10.0 ** (-2 - digits):
        return f"under {10.0**-digits:g} %"
    if 1 - 10.0 ** (-2 - digits) < share < 1:
        return f"over {100 - 10.0**-digits:g} %"
    return f"{100 * share:.{digits}f} %"


def _span(low: float, high: float) -> str:
    return f"{low:.1f}" if f"{low:.1f}" == f"{high:.1f}" else f"{low:.1f} to {high:.1f}"


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(items: list[str]) -> str:
    """The first few, and how many more."""
    more = len(items) - _MOST_NAMED
    kept = items if more <= 1 else [*items[:_MOST_NAMED], f"{more} others more often"]
    return kept[0] if len(kept) == 1 else f"{', '.join(kept[:-1])} and {kept[-1]}"
