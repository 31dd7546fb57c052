"""The values that flow through the pipeline: frozen dataclasses of parallel arrays that check themselves."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from videopose.skeletons import H36M17, Skeleton


def check_shape(name: str, array: np.ndarray, expected: tuple[int | None, ...]) -> None:
    """Raise ValueError unless `array` has the expected shape; None matches any size."""
    if array.ndim != len(expected) or any(e is not None and a != e for a, e in zip(array.shape, expected, strict=True)):
        want = ", ".join("*" if e is None else str(e) for e in expected)
        raise ValueError(f"{name} must be ({want}), got {array.shape}")


def _describe(value: object) -> str:
    """Class name with the shape of each array: data stays out of logs and tracebacks."""
    parts = []
    for name in value.__dataclass_fields__:  # type: ignore[attr-defined]
        item = getattr(value, name)
        parts.append(f"{name}={item.dtype}{list(item.shape)}" if isinstance(item, np.ndarray) else f"{name}={item!r}")
    return f"{type(value).__name__}({', '.join(parts)})"


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What is known of a video, for the frames as they are handed on (upright)."""

    path: str
    """File path or URL as given."""
    width: int
    """Pixels, after rotation."""
    height: int
    """Pixels, after rotation."""
    fps: Fraction
    """Nominal frames per second: 30000/1001 stays that. For variable rate the average (content)."""
    frame_count: int | None
    """Frames by the header; None when the container does not say. Only a full read gives the truth."""
    duration_s: float | None
    """Seconds by the header; None when unknown (live streams)."""
    rotation_degrees: int
    """Clockwise turn that was applied to make frames upright: 0, 90, 180 or 270."""
    codec: str = ""
    """Codec name as ffmpeg says it, for example `h264`."""
    has_audio: bool = False
    """True when the file holds at least one audio stream."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture."""

    index: int
    """Position in the video from its first frame, starting at 0, whatever --start says."""
    time_s: float
    """Presentation time in seconds, relative to the first frame of the video."""
    image: np.ndarray
    """(H, W, 3) uint8, BGR, upright."""

    def __post_init__(self) -> None:
        check_shape("image", self.image, (None, None, 3))


@dataclass(frozen=True, slots=True, repr=False)
class Detections:
    """Every person found in one frame."""

    boxes: np.ndarray
    """(N, 4) float32 pixels: x0, y0, x1, y1."""
    scores: np.ndarray
    """(N,) float32 in 0..1."""
    keypoints: np.ndarray
    """(N, J, 3) float32: x, y in pixels of the upright frame, score in 0..1."""
    layout: str = "coco17"
    """Name of the joint layout, a key of `skeletons.SKELETONS`."""

    def __post_init__(self) -> None:
        n = len(self.boxes)
        check_shape("boxes", self.boxes, (n, 4))
        check_shape("scores", self.scores, (n,))
        check_shape("keypoints", self.keypoints, (n, None, 3))

    __repr__ = _describe

    def __len__(self) -> int:
        return len(self.boxes)

    def chosen(self, rows: np.ndarray) -> "Detections":
        """Some of the people: (K,) indices, or (N,) bool."""
        return Detections(self.boxes[rows], self.scores[rows], self.keypoints[rows], self.layout)

    @classmethod
    def empty(cls, layout: str = "coco17", joints: int = 17) -> "Detections":
        """Nobody in the frame."""
        return cls(
            np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, joints, 3), np.float32), layout=layout
        )


@dataclass(frozen=True, slots=True, repr=False)
class Track:
    """One person followed through a video."""

    person_id: int
    """Starts at 1, in order of first appearance."""
    frame_index: np.ndarray
    """(T,) int64, strictly increasing, consecutive: gaps are filled, see `observed`."""
    keypoints: np.ndarray
    """(T, J, 3) float32: x, y in pixels of the upright frame, score in 0..1 (0 where filled in over a gap)."""
    boxes: np.ndarray
    """(T, 4) float32 pixels: x0, y0, x1, y1."""
    observed: np.ndarray
    """(T,) bool: False where the keypoints were filled in, also between frames that were looked at."""

    def __post_init__(self) -> None:
        n = len(self.frame_index)
        check_shape("frame_index", self.frame_index, (n,))
        check_shape("keypoints", self.keypoints, (n, None, 3))
        check_shape("boxes", self.boxes, (n, 4))
        check_shape("observed", self.observed, (n,))
        if n > 1 and not bool(np.all(np.diff(self.frame_index) == 1)):
            raise ValueError("frame_index must be consecutive")

    @property
    def supported(self) -> np.ndarray:
        """(T,) bool: observed, or between two such frames where others were not looked at: no gap."""
        return np.asarray(self.observed | (self.keypoints[..., 2] > 0).any(axis=1))

    __repr__ = _describe

    def __len__(self) -> int:
        return len(self.frame_index)


@dataclass(frozen=True, slots=True, repr=False)
class Motion:
    """The 3D movement of one person, in camera axes (x right, y down, z away)."""

    person_id: int
    """The track's id."""
    frame_index: np.ndarray
    """(T,) int64, the track's frames."""
    time_s: np.ndarray
    """(T,) float64 presentation times, seconds."""
    joints: np.ndarray
    """(T, J, 3) float32 metres, relative to the root joint (joint 0)."""
    root: np.ndarray
    """(T, 3) float32 metres from the camera, NaN where it could not be solved."""
    skeleton: Skeleton = H36M17
    """Names and parents of the joints."""
    reprojection_error_px: float = float("nan")
    """Median distance between the 2D keypoints and the projected 3D joints, pixels; NaN without a root."""

    def __post_init__(self) -> None:
        n = len(self.frame_index)
        check_shape("frame_index", self.frame_index, (n,))
        check_shape("time_s", self.time_s, (n,))
        check_shape("joints", self.joints, (n, len(self.skeleton), 3))
        check_shape("root", self.root, (n, 3))

    __repr__ = _describe

    def __len__(self) -> int:
        return len(self.frame_index)


@dataclass(frozen=True, slots=True, repr=False)
class Recording:
    """All results of one video: one row per frame of the processed range, detection or not."""

    video: VideoInfo
    frame_index: np.ndarray
    """(T,) int64, consecutive: the processed frames."""
    time_s: np.ndarray
    """(T,) float64 presentation times, seconds."""
    tracks: tuple[Track, ...] = ()
    """In order of person_id; frames lie within `frame_index`."""
    motions: tuple[Motion, ...] = ()
    """One per track, same order and frames (empty when nothing was lifted)."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """JSON-able: versions, weights with sha256, settings, notes."""

    def __post_init__(self) -> None:
        n = len(self.frame_index)
        check_shape("frame_index", self.frame_index, (n,))
        check_shape("time_s", self.time_s, (n,))
        if self.motions and len(self.motions) != len(self.tracks):
            raise ValueError(f"{len(self.motions)} motions for {len(self.tracks)} tracks")

    __repr__ = _describe
