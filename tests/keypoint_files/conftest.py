"""Keypoints to write: three frames with one person, nobody, and two, one keypoint not known. And people to read."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from videopose.keypoint_files import KeypointFrames
from videopose.types import Detections

FIRST = 5


def person(x: float, y: float) -> np.ndarray:
    """(17, 3): a figure 100 pixels high below a point, scores 0.5 to 0.9."""
    points = [(0, 10), (2, 8), (-2, 8), (5, 9), (-5, 9), (15, 20), (-15, 20), (18, 35), (-18, 35), (20, 50), (-20, 50)]
    points += [(10, 55), (-10, 55), (10, 75), (-10, 75), (10, 95), (-10, 95)]
    scores = np.linspace(0.5, 0.9, 17)[:, None]
    return np.concatenate([np.add(points, (x + 0.123456, y)), scores], axis=1).astype(np.float32)


def detections(*people: np.ndarray) -> Detections:
    if not people:
        return Detections.empty()
    points = np.stack(people)
    boxes = np.concatenate([np.nanmin(points[..., :2], 1) - 5, np.nanmax(points[..., :2], 1) + 5], axis=1)
    scores = np.linspace(0.95, 0.6, len(people), dtype=np.float32)
    return Detections(boxes.astype(np.float32), scores, points)


@pytest.fixture
def frames() -> KeypointFrames:
    hidden = person(300, 40)
    hidden[9] = np.nan, np.nan, 0
    found = (detections(person(100, 50)), detections(), detections(person(105, 50), hidden))
    index = np.arange(FIRST, FIRST + 3)
    return KeypointFrames("clip.mp4", "videopose", index, found, None, (640, 480), 29.97, every_frame=True)


@pytest.fixture
def followed(frames: KeypointFrames) -> KeypointFrames:
    return replace(frames, person_ids=(np.array([1]), np.array([], np.int64), np.array([1, 4])))


@pytest.fixture(scope="session")
def standing() -> Callable[..., np.ndarray]:
    """Somebody standing, `x` pixels to the right: (17, 3) float64 in COCO's order, for files that are read."""
    head = [(100, 60), (104, 54), (96, 54), (110, 56), (90, 56)]
    arms = [(120, 100), (80, 100), (128, 140), (72, 140), (130, 175), (70, 175)]
    legs = [(112, 190), (88, 190), (113, 250), (87, 250), (114, 310), (86, 310)]

    def make(x: float = 0, score: float = 0.75) -> np.ndarray:
        keypoints = np.array([(*point, score) for point in [*head, *arms, *legs]], np.float64)
        keypoints[:, 0] += x
        return keypoints

    return make
