"""The ground of a drawn view: a plane with a grid whose squares have a round size in metres."""

from collections.abc import Callable

import cv2
import numpy as np

from videopose.export.drawing import SHIFT, Colour, Stroke, draw_stroke, fixed_points
from videopose.export.scene3d import Scene

GROUND: Colour = (72, 65, 60)
GRID: Colour = (108, 99, 92)

_MARGIN_M = 1.0
_REACH_SQUARES = 4  # shown around people whom the view goes along with: far ends of a long way would fill it

ToPixels = Callable[[np.ndarray], np.ndarray]
"""Takes (N, 3) metres in the scene to (N, 2) pixels of the view."""


class Ground:
    """The ground below everybody, its grid along the camera's right and away.

    Seen from the front or from a side it goes on to the left and right; seen from a corner it ends around the people.

    Args:
        scene: whose ground it is.
        azimuth_degrees: where the view looks from, see `View`.
        size: width and height of the view in pixels.
        scale: pixels of the view per metre.
        moving: whether the view goes along with people.
    """

    def __init__(self, scene: Scene, azimuth_degrees: float, size: tuple[int, int], scale: float, moving: bool) -> None:
        self._scene, self._moving = scene, moving
        azimuth = np.deg2rad(90 * np.floor(azimuth_degrees / 90))
        self._axes = np.array([[np.cos(azimuth), 0, np.sin(azimuth)], [-np.sin(azimuth), 0, np.cos(azimuth)]])
        least = max(1.0, 0.05 * size[1] / scale)  # smaller squares would be a grey mist
        decade = 10.0 ** np.floor(np.log10(least))
        self.cell_m = float(next(step * decade for step in (1.0, 2.0, 5.0, 10.0) if step * decade >= least))
        """Side of a square."""
        self._extents = [self._extent(axis) for axis in self._axes]
        # far ground is smaller, and must fill the view too
        self._reach_m = 2.5 * size[0] / scale if azimuth_degrees % 90 == 0 else None
        self._stroke = Stroke(GRID, max(1, size[1] // 500))

    def _extent(self, axis: np.ndarray) -> tuple[float, float]:
        along = (self._scene.samples @ axis).ravel()
        along = along[np.isfinite(along)]
        low, high = np.percentile(along, [1, 99]) if along.size else (0.0, 0.0)
        return float(low) - _MARGIN_M, float(high) + _MARGIN_M

    def draw(self, image: np.ndarray, centre: np.ndarray, to_pixels: ToPixels) -> None:
        """Fill the plane and draw its grid.

        Args:
            image: (H, W, 3) uint8 of the view's size.
            centre: (3,) metres, the point that the view looks at.
            to_pixels: of the view at this moment.
        """
        (left, right), (near, far) = (self._shown(i, float(axis @ centre)) for i, axis in enumerate(self._axes))
        corners = to_pixels(self._places(np.array([left, right, right, left]), np.array([near, near, far, far])))
        cv2.fillPoly(image, [np.rint(corners * (1 << SHIFT)).astype(np.int32)], GROUND, cv2.LINE_AA, SHIFT)
        columns, rows = self._lines(left, right), self._lines(near, far)
        from_across = np.concatenate([columns, np.full_like(rows, left)])
        to_across = np.concatenate([columns, np.full_like(rows, right)])
        from_along = np.concatenate([np.full_like(columns, near), rows])
        to_along = np.concatenate([np.full_like(columns, far), rows])
        starts = fixed_points(to_pixels(self._places(from_across, from_along)))
        ends = fixed_points(to_pixels(self._places(to_across, to_along)))
        for start, end in zip(starts, ends, strict=True):
            if start is not None and end is not None:
                draw_stroke(image, start, end, self._stroke)

    def _shown(self, axis: int, middle: float) -> tuple[float, float]:
        """From where to where the ground goes along an axis, metres."""
        if axis == 0 and self._reach_m is not None:
            low, high = middle - self._reach_m, middle + self._reach_m
            return float(np.floor(low / self.cell_m) * self.cell_m), float(np.ceil(high / self.cell_m) * self.cell_m)
        low, high = self._extents[axis]
        if self._moving:
            reach = _REACH_SQUARES * self.cell_m
            return max(low, middle - reach), min(high, middle + reach)
        return low, high

    def _lines(self, low: float, high: float) -> np.ndarray:
        """Places of the grid's lines: both edges, and whole squares between them."""
        return np.concatenate([[low, high], np.arange(np.ceil(low / self.cell_m) * self.cell_m, high, self.cell_m)])

    def _places(self, across: np.ndarray, along: np.ndarray) -> np.ndarray:
        """(N,) and (N,) metres on the ground -> (N, 3) metres in the scene."""
        return np.asarray(np.stack([across, along], axis=1) @ self._axes)
