"""What the writers of keypoint files share: names of pictures, numbers for JSON, lists written row by row."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videopose.files import atomic_path
from videopose.types import Detections


@dataclass(frozen=True, slots=True)
class PictureLabels:
    """What the frames are called where they are pictures, not frames of a film."""

    names: tuple[str, ...]
    """File name of each frame, unique."""
    ids: tuple[int, ...]
    """Number of each frame, unique."""

    def __post_init__(self) -> None:
        if not len(set(self.names)) == len(self.names) == len(self.ids) == len(set(self.ids)):
            raise ValueError("names and ids must be unique and as many")


def known(keypoints: np.ndarray) -> np.ndarray:
    """(..., D) keypoints with zeros for those that are not known (NaN): the other programs' way to say so."""
    missing = ~np.isfinite(keypoints).all(-1)
    return np.where(missing[..., None], np.float32(0), keypoints)


def flat(keypoints: np.ndarray, decimals: tuple[int, ...] = (4, 4, 7)) -> list[float]:
    """(J, 3) keypoints as one list: x, y (4 decimals), score (7 decimals), x, y, score, ...

    Args:
        keypoints: or (J, D) of as many numbers as `decimals` has.
        decimals: of each number.
    """
    values: list[float] = _rounded(known(keypoints), decimals).ravel().tolist()
    return values


def numbers(values: np.ndarray, decimals: int = 4) -> Any:
    """Nested lists of finite numbers."""
    return _rounded(np.nan_to_num(values, nan=0.0), decimals).tolist()


def box(found: Detections, row: int) -> np.ndarray:
    """(4,) x0, y0, x1, y1; the extent of the known keypoints where there is no box."""
    given = found.boxes[row]
    points = found.keypoints[row, :, :2]
    points = points[np.isfinite(points).all(-1)]
    if np.isfinite(given).all() or not len(points):
        return np.asarray(given)
    return np.concatenate([points.min(0), points.max(0)])


def xywh(corners: np.ndarray) -> list[float]:
    """x, y, width, height of a (4,) box given by its corners."""
    exact = np.nan_to_num(corners.astype(np.float64), nan=0.0)
    values: list[float] = _rounded(np.concatenate([exact[:2], exact[2:] - exact[:2]]), 4).tolist()
    return values


def score(found: Detections, row: int) -> float:
    """The detection's score, finite."""
    return round(float(np.nan_to_num(found.scores[row], nan=0.0)), 7)


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write a JSON list, a line for each object, with bounded memory.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("[")
        for number, row in enumerate(rows):
            stream.write((",\n" if number else "\n") + dump(row))
        stream.write("\n]\n")


def dump(value: Any) -> str:
    """Compact, strict JSON: no NaN."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _rounded(values: np.ndarray, decimals: int | tuple[int, ...]) -> np.ndarray:
    scale = 10.0 ** np.array(decimals)
    return np.rint(values.astype(np.float64) * scale) / scale + 0.0  # -0.0 + 0.0 is 0.0
