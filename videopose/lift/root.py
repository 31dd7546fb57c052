"""Where the person stands: the root joint in metres from the camera, from 2D keypoints and root-relative 3D joints.

Sideways and vertical position follow from the picture at once. Depth follows from the person's size in it, which is far
noisier: it inherits every error of the lifted posture. So depth is measured with a body that hardly changes its size,
and its likeliest path is sought over the whole track, on which feet may stand (`depth.py`, `standing.py`).

A network that predicts the root from 2D keypoints alone was tried instead (27 and 81 frames, 256 channels, logarithm of
depth at the standard size, 8 to 18 minutes of training). Alone it beats frames solved one by one; on this path neither
it nor the mean of both is clearly better than solving. `benchmarks/root.py` trains it and measures both.
"""

from dataclasses import dataclass

import numpy as np

from videopose.lift.depth import DepthMeasurements, cauchy_trust, likeliest_depth
from videopose.lift.standing import Feet
from videopose.skeletons import COCO17, H36M17
from videopose.types import check_shape

SHARED_JOINTS = tuple(
    f"{side}_{part}" for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for side in ("left", "right")
)
"""Joints that COCO-17 and Human3.6M-17 both have."""

ANKLE_HEIGHT = 0.039
"""Ankle above the floor as a fraction of body height. Source: Winter, Biomechanics and Motor Control of Human Movement,
after Drillis and Contini 1966."""

_FEET = ("left_ankle", "right_ankle")

NOISE_FRAMES = 20.0
"""Errors of lifted poses last: this many frames in a row (at 30 per second) count as one measurement of depth."""

_ITERATIONS = 5
_LEAST_NOISE = 1e-6
"""Of keypoints, in focal lengths: exact ones do have rounding errors."""
_LEAST_WEIGHT = 1e-3
"""Of keypoints with score 0 (filled in): they place the person only where nothing else does."""
_BONE_SPREAD = 0.06
"""A bone whose change of length differs so far from the others' counts half: limbs that are hidden shrink alone."""
_MOST_UNEVEN = 1.1
"""A body's size is not set right by more than this factor."""
_FALLBACK_RATIO = 2.5
"""A depth that differs by more than this factor from the one by apparent size alone is no measurement."""


@dataclass(frozen=True, slots=True)
class RootResult:
    """The path of the root joint, and the joints in the scale that belongs to it."""

    root: np.ndarray
    """(T, 3) float32 metres, camera axes, z > 0; NaN where it could not be solved."""
    joints: np.ndarray
    """(T, 17, 3) float32 metres: the given joints times `scale`."""
    scale: float
    """What the given joints were multiplied by (1 without a height)."""
    reprojection_error_px: float
    """Median distance between keypoints and projected joints, pixels; NaN without a root."""


def standing_height(joints: np.ndarray) -> float:
    """Height of the person standing upright, from bone lengths (medians over time), in the unit of the joints.

    Ankle to knee, knee to hip (mean of both legs), pelvis to spine to thorax to head top, and the ankle's height above
    the floor as a fraction of the whole.

    Args:
        joints: (T, 17, 3) Human3.6M joints.
    """

    def length(first: str, second: str) -> float:
        difference = joints[:, H36M17.index(first)] - joints[:, H36M17.index(second)]
        return float(np.median(np.linalg.norm(difference, axis=-1)))

    legs = [
        length(f"{side}_{a}", f"{side}_{b}")
        for side in ("left", "right")
        for a, b in (("ankle", "knee"), ("knee", "hip"))
    ]
    trunk = length("hip", "spine") + length("spine", "thorax") + length("thorax", "head")
    return (sum(legs) / 2 + trunk) / (1.0 - ANKLE_HEIGHT)


