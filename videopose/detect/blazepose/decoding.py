"""What the numbers that come out of the two networks mean.

Source: the model cards and graphs of MediaPipe Pose (BlazePose, Bazarevsky et al., 2020).
"""

from functools import cache

import numpy as np

DETECTOR_SIZE = 224
"""Edge of the person network's input, pixels."""
LANDMARK_SIZE = 256
"""Edge of the landmark network's input, pixels."""
LANDMARKS = 39
"""33 of the body, then the next region's centre and top, then four the detector does not use."""
COCO_LANDMARKS = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
"""Landmark of each COCO-17 joint."""
MINIMUM_OVERLAP = 0.3
"""Boxes that overlap more (intersection over union) are one person."""


@cache
def anchors() -> np.ndarray:
    """(2254, 2) float32: anchor centres in parts of the input, as the person network lists them."""
    centres = []
    for stride, per_cell in ((8, 2), (16, 2), (32, 6)):
        cells = DETECTOR_SIZE // stride
        middle = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(middle, middle, indexing="ij")
        centres.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), per_cell, axis=0))
    return np.concatenate(centres).astype(np.float32)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Probability of each logit, safe for large ones."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0))))


def decode_people(regressors: np.ndarray, logits: np.ndarray, minimum_score: float) -> tuple[np.ndarray, np.ndarray]:
    """People the person network proposes in its input, the same person once.

    Args:
        regressors: (2254, 12) box centre, size and four points, in input pixels from the anchor.
        logits: (2254,).
        minimum_score: proposals below are dropped, 0..1.

    Returns:
        (N,) scores, falling, and (N, 6, 2) in parts of the input: box corners, then the four points.
    """
    scores = sigmoid(logits)
    chosen = np.flatnonzero(scores >= minimum_score)
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
    scores = scores[chosen]
    values = regressors[chosen].reshape(-1, 6, 2).astype(np.float64) / DETECTOR_SIZE
    centre = anchors()[chosen]
    half = values[:, 1] / 2
    middle = values[:, 0] + centre
    points = np.stack([middle - half, middle + half, *(values[:, 2 + k] + centre for k in range(4))], axis=1)
    return _merge_overlapping(scores, points)


def _merge_overlapping(scores: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted non-maximum suppression: overlapping proposals become their score-weighted mean."""
    merged_scores, merged = [], []
    left = np.arange(len(scores))
    while len(left):
        group = overlap(points[left[0], :2].reshape(4), points[left, :2].reshape(-1, 4)) > MINIMUM_OVERLAP
        group[0] = True
        members = left[group]
        weights = scores[members]
        merged_scores.append(scores[left[0]])
        merged.append((points[members] * weights[:, None, None]).sum(axis=0) / weights.sum())
        left = left[~group]
    return np.array(merged_scores), np.array(merged).reshape(-1, 6, 2)


def overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one (4,) box with (N, 4) boxes, corners x0, y0, x1, y1."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    areas = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)
    total = areas + np.clip(box[2:] - box[:2], 0, None).prod() - shared
    return np.asarray(shared / np.maximum(total, 1e-12))


REFINE_RADIUS = 3
"""Half width of the heatmap window a landmark is refined in: 7 x 7 cells."""
MINIMUM_PEAK = 0.3
"""Heatmaps whose peak near the landmark is lower say nothing about it."""


def refine(points: np.ndarray, heatmaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move landmarks to the centre of mass of their heatmaps nearby: under mirroring and shifts a third steadier.

    A heatmap cell's index, not its middle, is the place it stands for: checked by mirroring pictures, the bias is
    below 0.1 cells this way and would be half a cell the other.

    Args:
        points: (L, 2) in parts of the landmark network's input.
        heatmaps: (H, W, L) logits.

    Returns:
        (L, 2) refined points (as they were where the heatmap is weak or they lie outside), and (L,) peaks 0..1.
    """
    height, width, count = heatmaps.shape
    size = np.array([width, height])
    radius = REFINE_RADIUS
    # cells outside of the map weigh nothing
    padded = np.full((height + 2 * radius, width + 2 * radius, count), -60.0, np.float32)
    padded[radius:-radius, radius:-radius] = heatmaps
    steps = np.arange(2 * radius + 1)
    index = np.arange(count)
    peaks = np.zeros(count)
    refined = points.astype(np.float64)
    for shift in (0.0, 0.5):  # the second pass centres the window on what the first one found
        cell = np.floor(refined * size + shift).astype(np.int64)
        inside = ((cell >= 0) & (cell < size)).all(axis=1)
        cell = np.clip(cell, 0, size - 1)
        rows, columns = cell[:, 1, None] + steps, cell[:, 0, None] + steps
        weights = sigmoid(padded[rows[:, :, None], columns[:, None, :], index[:, None, None]].astype(np.float64))
        peak = np.where(inside, weights.max(axis=(1, 2)), 0.0)
        total = weights.sum(axis=(1, 2))
        x = (weights.sum(axis=1) * (columns - radius)).sum(axis=1) / total
        y = (weights.sum(axis=2) * (rows - radius)).sum(axis=1) / total
        refined = np.where((peak >= MINIMUM_PEAK)[:, None], np.stack([x, y], axis=1) / size, refined)
        peaks = np.maximum(peaks, peak)
    return refined, peaks
