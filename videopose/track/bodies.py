"""All detections of a video as parallel arrays, with what the tracker needs to compare bodies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videopose.skeletons import SKELETONS
from videopose.track.settings import TrackSettings
from videopose.types import Detections

# Lengths as shares of the stature. Source: Drillis and Contini, 1966 (body segment parameters); hip and shoulder
# widths between joint centres.
LIMB_SHARES: dict[tuple[str, str], float] = {
    (f"{side}_{a}", f"{side}_{b}"): share
    for side in ("left", "right")
    for a, b, share in (
        ("shoulder", "hip", 0.29),
        ("hip", "knee", 0.245),
        ("knee", "ankle", 0.245),
        ("shoulder", "elbow", 0.18),
        ("elbow", "wrist", 0.15),
    )
} | {("left_shoulder", "right_shoulder"): 0.22}

TORSO = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
# below this a keypoint is a guess of the detector and says nothing of lengths
VISIBLE = 0.2
FEWEST_KEYPOINTS = 3
# one joint far off must not outvote the rest: distances saturate at half a body height
FAR = 0.5
# a pose that only fits with left and right exchanged is a little less alike
FLIPPED = 0.02


@dataclass(frozen=True, slots=True)
class Bodies:
    """M detections in order of time. Coordinates in pixels."""

    frame: np.ndarray
    """(M,) int64 position of the frame in the list of frames."""
    time_s: np.ndarray
    """(M,) float64."""
    keypoints: np.ndarray
    """(M, J, 3) float64; a missing keypoint is NaN, NaN, 0."""
    boxes: np.ndarray
    """(M, 4) float64 x0, y0, x1, y1."""
    scores: np.ndarray
    """(M,) float64."""
    size: np.ndarray
    """(M,) body height implied by the limbs."""
    root: np.ndarray
    """(M, 2) middle of the torso."""
    limbs: np.ndarray
    """(M, L) limb lengths over body heights, NaN where a joint is not visible."""
    mirror: np.ndarray
    """(J,) left-right partner of each joint."""

    def __len__(self) -> int:
        return len(self.frame)


def limb_lengths(keypoints: np.ndarray, layout: str) -> np.ndarray:
    """(N, L) stature in pixels that each limb implies; NaN where a joint is not visible."""
    names = SKELETONS[layout].joint_names
    pairs = [(names.index(a), names.index(b), share) for (a, b), share in LIMB_SHARES.items() if {a, b} <= set(names)]
    start, end = [p[0] for p in pairs], [p[1] for p in pairs]
    lengths = np.linalg.norm(keypoints[:, start, :2] - keypoints[:, end, :2], axis=-1) / np.array([p[2] for p in pairs])
    visible = np.minimum(keypoints[:, start, 2], keypoints[:, end, 2]) >= VISIBLE
    result: np.ndarray = np.where(visible, lengths, np.nan)
    return result


def body_size(limbs: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(N,) stature in pixels.

    A limb turned towards the camera looks short, never long, so the upper quartile is taken; with fewer than three
    visible limbs the box's longer side stands in.
    """
    side = np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1), 1.0)
    size = side.copy()
    count = np.isfinite(limbs).sum(axis=1)
    enough = count >= FEWEST_KEYPOINTS
    # NaN sorts to the end
    ordered = np.sort(limbs, axis=1)
    size[enough] = ordered[enough, np.round(0.75 * (count[enough] - 1)).astype(int)]
    result: np.ndarray = np.clip(size, 0.5 * side, 6.0 * side)
    return result


def torso_centre(keypoints: np.ndarray, layout: str) -> np.ndarray:
    """(N, 2) score-weighted middle of shoulders and hips; of all keypoints where these are missing."""
    names = SKELETONS[layout].joint_names
    weight = np.where(np.isfinite(keypoints[..., 0]), keypoints[..., 2] + 1e-3, 0.0)
    torso = np.array([name in TORSO for name in names])
    some = (weight[:, torso] > 0).any(axis=1, keepdims=True)
    weight = np.where(some & ~torso, 0.0, weight)
    xy = np.nan_to_num(keypoints[..., :2])
    centre: np.ndarray = (xy * weight[..., None]).sum(axis=1) / weight.sum(axis=1, keepdims=True)
    return centre


