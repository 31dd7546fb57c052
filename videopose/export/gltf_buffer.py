"""The container of binary glTF 2.0: arrays in one block of bytes, and the JSON that describes them.

Source: Khronos Group, glTF 2.0 Specification, 2021.
"""

import json
import struct
from typing import Any

import numpy as np

ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963
_COMPONENTS = {"|u1": 5121, "<u2": 5123, "<u4": 5125, "<f4": 5126}
_TYPES = {(): "SCALAR", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
_JSON_CHUNK, _BIN_CHUNK = b"JSON", b"BIN\0"


class GltfBuffer:
    """Gathers arrays and gives each an accessor."""

    def __init__(self) -> None:
        self.block = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(
        self, array: np.ndarray, *, target: int | None = None, bounds: bool = False, normalized: bool = False
    ) -> int:
        """The accessor of a new array.

        Args:
            array: (N, ...) with N at least 1, of little-endian uint8, uint16, uint32 or float32; matrices by columns.
            target: `ARRAY_BUFFER` or `ELEMENT_ARRAY_BUFFER` for meshes.
            bounds: give the smallest and largest values, as times and places of corners must.
            normalized: integers stand for 0..1.
        """
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.block), "byteLength": array.nbytes}
        accessor: dict[str, Any] = {
            "bufferView": len(self.views),
            "componentType": _COMPONENTS[array.dtype.str],
            "count": len(array),
            "type": _TYPES[array.shape[1:]],
        }
        if target is not None:
            view["target"] = target
        if normalized:
            accessor["normalized"] = True
        if bounds:
            columns = array.reshape(len(array), -1)
            accessor |= {"min": columns.min(0).tolist(), "max": columns.max(0).tolist()}
        self.block += np.ascontiguousarray(array).tobytes()
        self.block += bytes(-len(self.block) % 4)
        self.views.append(view)
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def file(self, document: dict[str, Any]) -> bytes:
        """The bytes of a .glb: `document`, to which buffers and accessors are added, and the arrays."""
        if self.block:
            document = document | {
                "accessors": self.accessors,
                "bufferViews": self.views,
                "buffers": [{"byteLength": len(self.block)}],
            }
        text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        chunks = _chunk(_JSON_CHUNK, text + b" " * (-len(text) % 4))
        if self.block:
            chunks += _chunk(_BIN_CHUNK, bytes(self.block))
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack("<I4s", len(content), kind) + content
