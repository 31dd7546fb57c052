"""Triangles to pixels."""

from dataclasses import dataclass

import numpy as np

_NEAR_M = 0.05


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of a mesh: one row per pixel that it covers."""

    pixel: np.ndarray
    """(N,) int64: row times width plus column, each once."""
    depth: np.ndarray
    """(N,) float32."""
    triangle: np.ndarray
    """(N,) int64."""
    shares: np.ndarray
    """(N, 3) float32: of the triangle's corners, sum to 1."""

    def mix(self, values: np.ndarray, triangles: np.ndarray) -> np.ndarray:
        """(N, C): values (V, C) of the corners, mixed for each pixel."""
        mixed: np.ndarray = np.einsum("nk,nkc->nc", self.shares, values[triangles[self.triangle]])
        return mixed


def rasterise(
    points: np.ndarray, triangles: np.ndarray, size: tuple[int, int], limit: np.ndarray | None = None
) -> Seen:
    """Find the nearest triangle of every pixel.

    Args:
        points: (V, 3) float32: x, y in pixels (the centre of the first one is 0.5, 0.5), and depth.
        triangles: (F, 3).
        size: width and height.
        limit: (height, width) depths beyond which nothing is seen; None: no limit.
    """
    width, height = size
    corners = points[triangles]
    # Columns by themselves: NumPy is slow at the extremes of rows of three.
    x, y, z = (tuple(np.ascontiguousarray(corners[:, k, axis]) for k in range(3)) for axis in range(3))
    area = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
    facing = np.flatnonzero((area < 0) & (_least(z) > _NEAR_M))
    x, y, z = (tuple(value[facing] for value in values) for values in (x, y, z))
    area = area[facing]
    # Only pixels whose centre lies inside are taken.
    left = np.clip(np.ceil(_least(x) - 0.5), 0, width).astype(np.int32)
    right = np.clip(np.floor(_most(x) - 0.5), -1, width - 1).astype(np.int32)
    top = np.clip(np.ceil(_least(y) - 0.5), 0, height).astype(np.int32)
    bottom = np.clip(np.floor(_most(y) - 0.5), -1, height - 1).astype(np.int32)
    columns = np.maximum(right - left + 1, 0)
    count = columns * np.maximum(bottom - top + 1, 0)
    which = np.repeat(np.arange(len(area), dtype=np.int32), count)
    place = np.arange(len(which), dtype=np.int32) - np.repeat((np.cumsum(count) - count).astype(np.int32), count)
    down, across = np.divmod(place, columns[which])
    column, row = left[which] + across, top[which] + down
    px, py = column.astype(np.float32) + np.float32(0.5), row.astype(np.float32) + np.float32(0.5)
    # Shares of the second and third corner are linear in the pixel's place.
    right_of, below = px - x[0][which], py - y[0][which]
    second = right_of * ((y[2] - y[0]) / area)[which] - below * ((x[2] - x[0]) / area)[which]
    third = below * ((x[1] - x[0]) / area)[which] - right_of * ((y[1] - y[0]) / area)[which]
    depth = z[0][which] + second * (z[1] - z[0])[which] + third * (z[2] - z[0])[which]
    pixel = row * np.int32(width) + column
    hit = (second >= -1e-5) & (third >= -1e-5) & (second + third <= 1 + 1e-5)
    if limit is not None:
        hit &= depth < limit.reshape(-1)[pixel]
    kept = np.flatnonzero(hit)
    nearest = np.full(width * height, np.inf, np.float32)
    np.minimum.at(nearest, pixel[kept], depth[kept])
    kept = kept[depth[kept] == nearest[pixel[kept]]]
    found, first = np.unique(pixel[kept], return_index=True)
    kept = kept[first]
    shares = np.stack([1 - second[kept] - third[kept], second[kept], third[kept]], axis=-1)
    return Seen(found.astype(np.int64), depth[kept], facing[which[kept]], shares)


def _least(values: tuple[np.ndarray, ...]) -> np.ndarray:
    least: np.ndarray = np.minimum(np.minimum(values[0], values[1]), values[2])
    return least


def _most(values: tuple[np.ndarray, ...]) -> np.ndarray:
    most: np.ndarray = np.maximum(np.maximum(values[0], values[1]), values[2])
    return most
