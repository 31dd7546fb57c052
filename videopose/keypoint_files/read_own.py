"""The files that videopose itself writes of a video, as sources of 2D keypoints."""

from pathlib import Path
from typing import Any

import numpy as np

from videopose.errors import InputError
from videopose.export.npz import KeypointArrays, keypoints_from
from videopose.keypoint_files.json_values import as_dict, describe

_NUMBERS = ("keypoints_2d", "image_size", "time_s", "fps", "person_id", "frame_index", "observed", "focal_px")


def read_own_json(path: Path, content: Any) -> KeypointArrays:
    """Read what `videopose.export.write_json` writes, with the same checks and options as its NPZ; null is NaN.

    Args:
        path: the file, for messages.
        content: its JSON.

    Raises:
        InputError: a key is missing, or a value makes no sense.
    """
    content = as_dict(f"{path}: its content", content)
    arrays = {key: _array(f"{path}: {key!r}", content[key]) for key in _NUMBERS if content.get(key) is not None}
    if arrays.get("keypoints_2d", np.ones(1)).shape == (0,):
        # Nobody: the shape cannot be seen from the list.
        frames = next((arrays[key].size for key in ("frame_index", "time_s") if key in arrays), 0)
        arrays["keypoints_2d"] = np.zeros((0, frames, 17, 3))
        arrays["observed"] = np.zeros((0, frames), bool)
    names = content.get("keypoint_names")
    if names is not None:
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise InputError(f"{path}: 'keypoint_names' is no list of names. Write the file anew.")
        arrays["keypoint_names"] = np.array(names, str)
    return keypoints_from(path, arrays)


def _array(place: str, value: Any) -> np.ndarray:
    """Numbers, nested or not, as an array."""
    try:
        array = np.array(value)
        if array.dtype == object:
            wrong = next((item for item in array.ravel() if type(item) not in (int, float, bool, type(None))), None)
            if wrong is not None:
                raise InputError(f"{place} holds {describe(wrong)} among its numbers. Write the file anew.")
            array = array.astype(np.float64)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{place} is no array of numbers of one shape. Write the file anew.") from error
    if array.dtype.kind not in "biuf":
        raise InputError(f"{place} holds text among its numbers. Write the file anew.")
    if array.dtype.kind == "f" and np.isinf(array).any():
        raise InputError(f"{place} holds an infinite number. Write null where something is not known.")
    return array
