"""How far what `infer` found is from the truth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videopose.skeletons import H36M17
from videopose.train.metrics import mpjpe, p_mpjpe

LIMBS = {
    "wrists": ("left_wrist", "right_wrist"),
    "ankles": ("left_ankle", "right_ankle"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """The person of a recording that is seen longest."""

    joints: np.ndarray
    """(T, 17, 3) metres relative to the hip, camera axes; NaN where absent."""
    distance_m: np.ndarray
    """(T,) of the hip from the camera, NaN where unknown."""
    seen: np.ndarray
    """(T,) bool: not filled in."""
    people: int


def read_found(path: Path) -> Found:
    """Read the NPZ of `videopose infer`; nobody found gives rows of NaN."""
    with np.load(path, allow_pickle=False) as data:
        people, count = data["observed"].shape
        if people == 0:
            nothing = np.full((count, 17, 3), np.nan, np.float32)
            return Found(nothing, nothing[:, 0, 0], np.zeros(count, bool), 0)
        person = int(data["observed"].sum(axis=1).argmax())
        distance = np.linalg.norm(data["root_3d"][person], axis=-1)
        return Found(data["joints_3d"][person], distance, data["observed"][person], people)


def errors(found: Found, truth: np.ndarray) -> dict[str, Any]:
    """Figures of one case, JSON-able: errors in mm over the frames that have a result.

    Args:
        found: by `infer`.
        truth: (T, 17, 3) metres, camera axes.
    """
    given = np.isfinite(found.joints).all(axis=(1, 2))
    figures: dict[str, Any] = {
        "frames": len(truth),
        "frames_seen": int(found.seen.sum()),
        "frames_with_result": int(given.sum()),
        "people_found": found.people,
        "distance_true_m": round(float(np.linalg.norm(truth[:, 0], axis=-1).mean()), 2),
    }
    if not given.any():
        return figures
    predicted, target = found.joints[given].astype(np.float64), (truth - truth[:, :1])[given].astype(np.float64)
    figures["mpjpe_mm"] = round(1000 * mpjpe(predicted, target), 1)
    figures["p_mpjpe_mm"] = round(1000 * p_mpjpe(predicted, target), 1)
    for limb, names in LIMBS.items():
        rows = [H36M17.index(name) for name in names]
        figures[f"{limb}_mm"] = round(1000 * mpjpe(predicted[:, rows], target[:, rows]), 1)
    if np.isfinite(found.distance_m).any():
        figures["distance_found_m"] = round(float(np.nanmean(found.distance_m)), 2)
    return figures
