"""One person of a recording as the measures take it: everything over that person's frames, NaN where unknown."""

from dataclasses import dataclass

import numpy as np

from videopose.skeletons import COCO17, H36M17
from videopose.types import Recording, check_shape
from videopose.world import World

SEEN_SCORE = 0.3
"""From this score on a keypoint counts as seen; the overlay draws the others faintly."""


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """Keypoints and joints of one person, and the camera they belong to."""

    person_id: int
    """The track's id."""
    time_s: np.ndarray
    """(T,) float64 presentation times, seconds: the person's frames, first to last."""
    keypoints: np.ndarray
    """(T, 17, 3) float64 in COCO order: x, y in pixels, score; NaN where the person is absent."""
    observed: np.ndarray
    """(T,) bool: False where the keypoints were filled in."""
    joints: np.ndarray
    """(T, 17, 3) float64 metres, root-relative, camera axes; NaN where not lifted."""
    root: np.ndarray
    """(T, 3) float64 metres from the camera; NaN where not solved."""
    image_size: tuple[int, int]
    """Width and height, pixels."""
    focal_px: float | None
    """Focal length in pixels; None when the recording does not say."""
    focal_known: bool
    """Whether it was given, not assumed."""
    world: World
    """Axes with the ground at height 0."""

    def __post_init__(self) -> None:
        count = len(self.time_s)
        check_shape("keypoints", self.keypoints, (count, len(COCO17), 3))
        check_shape("observed", self.observed, (count,))
        check_shape("joints", self.joints, (count, len(H36M17), 3))
        check_shape("root", self.root, (count, 3))

    @property
    def rate_hz(self) -> float:
        """Frames per second, from the median time between them; NaN for a single frame."""
        return float(1.0 / np.median(np.diff(self.time_s))) if len(self.time_s) > 1 else float("nan")

    @property
    def present(self) -> np.ndarray:
        """(T,) bool: there are keypoints, seen or filled in."""
        return np.asarray(np.isfinite(self.keypoints[..., :2]).all((1, 2)))

    @property
    def lifted(self) -> np.ndarray:
        """(T,) bool: there are joints."""
        return np.asarray(np.isfinite(self.joints).all((1, 2)))

    @property
    def placed(self) -> np.ndarray:
        """(T,) bool: there are joints and a root."""
        return np.asarray(self.lifted & np.isfinite(self.root).all(1))

    @property
    def seen(self) -> np.ndarray:
        """(T, 17) bool: the keypoint was looked for in this frame, and its score says that it is there."""
        scores = np.nan_to_num(self.keypoints[..., 2])
        return np.asarray(self.present[:, None] & self.observed[:, None] & (scores >= SEEN_SCORE))

    def size_px(self) -> np.ndarray:
        """(T,) the longer side of the box around the keypoints, pixels; NaN where absent."""
        points = self.keypoints[..., :2]
        return np.asarray((points.max(axis=1) - points.min(axis=1)).max(axis=-1))

    def places(self) -> np.ndarray:
        """(T, 17, 3) float64 metres in the world; NaN without a root."""
        return self.world.places(self.joints + self.root[:, None])


def person_of(recording: Recording, row: int, world: World) -> Person:
    """The `row`-th person of `recording`.

    Args:
        recording: tracks, and motions where it was lifted.
        row: place in `recording.tracks`.
        world: axes with the ground at height 0.
    """
    track = recording.tracks[row]
    count = len(track)
    first = int(track.frame_index[0] - recording.frame_index[0]) if count else 0
    motion = recording.motions[row] if recording.motions else None
    provenance = recording.provenance if isinstance(recording.provenance, dict) else {}
    focal = provenance.get("focal_px")
    usable = isinstance(focal, int | float) and not isinstance(focal, bool) and 0 < focal < 1e9
    return Person(
        person_id=track.person_id,
        time_s=recording.time_s[first : first + count].astype(np.float64),
        keypoints=track.keypoints.astype(np.float64),
        observed=track.observed,
        joints=np.full((count, len(H36M17), 3), np.nan) if motion is None else motion.joints.astype(np.float64),
        root=np.full((count, 3), np.nan) if motion is None else motion.root.astype(np.float64),
        image_size=(recording.video.width, recording.video.height),
        focal_px=float(focal) if usable and focal is not None else None,
        focal_known=provenance.get("focal_known") is True,
        world=world,
    )
