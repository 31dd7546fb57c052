"""Lifted limbs made to agree with the picture and with themselves.

What a lifter is unsure of it shrinks, above all the spread in depth of deep stances: signs are right, but bones come
out too short, and joints do not lie on the rays of their keypoints. So the two outer joints of each limb move to where
they are likeliest, frame by frame: on the ray of the keypoint of the same name (robustly), with bones as long as they
usually are in the track, not far from where the lifter has them. The corrections are then smoothed more than movements
may be: the lifter's errors last, the keypoints' noise does not.

Chosen on every other of the fixed validation views with the lifter of the day (noisy MPJPE / P-MPJPE / acceleration
error 74.9 / 57.7 / 4.7 -> 71.5 / 54.9 / 4.7, clean 65.4 / 52.7 / 3.8 -> 58.4 / 46.5 / 3.7), confirmed on the others
(71.8 / 54.4 / 3.8 -> 69.0 / 52.7 / 3.9, clean 61.3 / 49.3 / 3.1 -> 54.9 / 43.4 / 3.0). Deviations half as large again
or a third smaller change the noisy figures by at most 0.5 mm. Tried besides: pulling shoulders onto their rays (noisy
0.3 to 0.7 mm worse), hips by a fifth (0.2 mm better, but detectors see hips too low), joints instead of bones held
where they are (0.5 mm worse), smoothing keypoints or results as usual instead of corrections more (acceleration 5.1),
larger quantiles of the lengths (no better), believing rays less where hips and shoulders lie beside theirs (no better).
The second round, with the root that belongs to the corrected limbs, is worth 0.3 mm; a third would be worth 0.1.
Hard movement gains most; movement the lifter knows well gains nothing from noisy keypoints (running: MPJPE 4 % worse).
"""

import numpy as np

from videopose.lift import solve_root
from videopose.skeletons import COCO17, H36M17
from videopose.track import smooth
from videopose.types import check_shape

RAY_M = 0.02
"""Standard deviation of a joint from the ray of its keypoint (at score 1), as of all that follow: metres."""
WILD_M = 0.15
"""A keypoint whose ray is this far off counts a quarter; one at three times the distance, a hundredth."""
ACROSS_M = 0.05
"""Of a bone as lifted, sideways and upwards."""
DEPTH_M = 0.07
"""Of a bone as lifted, along the view."""
LENGTH_M = 0.015
"""Of a bone's length from its usual one."""
CUTOFF_HZ = 3.0
"""Half of a correction at this frequency is kept."""

_ROUNDS = 2
_STEPS = 3
_CHAINS = [
    [f"{side}_{part}" for part in parts]
    for parts in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
    for side in ("left", "right")
]
_LIMBS = np.array([[H36M17.index(name) for name in chain] for chain in _CHAINS])
_POINTS = np.array([[COCO17.index(name) for name in chain[1:]] for chain in _CHAINS])
_SHORTEST_M = 1e-3


def refine_limbs(
    keypoints: np.ndarray,
    joints: np.ndarray,
    time_s: np.ndarray,
    image_size: tuple[int, int],
    focal_px: float,
    *,
    observed: np.ndarray | None = None,
) -> np.ndarray:
    """Move knees, ankles, elbows and wrists to where picture, usual bone lengths and lifter agree best.

    Args:
        keypoints: (T, 17, 3) COCO keypoints: x, y in pixels, score (0: the picture does not say).
        joints: (T, 17, 3) Human3.6M joints as lifted, metres, root-relative, camera axes.
        time_s: (T,) seconds, strictly increasing.
        image_size: width and height, pixels.
        focal_px: focal length, pixels.
        observed: (T,) bool; of frames that are not, the keypoints do not count.

    Returns:
        (T, 17, 3) float32; finite where the joints are. All other joints are as given.

    Raises:
        ValueError: wrong shapes, or a focal length that is not positive.
    """
    count = len(time_s)
    check_shape("keypoints", keypoints, (count, len(COCO17), 3))
    check_shape("joints", joints, (count, len(H36M17), 3))
    points = keypoints[:, _POINTS].astype(np.float64)
    plane = (points[..., :2] - np.array(image_size) / 2.0) / focal_px
    weights = np.clip(np.nan_to_num(points[..., 2]), 0.0, 1.0)
    if observed is not None:
        weights[~observed] = 0.0
    limbs = joints.astype(np.float64)[:, _LIMBS]
    result = joints.astype(np.float32)
    for _ in range(_ROUNDS):
        root = solve_root(keypoints, result, time_s, image_size, focal_px, observed=observed).root.astype(np.float64)
        usable = np.isfinite(limbs).all((1, 2, 3)) & np.isfinite(root).all(1)
        if not usable.any():
            break
        lifted = limbs[usable]
        likeliest = _likeliest(lifted, _usual_lengths(lifted), plane[usable], root[usable], weights[usable])
        correction = smooth(likeliest - lifted[:, :, 1:], time_s[usable], CUTOFF_HZ)
        result[np.flatnonzero(usable)[:, None, None], _LIMBS[:, 1:]] = lifted[:, :, 1:] + correction
    return result


