"""The NPZ file: plain NumPy arrays, no pickle, the same bytes for the same content; and reading it back."""

import json
import math
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from videopose.errors import InputError
from videopose.export.arrays import (
    ALL_KEYS,
    RECORDING_KEYS,
    SCHEMA_VERSION,
    RecordingArrays,
    file_values,
    provenance_text,
    to_recording,
    video_of,
)
from videopose.files import atomic_path
from videopose.skeletons import COCO17, H36M17
from videopose.types import Recording

# What NumPy, zipfile and zlib raise on damaged or hostile files; MemoryError: a header may claim any shape.
_BROKEN = (OSError, ValueError, EOFError, KeyError, MemoryError, NotImplementedError, RuntimeError, SyntaxError)
_BROKEN_FORMATS = (zipfile.BadZipFile, zlib.error, tokenize.TokenError, OverflowError, TypeError)
_NUMBERS = (
    "frame_index", "time_s", "image_size", "person_id", "keypoints_2d", "observed", "joints_3d", "root_3d", "parents",
)  # fmt: skip
_MAX_PIXELS = 1e6
"""Coordinates and sizes beyond are a mistake."""


def write_npz(recording: Recording, path: Path, keys: Sequence[str] = ALL_KEYS) -> None:
    """Write all results of one video as compressed arrays (fields of `RecordingArrays` and `DerivedArrays`).

    Args:
        recording: the results.
        path: to write; replaced if it exists.
        keys: of `ALL_KEYS`, those to write; `KEYPOINT_KEYS` where there is no 3D.

    Raises:
        OutputError: `path` cannot be written.
    """
    content = file_values(recording, keys)
    if "provenance" in content:
        content["provenance"] = provenance_text(content["provenance"])
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        # Without dates, owners or order of a file system: identical content gives identical bytes.
        np.savez_compressed(stream, allow_pickle=False, **content)


def read_npz(path: Path) -> RecordingArrays:
    """Read a file written by `write_npz`; derived keys, which older files lack, are left aside.

    Raises:
        InputError: the file is missing, no NPZ, holds pickled objects, lacks a key, or an array has a wrong shape.
    """
    content = _load(path)
    for name in RECORDING_KEYS:
        if name not in content:
            raise InputError(f"{path}: the key `{name}` is missing. Give an NPZ file written by videopose.")
    version = _number(path, content, "schema_version")
    if version != SCHEMA_VERSION:
        raise InputError(
            f"{path}: schema_version is {version:g}, this program reads {SCHEMA_VERSION}. Write the file anew."
        )
    for name in _NUMBERS:
        if content[name].dtype.kind not in "biuf":
            raise InputError(f"{path}: the key `{name}` holds no numbers. Give an NPZ file written by videopose.")
    try:
        with np.errstate(invalid="ignore"):  # what is no number becomes a wrong one, not a warning
            return RecordingArrays(
                schema_version=SCHEMA_VERSION,
                frame_index=content["frame_index"].astype(np.int64),
                time_s=content["time_s"].astype(np.float64),
                fps=_number(path, content, "fps"),
                image_size=content["image_size"].astype(np.int64),
                person_id=content["person_id"].astype(np.int64),
                keypoints_2d=content["keypoints_2d"].astype(np.float32),
                observed=content["observed"].astype(bool),
                joints_3d=content["joints_3d"].astype(np.float32),
                root_3d=content["root_3d"].astype(np.float32),
                keypoint_names=tuple(str(name) for name in content["keypoint_names"]),
                joint_names=tuple(str(name) for name in content["joint_names"]),
                parents=content["parents"].astype(np.int64),
                provenance=json.loads(str(content["provenance"])),
            )
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: {error}. Give an NPZ file written by videopose.") from error


def read_recording(path: Path) -> Recording:
    """Read a file written by `write_npz` as tracks and motions.

    Raises:
        InputError: as `read_npz`; or the rate, the picture size or the times are no such thing.
    """
    arrays = read_npz(path)
    if arrays.joint_names != H36M17.joint_names or arrays.keypoint_names != COCO17.joint_names:
        raise InputError(f"{path}: has another joint layout. Give an NPZ file written by `videopose infer` or `lift`.")
    ids = arrays.person_id.tolist()
    if len(set(ids)) < len(ids) or any(person_id < 1 for person_id in ids):
        raise InputError(
            f"{path}: person_id names somebody twice, or has one below 1. Correct it, or write the file anew."
        )
    rising = bool((np.diff(arrays.time_s) > 0).all() and np.isfinite(arrays.time_s).all())
    if not rising or not (np.diff(arrays.frame_index) == 1).all():
        raise InputError(f"{path}: frames or times do not follow each other. Give an NPZ file written by videopose.")
    if not 0 < arrays.fps < math.inf or not ((arrays.image_size > 0) & (arrays.image_size < _MAX_PIXELS)).all():
        raise InputError(f"{path}: fps or image_size makes no sense. Give an NPZ file written by videopose.")
    return to_recording(arrays, video_of(arrays))


