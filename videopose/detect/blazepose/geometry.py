"""Square, rotated regions of a frame and the crops the networks see.

Coordinates are continuous: (0, 0) is the frame's top left corner, the first pixel's centre is (0.5, 0.5).
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True, slots=True)
class Region:
    """A square of the frame, turned so that a person in it stands upright."""

    x: float
    """Centre, pixels."""
    y: float
    """Centre, pixels."""
    side: float
    """Edge length, pixels."""
    angle: float = 0.0
    """Radians clockwise from the frame's up to the region's up."""

    @classmethod
    def around(cls, centre: np.ndarray, top: np.ndarray, scale: float) -> "Region":
        """Region centred on `centre` (2,), its up towards `top` (2,), side `scale` times their distance."""
        dx, dy = float(top[0] - centre[0]), float(top[1] - centre[1])
        return cls(float(centre[0]), float(centre[1]), scale * math.hypot(dx, dy), math.atan2(dx, -dy))

    @property
    def top(self) -> np.ndarray:
        """(2,) the middle of the upper edge, pixels."""
        return self.to_frame(np.array([[0.5, 0.0]])).reshape(2)

    def scaled(self, factor: float) -> "Region":
        """The region grown about its centre."""
        return Region(self.x, self.y, self.side * factor, self.angle)

    def shifted(self, dx: float, dy: float) -> "Region":
        """The region moved along its own axes, in parts of its side."""
        x, y = self.to_frame(np.array([[0.5 + dx, 0.5 + dy]]))[0]
        return Region(float(x), float(y), self.side, self.angle)

    def matrix(self) -> np.ndarray:
        """(2, 3) float64, maps the unit square (x right, y down) into the frame."""
        right = self.side * math.cos(self.angle), self.side * math.sin(self.angle)
        down = -right[1], right[0]
        return np.array(
            [
                [right[0], down[0], self.x - (right[0] + down[0]) / 2],
                [right[1], down[1], self.y - (right[1] + down[1]) / 2],
            ]
        )

    def to_frame(self, points: np.ndarray) -> np.ndarray:
        """Map (N, 2) points of the unit square to frame pixels."""
        matrix = self.matrix()
        return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])

    def from_frame(self, points: np.ndarray) -> np.ndarray:
        """Map (N, 2) frame pixels to the unit square: the inverse of `to_frame`."""
        matrix = self.matrix()
        return np.asarray((points - matrix[:, 2]) @ matrix[:, :2] / self.side**2)

    def blended(self, target: "Region", weight: float) -> "Region":
        """Go from this region (weight 0) to `target` (weight 1); the angle takes the shorter way."""
        turn = math.remainder(target.angle - self.angle, math.tau)
        return Region(
            self.x + weight * (target.x - self.x),
            self.y + weight * (target.y - self.y),
            self.side + weight * (target.side - self.side),
            self.angle + weight * turn,
        )

    def change_to(self, other: "Region") -> float:
        """How far `other` is from this region: the largest of shift and growth in parts of the side, and turn."""
        side = max(self.side, 1e-6)
        shift = math.hypot(other.x - self.x, other.y - self.y) / side
        turn = abs(math.remainder(other.angle - self.angle, math.tau)) / math.pi
        return max(shift, abs(other.side - self.side) / side, turn)


def crop(image: np.ndarray, region: Region, size: int, *, replicate: bool) -> np.ndarray:
    """Cut a region out of a frame without aliasing: area average down to about the size, then a bilinear turn.

    Args:
        image: (H, W, 3) uint8.
        region: what to cut; it may reach over the frame's edge.
        size: edge of the result, pixels.
        replicate: repeat the frame's edge outside of it; otherwise black.

    Returns:
        (size, size, 3) uint8; black when the region does not meet the frame.
    """
    height, width = image.shape[:2]
    corners = region.to_frame(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    # The area average works on a grid fixed to the frame: a region that glides does not make the picture shimmer.
    halvings = max(0, round(math.log2(max(region.side, 1.0) / size)))
    factor = 2 ** min(halvings, int(math.log2(min(width, height))))
    x0, y0 = (max(0, int(v // factor) * factor - factor) for v in corners.min(axis=0))
    x1, y1 = (int(-(-v // factor)) * factor + factor for v in corners.max(axis=0))
    x1, y1 = min(x1, width), min(y1, height)
    columns, rows = (x1 - x0) // factor, (y1 - y0) // factor
    if columns < 1 or rows < 1:
        return np.zeros((size, size, 3), np.uint8)
    part = image[y0 : y0 + rows * factor, x0 : x0 + columns * factor]
    while part.shape[0] > rows:  # halving a few times is three times as fast as one area average
        part = cv2.resize(part, (part.shape[1] // 2, part.shape[0] // 2), interpolation=cv2.INTER_AREA)
    matrix = region.matrix() / factor
    matrix[:, :2] /= size
    matrix[:, 2] -= np.array([x0, y0]) / factor
    # OpenCV puts (0, 0) on the first pixel's centre.
    matrix[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    return cv2.warpAffine(
        part,
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE if replicate else cv2.BORDER_CONSTANT,
    )
