"""Where everybody stands: the people of a recording in one 3D scene, with the ground under them.

The axes are the camera's own made level: x right, y down along gravity, z away along the floor, which is at 0.
"""

from dataclasses import dataclass

import numpy as np

from videopose.ground.estimate import ANKLE_M
from videopose.types import Motion, Recording
from videopose.world import World, bridged_root

PERSON_M = 1.7
"""What a person's height is taken to be where nothing is known."""

_Y_DOWN = np.diag([1.0, -1.0, -1.0])  # from the world's axes, y up and z towards the camera
_SIDE_BY_SIDE_M = 1.2
_STANDING_PERCENT = 90.0  # of the times, the lowest ankle is at most so far below the root
_LEG_M = 0.9  # from the root to the ankle, where nothing is known
_BRIEF = 0.1  # people seen for less than this share of the longest stay must not make everybody else small
_SAMPLES = 2000  # poses of each person that the fit of the views looks at


@dataclass(frozen=True, slots=True)
class PlacedPerson:
    """One motion put into the scene."""

    motion: Motion
    turn: np.ndarray
    """(3, 3) float64: turns the motion's axes into the scene's."""
    root: np.ndarray
    """(T, 3) float64 metres: the motion's root with its gaps bridged, or a place of its own where it has none."""

    @property
    def rooted(self) -> bool:
        """Whether the motion tells where the person is."""
        return bool(np.isfinite(self.motion.root).all(axis=1).any())

    def pose(self, frame_index: int) -> np.ndarray | None:
        """(J, 3) float64 joints in metres in that frame; None when the person is not there."""
        row = frame_index - int(self.motion.frame_index[0]) if len(self.motion) else -1
        return self.poses(slice(row, row + 1))[0] if 0 <= row < len(self.motion) else None

    def poses(self, rows: slice) -> np.ndarray:
        """(N, J, 3) float64 joints in metres in those rows of the motion; NaN where a joint is unknown."""
        return np.asarray(self.motion.joints[rows].astype(np.float64) @ self.turn.T + self.root[rows, None])


@dataclass(frozen=True, slots=True)
class Scene:
    """All people of a recording on the ground, which is at y = 0."""

    people: tuple[PlacedPerson, ...]
    samples: np.ndarray
    """(N, J, 3) float64 joints of all but the briefly seen people, thinned out for long videos."""
    sample_rows: np.ndarray
    """(N,) int64: row of `Recording.frame_index` of each sample."""
    centre: np.ndarray
    """(T, 3) float64: where those people are on the ground, smoothed; y is the middle of a standing person."""


def _standing_m(motion: Motion, turn: np.ndarray) -> float:
    """How far below the root the lowest ankle is when the person stands; any joint, where no ankle is known."""
    names = motion.skeleton.joint_names
    ankles = [j for j, name in enumerate(names) if name.endswith("_ankle")]
    for joints in (motion.joints[:, ankles], motion.joints):
        depths = joints.astype(np.float64) @ turn[1]
        known = np.isfinite(depths)
        if known.any():
            lowest = np.where(known, depths, -np.inf).max(axis=1)
            return float(np.percentile(lowest[known.any(axis=1)], _STANDING_PERCENT))
    return _LEG_M


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


def place_people(recording: Recording, world: World) -> Scene:
    """Put every motion of a recording into one scene.

    People go where their root is; a root that is missing for a while is interpolated. People without any root stand
    side by side, feet on the ground.

    Args:
        recording: whose people.
        world: with the floor at height 0, as `ground.recorded_ground` finds it.
    """
    turn = _Y_DOWN @ world.rotation
    motions = [motion for motion in recording.motions if len(motion)]
    roots = {
        motion.person_id: (bridged_root(motion) - world.origin) @ turn.T
        for motion in motions
        if np.isfinite(motion.root).all(axis=1).any()
    }
    depth = float(np.median(np.concatenate([root[:, 2] for root in roots.values()]))) if roots else 0.0
    right = max((float(np.percentile(root[:, 0], 99)) + _SIDE_BY_SIDE_M for root in roots.values()), default=0.0)
    people = []
    for motion in motions:
        root = roots.get(motion.person_id)
        if root is None:
            root = np.tile([right, -ANKLE_M - _standing_m(motion, turn), depth], (len(motion), 1))
            right += _SIDE_BY_SIDE_M
        people.append(PlacedPerson(motion, turn, root))
    return _with_path(recording, tuple(people))


def _with_path(recording: Recording, people: tuple[PlacedPerson, ...]) -> Scene:
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
        poses.append(person.poses(slice(None, None, step)))
        rows.append(row[::step])
    if people:
        centre = _bridged(np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0))
        rate = float(recording.video.fps) or 30.0
        centre = _smoothed(centre, radius=min(round(rate), 240))
    else:
        centre = np.zeros((total, 3))
    centre[:, 1] = -0.5 * PERSON_M
    samples = np.concatenate(poses) if poses else np.zeros((0, 1, 3))
    return Scene(people, samples, np.concatenate(rows) if rows else np.zeros(0, np.int64), centre)
