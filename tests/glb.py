"""Reading binary glTF by the specification, for tests."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

_DTYPES = {5121: "u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Glb:
    """A file with at most one animation."""

    def __init__(self, path: Path) -> None:
        content = path.read_bytes()
        magic, version, length = struct.unpack_from("<4sII", content)
        assert (magic, version, length) == (b"glTF", 2, len(content))
        chunks, start = {}, 12
        while start < length:
            size, kind = struct.unpack_from("<I4s", content, start)
            assert size % 4 == 0
            chunks[kind], start = content[start + 8 : start + 8 + size], start + 8 + size
        self.document: dict[str, Any] = json.loads(chunks[b"JSON"])
        self.block = chunks.get(b"BIN\0", b"")
        self.nodes = self.document.get("nodes", [])
        self.parents = {child: row for row, node in enumerate(self.nodes) for child in node.get("children", [])}
        self.animations = self.document.get("animations", [])

    def array(self, accessor: int) -> np.ndarray:
        """(N,) or (N, width)."""
        what = self.document["accessors"][accessor]
        view, width = self.document["bufferViews"][what["bufferView"]], _WIDTHS[what["type"]]
        values = np.frombuffer(self.block, _DTYPES[what["componentType"]], what["count"] * width, view["byteOffset"])
        return values if width == 1 else values.reshape(-1, width)

    def node(self, name: str) -> int:
        """The number of the only node of that name."""
        (row,) = (row for row, node in enumerate(self.nodes) if node.get("name") == name)
        return row

    def channels(self) -> dict[tuple[int, str], tuple[np.ndarray, np.ndarray, str]]:
        """Times, values and interpolation by node and path."""
        found = {}
        for animation in self.animations:
            for channel in animation["channels"]:
                sampler, target = animation["samplers"][channel["sampler"]], channel["target"]
                times, values = self.array(sampler["input"]), self.array(sampler["output"])
                found[target["node"], target["path"]] = (times, values, sampler["interpolation"])
        return found

    def matrices(self, seconds: float) -> np.ndarray:
        """(N, 4, 4) of all nodes in the scene at a time."""
        channels, local = self.channels(), np.tile(np.eye(4), (len(self.nodes), 1, 1))
        for row, node in enumerate(self.nodes):
            values = {"translation": (0.0, 0.0, 0.0), "rotation": (0.0, 0.0, 0.0, 1.0), "scale": (1.0, 1.0, 1.0)}
            values |= {path: node[path] for path in values if path in node}
            values |= {path: _at(*channels[row, path], seconds) for path in values if (row, path) in channels}
            local[row, :3, :3] = Rotation.from_quat(values["rotation"]).as_matrix() * values["scale"]
            local[row, :3, 3] = values["translation"]
        result = np.zeros_like(local)
        for row in range(len(self.nodes)):
            matrix, ancestor = local[row], self.parents.get(row)
            while ancestor is not None:
                matrix, ancestor = local[ancestor] @ matrix, self.parents.get(ancestor)
            result[row] = matrix
        return result

    def corners(self, skin_node: int, seconds: float) -> np.ndarray:
        """(V, 3) places of a skinned mesh at a time."""
        node, matrices = self.nodes[skin_node], self.matrices(seconds)
        skin = self.document["skins"][node["skin"]]
        attributes = self.document["meshes"][node["mesh"]]["primitives"][0]["attributes"]
        inverse = self.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        moves = matrices[skin["joints"]] @ inverse
        places = np.c_[self.array(attributes["POSITION"]), np.ones(len(self.array(attributes["POSITION"])))]
        joints, weights = self.array(attributes["JOINTS_0"]), self.array(attributes["WEIGHTS_0"]) / 255
        return np.asarray(np.einsum("vk,vkij,vj->vi", weights, moves[joints], places)[:, :3])


def _at(times: np.ndarray, values: np.ndarray, interpolation: str, seconds: float) -> np.ndarray:
    seconds = float(np.clip(seconds, times[0], times[-1]))
    if interpolation == "STEP":
        return np.asarray(values[np.searchsorted(times, np.float32(seconds), side="right") - 1])
    if len(times) == 1:
        return np.asarray(values[0])
    if values.shape[1] == 4:
        return np.asarray(Slerp(times, Rotation.from_quat(values))(seconds).as_quat())
    return np.stack([np.interp(seconds, times, column) for column in values.T])
