"""Arrays as one short string of text: whole numbers, differences in time, bytes sorted by weight, deflate, base64."""

import base64
import zlib
from typing import Any

import numpy as np

MISSING = -32768
"""Stands for NaN among int16 numbers."""
LARGEST = 32767


def quantised(values: np.ndarray, step: float) -> np.ndarray:
    """(...) floats as int16 multiples of `step`: `MISSING` where they are not finite, the largest where too large."""
    finite = np.isfinite(values)
    scaled = np.clip(np.rint(np.where(finite, values, 0.0) / step), -LARGEST, LARGEST)
    return np.where(finite, scaled, MISSING).astype(np.int16)


class Packer:
    """Collects arrays, and gives a table of what lies where beside the text that holds them."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, values: np.ndarray, step: float = 1.0) -> dict[str, Any]:
        """Append an array, of which differences along the first axis are kept, for they are small.

        Args:
            values: (T, ...) int16, int32 or uint8; or float64 (T,), kept as it is.
            step: what one unit of the whole numbers means.

        Returns:
            The table's row: `type`, `shape`, `step`, `offset` in bytes.
        """
        kind = values.dtype.name
        row = {"type": kind, "shape": list(values.shape), "step": step, "offset": self._length}
        flat = np.ascontiguousarray(values)
        if kind != "float64":
            first = np.zeros_like(flat[:1])
            flat = np.diff(flat, axis=0, prepend=first)  # wraps around, and so does adding up again
            if kind != "uint8":
                flat = (flat << 1) ^ (flat >> (8 * flat.itemsize - 1))  # the sign into the lowest bit
            # one column after the other, and the bytes that are mostly zero by themselves: deflate likes both
            flat = np.moveaxis(flat, 0, -1)
        data = np.ascontiguousarray(flat).reshape(-1)
        little = data.astype(data.dtype.newbyteorder("<"), copy=False)
        planes = np.ascontiguousarray(little.view(np.uint8).reshape(len(data), data.itemsize).T)
        self._parts.append(planes.tobytes())
        self._length += planes.size
        return row

    def text(self) -> str:
        """Base64 of the deflated bytes of all arrays, in the order they were added."""
        return base64.b64encode(zlib.compress(b"".join(self._parts), 7)).decode("ascii")
