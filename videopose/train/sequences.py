"""What lifters are judged on: 2D keypoints with the true 3D joints, and the kinds of view that tell cases apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from videopose.skeletons import H36M17
from videopose.types import check_shape

MIN_FRAMES = 3
"""Shorter sequences have no acceleration."""

VIEW_BANDS = {
    "facing": ("front", "side", "back"),
    "camera": ("from above", "level", "from below"),
    "distance": ("under 3 m", "3 to 6 m", "over 6 m"),
}
"""Kinds of view, and the names of their bands in the order of tables."""
_DISTANCE_M = (3.0, 6.0)
_LEVEL_DEGREES = 10.0
"""A person who is seen under less than this up or down is seen level."""


@dataclass(frozen=True, slots=True)
class EvaluationSequence:
    """One person in one clip.

    Raises:
        ValueError: shapes that do not fit, numbers that are not finite, or fewer than `MIN_FRAMES` frames.
    """

    name: str
    """Unique within its data."""
    action: str
    """What is done."""
    subject: str
    """Who does it."""
    keypoints: np.ndarray
    """(T, J, 2 or 3) pixels, in the data's layout, and scores (without: 1)."""
    time_s: np.ndarray
    """(T,) seconds, strictly increasing."""
    image_size: tuple[int, int]
    """Width and height, pixels."""
    focal_px: float
    """Known or assumed, pixels."""
    target: np.ndarray
    """(T, 17, 3) metres, relative to joint 0, camera axes (x right, y down, z away), H36M-17."""
    root: np.ndarray | None = None
    """(T, 3) metres from the camera, camera axes; None where not known."""
    up: np.ndarray | None = None
    """(3,) the world's vertical in camera axes, of length 1; None where not known."""

    def __post_init__(self) -> None:
        frames = len(self.time_s)
        check_shape("keypoints", self.keypoints, (frames, None, None))
        check_shape("target", self.target, (frames, len(H36M17), 3))
        if self.root is not None:
            check_shape("root", self.root, (frames, 3))
        if frames < MIN_FRAMES:
            raise ValueError(f"at least {MIN_FRAMES} frames are wanted, got {frames}")
        for name, values in (("keypoints", self.keypoints[..., :2]), ("target", self.target)):
            if bad := int((~np.isfinite(values).all(axis=(1, 2))).sum()):
                raise ValueError(f"numbers of {name} are not finite in {bad} of {frames} frames")
        if np.abs(self.target[:, 0]).max() > 1e-3:
            raise ValueError("target is not relative to joint 0, the middle of the hips")

    def views(self) -> dict[str, np.ndarray]:
        """(T,) names of bands for each kind of view (a key of `VIEW_BANDS`) that is known."""
        ray = np.array([0.0, 0.0, 1.0])
        views = {}
        if self.root is not None:
            distance = np.linalg.norm(self.root, axis=-1)
            ray = self.root / np.maximum(distance, 1e-9)[:, None]
            views["distance"] = _bands("distance", np.digitize(distance, _DISTANCE_M))
            if self.up is not None:
                below = np.degrees(np.arcsin(np.clip(ray @ self.up, -1.0, 1.0)))
                views["camera"] = _bands("camera", np.digitize(below, (-_LEVEL_DEGREES, _LEVEL_DEGREES)))
        return {"facing": _bands("facing", _facing(self.target.astype(np.float64), ray))} | views


class EvaluationData(Protocol):
    """Sequences of one kind of keypoints. Iterating twice gives the same sequences."""

    @property
    def name(self) -> str:
        """What is measured, all choices that change it included; the manifest's expected errors go by it."""

    @property
    def layout(self) -> str:
        """Layout of the keypoints, a key of `skeletons.SKELETONS`."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[EvaluationSequence]: ...


def _bands(kind: str, index: np.ndarray) -> np.ndarray:
    names: np.ndarray = np.array(VIEW_BANDS[kind])[index]
    return names


def _facing(joints: np.ndarray, ray: np.ndarray) -> np.ndarray:
    """(T,) 0 to 2 for front, side, back: where the trunk faces, seen along its own vertical, in quarters of a turn.

    Args:
        joints: (T, 17, 3) metres, camera axes.
        ray: (3,) or (T, 3) direction from the camera to the person.
    """
    joint = {name: joints[:, i] for i, name in enumerate(H36M17.joint_names)}
    up = _unit(joint["thorax"] - joint["hip"])
    # Camera axes are right-handed: left x up = forward.
    forward = _unit(np.cross(joint["left_hip"] - joint["right_hip"], up))
    back = _unit(ray - (ray * up).sum(-1, keepdims=True) * up)
    return np.asarray(np.digitize((forward * back).sum(-1), (-np.sqrt(0.5), np.sqrt(0.5))))


def _unit(vectors: np.ndarray) -> np.ndarray:
    unit: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return unit
