"""Measures of one frame's pose: does it keep its bones, and does it fit the picture."""

from dataclasses import dataclass

import numpy as np

from videopose.report.known import mean_of_known, median_of_known
from videopose.report.person import Person
from videopose.skeletons import COCO17, H36M17

SHARED_JOINTS = tuple(
    f"{side}_{part}" for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for side in ("left", "right")
)
"""Joints that the keypoints and the lifted skeleton both have."""
LIMB_BONES = tuple(
    (f"{side}_{inner}", f"{side}_{outer}")
    for inner, outer in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
    for side in ("left", "right")
)
"""Bones of the limbs, from the inside out: a body does not change them; a trunk of 17 joints bends."""
TRUNK_BONES = tuple(
    (H36M17.joint_names[parent], H36M17.joint_names[child])
    for parent, child in H36M17.bones
    if (H36M17.joint_names[parent], H36M17.joint_names[child]) not in LIMB_BONES
)
"""All others."""


@dataclass(frozen=True, slots=True, repr=False)
class Bones:
    """How far the bones keep their lengths."""

    names: tuple[tuple[str, str], ...]
    """Joints at both ends."""
    relative: np.ndarray
    """(T, B) each bone's length over its median."""
    variation: np.ndarray
    """(B,) standard deviation over mean of each length; NaN below two frames."""
    limbs: float
    """Mean variation of the limbs' bones."""
    asymmetry: float
    """Mean of |left - right| over their mean, of the limbs' median lengths."""


def measure_bones(person: Person) -> Bones:
    """Lengths of all bones over time, in the frames that were lifted."""
    names = LIMB_BONES + TRUNK_BONES
    ends = np.array([[H36M17.index(name) for name in bone] for bone in names])
    lengths = np.linalg.norm(person.joints[:, ends[:, 1]] - person.joints[:, ends[:, 0]], axis=-1)
    known = lengths[np.isfinite(lengths).all(axis=1)]
    nothing = np.full(len(names), np.nan)
    median = np.median(known, axis=0) if len(known) else nothing
    usable = np.where(median > 0, median, np.nan)
    variation = known.std(axis=0) / np.where(median > 0, known.mean(axis=0), np.nan) if len(known) > 1 else nothing
    pairs = usable[: len(LIMB_BONES)].reshape(-1, 2)
    return Bones(
        names=names,
        relative=lengths / usable,
        variation=variation,
        limbs=float(variation[: len(LIMB_BONES)].mean()),
        asymmetry=float(np.mean(np.abs(pairs[:, 0] - pairs[:, 1]) / pairs.mean(axis=1))),
    )


@dataclass(frozen=True, slots=True, repr=False)
class Fit:
    """How far the projected joints lie from the keypoints."""

    error_px: np.ndarray
    """(T,) mean distance over the joints that were seen, pixels; NaN without a root or with nothing seen."""
    relative: np.ndarray
    """(T,) the same over the person's size in that frame."""
    median_px: float
    """Median over the frames; NaN where there is none."""
    median_relative: float
    """Median over the frames, as a share of the person's size."""
    by_joint_px: np.ndarray
    """(12,) median distance of each of `SHARED_JOINTS`, pixels."""


def measure_fit(person: Person) -> Fit:
    """Project the joints as a pinhole camera with its principal point in the middle, and compare with the keypoints.

    Only keypoints that were seen are compared. Detectors and the lifter do not mean the same point by a hip or a
    shoulder, so that not even a perfect pose has the error 0.
    """
    count = len(person.time_s)
    chosen = [H36M17.index(name) for name in SHARED_JOINTS]
    points = person.keypoints[:, [COCO17.index(name) for name in SHARED_JOINTS]]
    placed = person.joints[:, chosen] + person.root[:, None]
    distance = np.full((count, len(SHARED_JOINTS)), np.nan)
    if person.focal_px is not None:
        depth = np.where(placed[..., 2:] > 0, placed[..., 2:], np.nan)
        projected = person.focal_px * placed[..., :2] / depth + np.array(person.image_size) / 2.0
        distance = np.linalg.norm(projected - points[..., :2], axis=-1)
    distance[~person.seen[:, [COCO17.index(name) for name in SHARED_JOINTS]]] = np.nan
    error = mean_of_known(distance, axis=1)
    size = person.size_px()
    relative = error / np.where(size > 0, size, np.nan)
    return Fit(error, relative, median_of_known(error), median_of_known(relative), _medians(distance))


def _medians(distance: np.ndarray) -> np.ndarray:
    return np.array([median_of_known(column) for column in distance.T])
