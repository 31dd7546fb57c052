"""The real networks on real clips; the numbers were checked by eye, skeletons drawn on the frames."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from videopose.detect import Detector, DetectorSettings, create_detector
from videopose.detect.blazepose.detector import CHUNK_FRAMES
from videopose.skeletons import COCO17
from videopose.types import Detections, Frame

ReadClip = Callable[..., list[Frame]]


# by eye, in pixels, of a woman 850 pixels tall
SEEN = {
    "nose": (358, 228),
    "left_shoulder": (403, 340),
    "right_shoulder": (262, 332),
    "left_wrist": (486, 567),
    "right_wrist": (195, 565),
    "left_knee": (352, 775),
    "right_knee": (280, 772),
    "left_ankle": (348, 955),
    "right_ankle": (258, 955),
}


def blank(width: int, height: int, count: int = 3, value: int = 0) -> list[Frame]:
    return [Frame(k, k / 30, np.full((height, width, 3), value, np.uint8)) for k in range(count)]


COUNTS = {
    "two people, one far, backlit": ("roof_jump_two_people", 2.8, 20, 2),
    "a woman beside a man, portrait": ("occlusion_two_people", 0.0, 26, 2),
    "two seated, a third cut in half": ("seated_trio", 2.0, 14, 2),
    "seated, 1080p": ("seated_singer", 0.0, 8, 1),
    "squats at 5 fps": ("squats_portrait_5fps", 0.0, 14, 1),
    "seen from behind": ("one_by_one_with_empty_stretches", 25.0, 12, 1),
}


@pytest.mark.shared
@pytest.mark.parametrize(("clip", "start_s", "count", "people"), COUNTS.values(), ids=COUNTS)
def test_everyone_in_view_is_found_once(
    detector: Detector, read_clip: ReadClip, clip: str, start_s: float, count: int, people: int
) -> None:
    found = [len(d) for d in detector.detect(read_clip(clip, count, start_s))]
    assert found == [people] * count


@pytest.mark.shared
def test_a_man_who_passes_close_by_takes_nobodys_place(detector: Detector, read_clip: ReadClip) -> None:
    """She stands still; he bends down to her and walks on with his back to the camera, his skeleton drawn to hers."""
    hips_seen = (290, 787)
    for number, found in enumerate(detector.detect(read_clip("occlusion_two_people", 100))):
        hips = found.keypoints[:, 11:13, :2].mean(axis=1)
        hers = np.hypot(*(hips - hips_seen).T) < 30
        assert hers.sum() == 1, number
        assert (hips[~hers, 0] > 450).all(), number


@pytest.mark.shared
@pytest.mark.parametrize("start_s", [0.0, 20.5, 88.0, 136.5])
def test_an_empty_room_has_no_ghosts(detector: Detector, read_clip: ReadClip, start_s: float) -> None:
    frames = read_clip("one_by_one_with_empty_stretches", 20, start_s)
    assert [len(d) for d in detector.detect(frames)] == [0] * len(frames)


@pytest.mark.shared
def test_joints_lie_where_they_were_seen(detector: Detector, read_clip: ReadClip) -> None:
    frame = read_clip("squats_portrait_5fps", 1)[0]
    (found,) = detector.detect([frame])
    at = {name: found.keypoints[0, COCO17.index(name)] for name in COCO17.joint_names}
    for name, place in SEEN.items():
        np.testing.assert_allclose(at[name][:2], place, atol=15, err_msg=name)
        assert at[name][2] > 0.7, name


@pytest.mark.shared
def test_mirrored_video_gives_mirrored_people(detector: Detector, read_clip: ReadClip) -> None:
    frames = read_clip("squats_portrait_5fps", 4)
    mirrored = [Frame(f.index, f.time_s, np.ascontiguousarray(f.image[:, ::-1])) for f in frames]
    width = frames[0].image.shape[1]
    for plain, other in zip(detector.detect(frames), detector.detect(mirrored), strict=True):
        back = other.keypoints[0][COCO17.mirror] * (-1, 1, 1) + (width, 0, 0)
        # body joints only: a person is 500 pixels tall here
        assert np.median(np.hypot(*(back - plain.keypoints[0])[5:, :2].T)) < 8


@pytest.mark.shared
def test_far_people_are_found_in_small_windows(detector: Detector, read_clip: ReadClip) -> None:
    frame = read_clip("roof_jump_two_people", 1, 2.8)[0]
    height, width = frame.image.shape[:2]
    canvas = np.full((1400, 2500, 3), cv2.mean(frame.image)[:3], np.uint8)
    small = cv2.resize(frame.image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    canvas[500 : 500 + small.shape[0], 900 : 900 + small.shape[1]] = small
    (near,) = detector.detect([frame])
    (far,) = detector.detect([Frame(0, 0.0, canvas)])
    assert len(far) == len(near) == 2
    order = np.argsort(near.boxes[:, 0]), np.argsort(far.boxes[:, 0])
    expected = near.keypoints[order[0]][:, :, :2] / 2 + (900, 500)
    # people of about 110 pixels: shoulders, hips, knees, ankles within a few
    error = np.hypot(*(far.keypoints[order[1]][:, :, :2] - expected)[:, [5, 6, 11, 12, 13, 14, 15, 16]].T)
    assert np.median(error) < 4


@pytest.mark.shared
def test_somebody_entering_is_found_at_once_and_then_kept(detector: Detector, read_clip: ReadClip) -> None:
    frames = read_clip("one_by_one_with_empty_stretches", 40, 6.0)
    counts = {f.index: len(d) for f, d in zip(frames, detector.detect(frames), strict=True)}
    assert max(counts.values()) == 1
    first = min(index for index, count in counts.items() if count)
    assert first <= 69  # her head and shoulders come in at 65, her hips at 70
    assert all(count == 1 for index, count in counts.items() if index >= first)


@pytest.mark.shared
def test_results_do_not_depend_on_threads(detector: Detector, read_clip: ReadClip) -> None:
    frames = read_clip("roof_jump_two_people", 16, 1.0)
    single = create_detector(DetectorSettings("blazepose"), threads=1)
    try:
        for a, b in zip(detector.detect(frames), single.detect(frames), strict=True):
            assert a.keypoints.tobytes() == b.keypoints.tobytes()
            assert a.boxes.tobytes() == b.boxes.tobytes()
            assert a.scores.tobytes() == b.scores.tobytes()
    finally:
        single.close()


def test_frames_are_taken_as_they_are_needed(detector: Detector) -> None:
    taken = 0

    def feed() -> Iterator[Frame]:
        nonlocal taken
        for frame in blank(160, 90, 60):
            taken += 1
            yield frame

    results = detector.detect(feed())
    assert taken == 0
    for given in range(1, 61):
        next(results)
        assert given <= taken <= given + CHUNK_FRAMES
    assert next(results, None) is None


def test_stopping_early_leaves_the_detector_usable(detector: Detector) -> None:
    results = detector.detect(iter(blank(160, 90, 40)))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(list(detector.detect(blank(160, 90, 5)))) == 5


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (1, 2), (3, 700), (700, 3), (17, 33), (101, 99)], ids=lambda v: str(v)
)
def test_tiny_odd_and_flat_pictures_hold_nobody(detector: Detector, width: int, height: int, value: int) -> None:
    found = list(detector.detect(blank(width, height, 3, value)))
    assert [len(d) for d in found] == [0, 0, 0]
    assert found[0].keypoints.shape == (0, 17, 3)


def test_noise_holds_nobody(detector: Detector) -> None:
    image = np.random.default_rng(0).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    assert [len(d) for d in detector.detect([Frame(0, 0.0, image)])] == [0]


def test_no_frames_and_changing_sizes(detector: Detector) -> None:
    assert list(detector.detect([])) == []
    frames = [Frame(k, k / 30, np.zeros((40 + k // 3, 50, 3), np.uint8)) for k in range(10)]
    found = list(detector.detect(frames))
    assert all(isinstance(d, Detections) for d in found)
    assert len(found) == 10


@pytest.mark.shared
def test_a_grey_picture_still_shows_the_person(detector: Detector, read_clip: ReadClip) -> None:
    frame = read_clip("squats_portrait_5fps", 1)[0]
    grey = cv2.cvtColor(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert [len(d) for d in detector.detect([Frame(0, 0.0, grey)])] == [1]


@pytest.mark.shared
def test_a_cut_between_scenes_is_followed_at_once(detector: Detector, read_clip: ReadClip) -> None:
    room = read_clip("one_by_one_with_empty_stretches", 7, 25.0)
    height, width = room[0].image.shape[:2]
    other = [cv2.resize(f.image, (width, height)) for f in read_clip("roof_jump_two_people", 8, 2.8)]
    images = [f.image for f in room] + other
    found = [len(d) for d in detector.detect(Frame(k, k / 30, image) for k, image in enumerate(images))]
    assert found == [1] * 7 + [2] * 8
