"""Recordings that are made up: any number of frames and people, with all that can be missing."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from videopose.skeletons import H36M17
from videopose.types import Motion, Recording, Track, VideoInfo

STANDING = np.array(
    [
        [0, 0, 0], [-0.12, 0, 0], [-0.12, 0.45, 0], [-0.12, 0.88, 0.05], [0.12, 0, 0], [0.12, 0.45, 0],
        [0.12, 0.88, 0.05], [0, -0.25, 0], [0, -0.5, 0], [0, -0.6, -0.08], [0, -0.72, 0], [0.18, -0.47, 0],
        [0.2, -0.2, 0], [0.2, 0.05, 0], [-0.18, -0.47, 0], [-0.2, -0.2, 0], [-0.2, 0.05, 0],
    ]
)  # fmt: skip
"""(17, 3) metres, root-relative, camera axes: upright, facing the camera, so that the person's right is at -x."""


def made_motion(frames: int, *, start: int = 0, fps: float = 30.0, person_id: int = 1, seed: int = 0) -> Motion:
    """Somebody who walks about, with limbs that move at random but smoothly."""
    rng = np.random.default_rng(seed)
    index = np.arange(start, start + frames)
    time_s = index / fps
    phases = rng.uniform(0, 2 * np.pi, (17, 3))
    joints = STANDING + 0.08 * np.sin(2 * np.pi * time_s[:, None, None] + phases)
    joints[:, 0] = 0
    root = np.stack([np.sin(time_s) * 0.8, 0.1 * np.cos(time_s), 4 + 0.5 * np.cos(0.7 * time_s)], axis=-1)
    return Motion(person_id, index, time_s, joints.astype(np.float32), root.astype(np.float32))


def made_recording(
    frames: int,
    spans: Sequence[tuple[int, int]],
    *,
    start: int = 0,
    fps: Fraction = Fraction(30),
    lifted: bool = True,
) -> Recording:
    """People present from the first up to before the second row of their span; every fourth row is filled in."""
    rng = np.random.default_rng(1)
    index = np.arange(start, start + frames)
    tracks, motions = [], []
    for person, (first, stop) in enumerate(spans, 1):
        motion = made_motion(stop - first, start=start + first, fps=float(fps), person_id=person, seed=person)
        pixels = rng.uniform((0, 0), (640, 480), (len(motion), 17, 2))
        scores = rng.uniform(0.3, 1, (len(motion), 17, 1))
        observed = np.arange(len(motion)) % 4 != 3
        scores[~observed] = 0
        keypoints = np.concatenate([pixels, scores], axis=-1).astype(np.float32)
        boxes = np.concatenate([pixels.min(1), pixels.max(1)], axis=-1).astype(np.float32)
        tracks.append(Track(person, motion.frame_index, keypoints, boxes, observed))
        motions.append(motion)
    video = VideoInfo("Gehen & Läufe.mp4", 640, 480, fps, frames, frames / float(fps), 0)
    return Recording(video, index, index / float(fps), tuple(tracks), tuple(motions) if lifted else ())


def without(motion: Motion, *, joints: Sequence[tuple[int, str]] = (), root: slice = slice(0, 0)) -> Motion:
    """The motion with some (row, joint) unknown, and no root in some rows."""
    places, path = motion.joints.copy(), motion.root.copy()
    for row, name in joints:
        places[row, H36M17.index(name)] = np.nan
    path[root] = np.nan
    return Motion(motion.person_id, motion.frame_index, motion.time_s, places, path)


def at_times(motion: Motion, time_s: np.ndarray) -> Motion:
    """The motion with other times."""
    return Motion(motion.person_id, motion.frame_index, time_s, motion.joints, motion.root)


def y_up(motion: Motion) -> np.ndarray:
    """(T, 17, 3) metres: every joint from the camera, x right, y up, z towards the camera; needs a root."""
    return np.asarray((motion.joints.astype(np.float64) + motion.root[:, None]) * [1.0, -1.0, -1.0])


def markers(motion: Motion) -> np.ndarray:
    """(T, 18, 3): `y_up`, and then the middle of the shoulders, as files of markers have it."""
    joints = y_up(motion)
    shoulders = [H36M17.index("left_shoulder"), H36M17.index("right_shoulder")]
    return np.concatenate([joints, joints[:, shoulders].mean(axis=1, keepdims=True)], axis=1)
