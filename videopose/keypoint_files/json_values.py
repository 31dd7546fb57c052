"""JSON from outside: read within limits, its values taken as what they must be, each complaint with its place."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from videopose.errors import InputError

MAX_JSON_BYTES = 1 << 30
"""Of one file, or of all files of a folder; an hour of one person's 136 keypoints has 0.7 GB."""
MAX_FRAME = 10_000_000
"""Frame numbers are below; 46 hours at 60 frames/s."""

_NUMBERS = {int, float, type(None)}


def read_json(path: Path) -> Any:
    """The content of a JSON file; NaN and Infinity, which some programs write, are read as such.

    Raises:
        InputError: it cannot be read, is too large, cut off, nested too deeply, or no JSON at all.
    """
    try:
        size = path.stat().st_size
        if size > MAX_JSON_BYTES:
            raise InputError(
                f"{path}: has {size / 1e9:.1f} GB, more than the {MAX_JSON_BYTES / 1e9:.1f} GB that are read. Split it."
            )
        return parse_json(path, path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}). Check the path.") from error


def parse_json(path: Path, content: bytes) -> Any:
    """What the bytes of a JSON file say; see `read_json`."""
    try:
        return json.loads(content)
    except RecursionError as error:
        raise InputError(f"{path}: is nested too deeply for keypoints. Give a file of 2D keypoints.") from error
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path}: is no JSON, or only a part of one (line {error.lineno}: {error.msg}). Write it anew."
        ) from error
    # UnicodeDecodeError, or a number of more digits than Python converts.
    except ValueError as error:
        raise InputError(f"{path}: is no JSON of keypoints ({_short(error)}). Write it anew.") from error


def as_dict(place: str, value: Any) -> dict[str, Any]:
    """`value`, which must be an object."""
    if not isinstance(value, dict):
        raise InputError(f"{place} is {describe(value)}, not an object. Write the file anew.")
    return value


def as_list(place: str, value: Any) -> list[Any]:
    """`value`, which must be a list."""
    if not isinstance(value, list):
        raise InputError(f"{place} is {describe(value)}, not a list. Write the file anew.")
    return value


def as_whole(place: str, value: Any) -> int:
    """`value`, which must be a whole number, or its digits as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{place} is {describe(value)}, not a whole number. Write the file anew.")
    # What int64 holds.
    if abs(value) >= 1 << 63:
        raise InputError(f"{place} is too large a number. Write the file anew.")
    return value


def as_frame(place: str, value: Any) -> int:
    """`value`, which must be the number of a frame, from 0."""
    frame = as_whole(place, value)
    if not 0 <= frame < MAX_FRAME:
        raise InputError(f"{place} is {frame}, no number of a frame (0 to {MAX_FRAME - 1}). Number frames from 0.")
    return frame


def as_number(place: str, value: Any) -> float | None:
    """`value`, which must be a finite number; None for null and NaN."""
    number = float(as_numbers(place, [value])[0])
    return None if np.isnan(number) else number


def as_numbers(place: str, value: Any, count: int | None = None) -> np.ndarray:
    """`value`, which must be a list of finite numbers, null or NaN.

    Args:
        place: file and key, for messages.
        value: from JSON.
        count: how many there must be; None: any number.

    Returns:
        (count,) float64, NaN for null.
    """
    items = as_list(place, value)
    if count is not None and len(items) != count:
        raise InputError(f"{place} has {len(items)} numbers, not {count}. Write the file anew.")
    if not _NUMBERS.issuperset(map(type, items)):
        wrong = next(item for item in items if type(item) not in _NUMBERS)
        raise InputError(f"{place} holds {describe(wrong)} among its numbers. Write the file anew.")
    try:
        numbers = np.array(items, np.float64)
    except OverflowError as error:
        raise InputError(f"{place} holds a number that is too large. Write the file anew.") from error
    if np.isinf(numbers).any():
        raise InputError(f"{place} holds an infinite number. Write null where something is not known.")
    return numbers


def last_number(name: str) -> int | None:
    """The last digits in a picture's name without its ending, as a number; None where it has none."""
    digits = re.findall(r"[0-9]+", name.rpartition("/")[2].rpartition("\\")[2].partition(".")[0])
    return int(digits[-1]) if digits and len(digits[-1]) < 19 else None


def as_triples(place: str, value: Any) -> np.ndarray:
    """`value`, which must be a flat list x, y, score, x, y, score, ...; (J, 3) float64, NaN for null."""
    numbers = as_numbers(place, value)
    if not len(numbers) or len(numbers) % 3:
        raise InputError(f"{place} has {len(numbers)} numbers, not three for each keypoint. Write the file anew.")
    return numbers.reshape(-1, 3)


def first_twice(values: Iterable[int]) -> int | None:
    """The first that has been there before; None where each is there once."""
    seen: set[int] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


def describe(value: Any) -> str:
    """What `value` is, in a few words."""
    if isinstance(value, str):
        return f"the text {value[:30]!r}"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return {None: "null", True: "true", False: "false"}.get(value) or "the number " + repr(value)[:30]


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:100] if str(error) else type(error).__name__