def solve_root(
    keypoints: np.ndarray,
    joints: np.ndarray,
    time_s: np.ndarray,
    image_size: tuple[int, int],
    focal_px: float,
    *,
    height_m: float | None = None,
    observed: np.ndarray | None = None,
) -> RootResult:
    """Find the path of the root joint whose projected pose fits the keypoints best.

    Args:
        keypoints: (T, 17, 3) COCO keypoints: x, y in pixels, score.
        joints: (T, 17, 3) Human3.6M joints, metres, root-relative, camera axes.
        time_s: (T,) seconds, strictly increasing.
        image_size: width and height, pixels.
        focal_px: focal length, pixels.
        height_m: the person's height; the whole motion is scaled so that `standing_height` equals it.
        observed: (T,) bool; frames that are not count hardly.

    Returns:
        The root's path, the scaled joints, the reprojection error.

    Raises:
        ValueError: wrong shapes, or a height or focal length that is not positive.
    """
    count = len(time_s)
    check_shape("keypoints", keypoints, (count, len(COCO17), 3))
    check_shape("joints", joints, (count, len(H36M17), 3))
    if not focal_px > 0 or (height_m is not None and not height_m > 0):
        raise ValueError(f"focal length and height must be positive, got {focal_px} and {height_m}")
    height = standing_height(joints) if count else 0.0
    scale = height_m / height if height_m is not None and height > 0 else 1.0
    scaled = joints.astype(np.float64) * scale
    body = scaled[:, [H36M17.index(name) for name in SHARED_JOINTS]]
    points = keypoints[:, [COCO17.index(name) for name in SHARED_JOINTS]].astype(np.float64)
    plane = (points[..., :2] - np.array(image_size) / 2.0) / focal_px
    weights = np.maximum(np.nan_to_num(points[..., 2]), _LEAST_WEIGHT)
    if observed is not None:
        weights = np.where(observed[:, None], weights, _LEAST_WEIGHT)
    valid = np.asarray(np.isfinite(plane).all((1, 2)) & np.isfinite(body).all((1, 2)))
    root = np.full((count, 3), np.nan)
    error = float("nan")
    if valid.any():
        even = body * _even_size(scaled, valid)[:, None, None]
        feet = scaled[:, [H36M17.index(name) for name in _FEET]]
        parts = (part[valid] for part in (plane, body, even, feet, weights, np.asarray(time_s)))
        root[valid], distance = _solve(*parts)
        seen = weights[valid].max(axis=1) > _LEAST_WEIGHT
        error = float(np.median(distance[seen] if seen.any() else distance)) * focal_px
    return RootResult(root.astype(np.float32), scaled.astype(np.float32), scale, error)


