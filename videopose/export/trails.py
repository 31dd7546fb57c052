"""The way somebody has just come: which stretches of it are shown, and how fresh they are."""

from dataclasses import dataclass

import cv2
import numpy as np

from videopose.export.drawing import HALO, SHIFT, Colour, Stroke, draw_stroke, fixed_points, mixed
from videopose.types import check_shape

_RIM = 0.6  # how dark the rim is that a trail of any colour needs on a picture of that colour
_STRENGTH = 0.9  # of the newest piece; the picture shines through
_GONE = 0.05  # fresher than this, or not to be seen


@dataclass(frozen=True, slots=True)
class Trail:
    """A trail at one moment: a line through some points, the oldest first."""

    points: np.ndarray
    """(N, D), in the unit of the path."""
    joined: np.ndarray
    """(N - 1,) bool: whether the line goes on from each point to the next."""
    freshness: np.ndarray
    """(N - 1,) float64 of each piece: near 0 for what will be gone next, 1 for what was just walked."""

    def if_longer(self, least: float) -> "Trail | None":
        """None where it lies within a box with sides of `least`; up to twice that it comes in gradually."""
        points = self.points
        if not self.joined.all():
            points = points[np.concatenate([self.joined, [False]]) | np.concatenate([[False], self.joined])]
        if len(points) < 2:
            return None
        share = float((points.max(axis=0) - points.min(axis=0)).max()) / max(least, 1e-9) - 1.0
        return Trail(self.points, self.joined, self.freshness * min(share, 1.0)) if share > 0 else None


class Path:
    """Where somebody is in each frame, of which `trail` gives the last stretch.

    Args:
        points: (T, D), any unit; NaN where unknown.
        time_s: (T,) seconds, increasing.
        seen: (T,) bool; a trail has gaps where this is False.
        length_s: how far back trails reach.
        pieces: straight ones in a trail: enough to look round, few enough to draw quickly.
    """

    def __init__(self, points: np.ndarray, time_s: np.ndarray, seen: np.ndarray, length_s: float, pieces: int) -> None:
        check_shape("time_s", time_s, (len(points),))
        check_shape("seen", seen, (len(points),))
        self._points, self._time_s, self._length_s = points, time_s, length_s
        missing = ~(seen & np.isfinite(points).all(axis=1))
        self._missing_before = np.concatenate([[0], np.cumsum(missing)])
        first = np.searchsorted(time_s, time_s - length_s)
        self._first: list[int] = first.tolist()
        most = int((np.arange(len(points)) - first).max()) if len(points) else 0
        self._step = max(1, -(-most // pieces))

    def trail(self, row: int) -> Trail:
        """What there is of the trail in that row."""
        step = self._step
        # corners at fixed rows, or the trail would wriggle while it is followed
        rows = np.arange(-(-self._first[row] // step) * step, row + 1, step)
        if not len(rows) or rows[-1] != row:
            rows = np.append(rows, row)
        missing = self._missing_before
        joined = missing[rows[1:] + 1] == missing[rows[:-1]]
        age_s = self._time_s[row] - self._time_s[rows[1:]]
        return Trail(self._points[rows], joined, 1.0 - age_s / self._length_s)


def blend_trail(image: np.ndarray, trail: Trail, colour: Colour, thickness: int) -> None:
    """Draw a trail over a picture, which shines through the more the older it is.

    Args:
        image: (H, W, 3) uint8, changed in place; what lies outside is cut off.
        trail: in pixels.
        colour: of the trail; it gets a dark rim.
        thickness: of the newest piece in pixels; older ones are thinner.
    """
    pieces = _pieces(trail)
    if not pieces:
        return
    margin = (thickness + 4) << SHIFT
    corners = [point for start, end, _ in pieces for point in (start, end)]
    left, top = (max((min(axis) - margin) >> SHIFT, 0) for axis in zip(*corners, strict=True))
    right, bottom = ((max(axis) + margin) >> SHIFT for axis in zip(*corners, strict=True))
    part = image[top : max(bottom, 0), left : max(right, 0)]
    if not part.size:
        return
    cover, rim = np.zeros(part.shape[:2], np.uint8), np.zeros(part.shape[:2], np.uint8)
    for (x0, y0), (x1, y1), fresh in pieces:
        start, end = (x0 - (left << SHIFT), y0 - (top << SHIFT)), (x1 - (left << SHIFT), y1 - (top << SHIFT))
        width = max(1, round(thickness * (0.4 + 0.6 * fresh)))
        cv2.line(rim, start, end, 255 * _RIM * fresh, width + 2, cv2.LINE_AA, SHIFT)
        cv2.line(cover, start, end, 255 * _STRENGTH * fresh, width, cv2.LINE_AA, SHIFT)
    touched = rim.nonzero()
    pixels = part[touched].astype(np.float32)
    for mask, paint in ((rim, HALO), (cover, colour)):
        pixels += (np.array(paint, np.float32) - pixels) * (mask[touched][:, None] * np.float32(1 / 255))
    part[touched] = (pixels + 0.5).astype(np.uint8)


def draw_trail(image: np.ndarray, trail: Trail, colour: Colour, background: Colour, thickness: int) -> None:
    """Draw a trail onto an even `background`, into which it fades; arguments else as those of `blend_trail`."""
    for start, end, fresh in _pieces(trail):
        width = max(1, round(thickness * (0.4 + 0.6 * fresh)))
        draw_stroke(image, start, end, Stroke(mixed(background, colour, _STRENGTH * fresh), width))


def _pieces(trail: Trail) -> list[tuple[tuple[int, int], tuple[int, int], float]]:
    """Start and end for OpenCV, and the freshness; without those that cannot be drawn."""
    points = fixed_points(trail.points)
    pieces = zip(points[:-1], points[1:], trail.joined.tolist(), trail.freshness.tolist(), strict=True)
    return [(a, b, fresh) for a, b, joined, fresh in pieces if joined and fresh > _GONE and a and b]
