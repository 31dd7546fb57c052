"""A plain figure around the skeleton, so that files show a body: rounded limbs, trunk, head, hands and feet."""

from dataclasses import dataclass

import numpy as np

from videopose.export.humanoid import JOINTS, PosedHumanoid

LEFT, RIGHT, MIDDLE = range(3)
SIDE_NAMES = ("left", "right", "middle")
COLOURS = ((60, 180, 240), (245, 130, 30), (211, 211, 211))
"""sRGB, 0 to 255, of the left side, the right side and the middle."""

_X, _Y, _Z = np.eye(3)
_ROUND = 12
"""Corners of a cross-section."""
_LEG_M = 0.85
"""Hip to ankle of the body that the sizes below, in metres, belong to."""
_DOME = np.radians([20, 50, 75])
"""Where the rounded ends of limbs have rings, degrees from the tip."""
_ROW = {joint.name: row for row, joint in enumerate(JOINTS)}
# Height as a share of the way from the hips to the shoulders, half the width, half the depth.
_TRUNK = np.array([
    (-0.20, 0.050, 0.050), (-0.15, 0.100, 0.085), (-0.06, 0.140, 0.110), (0.06, 0.156, 0.116), (0.22, 0.148, 0.108),
    (0.40, 0.132, 0.096), (0.58, 0.142, 0.104), (0.76, 0.160, 0.114), (0.90, 0.170, 0.110), (1.01, 0.150, 0.092),
    (1.08, 0.095, 0.072), (1.12, 0.050, 0.050),
])  # fmt: skip
_TRUNK_JOINTS, _TRUNK_STATIONS = ("Hips", "Spine", "Spine1", "Spine2"), (0.0, 0.3, 0.7, 1.0)
"""Who turns the trunk at which share of that way; between them it bends evenly."""
_RADII = {  # of limbs: at the start, at a third, at the end
    "UpLeg": (0.088, 0.084, 0.058), "Leg": (0.055, 0.058, 0.038),
    "Arm": (0.058, 0.052, 0.040), "ForeArm": (0.038, 0.041, 0.028),
}  # fmt: skip
_FOOT = np.array([  # along the foot (0: ankle, 1: toes), half the width, half the height
    (-0.38, 0.020, 0.020), (-0.33, 0.034, 0.036), (-0.10, 0.038, 0.050), (0.30, 0.044, 0.042), (0.75, 0.050, 0.026),
    (0.98, 0.042, 0.018), (1.06, 0.022, 0.010),
])  # fmt: skip
_HAND = np.array([  # along the hand (0: wrist, 1: finger tips), half the width, half the thickness
    (-0.05, 0.020, 0.018), (0.10, 0.028, 0.020), (0.45, 0.042, 0.020), (0.80, 0.038, 0.015), (0.98, 0.022, 0.009),
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class BodyMesh:
    """Triangles that follow the skeleton. V corners, F triangles."""

    places: np.ndarray
    """(V, 3) float64 in the rest pose, relative to the hips, the skeleton's length unit."""
    normals: np.ndarray
    """(V, 3) float64 unit vectors outwards."""
    joints: np.ndarray
    """(V, 2) int64 rows of `humanoid.JOINTS` that move a corner."""
    weights: np.ndarray
    """(V, 2) float64 how much each does, sum 1; where the second is 0 its joint is 0."""
    triangles: np.ndarray
    """(F, 3) int64 corners, anticlockwise seen from outside."""
    sides: np.ndarray
    """(F,) int64 `LEFT`, `RIGHT` or `MIDDLE`."""


class _Parts:
    """Closed surfaces, gathered."""

    def __init__(self) -> None:
        self.corners = 0
        self.places: list[np.ndarray] = []
        self.joints: list[np.ndarray] = []
        self.weights: list[np.ndarray] = []
        self.triangles: list[np.ndarray] = []
        self.sides: list[np.ndarray] = []

    def loft(
        self,
        side: int,
        centres: np.ndarray,
        wide: np.ndarray,
        deep: np.ndarray,
        joints: np.ndarray,
        weights: np.ndarray,
    ) -> None:
        """Add a skin over elliptic rings.

        Args:
            side: whose colour it has.
            centres: (R, 3) of the rings.
            wide: (R, 3) one half axis of each ring.
            deep: (R, 3) the other.
            joints: (R, 2) rows that move each ring.
            weights: (R, 2).
        """
        rings, angle = len(centres), 2 * np.pi * np.arange(_ROUND) / _ROUND
        around = centres[:, None] + np.cos(angle)[:, None] * wide[:, None] + np.sin(angle)[:, None] * deep[:, None]
        # The tips lie a little beyond the outer rings, so that both ends are rounded.
        tips = [centres[0] + 0.3 * (centres[0] - centres[1]), centres[-1] + 0.3 * (centres[-1] - centres[-2])]
        self.places += [around.reshape(-1, 3), np.stack(tips)]
        for values, kept in ((joints, self.joints), (weights, self.weights)):
            kept += [np.repeat(values, _ROUND, axis=0), values[[0, -1]]]
        grid, ahead = np.arange(rings * _ROUND).reshape(rings, _ROUND), np.roll(np.arange(_ROUND), -1)
        low, high = grid[:-1], grid[1:]
        first, last = np.full(_ROUND, rings * _ROUND), np.full(_ROUND, rings * _ROUND + 1)
        faces = np.concatenate([
            np.stack([low, low[:, ahead], high[:, ahead]], axis=-1).reshape(-1, 3),
            np.stack([low, high[:, ahead], high], axis=-1).reshape(-1, 3),
            np.stack([first, grid[0, ahead], grid[0]], axis=-1),
            np.stack([last, grid[-1], grid[-1, ahead]], axis=-1),
        ])  # fmt: skip
        if np.cross(wide[0], deep[0]) @ (centres[-1] - centres[0]) < 0:
            faces = faces[:, ::-1]
        self.triangles.append(faces + self.corners)
        self.sides.append(np.full(len(faces), side))
        self.corners += rings * _ROUND + 2

    def rigid(self, side: int, joint: str, centres: np.ndarray, wide: np.ndarray, deep: np.ndarray) -> None:
        """Add a skin that one joint moves."""
        rows = np.tile([_ROW[joint], 0], (len(centres), 1))
        self.loft(side, centres, wide, deep, rows, np.tile([1.0, 0.0], (len(centres), 1)))


def body_mesh(body: PosedHumanoid) -> BodyMesh:
    """The figure of a body, as large as its bones say.

    Args:
        body: Y up, any length unit; in any rest pose.
    """
    places = _t_pose_places(body)
    legs = [
        np.linalg.norm(body.offsets[_ROW[f"{side}{part}"]]) for side in ("Left", "Right") for part in ("Leg", "Foot")
    ]
    size = float(sum(legs)) / 2 / _LEG_M or 1.0
    parts = _Parts()
    _trunk(parts, places, size)
    _head(parts, places, size)
    for side, name in ((LEFT, "Left"), (RIGHT, "Right")):
        _limbs(parts, places, side, name, size)
        _foot(parts, places, side, name, body.rest_turns[f"{name}Foot"].T @ body.ends[f"{name}Foot"], size)
        _hand(parts, places, side, name, body.rest_turns[f"{name}Hand"].T @ body.ends[f"{name}Hand"], size)
    return _at_rest(parts, places, body)


def _t_pose_places(body: PosedHumanoid) -> np.ndarray:
    places = np.zeros((len(JOINTS), 3))
    for row, joint in enumerate(JOINTS):
        if joint.parent is not None:
            places[row] = places[_ROW[joint.parent]] + body.rest_turns[joint.parent].T @ body.offsets[row]
    return places


def _at_rest(parts: _Parts, t_places: np.ndarray, body: PosedHumanoid) -> BodyMesh:
    """Put the parts, made in the T-pose, together in the rest pose."""
    made, joints, weights = (np.concatenate(values) for values in (parts.places, parts.joints, parts.weights))
    turns, rest = np.stack([body.rest_turns[joint.name] for joint in JOINTS]), body.rest_places()
    moved = np.einsum("vkij,vkj->vki", turns[joints], made[:, None] - t_places[joints]) + rest[joints]
    places, triangles = (moved * weights[..., None]).sum(1), np.concatenate(parts.triangles)
    edges = places[triangles[:, 1:]] - places[triangles[:, :1]]
    faces = np.repeat(np.cross(edges[:, 0], edges[:, 1]), 3, axis=0)
    normals = np.stack([np.bincount(triangles.ravel(), faces[:, axis], len(places)) for axis in range(3)], axis=-1)
    normals = normals / np.linalg.norm(normals, axis=-1, keepdims=True)
    return BodyMesh(places, normals, joints, weights, triangles, np.concatenate(parts.sides))


def _trunk(parts: _Parts, places: np.ndarray, size: float) -> None:
    height = _shoulder_height(places, size)
    shares, wide, deep = _TRUNK.T
    rows = np.array([_ROW[name] for name in _TRUNK_JOINTS])
    along = np.interp(shares, _TRUNK_STATIONS, np.arange(len(rows)))
    before = np.minimum(along.astype(int), len(rows) - 2)
    weights = np.stack([1 - (along - before), along - before], axis=-1)
    joints = np.where(weights > 0, np.stack([rows[before], rows[before + 1]], axis=-1), 0)
    parts.loft(
        MIDDLE, shares[:, None] * height * _Y, wide[:, None] * size * _X, deep[:, None] * size * -_Z, joints, weights
    )
    for name in ("Left", "Right"):
        end = places[_ROW[f"{name}Arm"]]
        start = np.array([0.35 * end[0], height + 0.01 * size, 0.5 * end[2]])
        _limb(parts, MIDDLE, f"{name}Shoulder", start, end, np.array([0.060, 0.056, 0.050]) * size)


def _shoulder_height(places: np.ndarray, size: float) -> float:
    """Above the hips; in some layouts the thorax lies lower."""
    return float(places[[_ROW["Spine2"], _ROW["LeftArm"], _ROW["RightArm"]], 1].max()) or 0.5 * size


def _head(parts: _Parts, places: np.ndarray, size: float) -> None:
    """Skull, nose and neck. The face's place is measured well, the top of the head less so: the size is a usual one."""
    face = places[_ROW["Head"]]
    middle = face + size * np.array([0.0, 0.025, -0.075])
    tilt = np.radians(np.linspace(12, 168, 9))
    wide, deep = (np.sin(tilt)[:, None] * radius * size * axis for radius, axis in ((0.078, _X), (0.095, -_Z)))
    parts.rigid(MIDDLE, "Head", middle - np.cos(tilt)[:, None] * 0.118 * size * _Y, wide, deep)
    tip = face + size * np.array([0.0, -0.004, 0.022])
    _limb(parts, MIDDLE, "Head", tip + 0.03 * size * (_Y - _Z), tip, np.array([0.010, 0.013, 0.015]) * size)
    foot = np.array([0.0, _shoulder_height(places, size), 0.0])
    _limb(parts, MIDDLE, "Neck", foot, middle - 0.05 * size * _Y, np.array([0.064, 0.054, 0.050]) * size)


def _limbs(parts: _Parts, places: np.ndarray, side: int, name: str, size: float) -> None:
    for part, following in (("UpLeg", "Leg"), ("Leg", "Foot"), ("Arm", "ForeArm"), ("ForeArm", "Hand")):
        start, end = places[_ROW[name + part]], places[_ROW[name + following]]
        _limb(parts, side, name + part, start, end, np.array(_RADII[part]) * size)


def _limb(parts: _Parts, side: int, joint: str, start: np.ndarray, end: np.ndarray, radii: np.ndarray) -> None:
    """A tapered limb with round ends: radii (3,) at the start, at a third of the way, and at the end."""
    length = float(np.linalg.norm(end - start))
    way = (end - start) / length if length > 1e-3 * radii[0] else _Y
    along = np.concatenate([-radii[0] * np.cos(_DOME), length * np.array([0.12, 0.33, 0.66, 0.9])])
    along = np.concatenate([along, length + radii[2] * np.cos(_DOME[::-1])])
    middle = np.interp([0.12, 0.33, 0.66, 0.9], [0, 0.33, 1], radii)
    radius = np.concatenate([radii[0] * np.sin(_DOME), middle, radii[2] * np.sin(_DOME[::-1])])
    wide = np.cross(way, _Z if abs(way[2]) < 0.9 else _Y)
    wide /= np.linalg.norm(wide)
    centres = start + along[:, None] * way
    parts.rigid(side, joint, centres, radius[:, None] * wide, radius[:, None] * np.cross(way, wide))


def _foot(parts: _Parts, places: np.ndarray, side: int, name: str, toes: np.ndarray, size: float) -> None:
    ankle = places[_ROW[f"{name}Foot"]]
    along, wide, high = _FOOT.T
    # The sole is flat: rings rest on it.
    centres = ankle + (along * (toes[2] or 0.15 * size))[:, None] * _Z + (toes[1] + high * size)[:, None] * _Y
    parts.rigid(side, f"{name}Foot", centres, wide[:, None] * size * _X, high[:, None] * size * _Y)


def _hand(parts: _Parts, places: np.ndarray, side: int, name: str, tips: np.ndarray, size: float) -> None:
    """Palm down, fingers together. Real hands are longer than the short end that the skeleton gives them."""
    wrist = places[_ROW[f"{name}Hand"]]
    along, wide, thick = _HAND.T
    out = tips / (np.linalg.norm(tips) or 1.0) if tips.any() else (_X if side == LEFT else -_X)
    centres = wrist + (along * 0.17 * size)[:, None] * out
    parts.rigid(side, f"{name}Hand", centres, wide[:, None] * size * _Z, thick[:, None] * size * _Y)
