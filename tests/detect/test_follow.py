import math
from dataclasses import replace

import numpy as np
import pytest

from videopose.detect.blazepose.decoding import COCO_LANDMARKS
from videopose.detect.blazepose.follow import first_duplicates, is_plausible, roughest_step, steadied
from videopose.detect.blazepose.geometry import Region
from videopose.detect.blazepose.pose import BODY_SCALE, Candidate, Pose
from videopose.detect.blazepose.result import as_detections
from videopose.detect.blazepose.search import merge_candidates

IMAGE = np.zeros((400, 600, 3), np.uint8)
# a standing person of 1.8 units: x to their left, y down from the hips; COCO order
STANDING = np.array(
    [
        *((0, -0.7), (0.03, -0.74), (-0.03, -0.74), (0.08, -0.72), (-0.08, -0.72), (0.2, -0.5), (-0.2, -0.5)),
        *((0.25, -0.2), (-0.25, -0.2), (0.27, 0.05), (-0.27, 0.05), (0.12, 0), (-0.12, 0)),
        *((0.13, 0.42), (-0.13, 0.42), (0.14, 0.84), (-0.14, 0.84)),
    ]
)


def person(x: float, y: float = 200.0, size: float = 100.0, flag: float = 1.0, confidence: float = 0.9) -> Pose:
    points = np.full((33, 2), (x, y), float)
    points[list(COCO_LANDMARKS)] += STANDING * size
    region = Region(x, y, size * BODY_SCALE)
    return Pose(points, np.full(33, confidence), flag, region, region)


def turned_round(pose: Pose) -> Pose:
    points = pose.points.copy()
    points[:, 0] = 2 * pose.region.x - points[:, 0]
    return replace(pose, points=points)


CASES = {
    "the same": (person(200), True),
    "a little off": (person(204, 203), True),
    "seen from the other side": (turned_round(person(202)), True),
    "a neighbour": (person(260), False),
    "a child in front": (person(200, 240, size=55), False),
}


@pytest.mark.parametrize(("other", "same"), CASES.values(), ids=CASES)
def test_one_body_or_two(other: Pose, same: bool) -> None:
    assert person(200).is_same_body(other) is same
    assert other.is_same_body(person(200)) is same


def test_similarity_is_one_for_the_same_pose_and_falls_with_distance() -> None:
    values = [person(200).similarity(person(200 + dx)) for dx in (0, 5, 10, 20, 400)]
    assert values[0] == pytest.approx(1.0)
    assert values == sorted(values, reverse=True)
    assert values[-1] < 1e-6


PLAUSIBLE = {
    "stands": (person(200), True),
    "walks": (person(220), True),
    "leaps to another body": (person(280), False),
    "grows at once": (person(200, size=170), False),
    "flag too low": (person(200, flag=0.4), False),
    "out of view": (person(690), False),
    "unsure of all joints": (person(200, confidence=0.2), False),
    "not a number": (replace(person(200), points=np.full((33, 2), math.nan)), False),
}


@pytest.mark.parametrize(("pose", "expected"), PLAUSIBLE.values(), ids=PLAUSIBLE)
def test_what_can_be_the_same_person_a_frame_later(pose: Pose, expected: bool) -> None:
    last = person(680) if pose.region.x > 600 else person(200)
    assert is_plausible(pose, last, 1 / 30, IMAGE) is expected


def test_more_time_allows_more_way() -> None:
    assert not is_plausible(person(300), person(200), 1 / 30, IMAGE)
    assert is_plausible(person(300), person(200), 1 / 5, IMAGE)


def test_small_changes_of_the_region_are_damped_and_large_ones_taken() -> None:
    region = Region(100, 100, 200)
    assert 100 < steadied(region, Region(101, 100, 200)).x < 100.7
    assert steadied(region, Region(150, 100, 240, 0.3)) == Region(150, 100, 240, 0.3)


