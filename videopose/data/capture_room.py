"""Where recorded movement fits into the pictures of a rig of fixed cameras: cut, turned and moved as a whole.

All cameras see a point where it lies inside four half-spaces per camera. For a movement turned by a given angle, each
half-space limits how far it may be shifted; the shift with the most room is a linear program in two unknowns whose
dual has only vertices of three half-spaces. These depend on the cameras alone, so that the room left at every frame of
a recording is one matrix product.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from videopose.camera import camera_to_world
from videopose.data.rig import Camera

_MARGIN_PX = 10.0
"""Kept free along the border of every picture. The lenses' barrel distortion only moves points farther inside."""
_ANGLES = 16
"""Turns about the vertical that are tried, evenly spaced."""
_STRAY = 0.7
"""Share of the room left by which a movement is shifted at random, so that not all have the same middle."""
_FIRST_LOOK = 512
"""Frames looked ahead for the end of a part; doubled while that is not enough."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a recording and where it goes."""

    start: int
    """First frame."""
    stop: int
    """Frame after the last."""
    turn_rad: float
    """About the vertical, before the shift."""
    shift_m: tuple[float, float]
    """Along the floor, x and y."""

    def apply(self, positions: np.ndarray) -> np.ndarray:
        """(stop - start, J, 3) of the whole recording's (T, J, 3) metres (Z up), turned and moved."""
        cut = positions[self.start : self.stop].astype(np.float64)
        moved: np.ndarray = cut @ _about_vertical(self.turn_rad).T + (*self.shift_m, 0.0)
        return moved


def _about_vertical(angle_rad: float) -> np.ndarray:
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


class CaptureRoom:
    """The space that all cameras of a rig see."""

    def __init__(self, cameras: Sequence[Camera]) -> None:
        """Find its walls."""
        walls = [wall for camera in cameras for wall in _walls(camera)]
        # Lengths along the floor: what a wall leaves is how far one may go towards it.
        scale = [float(np.hypot(*normal[:2])) for normal, _ in walls]
        self._normals = np.array([normal / length for (normal, _), length in zip(walls, scale, strict=True)])
        self._bounds = np.array([bound / length for (_, bound), length in zip(walls, scale, strict=True)])
        corners, weights = [], []
        for corner in combinations(range(len(walls)), 3):
            system = np.vstack([self._normals[list(corner), :2].T, np.ones(3)])
            try:
                share = np.linalg.solve(system, np.array([0.0, 0.0, 1.0]))
            except np.linalg.LinAlgError:
                continue
            if (share >= 0).all():
                row = np.zeros(len(walls))
                row[list(corner)] = share
                corners.append(corner)
                weights.append(row)
        self._corners, self._weights = corners, np.array(weights)

    def sees(self, positions: np.ndarray) -> np.ndarray:
        """(...) bool: the (..., 3) points in metres (Z up) lie in every camera's picture."""
        seen: np.ndarray = (positions @ self._normals.T <= self._bounds).all(-1)
        return seen

    def parts(self, positions: np.ndarray, min_frames: int, seed: int) -> list[Part]:
        """Cut a recording into the longest stretches that stay in sight.

        Args:
            positions: (T, J, 3) metres, Z up.
            min_frames: shorter stretches are left out.
            seed: of the turn and place of each part, within what is in sight.

        Returns:
            Parts in order of time. Frames that fit nowhere (somebody climbs out of the pictures) are in none.
        """
        generator = np.random.default_rng(seed)
        angles = generator.permutation((np.arange(_ANGLES) + generator.random()) * (2 * np.pi / _ANGLES))
        reach = np.stack([self._reach(positions, angle) for angle in angles])
        alone = np.stack([self._room(each) for each in reach]) >= 0
        parts: list[Part] = []
        start, length = 0, len(positions)
        while start < length:
            if not alone[:, start].any():
                start += int(alone[:, start:].any(0).argmax()) or length
                continue
            turn, frames = self._longest(reach[:, start:])
            if frames < min_frames and start + frames == length and parts and parts[-1].stop == start:
                # A short rest takes over the end of the part before it, where that stays long enough.
                earlier = length - min_frames
                rest, rest_frames = self._longest(reach[:, earlier:])
                if rest_frames == min_frames and earlier - parts[-1].start >= min_frames:
                    last = parts.pop()
                    parts.append(Part(last.start, earlier, last.turn_rad, last.shift_m))
                    start, turn, frames = earlier, rest, rest_frames
            if frames >= min_frames:
                shift = self._shift(reach[turn, start : start + frames].max(0), generator)
                parts.append(Part(start, start + frames, float(angles[turn]), shift))
            start += frames
        return parts

    def _reach(self, positions: np.ndarray, angle_rad: float) -> np.ndarray:
        """(T, W) metres: how far the turned joints of each frame extend towards each wall."""
        turned = self._normals @ _about_vertical(angle_rad)
        return np.stack([(positions @ normal).max(1) for normal in turned], axis=1)

    def _room(self, reach: np.ndarray) -> np.ndarray:
        """(T,) metres left to the nearest walls at the best place, negative where there is none; `reach` (T, W)."""
        room: np.ndarray = ((self._bounds - reach) @ self._weights.T).min(-1)
        return room

    def _longest(self, reach: np.ndarray) -> tuple[int, int]:
        """Which turn keeps the movement from the first frame on in sight for longest, and for how many frames."""
        length = reach.shape[1]
        look = min(_FIRST_LOOK, length)
        while True:
            fits = [self._room(np.maximum.accumulate(each[:look])) >= 0 for each in reach]
            frames = [look if fit.all() else int(fit.argmin()) for fit in fits]
            turn = int(np.argmax(frames))
            if frames[turn] < look or look == length:
                return turn, frames[turn]
            look = min(2 * look, length)

    def _shift(self, reach: np.ndarray, generator: np.random.Generator) -> tuple[float, float]:
        """The place with the most room for a movement with the given (W,) reach, and a random step from it."""
        left = self._bounds - reach
        corner = list(self._corners[int((self._weights @ left).argmin())])
        x, y, room = np.linalg.solve(np.column_stack([self._normals[corner, :2], np.ones(3)]), left[corner])
        angle, distance = generator.uniform(0, 2 * np.pi), _STRAY * max(room, 0.0) * np.sqrt(generator.random())
        return float(x + distance * np.cos(angle)), float(y + distance * np.sin(angle))


def _walls(camera: Camera) -> list[tuple[np.ndarray, float]]:
    """(normal, bound) of the sides of a camera's field of view: normal . point <= bound inside, world metres."""
    position = np.asarray(camera.position_m, np.float64)
    assert camera.focal_px is not None
    assert camera.center_px is not None
    focal, center = camera.focal_px.astype(np.float64), camera.center_px.astype(np.float64)
    walls = []
    for axis in (0, 1):
        low = (_MARGIN_PX - center[axis]) / focal[axis]
        high = (camera.image_size[axis] - _MARGIN_PX - center[axis]) / focal[axis]
        for sign, slope in ((1.0, high), (-1.0, low)):
            normal = np.zeros(3)
            normal[axis], normal[2] = sign, -sign * slope
            turned = camera_to_world(normal, np.asarray(camera.orientation, np.float64), np.zeros(3))
            walls.append((turned, float(turned @ position)))
    return walls
