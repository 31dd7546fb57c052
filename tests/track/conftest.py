"""Closed-form walkers seen from the side, and what a detector makes of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from videopose.types import Detections

IMAGE_SIZE = (1920, 1080)
# x forward and y down from the hips, as shares of the stature; limbs hang straight, the legs and arms swing
HEAD = {0: (0.06, -0.39), 1: (0.05, -0.41), 2: (0.05, -0.41), 3: (0.0, -0.40), 4: (0.0, -0.40)}


@dataclass(frozen=True)
class Scene:
    """What is really there."""

    time_s: np.ndarray
    """(T,)."""
    people: np.ndarray
    """(P, T, 17, 3) keypoints."""

    def true_person(self, track_keypoints: np.ndarray, frame: int) -> int:
        """The person whose pose is nearest to one frame of a track."""
        off = np.linalg.norm(self.people[:, frame, :, :2] - track_keypoints[None, :, :2], axis=-1)
        return int(off.mean(axis=1).argmin())


def walker(
    time_s: np.ndarray,
    x_px: np.ndarray,
    *,
    y_px: float = 600.0,
    height_px: float | np.ndarray = 500.0,
    phase: float = 0.0,
    step_hz: float = 0.9,
) -> np.ndarray:
    """(T, 17, 3) a person walking along x: legs and arms swing as sines about hips and shoulders, knees bend."""
    height = np.broadcast_to(np.asarray(height_px, float), time_s.shape)[:, None]
    facing = np.sign(np.gradient(x_px, time_s)) if len(time_s) > 1 else np.ones(1)
    facing = np.where(facing == 0, 1.0, facing)
    angle = 2 * np.pi * step_hz * time_s + phase
    pose = np.zeros((len(time_s), 17, 2))
    for joint, place in HEAD.items():
        pose[:, joint] = place
    for side, sign in ((0, 1.0), (1, -1.0)):
        leg, arm = 0.45 * np.sin(angle) * sign, -0.4 * np.sin(angle) * sign
        bend = 0.4 * (1 + np.cos(angle) * sign)
        shoulder, hip = np.array([0.03 * sign, -0.29]), np.array([0.02 * sign, 0.0])
        pose[:, 5 + side], pose[:, 11 + side] = shoulder, hip
        elbow = shoulder + 0.18 * np.stack([np.sin(arm), np.cos(arm)], -1)
        knee = hip + 0.245 * np.stack([np.sin(leg), np.cos(leg)], -1)
        pose[:, 7 + side], pose[:, 13 + side] = elbow, knee
        pose[:, 9 + side] = elbow + 0.15 * np.stack([np.sin(arm + 0.4), np.cos(arm + 0.4)], -1)
        pose[:, 15 + side] = knee + 0.245 * np.stack([np.sin(leg - bend), np.cos(leg - bend)], -1)
    pose[..., 0] *= facing[:, None]
    xy = pose * height[..., None]
    xy[..., 0] += x_px[:, None]
    xy[..., 1] += y_px
    return np.concatenate([xy, np.full((*xy.shape[:2], 1), 0.9)], axis=-1)


def detections_of(poses: Sequence[np.ndarray], scores: Sequence[float] | None = None) -> Detections:
    """One frame's detections of (17, 3) poses, boxes around them."""
    if not len(poses):
        return Detections.empty()
    keypoints = np.stack(poses).astype(np.float32)
    boxes = np.concatenate([np.nanmin(keypoints[..., :2], axis=1), np.nanmax(keypoints[..., :2], axis=1)], axis=1)
    given = np.full(len(keypoints), 0.9) if scores is None else np.asarray(scores)
    return Detections(boxes, given.astype(np.float32), keypoints)


def detect(scene: Scene, seen: np.ndarray, rng: np.random.Generator, jitter: float = 0.008) -> list[Detections]:
    """Detections with jitter (shares of the stature, 500 px) of the people `seen` (P, T), in random order."""
    noisy = scene.people.copy()
    noisy[..., :2] += rng.normal(scale=jitter * 500, size=noisy[..., :2].shape)
    result = []
    for t in range(len(scene.time_s)):
        people = rng.permutation(np.flatnonzero(seen[:, t]))
        result.append(detections_of([noisy[p, t] for p in people]))
    return result


def frame_times(rhythm: float | str, duration_s: float) -> np.ndarray:
    """Presentation times at a rate, or in an irregular rhythm between 10 and 60 fps."""
    if rhythm == "irregular":
        steps = np.random.default_rng(3).uniform(1 / 60, 1 / 10, int(duration_s * 60))
        times = np.concatenate([[0.0], np.cumsum(steps)])
        return times[times < duration_s]
    return np.arange(int(duration_s * float(rhythm))) / float(rhythm)


def crossing(rhythm: float | str, duration_s: float = 4.0, speed_px: float = 300.0) -> Scene:
    """Two people walking towards each other, meeting in the middle of the picture half way through."""
    time_s = frame_times(rhythm, duration_s)
    x = (time_s - duration_s / 2) * speed_px
    people = [walker(time_s, 960 + x), walker(time_s, 960 - x, y_px=590, height_px=480, phase=1.3, step_hz=1.0)]
    return Scene(time_s, np.stack(people))


@pytest.fixture(scope="session")
def scenes() -> dict[str, Callable[..., object]]:
    return {
        "walker": walker,
        "detections_of": detections_of,
        "detect": detect,
        "frame_times": frame_times,
        "crossing": crossing,
        "Scene": Scene,
    }