@dataclass(frozen=True, slots=True, repr=False)
class KeypointArrays:
    """2D keypoints from a file: what lifting needs, with defaults filled in."""

    keypoints_2d: np.ndarray
    """(P, T, 17, 3) float32 in COCO order: x, y in pixels, score in 0..1; NaN where the person is absent."""
    image_size: np.ndarray
    """(2,) int64: width and height, pixels."""
    time_s: np.ndarray
    """(T,) float64, strictly increasing; made from `fps` where the file has none."""
    fps: float
    """Frames per second; from the times where the file has none (30 for a single frame: it has no rate)."""
    person_id: np.ndarray
    """(P,) int64, unique; 1, 2, ... where the file has none."""
    frame_index: np.ndarray
    """(T,) int64, consecutive; 0, 1, ... where the file has none."""
    observed: np.ndarray
    """(P, T) bool; where the file has none: all keypoints finite and a score above 0."""
    focal_px: float | None
    """Focal length in pixels, None when the file does not say."""

    def __repr__(self) -> str:
        return f"KeypointArrays({len(self.person_id)} persons, {len(self.frame_index)} frames)"


def read_keypoints(path: Path) -> KeypointArrays:
    """Read 2D keypoints from any NPZ with `keypoints_2d`, `image_size` and `time_s` or `fps`.

    `person_id`, `frame_index`, `observed`, `focal_px` and `keypoint_names` are used when present; other keys are
    ignored. Keypoints named in another order are put into COCO order.

    Raises:
        InputError: the file is missing, no NPZ, holds pickled objects, lacks a key, or a value makes no sense.
    """
    return keypoints_from(path, _load(path))


def keypoints_from(path: Path, content: dict[str, np.ndarray]) -> KeypointArrays:
    """What `read_keypoints` gives, of arrays that have been read already.

    Args:
        path: where they are from, for messages.
        content: the arrays by key.

    Raises:
        InputError: a key is missing, or a value makes no sense.
    """
    given = _numbers(path, content, "keypoints_2d", (None, None, len(COCO17), 3))
    people, frames = given.shape[:2]
    if np.isinf(given).any():
        raise InputError(f"{path}: keypoints_2d holds infinite numbers. Use NaN where a person is absent.")
    if _beyond(given):
        raise InputError(f"{path}: keypoints_2d holds numbers above {_MAX_PIXELS:g}. Give coordinates in pixels.")
    keypoints = given.astype(np.float32)
    keypoints[..., 2] = np.clip(keypoints[..., 2], 0, 1)  # beyond is no score, and not what our files may hold
    if frames == 0:
        raise InputError(f"{path}: keypoints_2d has no frames. Give a file with at least one.")
    size = _numbers(path, content, "image_size", (2,))
    if not (size >= 1).all() or _beyond(size):
        raise InputError(f"{path}: image_size is {size.tolist()}. Give width and height in pixels, at least 1.")
    time_s, fps = _times(path, content, frames)
    index = np.arange(frames)
    if "frame_index" in content:
        index = _whole(path, content, "frame_index", frames)
        if frames > 1 and not (np.diff(index) == 1).all():
            raise InputError(f"{path}: frame_index is not consecutive. Give a row for every frame, NaN where absent.")
    person_id = np.arange(1, people + 1)
    if "person_id" in content:
        person_id = _whole(path, content, "person_id", people)
        if len(np.unique(person_id)) != people:
            raise InputError(f"{path}: person_id holds a number twice. Give each person an own one.")
    finite = np.asarray(np.isfinite(keypoints[..., :2]).all((2, 3)))
    observed = finite & (np.nan_to_num(keypoints[..., 2]) > 0).any(-1)
    if "observed" in content:
        observed = finite & _numbers(path, content, "observed", (people, frames)).astype(bool)
    focal = _number(path, content, "focal_px") if "focal_px" in content else None
    if focal is not None and not (np.isfinite(focal) and focal > 0):
        raise InputError(f"{path}: focal_px is {focal:g}. Give a positive number of pixels or leave it out.")
    return KeypointArrays(
        keypoints_2d=keypoints[:, :, _coco_order(path, content)],
        image_size=size.astype(np.int64),
        time_s=time_s,
        fps=fps,
        person_id=person_id,
        frame_index=index,
        observed=observed,
        focal_px=focal,
    )