def _usual_lengths(limbs: np.ndarray) -> np.ndarray:
    """(4, 2) metres: medians over time of (T, 4, 3, 3) limbs' bones, mean of left and right."""
    lengths = np.median(np.linalg.norm(np.diff(limbs, axis=2), axis=-1), axis=0)
    return np.repeat(lengths.reshape(2, 2, 2).mean(axis=1), 2, axis=0)


def _likeliest(
    limbs: np.ndarray, lengths: np.ndarray, plane: np.ndarray, root: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Both outer joints of each limb by Newton's method, the terms of negative curvature left out.

    Args:
        limbs: (T, 4, 3, 3) as lifted, metres, from the inside out.
        lengths: (4, 2) usual lengths of the bones, metres.
        plane: (T, 4, 2, 2) keypoints on the plane at distance 1.
        root: (T, 3) metres.
        weights: (T, 4, 2) scores.

    Returns:
        (T, 4, 2, 3) metres, root-relative.
    """
    inner, lifted = limbs[:, :, :1], limbs[:, :, 1:]
    # on the ray of u: p.xy - u p.z = u root.z - root.xy
    rays = np.zeros((*plane.shape, 3))
    rays[..., 0, 0] = rays[..., 1, 1] = 1.0
    rays[..., 2] = -plane
    aim = plane * root[:, None, None, 2:] - root[:, None, None, :2]
    # bones are held as lifted: a knee takes its ankle along
    hold = np.kron([[2.0, -1.0], [-1.0, 1.0]], np.diag(1.0 / np.array([ACROSS_M, ACROSS_M, DEPTH_M]) ** 2))
    found = lifted
    for _ in range(_STEPS):
        off = _times(rays, found) - aim
        trust = weights / (RAY_M * (1.0 + np.sum(off**2, axis=-1) / WILD_M**2)) ** 2
        weighted = trust[..., None, None] * rays
        ray_slope = -_times(np.swapaxes(weighted, -1, -2), off)
        ray_curve = np.swapaxes(weighted, -1, -2) @ rays
        bones = np.diff(np.concatenate([inner, found], axis=2), axis=2)
        long = np.maximum(np.linalg.norm(bones, axis=-1), _SHORTEST_M)[..., None]
        along = bones / long
        excess = long - lengths[..., None]
        bone_slope = -along * excess / LENGTH_M**2
        # a bone that is too short would rather turn: only its length may pull there
        turn = np.maximum(excess / long, 0.0)[..., None]
        outer = along[..., :, None] * along[..., None, :]
        bone_curve = (outer + turn * (np.eye(3) - outer)) / LENGTH_M**2
        curve = np.broadcast_to(hold, (*found.shape[:2], 6, 6)).copy()
        curve[..., :3, :3] += ray_curve[:, :, 0] + bone_curve[:, :, 0] + bone_curve[:, :, 1]
        curve[..., 3:, 3:] += ray_curve[:, :, 1] + bone_curve[:, :, 1]
        curve[..., :3, 3:] -= bone_curve[:, :, 1]
        curve[..., 3:, :3] -= bone_curve[:, :, 1]
        slope = ray_slope + bone_slope
        slope[:, :, 0] -= bone_slope[:, :, 1]
        flat = slope.reshape(*slope.shape[:2], 6, 1) - hold @ (found - lifted).reshape(*slope.shape[:2], 6, 1)
        found = found + np.linalg.solve(curve, flat).reshape(found.shape)
    return found


def _times(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """(..., M) products of (..., M, N) and (..., N)."""
    return np.asarray((matrices @ vectors[..., None])[..., 0])
