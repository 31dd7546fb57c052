"""Which parts of a frame the person network looks at, and when.

It misses people who span less than a third of its input, so far people need small windows; searching all of them
in every frame would cost ten times the rest. Windows where something moved come first, the others wait their turn.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from videopose.detect.blazepose.geometry import Region

SCALES = (1, 2, 3)
"""Windows are as large as the frame's long side divided by these."""
OVERLAP = 0.3
"""Least share of a window that its neighbour sees too."""
MINIMUM_SIDE = 96
"""Smaller windows show people of a few pixels only."""
RATE = 14.0
"""Windows searched per second of video, on average at most."""
REST_S = 4.0
"""A window where nothing moves is searched again after this time."""
THUMBNAIL = 128
"""Long side of the small picture in which motion is seen, pixels."""
MOTION_LEVELS = 10
"""Grey levels (of 255) a cell of the small picture must change by."""
MOTION_CELLS = 3
"""Cells that must change for a window to count as changed."""
CUT_SHARE = 0.5
"""When more of the picture changed than this, it is a new scene and searched whole."""


def search_windows(width: int, height: int) -> list[Region]:
    """Overlapping squares at every scale that cover a frame of that size in pixels; the first one is all of it."""
    long_side = max(width, height)
    regions = [Region(width / 2, height / 2, long_side)]
    for scale in SCALES[1:]:
        side = long_side / scale
        if side < MINIMUM_SIDE:
            break
        if min(width, height) <= 1.2 * side:  # one row that sees the whole height, rather than two nearly the same
            side = max(side, min(width, height))
        regions += [Region(x, y, side) for y in _centres(height, side) for x in _centres(width, side)]
    return regions


def _centres(length: float, side: float) -> list[float]:
    if length <= side:
        return [length / 2]
    count = 1 + math.ceil((length - side) / (side * (1 - OVERLAP)) - 1e-9)
    return [float(v) for v in np.linspace(side / 2, length - side / 2, count)]


class SearchPlan:
    """Chooses the windows to search in each frame that is searched at all; all frames have one size."""

    def __init__(self, width: int, height: int) -> None:
        self.windows = search_windows(width, height)
        self._shrink = max(1.0, max(width, height) / THUMBNAIL)
        self._size = max(1, round(width / self._shrink)), max(1, round(height / self._shrink))
        self._cells = [self._cells_of(region) for region in self.windows]
        self._time_s: float | None = None
        self._credit = 0.0
        self._searched_s = [-math.inf] * len(self.windows)
        self._thumbnails: list[np.ndarray | None] = [None] * len(self.windows)
        self._ignored: list[np.ndarray | None] = [None] * len(self.windows)

    def choose(self, image: np.ndarray, time_s: float, known: Sequence[Region]) -> list[Region]:
        """Windows to search in this frame.

        Args:
            image: (H, W, 3) uint8.
            time_s: when the frame is shown.
            known: regions of people already followed; their motion is no reason to search.
        """
        grey = cv2.cvtColor(cv2.resize(image, self._size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
        thumbnail = grey.astype(np.int16)
        ignored = np.zeros(thumbnail.shape, bool)
        for region in known:
            ignored[self._cells_of(region)] = True
        changes = [self._change(k, thumbnail, ignored) for k in range(len(self.windows))]
        if changes[0] > CUT_SHARE * thumbnail.size:
            chosen = list(range(len(self.windows)))
        else:
            chosen = self._within_budget(time_s, changes)
        self._time_s = time_s
        for k in chosen:
            self._searched_s[k], self._thumbnails[k], self._ignored[k] = time_s, thumbnail, ignored
        return [self.windows[k] for k in chosen]

    def _within_budget(self, time_s: float, changes: list[int]) -> list[int]:
        # a broken clock neither stops the search nor opens it without limit
        passed_s = min(max(time_s - self._time_s, 0.02), 1.0) if self._time_s is not None else 1.0
        self._credit = min(self._credit + RATE * passed_s, RATE)
        waited = [time_s - then for then in self._searched_s]
        order = sorted(range(1, len(self.windows)), key=lambda k: (changes[k] < MOTION_CELLS, -waited[k], k))
        wanted = [0] + [k for k in order if changes[k] >= MOTION_CELLS or waited[k] >= REST_S]
        chosen = wanted[: max(0, int(self._credit))]
        self._credit -= len(chosen)
        return chosen

    def _change(self, window: int, thumbnail: np.ndarray, ignored: np.ndarray) -> int:
        """Cells of a window that changed since it was last searched."""
        then, ignored_then = self._thumbnails[window], self._ignored[window]
        if then is None or ignored_then is None:
            return thumbnail.size
        part = self._cells[window]
        moved = np.abs(thumbnail[part] - then[part]) > MOTION_LEVELS
        return int((moved & ~ignored[part] & ~ignored_then[part]).sum())

    def _cells_of(self, region: Region) -> tuple[slice, slice]:
        """The small picture's rows and columns that a region covers."""
        half = region.side / 2
        spans = []
        for middle, cells in ((region.y, self._size[1]), (region.x, self._size[0])):
            low = min(max(int((middle - half) / self._shrink), 0), cells)
            high = min(max(math.ceil((middle + half) / self._shrink), low), cells)
            spans.append(slice(low, high))
        return spans[0], spans[1]
