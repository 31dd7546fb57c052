"""People made by hand for tests of drawings: they stand where they are told to, filmed by a known camera."""

from fractions import Fraction

import numpy as np

from videopose.skeletons import COCO17, H36M17
from videopose.types import Frame, Motion, Recording, Track, VideoInfo

SIZE = (640, 360)
GREY = 128

# A person who faces the camera, in metres from the hips: x right, y down, z away. Left is at the picture's right.
STANDING = {
    "hip": (0, 0, 0),
    "hip_": (0.12, 0, 0),
    "knee": (0.13, 0.42, -0.02),
    "ankle": (0.14, 0.84, 0),
    "spine": (0, -0.25, 0),
    "thorax": (0, -0.5, 0),
    "neck": (0, -0.58, -0.1),
    "head": (0, -0.75, 0),
    "shoulder": (0.18, -0.48, 0),
    "elbow": (0.36, -0.25, 0),
    "wrist": (0.5, -0.02, -0.05),
    "nose": (0, -0.6, -0.1),
    "eye": (0.03, -0.63, -0.08),
    "ear": (0.07, -0.61, 0),
}


def standing(names: tuple[str, ...]) -> np.ndarray:
    """(J, 3) joints of the standing person."""
    points = []
    for name in names:
        side, _, part = name.partition("_")
        if side in ("left", "right"):
            x, y, z = STANDING["hip_" if part == "hip" else part]
            points.append((x if side == "left" else -x, y, z))
        else:
            points.append(STANDING[name])
    return np.array(points, dtype=np.float64)


def person(
    person_id: int = 1, root: np.ndarray | None = None, length: int = 20, start: int = 0, size: tuple[int, int] = SIZE
) -> tuple[Track, Motion]:
    """A person standing at `root` (T, 3), filmed with a focal length of the picture's height."""
    root = np.tile([0.0, 0.2, 2.5], (length, 1)) if root is None else root
    points = standing(COCO17.joint_names) + root[:, None]
    keypoints = np.full((length, 17, 3), 0.9, np.float32)
    keypoints[..., :2] = size[1] * points[..., :2] / points[..., 2:] + np.array(size) / 2
    boxes = np.concatenate([keypoints[..., :2].min(axis=1), keypoints[..., :2].max(axis=1)], axis=1)
    index = np.arange(start, start + length)
    joints = np.tile(standing(H36M17.joint_names), (length, 1, 1)).astype(np.float32)
    track = Track(person_id, index, keypoints, boxes, np.ones(length, bool))
    return track, Motion(person_id, index, index / 30, joints, root.astype(np.float32))


def recording(*people: tuple[Track, Motion], length: int = 20, size: tuple[int, int] = SIZE) -> Recording:
    info = VideoInfo("walk.mp4", *size, Fraction(30), length, length / 30, 0)
    tracks, motions = tuple(p[0] for p in people), tuple(p[1] for p in people)
    return Recording(info, np.arange(length), np.arange(length) / 30, tracks, motions)


def frame(index: int = 0, size: tuple[int, int] = SIZE) -> Frame:
    return Frame(index, index / 30, np.full((size[1], size[0], 3), GREY, np.uint8))


def where(image: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """(N, 2) x, y of the pixels of exactly that colour."""
    return np.argwhere((image == colour).all(axis=2))[:, ::-1]


def replaced(pair: tuple[Track, Motion], **arrays: np.ndarray) -> tuple[Track, Motion]:
    """The same person with other arrays in the track."""
    track, motion = pair
    values = {"keypoints": track.keypoints, "boxes": track.boxes, "observed": track.observed, **arrays}
    return Track(track.person_id, track.frame_index, **values), motion
