"""Measures of the movement: does it tremble, do sides change places, do standing feet slide."""

from dataclasses import dataclass

import numpy as np

from videopose.report.known import median_of_known
from videopose.report.person import Person
from videopose.skeletons import COCO17, H36M17
from videopose.track import smooth

TREMBLE_HZ = 6.0
"""People hardly move at higher frequencies: what is left above is jitter."""
LEAST_RATE_HZ = 20.0
"""Slower recordings cannot show it."""
_GROUPS = {"arms": ("shoulder", "elbow", "wrist"), "legs": ("hip", "knee", "ankle")}
_SWAP_GAIN = 0.5
"""Sides have changed places when exchanging them leaves less than this part of the way between two frames ..."""
_SWAP_LEAST = 0.03
"""... and the way is at least this part of the person's size for each keypoint."""
_SWAP_LONGEST_S = 0.25
"""Between frames farther apart people turn round."""
_STANCE_HEIGHT_M = 0.05
"""A foot stands when its ankle is not farther than this above where it was lowest within `_NEAR_S` ..."""
_NEAR_S = 1.0
_STANCE_RISE_M_S = 0.3
"""... neither rises nor falls faster than this ..."""
_STANCE_LEAST_S = 0.1
"""... and does so for this long."""
FEET = ("left_ankle", "right_ankle")


@dataclass(frozen=True, slots=True, repr=False)
class Jitter:
    """What is left of the joints' movement above `TREMBLE_HZ`."""

    joints_mm: np.ndarray
    """(T,) root mean square over the joints of the distance from the smoothed pose, mm; NaN where unknown."""
    rms_mm: float
    """The same over all frames; NaN below `LEAST_RATE_HZ` or a quarter of a second."""
    root_mm: float
    """The same of the root."""


def measure_jitter(person: Person) -> Jitter:
    """Distance of the root-relative joints, and of the root, from their path smoothed to `TREMBLE_HZ`."""
    count = len(person.time_s)
    if not person.rate_hz >= LEAST_RATE_HZ or person.time_s[-1] - person.time_s[0] < 0.25:
        return Jitter(np.full(count, np.nan), float("nan"), float("nan"))

    def rest_mm2(values: np.ndarray) -> np.ndarray:
        rest = np.asarray(1000.0 * (values - smooth(values, person.time_s, TREMBLE_HZ)))
        return np.asarray(np.sum(rest**2, axis=-1))

    # joint 0 is the origin
    joints = rest_mm2(person.joints[:, 1:])
    return Jitter(np.sqrt(joints.mean(axis=1)), _root_mean(joints), _root_mean(rest_mm2(person.root)))


def _root_mean(squares: np.ndarray) -> float:
    known = squares[np.isfinite(squares)]
    return float(np.sqrt(known.mean())) if len(known) else float("nan")


@dataclass(frozen=True, slots=True, repr=False)
class Swaps:
    """Frames in which left and right seem to change places."""

    suspects: dict[str, np.ndarray]
    """(T,) bool by `arms` and `legs`: the change is between the frame before and this one."""
    twisted: np.ndarray
    """(T,) bool: the shoulders point more than a right angle away from the hips, seen from above the trunk."""

    @property
    def number(self) -> int:
        """Changes of places."""
        return int(sum(each.sum() for each in self.suspects.values()))


def measure_swaps(person: Person) -> Swaps:
    """Compare each frame's keypoints with the ones before, as they are and with left and right exchanged."""
    count = len(person.time_s)
    suspects = {}
    size = person.size_px()
    for name, parts in _GROUPS.items():
        left, right = ([COCO17.index(f"{side}_{part}") for part in parts] for side in ("left", "right"))
        here, crossed = (person.keypoints[:, order, :2] for order in (left + right, right + left))
        same, exchanged = (np.linalg.norm(now[1:] - here[:-1], axis=-1).mean(axis=1) for now in (here, crossed))
        found = np.zeros(count, bool)
        near = np.diff(person.time_s) <= _SWAP_LONGEST_S
        found[1:] = near & (exchanged < _SWAP_GAIN * same) & (same > _SWAP_LEAST * size[1:])
        suspects[name] = found
    return Swaps(suspects, _twisted(person))


def _twisted(person: Person) -> np.ndarray:
    def across(part: str) -> np.ndarray:
        ends = [person.joints[:, H36M17.index(f"{side}_{part}")] for side in ("left", "right")]
        return np.asarray(ends[0] - ends[1])

    trunk = person.joints[:, H36M17.index("thorax")]
    length = np.linalg.norm(trunk, axis=-1, keepdims=True)
    axis = trunk / np.where(length > 0, length, np.nan)
    flat = [each - np.sum(each * axis, axis=-1, keepdims=True) * axis for each in (across("shoulder"), across("hip"))]
    return np.asarray(np.sum(flat[0] * flat[1], axis=-1) < 0)


@dataclass(frozen=True, slots=True, repr=False)
class Sliding:
    """Feet on the ground, and how fast they move over it."""

    speed_m_s: np.ndarray
    """(T, 2) horizontal speed of the left and right ankle, m/s; NaN where unknown."""
    standing: np.ndarray
    """(T, 2) bool."""
    median_m_s: float
    """Median speed of the feet that stand; NaN where none does."""
    standing_share: float
    """Share of the placed frames with a foot that stands."""


def measure_sliding(person: Person) -> Sliding:
    """Find the feet that are seen and stand, by their height alone, and their horizontal speed."""
    places = person.places()[:, [H36M17.index(name) for name in FEET]]
    count = len(person.time_s)
    if count < 3:
        return Sliding(np.full((count, 2), np.nan), np.zeros((count, 2), bool), float("nan"), float("nan"))
    velocity = np.gradient(places, person.time_s, axis=0)
    speed = np.hypot(velocity[..., 0], velocity[..., 2])
    low = np.stack([_lowest_near(places[:, foot, 1], person.time_s) for foot in range(2)], axis=1)
    with np.errstate(invalid="ignore"):
        standing = (places[..., 1] - low < _STANCE_HEIGHT_M) & (np.abs(velocity[..., 1]) < _STANCE_RISE_M_S)
    standing &= np.isfinite(speed) & person.seen[:, [COCO17.index(name) for name in FEET]]
    for foot in range(2):
        standing[:, foot] = _lasting(standing[:, foot], person.time_s)
    placed = person.placed.sum()
    share = float(standing.any(axis=1).sum() / placed) if placed else float("nan")
    return Sliding(speed, standing, median_of_known(speed[standing]), share)


def _lowest_near(height: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """(T,) the least height within `_NEAR_S` before and after."""
    first, last = np.searchsorted(time_s, time_s - _NEAR_S), np.searchsorted(time_s, time_s + _NEAR_S, side="right")
    filled = np.where(np.isfinite(height), height, np.inf)
    return np.array([filled[a:b].min() for a, b in zip(first, last, strict=True)])


def _lasting(standing: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """`standing` without the runs that are shorter than `_STANCE_LEAST_S`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], standing.astype(np.int8), [0]])))
    kept = np.zeros_like(standing)
    for first, last in edges.reshape(-1, 2):
        if time_s[last - 1] - time_s[first] >= _STANCE_LEAST_S:
            kept[first:last] = True
    return kept
