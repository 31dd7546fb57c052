"""A recording as plain arrays over (person, frame): what the NPZ and JSON files hold, key by key."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from videopose.export.derived import DERIVED_KEYS, derive
from videopose.skeletons import COCO17, H36M17
from videopose.types import Motion, Recording, Track, VideoInfo, check_shape

SCHEMA_VERSION = 1
"""Raised when a key changes its meaning or goes away; new keys do not raise it."""


@dataclass(frozen=True, slots=True, repr=False)
class RecordingArrays:
    """The output files' content: P persons by T frames. The field names are the keys of the files."""

    schema_version: int
    """Version of the layout, `SCHEMA_VERSION`."""
    frame_index: np.ndarray
    """(T,) int64, consecutive: row t is video frame `frame_index[t]`."""
    time_s: np.ndarray
    """(T,) float64 presentation times, seconds from the video's first frame."""
    fps: float
    """Nominal frames per second (the average for a variable rate)."""
    image_size: np.ndarray
    """(2,) int64: width and height of the upright frame, pixels."""
    person_id: np.ndarray
    """(P,) int64."""
    keypoints_2d: np.ndarray
    """(P, T, 17, 3) float32: x, y in pixels, score in 0..1; NaN where the person is absent."""
    observed: np.ndarray
    """(P, T) bool: seen in that frame, not filled in."""
    joints_3d: np.ndarray
    """(P, T, 17, 3) float32 metres, root-relative, camera axes (x right, y down, z away); NaN where absent."""
    root_3d: np.ndarray
    """(P, T, 3) float32 metres in camera axes; NaN where absent or not solved."""
    keypoint_names: tuple[str, ...]
    """17 names of the second last axis of `keypoints_2d`."""
    joint_names: tuple[str, ...]
    """17 names of the second last axis of `joints_3d`."""
    parents: np.ndarray
    """(17,) int64: parent of each joint, -1 for the root."""
    provenance: dict[str, Any]
    """Versions, weights with sha256, settings, notes."""

    def __post_init__(self) -> None:
        people, frames = len(self.person_id), len(self.frame_index)
        check_shape("frame_index", self.frame_index, (frames,))
        check_shape("time_s", self.time_s, (frames,))
        check_shape("image_size", self.image_size, (2,))
        check_shape("person_id", self.person_id, (people,))
        check_shape("keypoints_2d", self.keypoints_2d, (people, frames, len(self.keypoint_names), 3))
        check_shape("observed", self.observed, (people, frames))
        check_shape("joints_3d", self.joints_3d, (people, frames, len(self.joint_names), 3))
        check_shape("root_3d", self.root_3d, (people, frames, 3))
        check_shape("parents", self.parents, (len(self.joint_names),))

    def __repr__(self) -> str:
        return f"RecordingArrays({len(self.person_id)} persons, {len(self.frame_index)} frames)"


RECORDING_KEYS = tuple(RecordingArrays.__dataclass_fields__)
"""Keys of the files that are read back."""
ALL_KEYS = RECORDING_KEYS + DERIVED_KEYS
"""Keys of the files."""
KEYPOINT_KEYS = tuple(key for key in RECORDING_KEYS if key not in ("joints_3d", "root_3d", "joint_names", "parents"))
"""Keys of files that say nothing of 3D."""


def to_arrays(recording: Recording) -> RecordingArrays:
    """Lay the tracks and motions of `recording` out over all its frames.

    Raises:
        ValueError: a track or motion reaches outside the recording's frames, or has another joint layout.
    """
    people, frames = len(recording.tracks), len(recording.frame_index)
    keypoints = np.full((people, frames, len(COCO17), 3), np.nan, np.float32)
    joints = np.full((people, frames, len(H36M17), 3), np.nan, np.float32)
    root = np.full((people, frames, 3), np.nan, np.float32)
    observed = np.zeros((people, frames), bool)
    for person, track in enumerate(recording.tracks):
        rows = _rows(recording, track.frame_index)
        keypoints[person, rows] = track.keypoints
        observed[person, rows] = track.observed
    for person, motion in enumerate(recording.motions):
        rows = _rows(recording, motion.frame_index)
        joints[person, rows] = motion.joints
        root[person, rows] = motion.root
    return RecordingArrays(
        schema_version=SCHEMA_VERSION,
        frame_index=recording.frame_index.astype(np.int64),
        time_s=recording.time_s.astype(np.float64),
        fps=float(recording.video.fps),
        image_size=np.array([recording.video.width, recording.video.height], np.int64),
        person_id=np.array([track.person_id for track in recording.tracks], np.int64),
        keypoints_2d=keypoints,
        observed=observed,
        joints_3d=joints,
        root_3d=root,
        keypoint_names=COCO17.joint_names,
        joint_names=H36M17.joint_names,
        parents=np.array(H36M17.parents, np.int64),
        provenance=plain(recording.provenance),
    )


