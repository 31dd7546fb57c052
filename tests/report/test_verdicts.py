"""Numbers become grades and plain sentences."""

import math

import numpy as np
import pytest
from known_recordings import standing, with_motion, with_track

from videopose.report import LIMITS, Grade, Verdict, build_report
from videopose.report.movement import Swaps
from videopose.report.shape import LIMB_BONES
from videopose.report.verdicts import (
    LIMB_JOINTS,
    angles_verdict,
    bones_verdict,
    expectation,
    fit_verdict,
    jitter_verdict,
    overall,
    seen_verdict,
    sliding_verdict,
    speeds_verdict,
    swaps_verdict,
)
from videopose.skeletons import COCO17

NAN = float("nan")


def shares(**seen: float) -> dict[str, float]:
    return {name: seen.get(name, 1.0) for name in COCO17.joint_names}


@pytest.mark.parametrize(
    ("given", "filled", "grade", "weight", "text"),
    [
        (shares(), 0.0, "good", "good", "Every joint of the limbs was seen in at least 100 % of the frames."),
        (shares(left_wrist=0.41), 0.0, "poor", "fair", "Left wrist in 41 % of the frames only: treat its place and"),
        (
            shares(left_wrist=0.6, right_knee=0.7),
            0.0,
            "fair",
            "fair",
            "Left wrist in 60 % and right knee in 70 % of the",
        ),
        (shares(left_eye=0.0), 0.0, "good", "good", "at least 100 %"),
        (shares(), 0.052, "good", "good", "5 % of the frames were filled in: do not measure there."),
        (shares(left_wrist=0.9967), 0.0, "good", "good", "at least over 99 %"),
        (shares(left_wrist=0.001), 0.0, "poor", "fair", "Left wrist in under 1 % of"),
        (dict.fromkeys(COCO17.joint_names, 0.2), 0.8, "poor", "poor", "8 others more often of the frames only"),
    ],
)
def test_seen(given: dict[str, float], filled: float, grade: str, weight: str, text: str) -> None:
    verdict = seen_verdict(given, filled)
    assert (verdict.grade, verdict.weight) == (grade, weight)
    assert text in verdict.text
    assert verdict.value == min(given[name] for name in LIMB_JOINTS)


@pytest.mark.parametrize(
    ("given", "grade", "text"),
    [
        ({"left_knee_flexion": 1.0, "right_knee_flexion": 0.9}, "good", "seen together in at least 90 %"),
        ({"left_knee_flexion": 1.0, "right_knee_flexion": 0.4}, "poor", "right knee flexion in 40 % of the frames"),
        ({"left_knee_flexion": NAN, "right_knee_flexion": NAN}, "not judged", "no joints in 3D"),
    ],
)
def test_angles(given: dict[str, float], grade: str, text: str) -> None:
    verdict = angles_verdict(given)
    assert verdict.grade == grade
    assert text in verdict.text
    assert verdict.weight is not Grade.POOR


@pytest.mark.parametrize(
    ("fastest_hip", "frames", "grade", "text"),
    [
        (2.0, 200, "good", "At most, in m/s: 2.0 at the hip, 1.0 at a wrist, 1.0 at an ankle: bodies do that."),
        (30.0, 200, "fair", "under 1 % of the frames are faster than any body"),
        (30.0, 20, "poor", "5 % of the frames are faster than any body"),
    ],
)
def test_speeds(fastest_hip: float, frames: int, grade: str, text: str) -> None:
    speeds = np.ones((frames, 17))
    speeds[3, 0] = fastest_hip
    verdict = speeds_verdict(speeds, relative=False)
    assert verdict.grade == grade
    assert text in verdict.text


def test_speeds_without_a_place_leave_the_hip_out() -> None:
    text = speeds_verdict(np.ones((9, 17)), relative=True).text
    assert "at the hip" not in text
    assert "relative to the hip" in text


