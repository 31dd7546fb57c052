"""From poses to the pipeline's detections."""

from collections.abc import Sequence

import numpy as np

from videopose.detect.blazepose.pose import Pose
from videopose.types import Detections

OUTSIDE_SCORE = 0.05
"""Most a joint outside of the frame can score: it is a guess."""
BOX_CONFIDENCE = 0.15
"""Landmarks below this do not shape the box."""
MARGIN = 0.05
"""The box is wider than the landmarks by this share of its larger side, for hair and hands."""


def as_detections(poses: Sequence[Pose], width: int, height: int) -> Detections:
    """COCO-17 detections of one frame of that size in pixels, in the order of the poses."""
    if not poses:
        return Detections.empty()
    keypoints = np.stack([_keypoints(pose, width, height) for pose in poses])
    boxes = np.stack([_box(pose, width, height) for pose in poses])
    scores = np.array([_score(pose, k[:, 2]) for pose, k in zip(poses, keypoints, strict=True)], np.float32)
    return Detections(boxes.astype(np.float32), scores, keypoints.astype(np.float32))


def _inside(points: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(((points >= 0) & (points <= (width, height))).all(axis=1))


def _keypoints(pose: Pose, width: int, height: int) -> np.ndarray:
    joints = pose.joints
    inside = _inside(joints, width, height)
    scores = np.where(inside, pose.joint_confidence, np.minimum(pose.joint_confidence, OUTSIDE_SCORE))
    return np.column_stack([joints, scores])


def _box(pose: Pose, width: int, height: int) -> np.ndarray:
    """(4,) around the landmarks in view, within the frame."""
    usable = _inside(pose.points, width, height) & (pose.confidence >= BOX_CONFIDENCE)
    points = pose.points[usable] if usable.sum() >= 2 else pose.points
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARGIN * (high - low).max()
    limits = np.array([width, height], np.float64)
    return np.concatenate([np.clip(low - margin, 0, limits), np.clip(high + margin, 0, limits)])


def _score(pose: Pose, joint_scores: np.ndarray) -> float:
    """The flag, lessened when hardly any joint is in plain view."""
    return pose.flag * float(np.sqrt(np.sort(joint_scores)[-8:].mean()))