def _load(path: Path) -> dict[str, np.ndarray]:
    """All arrays of the NPZ file."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "there is no such file"
        raise InputError(f"{path}: {what}. Give an NPZ file with 2D keypoints.")
    try:
        with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
            content = {}
            for name in names:
                with archive.open(f"{name}.npy") as member:
                    content[name] = np.lib.format.read_array(member, allow_pickle=False)
            return content
    except zipfile.BadZipFile as error:
        raise InputError(f"{path}: not an NPZ file, or a damaged one. Give a file written by numpy.savez.") from error
    except (*_BROKEN, *_BROKEN_FORMATS) as error:
        if "allow_pickle" in str(error):
            raise InputError(
                f"{path}: `{name}` holds pickled Python objects, which are not read for safety. Save plain arrays."
            ) from error
        raise InputError(f"{path}: a damaged NPZ file ({type(error).__name__}). Write it anew.") from error


def _numbers(path: Path, content: dict[str, np.ndarray], name: str, expected: tuple[int | None, ...]) -> np.ndarray:
    """The array `name`, checked to be numbers of the expected shape (None matches any size)."""
    if name not in content:
        raise InputError(f"{path}: the key `{name}` is missing. Add it to the file (it has: {_keys(content)}).")
    array = content[name]
    want = ", ".join("*" if size is None else str(size) for size in expected)
    if array.ndim != len(expected) or any(
        size not in (None, have) for have, size in zip(array.shape, expected, strict=True)
    ):
        raise InputError(f"{path}: {name} has the shape {array.shape}, wanted is ({want}). Save it that way.")
    if array.dtype.kind not in "biuf":
        raise InputError(f"{path}: {name} holds {array.dtype} instead of numbers. Save it as plain numbers.")
    return array


def _beyond(numbers: np.ndarray) -> bool:
    """Whether any is larger than a coordinate or size can be; NaN is not."""
    with np.errstate(over="ignore"):  # half precision does not even have the limit, and becomes infinite
        return bool((np.abs(numbers) > _MAX_PIXELS).any())


def _whole(path: Path, content: dict[str, np.ndarray], name: str, count: int) -> np.ndarray:
    """(count,) int64: the array `name`, checked to be numbers that int64 holds."""
    array = _numbers(path, content, name, (count,))
    # Of NaN neither is true.
    if not (np.abs(array.astype(np.float64)) < 1 << 53).all():
        raise InputError(f"{path}: {name} holds numbers that are not whole. Save it as whole numbers.")
    return array.astype(np.int64)


def _number(path: Path, content: dict[str, np.ndarray], name: str) -> float:
    """The single number `name`; (1,) arrays count as one."""
    array = content[name]
    return float(_numbers(path, {name: array.reshape(()) if array.size == 1 else array}, name, ()))


def _times(path: Path, content: dict[str, np.ndarray], frames: int) -> tuple[np.ndarray, float]:
    """(T,) times in seconds and the frames per second."""
    fps = _number(path, content, "fps") if "fps" in content else None
    if fps is not None and not (np.isfinite(fps) and fps > 0):
        raise InputError(f"{path}: fps is {fps:g}. Give a positive number of frames per second.")
    if "time_s" not in content:
        if fps is None:
            raise InputError(
                f"{path}: neither `time_s` nor `fps` is there. Add one of them (it has: {_keys(content)})."
            )
        return np.arange(frames) / fps, fps
    time_s = _numbers(path, content, "time_s", (frames,)).astype(np.float64)
    if not np.isfinite(time_s).all() or (np.diff(time_s) <= 0).any():
        raise InputError(f"{path}: time_s must be finite and strictly increasing. Give seconds for each frame.")
    if fps is None:
        fps = float((frames - 1) / (time_s[-1] - time_s[0])) if frames > 1 else 30.0
    return time_s, fps


def _coco_order(path: Path, content: dict[str, np.ndarray]) -> list[int]:
    """For each COCO keypoint its place in the file."""
    if "keypoint_names" not in content:
        return list(range(len(COCO17)))
    names = [str(name) for name in content["keypoint_names"].ravel()]
    if sorted(names) != sorted(COCO17.joint_names):
        raise InputError(
            f"{path}: keypoint_names is {', '.join(names[:20])}. Supported are these: {', '.join(COCO17.joint_names)}."
        )
    return [names.index(name) for name in COCO17.joint_names]


def _keys(content: dict[str, np.ndarray]) -> str:
    return ", ".join(sorted(content)[:20]) or "nothing"
