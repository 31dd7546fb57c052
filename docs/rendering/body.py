"""A mesh around the figure, and where its corners go when the bones turn."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

from rendering.figure import MATERIALS, Part, head_centre, parts, rest_ends
from videopose.data.asfamc import CMU_METRES_PER_UNIT, AsfSkeleton, Pose

_FAR_M = 0.06
"""Beyond this a part does not shape the surface."""
_BLEND_M = {"skin": 0.012, "hair": 0.02, "shirt": 0.035, "trousers": 0.03, "shoe": 0.02}
_SEAM_M = 0.006
"""How softly two materials meet."""
_JOINT_M = 0.018
"""How far around a joint the skin follows both bones."""


@dataclass(frozen=True, slots=True)
class Body:
    """Skin and clothes of one person, at rest."""

    skeleton: AsfSkeleton
    corners: np.ndarray
    """(V, 3) float32 metres, the skeleton's axes at rest."""
    triangles: np.ndarray
    """(F, 3) int64, counter-clockwise seen from outside."""
    normals: np.ndarray
    """(V, 3) float32, outwards, length 1."""
    openness: np.ndarray
    """(V,) float32 in 0..1: how much of the surroundings the corner sees at rest."""
    nearness: np.ndarray
    """(V, M) float32 metres to each of MATERIALS: the smallest is what is seen."""
    bones: tuple[str, ...]
    weights: np.ndarray
    """(V, B) float32: how much each of `bones` moves the corner, sums to 1."""
    head: np.ndarray
    """(3,) float32: middle of the head at rest."""


def distance(part: Part, points: np.ndarray) -> np.ndarray:
    """(...) metres from a part's surface, negative inside; (..., 3) points."""
    stretch = np.asarray(part.stretch, np.float32)
    local = (points - part.start.astype(np.float32)) / stretch
    axis = ((part.end - part.start) / stretch).astype(np.float32)
    along = np.clip(local @ axis / max(float(axis @ axis), 1e-9), 0.0, 1.0)
    gap = np.linalg.norm(local - along[..., None] * axis, axis=-1)
    radius = part.start_radius + along * (part.end_radius - part.start_radius)
    surface: np.ndarray = (gap - radius) * float(stretch.min())
    return surface


def blended(first: np.ndarray, second: np.ndarray, width: float) -> np.ndarray:
    """The nearer of two distances, rounded off over `width` metres where they meet."""
    share = np.clip(width - np.abs(first - second), 0.0, None) / width
    joined: np.ndarray = np.minimum(first, second) - share * share * width / 4
    return joined


def make_body(skeleton: AsfSkeleton, step_m: float = 0.008) -> Body:
    """Wrap a skeleton.

    Args:
        skeleton: whose.
        step_m: size of the mesh's cells, metres.
    """
    shapes = parts(skeleton)
    reach = [max(part.start_radius, part.end_radius) * max(part.stretch) + 3 * step_m for part in shapes]
    tips = np.array(
        [
            [p + sign * r for p in (part.start, part.end) for sign in (-1, 1)]
            for part, r in zip(shapes, reach, strict=True)
        ]
    )
    origin = tips.min(axis=(0, 1))
    shape = np.ceil((tips.max(axis=(0, 1)) - origin) / step_m).astype(int) + 1
    axes = [(origin[k] + step_m * np.arange(shape[k])).astype(np.float32) for k in range(3)]
    layers = {name: np.full(shape, _FAR_M, np.float32) for name in MATERIALS}
    for part, radius in zip(shapes, reach, strict=True):
        low = np.minimum(part.start, part.end) - radius - _FAR_M
        high = np.maximum(part.start, part.end) + radius + _FAR_M
        box = tuple(slice(*np.searchsorted(axes[k], [low[k], high[k]])) for k in range(3))
        points = np.stack(np.meshgrid(*(axes[k][box[k]] for k in range(3)), indexing="ij"), axis=-1)
        layer = layers[part.material]
        layer[box] = blended(layer[box], distance(part, points), _BLEND_M[part.material])
    field = layers[MATERIALS[0]]
    for name in MATERIALS[1:]:
        field = blended(field, layers[name], _SEAM_M)
    places, triangles = surface(field)
    gradient = np.stack([map_coordinates(slope, places.T, order=1) for slope in np.gradient(field)], axis=-1)
    normals = gradient / np.maximum(np.linalg.norm(gradient, axis=-1, keepdims=True), 1e-9)
    openness = np.ones(len(places))
    for reach_m, weight in ((0.015, 0.5), (0.03, 0.35), (0.05, 0.3)):
        seen = map_coordinates(field, (places + normals * reach_m / step_m).T, order=1, mode="nearest")
        openness -= weight * np.clip(1 - seen / reach_m, 0.0, 1.0)
    corners = places * step_m + origin
    bones, weights = _weights(shapes, corners)
    return Body(
        skeleton,
        corners.astype(np.float32),
        triangles,
        normals.astype(np.float32),
        np.clip(openness, 0.0, 1.0).astype(np.float32),
        np.stack([map_coordinates(layers[name], places.T, order=1) for name in MATERIALS], axis=-1),
        bones,
        weights,
        head_centre(rest_ends(skeleton)).astype(np.float32),
    )


