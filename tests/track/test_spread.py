"""Tracks of every N-th frame on all frames."""

from fractions import Fraction

import numpy as np

from videopose.detect import DetectorSettings
from videopose.following import Seen, follow_people, most_prominent
from videopose.track import spread
from videopose.types import Detections, Track, VideoInfo

FRAMES = np.arange(100, 113)
ROWS = np.array([0, 4, 8, 12])


def track(observed: list[bool], first: int = 0) -> Track:
    """Somebody moving evenly by 8 pixels a look, score 0.2 more each time."""
    count = len(observed)
    look = np.arange(first, first + count)
    keypoints = np.zeros((count, 17, 3), np.float32)
    keypoints[..., 0] = 8.0 * look[:, None] + np.arange(17)
    keypoints[..., 2] = np.where(observed, 0.2 + 0.2 * look, 0.0)[:, None]
    boxes = np.stack([8.0 * look, 0 * look, 8.0 * look + 20, 0 * look + 40], axis=1).astype(np.float32)
    return Track(3, look, keypoints, boxes, np.array(observed))


def test_even_movement_is_found_again_between_the_looks() -> None:
    whole = spread(track([True] * 4), ROWS, FRAMES, FRAMES / 30)
    np.testing.assert_array_equal(whole.frame_index, FRAMES)
    np.testing.assert_allclose(whole.keypoints[:, 0, 0], 2.0 * np.arange(13), atol=1e-4)
    np.testing.assert_allclose(whole.boxes[:, 2], 20 + 2.0 * np.arange(13), atol=1e-4)
    np.testing.assert_array_equal(np.flatnonzero(whole.observed), ROWS)
    assert whole.person_id == 3 and whole.supported.all()


def test_scores_between_looks_are_the_smaller_of_both() -> None:
    scores = spread(track([True] * 4), ROWS, FRAMES, FRAMES / 30).keypoints[:, 5, 2]
    np.testing.assert_allclose(scores, np.repeat([0.2, 0.4, 0.6, 0.8], [4, 4, 4, 1]), atol=1e-6)


def test_a_gap_stays_one() -> None:
    whole = spread(track([True, False, True, True]), ROWS, FRAMES, FRAMES / 30)
    np.testing.assert_array_equal(whole.supported, [True, *[False] * 7, *[True] * 5])
    assert not whole.keypoints[1:8, :, 2].any()
    np.testing.assert_allclose(whole.keypoints[:, 0, 0], 2.0 * np.arange(13), atol=1e-4)


def test_uneven_times_count() -> None:
    time_s = np.concatenate([[0.0, 0.01, 0.02, 0.03], 0.4 + 0.1 * np.arange(9)])
    whole = spread(track([True] * 4), ROWS, FRAMES, time_s)
    assert whole.keypoints[1, 0, 0] < 0.5  # a fortieth of the time, not a quarter


def test_who_comes_later_starts_later() -> None:
    whole = spread(track([True, True], first=2), ROWS, FRAMES, FRAMES / 30)
    assert (whole.frame_index[0], len(whole)) == (108, 5)


def test_the_most_prominent_are_seen_long_and_large() -> None:
    small, large = track([True] * 4), track([True] * 3)
    large.boxes[:, 2:] += 100
    assert most_prominent((small, large), 1) == (large,)
    assert most_prominent((small, large), None) == (small, large)
    assert most_prominent((small, large), 2) == (small, large)


def test_following_every_other_frame_gives_rows_for_all() -> None:
    info = VideoInfo("walk.mp4", 640, 480, Fraction(30), 61, 2.0, 0)
    looked_at = np.arange(0, 61, 2)
    upper = [(300, 60), (306, 54), (294, 54), (312, 58), (288, 58), (330, 110), (270, 110), (345, 170), (255, 170)]
    lower = [(350, 225), (250, 225), (320, 230), (280, 230), (322, 320), (278, 320), (324, 410), (276, 410)]
    detections = []
    for row in looked_at:
        keypoints = np.ones((1, 17, 3), np.float32)
        keypoints[0, :, :2] = [(x + row, y) for x, y in upper + lower]
        box = np.array([[245.0 + row, 40, 355 + row, 420]], np.float32)
        detections.append(Detections(box, np.ones(1, np.float32), keypoints))
    seen = Seen(info, np.arange(61), np.arange(61) / 30, tuple(detections), looked_at)
    (person,) = follow_people(seen, DetectorSettings(every=2))
    assert len(person) == 61 and person.supported.all() and person.observed.sum() == 31
    np.testing.assert_allclose(person.keypoints[:, 0, 0], 300 + np.arange(61), atol=0.1)