def _even_size(joints: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(T,) what makes each frame's body as large as the track's usual one, by the change that most bones agree on.

    A lifter answers what it is unsure of with a smaller body, which would seem nearer.
    """
    bones = np.linalg.norm(joints[:, 1:] - joints[:, np.array(H36M17.parents[1:])], axis=-1)
    usual = np.median(bones[valid], axis=0)
    change = np.log(np.maximum(bones, 1e-6) / np.maximum(usual, 1e-6))
    size = np.median(change, axis=1)
    for _ in range(_ITERATIONS):
        weight = usual / (1.0 + ((change - size[:, None]) / _BONE_SPREAD) ** 2)
        size = np.sum(weight * change, axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
    return np.asarray(np.clip(np.exp(-size), 1 / _MOST_UNEVEN, _MOST_UNEVEN))


def _solve(
    plane: np.ndarray, body: np.ndarray, even: np.ndarray, feet: np.ndarray, weights: np.ndarray, time_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Root (T, 3) and the distances (T, K) on the plane at distance 1; `even` is the body at its usual size."""
    seen = weights.max(axis=1) > _LEAST_WEIGHT
    if not seen.any():
        seen = np.ones(len(plane), bool)
    depth, noise, trust = _measure(plane, even, weights, seen)
    interval = np.gradient(time_s) if len(time_s) > 1 else np.ones(1)
    correlated = np.maximum(NOISE_FRAMES / 30.0 / interval, 1.0)
    gauge = _gauge(trust, body, depth)
    near, far = (_place(plane, body, gauge, np.full(len(plane), at)) for at in (0.0, 1.0))
    path = likeliest_depth(
        DepthMeasurements(depth, noise, correlated, time_s), Feet(feet + near[:, None], far - near, seen)
    )
    depth = np.maximum(path, _nearest(body))
    root = _place(plane, body, _gauge(trust, body, depth), depth)
    return root, _distances(root, plane, body)


def _measure(
    plane: np.ndarray, body: np.ndarray, weights: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every frame by itself: (T,) depths, (T,) their relative noise, (T, K) weights of its keypoints.

    The noise of keypoints is taken from this track's own distances; infinite depth noise: no measurement.
    """
    size_depth = _depth_by_size(plane, body, weights)
    depth, trust = size_depth, weights
    information = np.ones(len(plane))
    for _ in range(_ITERATIONS):
        gauge = _gauge(trust, body, depth)
        single, information = _closed_form(plane, body, gauge)
        bad = ~((single > size_depth / _FALLBACK_RATIO) & (single < size_depth * _FALLBACK_RATIO))
        depth = np.where(bad, size_depth, single)
        information = np.where(bad, 0.0, information)
        distance = _distances(_place(plane, body, gauge, depth), plane, body)
        trust = weights * cauchy_trust(distance, np.median(distance, axis=1, keepdims=True))
    noise = max(float(np.median(distance[seen])), _LEAST_NOISE)
    relative = noise / (depth * np.sqrt(np.maximum(information, 1e-12)))
    return depth, np.where(seen & (information > 0), relative, np.inf), trust


def _gauge(trust: np.ndarray, body: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Weights for closed forms, which weigh points by their depth squared; the picture does not."""
    gauge: np.ndarray = trust / np.maximum(body[..., 2] + depth[:, None], 0.1 * depth[:, None]) ** 2
    return gauge


def _depth_by_size(plane: np.ndarray, body: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(T,) depth at which the body is as large as its picture, as if it were flat: rough, but always positive."""
    share = (weights / weights.sum(axis=1, keepdims=True))[..., None]

    def spread(points: np.ndarray) -> np.ndarray:
        centred = points - np.sum(share * points, axis=1, keepdims=True)
        return np.asarray(np.sqrt(np.sum(share * centred**2, axis=(1, 2))))

    depth: np.ndarray = np.maximum(spread(body[..., :2]), 1e-3) / np.maximum(spread(plane), 1e-6)
    return np.asarray(np.maximum(depth, _nearest(body)))


def _nearest(body: np.ndarray) -> np.ndarray:
    """(T,) least depth of the root at which all joints are still in front of the camera, by 10 cm."""
    nearest: np.ndarray = np.maximum(0.1, 0.1 - body[..., 2].min(axis=1))
    return nearest


def _closed_form(plane: np.ndarray, body: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Depth of each frame by weighted linear least squares of t.xy - u t.z = u Z - X.xy, and what it rests on.

    Returns:
        (T,) depths (of any sign), and (T,) sums of weights times squared distances from the picture's centre.
    """
    total = weights.sum(axis=1)[:, None, None]
    right = plane * body[..., 2:] - body[..., :2]
    u = plane - np.sum(weights[..., None] * plane, axis=1, keepdims=True) / total
    r = right - np.sum(weights[..., None] * right, axis=1, keepdims=True) / total
    information = np.sum(weights[..., None] * u * u, axis=(1, 2))
    depth = -np.sum(weights[..., None] * u * r, axis=(1, 2)) / np.maximum(information, 1e-12)
    return depth, information


def _place(plane: np.ndarray, body: np.ndarray, weights: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """(T, 3) root at the given depths: the best x and y in closed form."""
    offset = plane * (body[..., 2:] + depth[:, None, None]) - body[..., :2]
    across = np.sum(weights[..., None] * offset, axis=1) / weights.sum(axis=1)[:, None]
    return np.concatenate([across, depth[:, None]], axis=1)


def _distances(root: np.ndarray, plane: np.ndarray, body: np.ndarray) -> np.ndarray:
    """(T, K) distances between picture and projection, on the plane at distance 1."""
    placed = body + root[:, None]
    projected = placed[..., :2] / np.maximum(placed[..., 2:], 1e-3)
    distance: np.ndarray = np.linalg.norm(projected - plane, axis=-1)
    return distance