def _weights(shapes: list[Part], corners: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    bones = tuple(dict.fromkeys(part.bone for part in shapes))
    nearest = np.full((len(corners), len(bones)), np.inf)
    for part in shapes:
        column = bones.index(part.bone)
        nearest[:, column] = np.minimum(nearest[:, column], distance(part, corners.astype(np.float32)))
    weights = np.exp((nearest.min(axis=1, keepdims=True) - nearest) / _JOINT_M)
    weights[weights < 0.02] = 0.0
    return bones, (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def surface(field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The surface where a field on a grid changes its sign, one corner per cell that it passes through.

    Args:
        field: (X, Y, Z) values, negative inside.

    Returns:
        (V, 3) corners in cells of the grid, and (F, 3) triangles.

    Source: Gibson, Constrained elastic surface nets, 1998.
    """
    inside = field < 0
    cells = tuple(n - 1 for n in field.shape)
    total, count = np.zeros((*cells, 3), np.float32), np.zeros(cells, np.int32)
    crossings = []
    for axis in range(3):
        low = [slice(None)] * 3
        high = [slice(None)] * 3
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        place = np.argwhere(inside[tuple(low)] != inside[tuple(high)])
        step = np.eye(3, dtype=int)[axis]
        first, second = field[tuple(place.T)], field[tuple((place + step).T)]
        point = place + (first / (first - second))[:, None] * step
        crossings.append((axis, place, first < 0))
        others = [k for k in range(3) if k != axis]
        for a in (0, 1):
            for b in (0, 1):
                cell = place - a * np.eye(3, dtype=int)[others[0]] - b * np.eye(3, dtype=int)[others[1]]
                np.add.at(total, tuple(cell.T), point)
                np.add.at(count, tuple(cell.T), 1)
    number = np.full(cells, -1)
    used = count > 0
    number[used] = np.arange(used.sum())
    triangles = []
    for axis, place, outwards in crossings:
        first, second = (np.eye(3, dtype=int)[(axis + k) % 3] for k in (1, 2))
        square = np.stack(
            [number[tuple((place - a * first - b * second).T)] for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))], axis=-1
        )
        square = np.where(outwards[:, None], square, square[:, ::-1])
        triangles += [square[:, [0, 1, 2]], square[:, [0, 2, 3]]]
    return total[used] / count[used][:, None], np.concatenate(triangles)


def posed(body: Body, pose: Pose, frame: int) -> tuple[np.ndarray, np.ndarray]:
    """Corners (V, 3) float32 metres and normals (V, 3) float32 of one frame of a motion, world axes (Y up)."""
    rest = rest_ends(body.skeleton)
    parents = {bone.name: bone.parent for bone in body.skeleton.bones} | {"root": "root"}
    matrices = np.stack([_matrix(pose.rotations[bone], frame) for bone in body.bones])
    shifts = np.stack(
        [
            pose.ends[parents[bone]][frame] * CMU_METRES_PER_UNIT - matrix @ rest[parents[bone]]
            for bone, matrix in zip(body.bones, matrices, strict=True)
        ]
    )
    matrix = np.tensordot(body.weights, matrices.astype(np.float32), axes=1)
    corners = np.einsum("vij,vj->vi", matrix, body.corners) + body.weights @ shifts.astype(np.float32)
    normals = np.einsum("vij,vj->vi", matrix, body.normals)
    return corners, normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-6)


def _matrix(rotation: Rotation, frame: int) -> np.ndarray:
    matrix: np.ndarray = (rotation if rotation.single else rotation[frame]).as_matrix()
    return matrix
