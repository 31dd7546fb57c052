"""Everything that is measured of one person."""

from dataclasses import dataclass

import numpy as np

from videopose.kinematics import joint_angles, joint_speeds
from videopose.kinematics.angles import ANGLES
from videopose.report.movement import Jitter, Sliding, Swaps, measure_jitter, measure_sliding, measure_swaps
from videopose.report.person import Person, person_of
from videopose.report.shape import Bones, Fit, measure_bones, measure_fit
from videopose.skeletons import COCO17, H36M17
from videopose.types import Recording
from videopose.world import World

CHAINS = {
    "hip_flexion": ("hip", "knee"),
    "knee_flexion": ("hip", "knee", "ankle"),
    "shoulder_elevation": ("shoulder", "elbow"),
    "elbow_flexion": ("shoulder", "elbow", "wrist"),
}
"""Angles that are shown for each side, with the joints of that side they rest on."""


def seen_all(person: Person, angle: str) -> np.ndarray:
    """(T,) bool: all joints of that side which an angle such as `left_knee_flexion` rests on were seen."""
    side, _, name = angle.partition("_")
    return np.asarray(person.seen[:, [COCO17.index(f"{side}_{part}") for part in CHAINS[name]]].all(axis=1))


@dataclass(frozen=True, slots=True, repr=False)
class Path:
    """Where the hip went, seen from above."""

    places: np.ndarray
    """(T, 3) metres in the world; NaN without a root."""
    camera: np.ndarray
    """(3,) metres in the world."""
    length_m: float
    """Horizontal way between neighbouring frames that are known, added up; NaN below two."""
    distance_m: tuple[float, float]
    """Least and largest distance from the camera."""
    share: float
    """Share of the person's frames with a root."""


@dataclass(frozen=True, slots=True, repr=False)
class Measures:
    """The measures of one person; arrays are over that person's frames."""

    person: Person
    frames_in_recording: int
    """Frames of the whole recording."""
    seen_share: np.ndarray
    """(17,) share of the person's frames in which each COCO keypoint was seen."""
    filled_share: float
    """Share of the person's frames that were not seen but filled in."""
    angles: np.ndarray
    """(T, A) degrees, `kinematics.ANGLES`."""
    speeds: np.ndarray
    """(T, 17) m/s; relative to the hip where no frame has a root."""
    path: Path
    bones: Bones
    fit: Fit
    jitter: Jitter
    swaps: Swaps
    sliding: Sliding

    @property
    def lifted_frames(self) -> int:
        """Frames with joints."""
        return int(self.person.lifted.sum())


def measure(recording: Recording, row: int, world: World) -> Measures:
    """Measure the `row`-th person of `recording`.

    Args:
        recording: tracks, and motions where it was lifted.
        row: place in `recording.tracks`.
        world: axes with the ground at height 0.
    """
    person = person_of(recording, row, world)
    count = len(person.time_s)
    motion = recording.motions[row] if recording.motions else None
    present = max(int(person.present.sum()), 1)
    return Measures(
        person=person,
        frames_in_recording=len(recording.frame_index),
        seen_share=person.seen.sum(axis=0) / present,
        filled_share=float((person.present & ~person.observed).sum() / present),
        angles=np.full((count, len(ANGLES)), np.nan) if motion is None else joint_angles(motion, world),
        speeds=np.full((count, len(H36M17)), np.nan) if motion is None else joint_speeds(motion),
        path=_path(person),
        bones=measure_bones(person),
        fit=measure_fit(person),
        jitter=measure_jitter(person),
        swaps=measure_swaps(person),
        sliding=measure_sliding(person),
    )


def _path(person: Person) -> Path:
    places = person.world.places(person.root)
    steps = np.linalg.norm(np.diff(places[:, [0, 2]], axis=0), axis=-1)
    distance = np.linalg.norm(person.root, axis=-1)
    known = np.isfinite(distance)
    nearest, farthest = (float(distance[known].min()), float(distance[known].max())) if known.any() else (np.nan,) * 2
    return Path(
        places=places,
        camera=person.world.places(np.zeros(3)),
        length_m=float(np.nansum(steps)) if np.isfinite(steps).any() else float("nan"),
        distance_m=(nearest, farthest),
        share=float(known.sum() / max(int(person.present.sum()), 1)),
    )
