"""The cameras that Human3.6M and HumanEva-I were filmed with.

The numbers lie in `cameras.json`; of HumanEva no intrinsics are used.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from videopose.errors import InputError

CORRUPT = ("S11", "Directions")
"""Recorded wrongly in Human3.6M: 2D and 3D do not belong together."""
_SECTIONS = {"human36m": "human36m", "humaneva15": "humaneva1"}


@dataclass(frozen=True, slots=True)
class Camera:
    """One fixed camera."""

    id: str
    """Name or serial number."""
    orientation: np.ndarray
    """(4,) float32 unit quaternion w, x, y, z that turns camera axes into world axes."""
    position_m: np.ndarray
    """(3,) float32 metres, world axes."""
    image_size: tuple[int, int]
    """Width and height, pixels."""
    focal_px: np.ndarray | None = None
    """(2,) float32 pixels; None where not known."""
    center_px: np.ndarray | None = None
    """(2,) float32 pixels; None where not known."""
    radial: np.ndarray | None = None
    """(3,) float32 k1, k2, k3; None where not known."""
    tangential: np.ndarray | None = None
    """(2,) float32 p1, p2; None where not known."""

    def intrinsics(self) -> np.ndarray | None:
        """(9,) float32, see `poses.INTRINSICS`: in screen coordinates; None where not known."""
        if self.focal_px is None or self.center_px is None or self.radial is None or self.tangential is None:
            return None
        width, height = self.image_size
        # Rounded where the public archives were rounded: their projections then come out to the last bit.
        focal = self.focal_px / np.float32(width) * np.float32(2)
        center = self.center_px / np.float32(width) * np.float32(2) - np.array([1, height / width])
        return np.concatenate([focal, center, self.radial, self.tangential]).astype(np.float32)


def cameras(dataset: str, subject: str) -> tuple[Camera, ...]:
    """The cameras of one subject's recordings, in the order of the archives.

    Args:
        dataset: `human36m` or `humaneva15`.
        subject: `S1`; also `Train/S1`, as HumanEva's archives have it.

    Raises:
        InputError: the subject is none of the dataset's, or its cameras are not published.
    """
    section = camera_facts()[_SECTIONS[dataset]]
    extrinsics = section["extrinsics"].get(subject.rpartition("/")[2], [])
    if not extrinsics or not all(extrinsics):
        known = ", ".join(name for name, places in section["extrinsics"].items() if all(places))
        raise InputError(f"{dataset}: no cameras are known for the subject {subject!r}. Known are {known}.")
    return tuple(
        Camera(
            id=inner["id"],
            orientation=_float32(outer["orientation"]),
            position_m=_float32(outer["translation"]) / np.float32(1000),
            image_size=(inner["res_w"], inner["res_h"]),
            focal_px=_float32(inner.get("focal_length")),
            center_px=_float32(inner.get("center")),
            radial=_float32(inner.get("radial_distortion")),
            tangential=_float32(inner.get("tangential_distortion")),
        )
        for inner, outer in zip(section["intrinsics"], extrinsics, strict=True)
    )


def image_sizes(dataset: str) -> tuple[tuple[int, int], ...]:
    """Width and height in pixels of each camera of a dataset, whoever is before it."""
    return tuple((one["res_w"], one["res_h"]) for one in camera_facts()[_SECTIONS[dataset]]["intrinsics"])


def frame_rate(dataset: str) -> float:
    """Frames per second of a dataset."""
    return float(camera_facts()[_SECTIONS[dataset]]["fps"])


@cache
def camera_facts() -> dict[str, Any]:
    """The content of `cameras.json`; not to be changed."""
    content: dict[str, Any] = json.loads((files("videopose.data") / "cameras.json").read_text())
    return content


def _float32(numbers: list[float] | None) -> Any:
    return None if numbers is None else np.array(numbers, np.float32)
