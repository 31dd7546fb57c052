"""Keypoints of a file laid onto the frames of a video."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from videopose.detect import DetectorSettings
from videopose.errors import InputError
from videopose.following import Seen
from videopose.given import check_size, tracks_of_file
from videopose.keypoint_files import KeypointFrames
from videopose.types import Detections, VideoInfo

COUNT = 60
UPPER = [(0, 10), (2, 8), (-2, 8), (5, 9), (-5, 9), (15, 20), (-15, 20), (18, 35), (-18, 35), (20, 50), (-20, 50)]
LOWER = [(10, 55), (-10, 55), (10, 75), (-10, 75), (10, 95), (-10, 95)]
BODY = np.array([*UPPER, *LOWER], np.float32)
SEEN = Seen(VideoInfo("walk.mp4", 640, 480, Fraction(30), COUNT, 2.0, 0), np.arange(COUNT), np.arange(COUNT) / 30)
ALL = DetectorSettings()


def people(frame: int, *scores: float) -> Detections:
    """One for each score, 200 pixels apart, 300 high, moving by a pixel a frame."""
    keypoints = np.ones((len(scores), 17, 3), np.float32)
    for number in range(len(scores)):
        keypoints[number, :, :2] = 3 * BODY + (100 + 200 * number + frame, 50)
    boxes = np.concatenate([keypoints[..., :2].min(1), keypoints[..., :2].max(1)], axis=1)
    return Detections(boxes, np.array(scores, np.float32), keypoints)


def given(*scores: float, first: int = 0, count: int = COUNT, **more: object) -> KeypointFrames:
    index = np.arange(first, first + count)
    found = tuple(people(int(frame), *scores) for frame in index)
    return KeypointFrames("walk.json", "coco", index, found, **more)  # type: ignore[arg-type]


def with_ids(frames: KeypointFrames, *ids: int) -> KeypointFrames:
    return replace(frames, person_ids=tuple(np.array(ids) for _ in frames.detections))


def test_people_without_ids_are_followed() -> None:
    tracks, notes = tracks_of_file(given(0.9, 0.8), SEEN, ALL, whole=True)
    assert [(track.person_id, len(track)) for track in tracks] == [(1, COUNT), (2, COUNT)]
    assert notes == []
    np.testing.assert_allclose(tracks[0].keypoints[:, 0, 0], 100 + np.arange(COUNT), atol=0.5)


@pytest.mark.parametrize(("ids", "expected"), [((7, 3), [3, 7]), ((0, 1), [1, 2])], ids=["as given", "from 1"])
def test_ids_of_the_file_are_kept(ids: tuple[int, int], expected: list[int]) -> None:
    tracks, _ = tracks_of_file(with_ids(given(0.9, 0.8), *ids), SEEN, ALL, whole=True)
    assert [track.person_id for track in tracks] == expected
    left = tracks[expected.index(ids[0] + expected[0] - min(ids))]
    np.testing.assert_allclose(left.keypoints[:, 0, 0], 100 + np.arange(COUNT), atol=1e-3)


@pytest.mark.parametrize("ids", [None, (4, 5)], ids=["to be followed", "followed"])
def test_the_unsure_can_be_left_out(ids: tuple[int, int] | None) -> None:
    frames = given(0.9, 0.6) if ids is None else with_ids(given(0.9, 0.6), *ids)
    (track,), _ = tracks_of_file(frames, SEEN, DetectorSettings(score_threshold=0.7), whole=True)
    assert track.person_id == (1 if ids is None else 4)
    (track,), _ = tracks_of_file(frames, SEEN, DetectorSettings(max_people=1), whole=True)
    assert len(track) == COUNT


def test_frames_counted_from_1_are_moved_with_a_note() -> None:
    (track,), notes = tracks_of_file(given(0.9, first=1), SEEN, ALL, whole=True)
    assert notes == ["walk.json has frames 1 to 60: taken as counted from 1."]
    assert (track.frame_index[0], track.frame_index[-1]) == (0, COUNT - 1)
    np.testing.assert_allclose(track.keypoints[:, 0, 0], 101 + np.arange(COUNT), atol=0.5)


def test_frames_behind_the_end_are_refused_but_in_a_part() -> None:
    with pytest.raises(InputError, match=r"ends with frame 59, the detections in walk\.json reach frame 69"):
        tracks_of_file(given(0.9, count=70), SEEN, ALL, whole=True)
    (track,), _ = tracks_of_file(given(0.9, count=70), SEEN, ALL, whole=False)
    assert len(track) == COUNT


def test_formats_of_every_frame_must_have_every_frame() -> None:
    with pytest.raises(InputError, match="frames 0 to 59 are wanted, the detections hold 5 to 59"):
        tracks_of_file(given(0.9, first=5, count=55, every_frame=True), SEEN, ALL, whole=True)
    (track,), _ = tracks_of_file(given(0.9, first=5, count=55), SEEN, ALL, whole=True)
    assert track.frame_index[0] == 5


def test_pictures_of_another_size_are_refused() -> None:
    check_size(given(0.9), "walk.mp4", (640, 480))
    check_size(given(0.9, image_size=(640, 480)), "walk.mp4", (640, 480))
    with pytest.raises(InputError, match="the video is 640x480, the detections are for 1280x720"):
        check_size(given(0.9, image_size=(1280, 720)), "walk.mp4", (640, 480))
    with pytest.raises(InputError, match=r"the video is 100x80, and most keypoints in walk\.json lie outside"):
        check_size(given(0.9), "walk.mp4", (100, 80))


def test_a_file_without_anybody_gives_nobody() -> None:
    empty = KeypointFrames("walk.json", "coco", np.arange(0), ())
    assert tracks_of_file(empty, SEEN, ALL, whole=True) == ((), [])
    check_size(empty, "walk.mp4", (640, 480))
