"""Where everybody stands: the people of a recording in one 3D scene, with the ground under them.

The axes are the camera's own (x right, y down, z away). How far the camera looked up or down is not known, so the
ground is taken to be level with the camera.
"""

from dataclasses import dataclass

import numpy as np

from videopose.types import Motion, Recording

PERSON_M = 1.7
"""What a person's height is taken to be where nothing is known."""

_ANKLE_HEIGHT_M = 0.08  # from the ankle joint to the sole
_SIDE_BY_SIDE_M = 1.2
_BRIEF = 0.1  # people seen for less than this share of the longest stay must not make everybody else small
_SAMPLES = 2000  # poses of each person that the fit of the views looks at


@dataclass(frozen=True, slots=True)
class PlacedPerson:
    """One motion put into the scene."""

    motion: Motion
    root: np.ndarray
    """(T, 3) float64 metres: the motion's root with its gaps bridged, or a place of its own where it has none."""

    def pose(self, frame_index: int) -> np.ndarray | None:
        """(J, 3) float64 joints in metres in that frame; None when the person is not there."""
        row = frame_index - int(self.motion.frame_index[0]) if len(self.motion) else -1
        if not 0 <= row < len(self.motion):
            return None
        pose: np.ndarray = self.motion.joints[row] + self.root[row]
        return pose


@dataclass(frozen=True, slots=True)
class Scene:
    """All people of a recording and the ground they stand on."""

    people: tuple[PlacedPerson, ...]
    floor_m: float
    """Height of the ground: y in camera axes, downwards."""
    samples: np.ndarray
    """(N, J, 3) float64 joints of all but the briefly seen people, thinned out for long videos."""
    sample_rows: np.ndarray
    """(N,) int64: row of `Recording.frame_index` of each sample."""
    centre: np.ndarray
    """(T, 3) float64: where those people are on the ground, smoothed; y is the middle of a standing person."""


def _feet_y(motion: Motion) -> np.ndarray:
    """(T,) y of the lowest ankle relative to the root, NaN where it is missing."""
    names = motion.skeleton.joint_names
    ankles = [j for j, name in enumerate(names) if name.endswith("_ankle")] or list(range(len(names)))
    heights = motion.joints[:, ankles, 1].astype(np.float64)
    known = np.isfinite(heights)
    lowest: np.ndarray = np.where(known, heights, -np.inf).max(axis=1)
    lowest[~known.any(axis=1)] = np.nan
    return lowest


def _percentile(values: np.ndarray, share: float, otherwise: float) -> float:
    finite = values[np.isfinite(values)]
    return float(np.percentile(finite, share)) if finite.size else otherwise


def _bridged(values: np.ndarray) -> np.ndarray:
    """(T, C) values with the rows that are not finite interpolated, the ends held; at least one row is finite."""
    good = np.isfinite(values).all(axis=1)
    rows = np.arange(len(values))
    return np.stack([np.interp(rows, rows[good], column[good]) for column in values.T], axis=1)


def _smoothed(values: np.ndarray, radius: int) -> np.ndarray:
    """(T, C) values after two running means over 2 radius + 1 rows; a steady walk stays what it is up to both ends."""
    kernel = np.full(2 * radius + 1, 1.0 / (2 * radius + 1))
    for _ in range(2):
        padded = np.pad(values, ((radius, radius), (0, 0)), mode="reflect", reflect_type="odd")
        values = np.stack([np.convolve(column, kernel, mode="valid") for column in padded.T], axis=1)
    return values


def place_people(recording: Recording) -> Scene:
    """Put every motion of a recording into one scene.

    People go where their root is; a root that is missing for a while is interpolated. People without any root stand
    side by side, feet on the ground.
    """
    motions = [motion for motion in recording.motions if len(motion)]
    rooted = [motion for motion in motions if np.isfinite(motion.root).all(axis=1).any()]
    roots = {motion.person_id: _bridged(motion.root.astype(np.float64)) for motion in rooted}
    feet = [roots[motion.person_id][:, 1] + _feet_y(motion) for motion in rooted]
    floor = _percentile(np.concatenate(feet), 90, 0.0) + _ANKLE_HEIGHT_M if feet else 1.0
    depth = float(np.median(np.concatenate([root[:, 2] for root in roots.values()]))) if roots else 0.0
    right = max((float(np.percentile(root[:, 0], 99)) + _SIDE_BY_SIDE_M for root in roots.values()), default=0.0)
    people = []
    for motion in motions:
        root = roots.get(motion.person_id)
        if root is None:
            stand = floor - _ANKLE_HEIGHT_M - _percentile(_feet_y(motion), 90, 0.9)
            root = np.tile(np.array([right, stand, depth]), (len(motion), 1))
            right += _SIDE_BY_SIDE_M
        people.append(PlacedPerson(motion, root))
    return _with_path(recording, tuple(people), floor)


def _with_path(recording: Recording, people: tuple[PlacedPerson, ...], floor: float) -> Scene:
    """The scene with thinned samples and the path that the middle of all people takes."""
    total = len(recording.frame_index)
    first = int(recording.frame_index[0]) if total else 0
    sums, counts = np.zeros((total, 3)), np.zeros((total, 1))
    poses, rows = [], []
    longest = max((len(person.motion) for person in people), default=0)
    for person in people:
        if len(person.motion) < _BRIEF * longest:
            continue
        row = person.motion.frame_index.astype(np.int64) - first
        sums[row] += person.root
        counts[row] += 1
        step = max(1, len(row) // _SAMPLES)
        poses.append((person.motion.joints[::step] + person.root[::step, None]).astype(np.float64))
        rows.append(row[::step])
    if people:
        centre = _bridged(np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0))
        rate = float(recording.video.fps) or 30.0
        centre = _smoothed(centre, radius=min(round(rate), 240))
    else:
        centre = np.zeros((total, 3))
    centre[:, 1] = floor - 0.5 * PERSON_M
    samples = np.concatenate(poses) if poses else np.zeros((0, 1, 3))
    return Scene(people, floor, samples, np.concatenate(rows) if rows else np.zeros(0, np.int64), centre)