def test_of_two_that_became_one_body_the_one_who_leapt_ends() -> None:
    walker = [person(200 + 4 * k) for k in range(5)]
    jumper = [person(300), person(298), walker[2], walker[3], walker[4]]
    assert first_duplicates([walker, jumper], [[person(196)], [person(302)]]) == [5, 2]
    assert first_duplicates([jumper, walker], [[person(302)], [person(196)]]) == [2, 5]


def mixed(own: Pose, other: Pose, share: float) -> Pose:
    """A pose whose head and arms have gone over to another body by some share of the way."""
    taken = list(COCO_LANDMARKS[:11])
    points = own.points.copy()
    points[taken] += share * (other.points[taken] - points[taken])
    return replace(own, points=points)


@pytest.mark.parametrize("step_px", [0.0, 8.0], ids=["stands", "walks"])
def test_whoever_takes_over_joints_ends_and_their_owner_stays(step_px: float) -> None:
    owner = [person(200 + step_px * k) for k in range(16)]
    shares = [0.0] * 10 + [0.05, 0.3, 0.5, 0.8, 0.95, 1.0]  # nobody's joints slide at an even pace
    taker = [mixed(person(262), pose, share) for pose, share in zip(owner, shares, strict=True)]
    for first, second in ((owner, taker), (taker, owner)):
        kept = first_duplicates([first[12:], second[12:]], [first[:12], second[:12]])
        assert kept[0 if first is owner else 1] == 4
        assert kept[1 if first is owner else 0] < 4


def test_a_partly_taken_body_is_neither_the_same_nor_anybody_else() -> None:
    pose = mixed(person(262), person(200), 1.0)
    assert pose.is_mixed_with(person(200))
    assert pose.shares_joints_with(person(200))
    assert not person(262).is_mixed_with(person(200))
    assert not person(262).shares_joints_with(person(200))


WAYS = {
    "one pose": ([200], 0.0),
    "stands": ([200, 200, 200, 200], 0.0),
    "walks": ([200, 210, 220, 230], 0.0),
    "stops": ([210, 220, 230, 230], 0.0),
    "leaps": ([200, 200, 400, 400], 1.0),
    "leaps at once": ([200, 400], 1.0),
}


@pytest.mark.parametrize(("places", "rough"), WAYS.values(), ids=WAYS)
def test_steps_are_rough_where_nothing_foretold_them(places: list[float], rough: float) -> None:
    assert roughest_step([person(x) for x in places], np.ones(17)) == pytest.approx(rough, abs=1e-6)


def test_people_apart_are_kept_and_ended_ones_do_not_count() -> None:
    pasts = [[person(100)], [person(300)], [person(100)]]
    assert first_duplicates([[person(100)] * 3, [person(300)] * 3, []], pasts) == [3, 3, 0]
    assert first_duplicates([], []) == []


def candidate(score: float, x: float, size: float = 50.0) -> Candidate:
    return Candidate(score, np.array([x, 100.0]), np.array([x, 100.0 - size]))


def test_candidates_of_several_windows_are_merged_best_first() -> None:
    merged = merge_candidates(
        [candidate(0.6, 100), candidate(0.9, 108, 55), candidate(0.5, 160), candidate(0.7, 100, 0)]
    )
    assert [c.score for c in merged] == [0.9, 0.5]


def test_joints_outside_of_the_frame_score_low_and_the_box_stays_inside() -> None:
    found = as_detections([person(10)], 600, 400)
    keypoints = found.keypoints[0]
    outside = keypoints[:, 0] < 0
    assert outside.any()
    assert not outside.all()
    assert (keypoints[outside, 2] <= 0.05 + 1e-6).all()
    assert (keypoints[~outside, 2] > 0.8).all()
    x0, y0, x1, y1 = found.boxes[0]
    assert 0 <= x0 < x1 <= 600
    assert 0 <= y0 < y1 <= 400
    assert 0 < found.scores[0] <= 1