def file_values(recording: Recording, keys: Sequence[str]) -> dict[str, Any]:
    """What the files hold under each of the keys, of `ALL_KEYS`: arrays, names and numbers.

    Raises:
        ValueError: as `to_arrays`.
    """
    arrays = to_arrays(recording)
    derived = derive(recording) if not set(keys).isdisjoint(DERIVED_KEYS) else None
    return {key: getattr(derived if key in DERIVED_KEYS else arrays, key) for key in keys}


def to_recording(arrays: RecordingArrays, video: VideoInfo) -> Recording:
    """The way back: tracks and motions of the frames where each person is present.

    The files hold no boxes: each is the extent of that frame's keypoints. Who is never present is left out.

    Args:
        arrays: what `to_arrays` or `read_npz` gave.
        video: the video they belong to.
    """
    tracks, motions = [], []
    for person, person_id in enumerate(arrays.person_id.tolist()):
        present = np.flatnonzero(np.isfinite(arrays.keypoints_2d[person, ..., :2]).all((1, 2)))
        if not len(present):
            continue
        rows = slice(int(present[0]), int(present[-1]) + 1)
        keypoints, index = arrays.keypoints_2d[person, rows], arrays.frame_index[rows]
        boxes = np.concatenate([keypoints[..., :2].min(1), keypoints[..., :2].max(1)], axis=-1)
        tracks.append(Track(person_id, index, keypoints, boxes, arrays.observed[person, rows]))
        motions.append(
            Motion(person_id, index, arrays.time_s[rows], arrays.joints_3d[person, rows], arrays.root_3d[person, rows])
        )
    lifted = any(np.isfinite(motion.joints).any() for motion in motions)
    return Recording(
        video=video,
        frame_index=arrays.frame_index,
        time_s=arrays.time_s,
        tracks=tuple(tracks),
        motions=tuple(motions) if lifted else (),
        provenance=arrays.provenance,
    )


def plain(value: Any) -> Any:
    """`value` as JSON has it: paths and unknown objects as text, arrays as lists, NaN and infinity as null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | Fraction):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        return [plain(item) for item in value]
    return str(value)


def provenance_text(provenance: Mapping[str, Any]) -> str:
    """One JSON string, strict (no NaN), the same for the same content."""
    return json.dumps(plain(provenance), ensure_ascii=False, allow_nan=False, sort_keys=True)


def _rows(recording: Recording, index: np.ndarray) -> slice:
    """The rows of `recording` that hold the consecutive frames `index`."""
    if not len(index):
        return slice(0, 0)
    first = int(index[0]) - int(recording.frame_index[0]) if len(recording.frame_index) else -1
    if first < 0 or first + len(index) > len(recording.frame_index):
        raise ValueError(f"frames {index[0]} to {index[-1]} lie outside the recording's {len(recording.frame_index)}")
    return slice(first, first + len(index))


def video_of(arrays: RecordingArrays) -> VideoInfo:
    """The video that the arrays tell of; its path is the one they were made from, which need not be there any more."""
    source = arrays.provenance.get("source") if isinstance(arrays.provenance, Mapping) else None
    return VideoInfo(
        path=source if isinstance(source, str) else "",
        width=int(arrays.image_size[0]),
        height=int(arrays.image_size[1]),
        fps=Fraction(arrays.fps).limit_denominator(100_000),
        frame_count=len(arrays.frame_index),
        duration_s=None,
        rotation_degrees=0,
    )