def pose_distance(a: np.ndarray, b: np.ndarray, size: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Mean keypoint distance in body heights, the smaller of as it is and with left and right exchanged.

    Args:
        a: (N, J, 3) poses.
        b: (M, J, 3) poses.
        size: broadcast to (N, M), pixels.
        mirror: (J,) left-right partners.

    Returns:
        (N, M) in 0..0.5; 0.5 where no keypoint is in both.
    """
    straight: np.ndarray = _distance(a, b, size)
    swapped = _distance(a, b[:, mirror], size)
    result: np.ndarray = np.minimum(straight, swapped + FLIPPED)
    return result


def _distance(a: np.ndarray, b: np.ndarray, size: np.ndarray) -> np.ndarray:
    gap = np.linalg.norm(a[:, None, :, :2] - b[None, :, :, :2], axis=-1) / np.asarray(size)[..., None]
    weight = np.sqrt(a[:, None, :, 2] * b[None, :, :, 2]) + 0.02
    weight = np.where(np.isfinite(gap), weight, 0.0)
    total = weight.sum(axis=-1)
    gap = np.minimum(np.nan_to_num(gap), FAR)
    mean: np.ndarray = np.where(total > 0, (gap * weight).sum(axis=-1) / np.maximum(total, 1e-9), FAR)
    return mean


def box_overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N, M) intersection over union of boxes (N, 4) and (M, 4)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=-1)
    area_a, area_b = ((x[:, 2:] - x[:, :2]).clip(0).prod(axis=-1) for x in (a, b))
    union: np.ndarray = area_a[:, None] + area_b[None] - common
    return np.where(union > 0, common / np.maximum(union, 1e-9), 0.0)


def gather(detections: Sequence[Detections], time_s: np.ndarray, settings: TrackSettings) -> Bodies | None:
    """All usable detections of a video, one per body and frame; None when there are none.

    A detection with fewer than three finite keypoints is dropped, of two on one body the one with the lower score.

    Raises:
        ValueError: the detections differ in layout, or the layout is unknown.
    """
    filled = [(index, item) for index, item in enumerate(detections) if len(item)]
    if not filled:
        return None
    layout = filled[0][1].layout
    if layout not in SKELETONS:
        raise ValueError(f"layout must be one of {', '.join(sorted(SKELETONS))}, got {layout}")
    joints = len(SKELETONS[layout])
    for _, item in filled:
        if item.layout != layout or item.keypoints.shape[1] != joints:
            raise ValueError(f"all detections must be {layout} with {joints} joints, got {item.layout}")
    frame = np.concatenate([np.full(len(item), index, np.int64) for index, item in filled])
    keypoints = np.concatenate([item.keypoints for _, item in filled]).astype(np.float64)
    boxes = np.concatenate([item.boxes for _, item in filled]).astype(np.float64)
    scores = np.nan_to_num(np.concatenate([item.scores for _, item in filled]).astype(np.float64))

    missing = ~np.isfinite(keypoints[..., :2]).all(axis=-1)
    keypoints[missing] = (np.nan, np.nan, 0.0)
    keypoints[..., 2] = np.clip(np.nan_to_num(keypoints[..., 2]), 0.0, 1.0)
    usable = (~missing).sum(axis=1) >= FEWEST_KEYPOINTS
    frame, keypoints, boxes, scores = frame[usable], keypoints[usable], boxes[usable], scores[usable]
    if not len(frame):
        return None
    xy = keypoints[..., :2]
    around = np.concatenate([np.nanmin(xy, axis=1), np.nanmax(xy, axis=1)], axis=1)
    boxes = np.where(np.isfinite(boxes).all(axis=1, keepdims=True), boxes, around)

    limbs = limb_lengths(keypoints, layout)
    size = body_size(limbs, boxes)
    mirror = SKELETONS[layout].mirror
    keep = _one_per_body(frame, keypoints, scores, size, mirror, settings.duplicate_distance)
    root = torso_centre(keypoints, layout)
    return Bodies(
        frame[keep],
        np.asarray(time_s, np.float64)[frame[keep]],
        keypoints[keep],
        boxes[keep],
        scores[keep],
        size[keep],
        root[keep],
        (limbs / size[:, None])[keep],
        mirror,
    )


def _one_per_body(
    frame: np.ndarray, keypoints: np.ndarray, scores: np.ndarray, size: np.ndarray, mirror: np.ndarray, limit: float
) -> np.ndarray:
    keep = np.ones(len(frame), bool)
    starts = np.flatnonzero(np.diff(frame, prepend=-1))
    for first, last in zip(starts, [*starts[1:], len(frame)], strict=True):
        if last - first < 2:
            continue
        rows = np.arange(first, last)
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        scale = np.sqrt(size[rows][:, None] * size[rows][None])
        near = pose_distance(keypoints[rows], keypoints[rows], scale, mirror) < limit
        for i, row in enumerate(rows):
            keep[row] = not (near[i, :i] & keep[rows[:i]]).any()
    return keep