@pytest.mark.parametrize(
    ("verdict", "grade", "text"),
    [
        (bones_verdict(0.021, dict.fromkeys(LIMB_BONES, 0.021)), "good", "vary by 2.1 % (left thigh: 2.1 %): good."),
        (bones_verdict(0.03, dict.fromkeys(LIMB_BONES, 0.03)), "fair", "Look where a length leaves 100 %"),
        (bones_verdict(0.05, dict.fromkeys(LIMB_BONES, 0.05)), "poor", "bodies do not do that"),
        (bones_verdict(NAN, dict.fromkeys(LIMB_BONES, NAN)), "not judged", "two frames"),
        (fit_verdict(4.4, 0.013, True), "good", "4.4 pixels from the keypoints, 1.3 % of the person's size"),
        (fit_verdict(9.0, 0.025, True), "fair", "differ somewhat"),
        (fit_verdict(9.0, 0.04, True), "poor", "check who was followed and the lens"),
        (fit_verdict(NAN, NAN, True), "not judged", "no place in space"),
        (fit_verdict(NAN, NAN, False), "not judged", "does not say the focal length"),
        (jitter_verdict(1.3, 30.0), "good", "Above 6 Hz the joints move by 1.3 mm (RMS): steady."),
        (jitter_verdict(2.5, 30.0), "fair", "Smooth before taking accelerations"),
        (jitter_verdict(6.0, 30.0), "poor", "unsteady"),
        (jitter_verdict(NAN, 5.0), "not judged", "5 frames per second do not show it"),
        (jitter_verdict(NAN, 30.0), "not judged", "too few frames"),
        (sliding_verdict(0.04, 0.95), "good", "Feet that stand (95 % of the frames) move at 0.04 m/s"),
        (sliding_verdict(0.5, 0.2), "fair", "they slide"),
        (sliding_verdict(0.9, 0.2), "poor", "Do not take steps or contacts"),
        (sliding_verdict(NAN, NAN), "not judged", "No foot was found to stand"),
    ],
)
def test_whole_body(verdict: Verdict, grade: str, text: str) -> None:
    capped = verdict.measure in ("jitter", "sliding") and grade == "poor"
    assert (verdict.grade, verdict.weight) == (grade, "fair" if capped else grade)
    assert text in verdict.text


@pytest.mark.parametrize(
    ("legs", "twisted", "grade", "text"),
    [
        ([], [], "good", "No exchange of left and right is suspected."),
        ([50], [], "fair", "legs once, at 1.00 s. Look at the overlay there."),
        (range(50, 60), [], "poor", "legs 10 times, first at 1.00 s"),
        ([], range(100, 102), "fair", "twisted by more than a right angle in 1.0 % of the frames, first at 2.00 s"),
    ],
)
def test_swaps(legs: list[int], twisted: list[int], grade: str, text: str) -> None:
    found, turned = np.zeros(200, bool), np.zeros(200, bool)
    found[list(legs)] = True
    turned[list(twisted)] = True
    verdict = swaps_verdict(Swaps({"arms": np.zeros(200, bool), "legs": found}, turned), np.arange(200) / 50.0, 200)
    assert verdict.grade == grade
    assert text in verdict.text


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_kept_and_explained(name: str) -> None:
    limits = LIMITS[name]
    assert limits.grade(limits.good) is Grade.GOOD
    assert limits.grade(limits.fair) is Grade.FAIR
    beyond = limits.fair + (1e-9 if limits.good <= limits.fair else -1e-9)
    assert limits.grade(beyond) is Grade.POOR
    assert limits.grade(math.nan) is Grade.UNJUDGED
    assert limits.reason.endswith(".")


def test_the_worst_counts_but_not_an_assumed_lens() -> None:
    recording = standing()
    assert build_report(recording).people[0].grade is Grade.GOOD
    assumed = type(recording)(
        recording.video, recording.frame_index, recording.time_s, recording.tracks, recording.motions,
        {**recording.provenance, "focal_known": False},
    )  # fmt: skip
    person = build_report(assumed).people[0]
    by_measure = {verdict.measure: verdict for verdict in person.verdicts}
    assert by_measure["path"].grade is Grade.FAIR
    assert "--fov" in by_measure["path"].text
    assert person.grade is Grade.GOOD


def test_a_poor_fit_makes_the_person_poor_and_says_what_to_expect() -> None:
    recording = standing()
    keypoints = recording.tracks[0].keypoints.copy()
    keypoints[..., 0] += 40.0
    person = build_report(with_track(recording, keypoints)).people[0]
    assert person.grade is Grade.POOR
    assert [verdict.measure for verdict in person.worst()] == ["fit"]
    assert "off by 118 mm (median), 8 of 10 by 85 to 147 mm" in person.expectation


def test_nothing_is_expected_where_nothing_can_be_judged() -> None:
    recording = standing()
    nowhere = np.full_like(recording.motions[0].root, np.nan)
    person = build_report(with_motion(recording, root=nowhere)).people[0]
    assert person.expectation == ""
    assert {v.measure for v in person.verdicts if v.grade is Grade.UNJUDGED} == {"path", "fit", "sliding"}
    assert overall(()) is Grade.UNJUDGED
    assert expectation(()) == ""
