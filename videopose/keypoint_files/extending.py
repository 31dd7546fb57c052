"""COCO's 17 keypoints in larger layouts: the joints that can be made from them, and the rest as not known."""

from collections.abc import Sequence

import numpy as np

from videopose.keypoint_files.writing import known
from videopose.skeletons import COCO17

HEAD_LENGTH = 1.65
"""The top of the head is so much farther from the neck (the middle of the shoulders) than the ears are: in standing
height, shoulders lie at 0.81, ears at 0.925, the top at 1. (Drillis and Contini, Body segment parameters, 1966.)"""


def in_layout(keypoints: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Keypoints in the order of another layout.

    `neck` and `hip` are the middle of shoulders and hips. `head`, its top, lies on the line from the neck to the
    middle of the ears (else of the eyes, else the nose), `HEAD_LENGTH` times as far. Their score is the lowest of what
    they are made from. All else, like toes and heels, is not known.

    Args:
        keypoints: (17, 3) in COCO's order: x, y in pixels, score; NaN where not known.
        names: joints of the layout.

    Returns:
        (len(names), 3) float32; 0, 0, 0 where not known.
    """
    named = dict(zip(COCO17.joint_names, keypoints, strict=True))
    named["neck"] = _middle(keypoints, "left_shoulder", "right_shoulder")
    named["hip"] = _middle(keypoints, "left_hip", "right_hip")
    named["head"] = _head(keypoints, named["neck"])
    unknown = np.full(3, np.nan, np.float32)
    return known(np.stack([named.get(name, unknown) for name in names]).astype(np.float32))


def _middle(keypoints: np.ndarray, *names: str) -> np.ndarray:
    """(3,) mean of keypoints, with the lowest of their scores; NaN where one is not known."""
    chosen = keypoints[[COCO17.index(name) for name in names]]
    return np.array([*chosen[:, :2].mean(0), chosen[:, 2].min()], np.float32)


def _head(keypoints: np.ndarray, neck: np.ndarray) -> np.ndarray:
    """(3,) top of the head; NaN where not known."""
    for names in (("left_ear", "right_ear"), ("left_eye", "right_eye"), ("nose",)):
        centre = _middle(keypoints, *names)
        if np.isfinite(centre).all():
            top = neck[:2] + HEAD_LENGTH * (centre[:2] - neck[:2])
            return np.array([*top, min(centre[2], neck[2])], np.float32)
    return np.full(3, np.nan, np.float32)
