"""From directions to rotations that are continuous in time, and from rotations to continuous Euler angles."""

import warnings
from collections.abc import Sequence

import numpy as np
from scipy.linalg import solveh_banded
from scipy.ndimage import gaussian_filter1d, maximum_filter1d
from scipy.spatial.transform import Rotation

_GUIDE_S = 0.2
"""Seconds (standard deviation) over which the twist's branch (which whole turn) is decided."""
_STIFFNESS_S = 0.03
"""Seconds a doubtful twist is smoothed over; it is bridged the longer, the less is known."""
_SURE = 0.3
"""Weight from which a twist is taken as measured: a limb bent by 33 degrees (0.3 is the squared sine)."""
_JUMP = np.radians(30)
"""Twist between two frames from which on it is smoothed even when sure: nobody turns a limb that fast."""
_ORDERS = ("ZXY", "YXZ", "ZYX", "XYZ", "XZY", "YZX")
_NEAR_POLE_DEGREES = 75.0


def unit_directions(vectors: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Directions of a bone over time; undefined ones (no length, not finite) are bridged.

    Args:
        vectors: (T, 3) bone vectors, any length unit.
        rest: (3,) direction to take when no frame has one.

    Returns:
        (T, 3) unit vectors.
    """
    length = np.linalg.norm(vectors, axis=-1)
    good = np.flatnonzero(np.isfinite(length) & (length > 1e-6))
    if not len(good):
        return np.tile(rest, (len(vectors), 1))
    known = vectors[good] / length[good, None]
    if len(good) == len(vectors):
        return np.asarray(known)
    frames = np.arange(len(vectors))
    filled = np.stack([np.interp(frames, good, known[:, axis]) for axis in range(3)], axis=-1)
    length = np.linalg.norm(filled, axis=-1)
    # Half way between opposite directions there is none: take the one before.
    nearest = known[np.clip(np.searchsorted(good, frames, side="right") - 1, 0, None)]
    return np.asarray(np.where(length[:, None] > 1e-3, filled / np.maximum(length, 1e-3)[:, None], nearest))


def swing(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotations that turn unit vectors `start` (T, 3) into `end` (T, 3): (T, 3, 3)."""
    start, end = np.broadcast_arrays(start, end)
    cosine = np.einsum("ti,ti->t", start, end)
    cross = np.cross(start, end)
    skew = np.zeros((len(start), 3, 3))
    skew[:, 0, 1], skew[:, 0, 2], skew[:, 1, 2] = -cross[:, 2], cross[:, 1], -cross[:, 0]
    skew -= skew.transpose(0, 2, 1)
    opposite = cosine < -1 + 1e-9
    factor = 1 / np.where(opposite, 1.0, 1 + cosine)
    rotations = np.eye(3) + skew + factor[:, None, None] * (skew @ skew)
    if opposite.any():
        # Half a turn about any axis across: every choice is as small.
        axis = any_perpendicular(start[opposite])
        rotations[opposite] = 2 * np.einsum("ti,tj->tij", axis, axis) - np.eye(3)
    return np.asarray(rotations)


def any_perpendicular(vectors: np.ndarray) -> np.ndarray:
    """A unit vector across each unit vector (T, 3)."""
    helper = np.eye(3)[np.argmin(np.abs(vectors), axis=-1)]
    cross = np.cross(vectors, helper)
    return np.asarray(cross / np.linalg.norm(cross, axis=-1, keepdims=True))


def continuous_side(
    direction: np.ndarray, references: Sequence[tuple[np.ndarray, float | np.ndarray]], fps: float
) -> np.ndarray:
    """A unit vector across `direction` that follows the references where they tell something and never jumps.

    The twist is measured against a frame carried along the direction without twisting (parallel transport), as the
    weighted mean of the references' projections, each counted by the square of its length. Where these nearly vanish
    or contradict each other (a straight limb has no hinge plane) the twist is bridged smoothly in time.

    Args:
        direction: (T, 3) unit vectors.
        references: pairs of (T, 3) vectors (the longer, the surer) and weights (a number or (T,)).
        fps: frames per second.

    Returns:
        (T, 3) unit vectors perpendicular to `direction`.
    """
    first, second = _carried_frame(direction)
    measured = np.zeros(len(direction), complex)
    for axis, weight in references:
        projection = np.einsum("ti,ti->t", axis, first) + 1j * np.einsum("ti,ti->t", axis, second)
        measured += weight * np.abs(projection) * projection
    angle = _smooth_angle(measured, fps)
    side = np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * second
    return np.asarray(side / np.linalg.norm(side, axis=-1, keepdims=True))


def frames_between(
    rest_direction: np.ndarray, rest_side: np.ndarray, direction: np.ndarray, side: np.ndarray
) -> np.ndarray:
    """Rotations (T, 3, 3) that turn the rest pair of perpendicular unit vectors into the pairs (T, 3), (T, 3)."""
    rest = np.stack([rest_direction, rest_side, np.cross(rest_direction, rest_side)], axis=-1)
    now = np.stack([direction, side, np.cross(direction, side)], axis=-1)
    return np.asarray(now @ rest.T)


def continuous_euler(rotations: np.ndarray, order: str) -> tuple[str, np.ndarray]:
    """Euler angles without jumps.

    The given order is kept unless its middle angle comes within 15 degrees of 90, where the outer two lose their
    meaning; then the order with the smallest step between two frames is taken.

    Args:
        rotations: (T, 3, 3).
        order: three different of the letters X, Y, Z.

    Returns:
        The order (the rotation is the product of the axes' rotations from left to right) and (T, 3) degrees in that
        order; whole turns accumulate.
    """
    principal = _euler(rotations, order)
    if np.abs(principal[:, 1]).max() <= _NEAR_POLE_DEGREES:
        return order, _without_jumps(principal)
    candidates = [(other, _without_jumps(_euler(rotations, other))) for other in _ORDERS]
    return min(candidates, key=lambda candidate: np.abs(np.diff(candidate[1], axis=0)).max(initial=0.0))


def continuous_quaternions(rotations: np.ndarray) -> np.ndarray:
    """Unit quaternions (x, y, z, w) of rotations (T, 3, 3), each on the side of the one before; float64 (T, 4)."""
    turns = Rotation.from_matrix(rotations).as_quat(canonical=True)
    flips = np.einsum("ti,ti->t", turns[1:], turns[:-1]) < 0
    signs = np.where(np.r_[0, np.cumsum(flips)] % 2, -1.0, 1.0)
    return np.asarray(turns * signs[:, None])


def _carried_frame(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors across `direction` that turn about it as little as possible from frame to frame."""
    total = np.concatenate([np.eye(3)[None], swing(direction[:-1], direction[1:])])
    step = 1
    while step < len(total):  # running products by doubling: total[t] becomes step_t ... step_1
        total[step:] = total[step:] @ total[:-step]
        step *= 2
    first = total @ any_perpendicular(direction[:1])[0]
    first -= np.einsum("ti,ti->t", first, direction)[:, None] * direction
    first /= np.linalg.norm(first, axis=-1, keepdims=True)
    return first, np.cross(direction, first)


def _smooth_angle(measured: np.ndarray, fps: float) -> np.ndarray:
    """Angles of complex numbers whose sizes say how sure they are, unwrapped and bridged where unsure."""
    guide_values = gaussian_filter1d(measured, max(_GUIDE_S * fps, 1e-3), mode="nearest")
    sure = np.flatnonzero(np.abs(guide_values) > 1e-6)
    if not len(sure):
        return np.zeros(len(measured))
    guide = np.interp(np.arange(len(measured)), sure, np.unwrap(np.angle(guide_values[sure])))
    angle = guide + np.angle(measured * np.exp(-1j * guide))
    if len(angle) == 1:
        return np.asarray(angle)
    # Weighted least squares: at the measured angle, with small steps where it is in doubt or jumps.
    weight = np.abs(measured) + 1e-6  # never singular
    doubt = np.clip(1 - np.minimum(weight[1:], weight[:-1]) / _SURE, 0, 1)
    jump = np.clip(np.abs(np.diff(angle)) / _JUMP - 1, 0, 1)
    stiffness = 0.5 * (_STIFFNESS_S * fps) ** 2 * np.maximum(doubt, maximum_filter1d(jump, 7, mode="nearest"))
    banded = np.zeros((2, len(angle)))
    banded[0, 1:] = -stiffness
    banded[1] = weight
    banded[1, 1:] += stiffness
    banded[1, :-1] += stiffness
    return np.asarray(solveh_banded(banded, weight * angle))


def _euler(rotations: np.ndarray, order: str) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # at the pole SciPy sets the third angle to zero: still correct
        return np.asarray(Rotation.from_matrix(rotations).as_euler(order, degrees=True))


def _without_jumps(angles: np.ndarray) -> np.ndarray:
    """Of the two triples that mean the same rotation take the one nearer to the frame before, then add whole turns."""
    other = np.stack([angles[:, 0] + 180, 180 - angles[:, 1], angles[:, 2] + 180], axis=-1)

    def distance(later: np.ndarray) -> np.ndarray:
        return np.asarray((np.abs((later[1:] - angles[:-1] + 180) % 360 - 180) ** 2).sum(-1))

    # Changing to the other triple keeps distances, so each step's choice is independent: the state is their parity.
    changed = np.r_[0, np.cumsum(distance(other) < distance(angles))] % 2 == 1
    return np.asarray(np.unwrap(np.where(changed[:, None], other, angles), axis=0, period=360))
