"""The JSON file: the content of the NPZ file as one object, described by `recording.schema.json`."""

import json
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from videopose.export.arrays import ALL_KEYS, file_values, provenance_text
from videopose.files import atomic_path
from videopose.types import Recording

_ROWS = 256
"""Frames turned into text at a time: bounds the memory, whatever the length of the video."""
_DECIMALS: dict[str, int | tuple[int, ...]] = {
    "time_s": 6,
    "keypoints_2d": (2, 2, 4),
    "joints_3d": 5,
    "root_3d": 5,
    "angles_degrees": 2,
    "camera_to_ground": 9,
}
"""Digits behind the point, finer than what is measured: 0.01 px, 0.01 mm, a microsecond, 0.01 degrees."""


def write_json(recording: Recording, path: Path, keys: Sequence[str] = ALL_KEYS) -> None:
    """Write all results of one video as one JSON object, frame rows one per line, NaN as null.

    Args:
        recording: the results.
        path: to write; replaced if it exists.
        keys: of `ALL_KEYS`, those to write; `KEYPOINT_KEYS` where there is no 3D.

    Raises:
        OutputError: `path` cannot be written.
    """
    values = file_values(recording, keys)
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        for position, (name, value) in enumerate(values.items()):
            stream.write(f"{',' if position else '{'}\n{json.dumps(name)}: ")
            _write_value(stream, name, value)
        stream.write("\n}\n")


def recording_schema(keys: Sequence[str] = ALL_KEYS) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the files that `write_json` writes with these keys."""
    text = resources.files("videopose.export").joinpath("recording.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    schema["required"] = [key for key in schema["required"] if key in keys]
    schema["properties"] = {key: value for key, value in schema["properties"].items() if key in keys}
    return schema


def _write_value(stream: TextIO, name: str, value: Any) -> None:
    if name == "provenance":
        stream.write(provenance_text(value))
    elif not isinstance(value, np.ndarray):
        stream.write(json.dumps(value))
    elif value.ndim < 2 or name == "camera_to_ground":
        stream.write(next(_rows(value[None], _DECIMALS.get(name))))
    else:  # (P, T, ...): a line for each frame of each person
        stream.write("[")
        for person, rows in enumerate(value):
            stream.write(",[" if person else "[")
            for row, text in enumerate(_rows(rows, _DECIMALS.get(name))):
                stream.write(f",\n{text}" if row else f"\n{text}")
            stream.write("]")
        stream.write("]")


def _rows(array: np.ndarray, decimals: int | tuple[int, ...] | None) -> Iterator[str]:
    """JSON text of each item along the first axis."""
    for start in range(0, len(array), _ROWS):
        chunk = array[start : start + _ROWS]
        if decimals is not None:
            scale = 10.0 ** np.array(decimals)
            # Divided in float64, not float32: only then is the shortest text the rounded one.
            chunk = np.rint(chunk.astype(np.float64) * scale) / scale + 0.0  # -0.0 + 0.0 is 0.0
            chunk[~np.isfinite(chunk)] = np.nan
        for row in chunk.tolist():
            yield json.dumps(row, separators=(",", ":")).replace("NaN", "null")
