"""The humanoid skeleton of the BVH files and how a body's joints pose it.

Names and rest pose are the customary ones for retargeting: a T-pose with Y up, facing +Z, the left hand towards +X.
A BVH joint turns all its children together, but hips and shoulders move apart from the trunk in what is measured: so
the three bones that start at the hip centre and the three at the thorax each have a joint of their own there
(`LeftHip`, `RightHip`, `Spine`; `LeftShoulder`, `RightShoulder`, `Neck`, at no distance from their parents). Every
direction comes out exactly.
"""

from dataclasses import dataclass, field

import numpy as np

from videopose.export.rotations import continuous_side, frames_between, swing, unit_directions
from videopose.skeletons import H36M17

X, Y, Z = np.eye(3)

_PRIOR_LIMB = 0.05
"""How much a limb's untwisted pose counts beside its hinge, whose weight is the squared sine of the bend."""
_PRIOR_HEAD = 0.1
"""How much the shoulders' direction counts beside the head's own."""


@dataclass(frozen=True)
class HumanoidJoint:
    """One joint of the file."""

    name: str
    parent: str | None
    at: str
    """Name of the body joint at its place."""
    aim: tuple[str, str] | None
    """Body joints whose direction it follows, None: it keeps its parent's rotation (nothing measured beyond)."""
    rest: np.ndarray
    """(3,) that direction in the rest pose."""
    side: np.ndarray
    """(3,) the rest pose's axis across it that fixes the twist: the hinge axis of limbs."""
    order: str = "ZXY"
    """Order of the rotation channels, chosen so that usual movement keeps the middle angle far from 90 degrees."""


def _unit(x: float, y: float, z: float) -> np.ndarray:
    return np.asarray(np.array([x, y, z]) / np.linalg.norm([x, y, z]))


def _limbs(side: str, sign: float) -> tuple[HumanoidJoint, ...]:
    low, out = side.lower(), sign * X
    hip, knee, ankle = f"{low}_hip", f"{low}_knee", f"{low}_ankle"
    shoulder, elbow, wrist = f"{low}_shoulder", f"{low}_elbow", f"{low}_wrist"
    return (
        HumanoidJoint(f"{side}Hip", "Hips", "hip", ("hip", hip), out, Y),
        HumanoidJoint(f"{side}UpLeg", f"{side}Hip", hip, (hip, knee), -Y, X, "XZY"),
        HumanoidJoint(f"{side}Leg", f"{side}UpLeg", knee, (knee, ankle), -Y, X, "XZY"),
        HumanoidJoint(f"{side}Foot", f"{side}Leg", ankle, None, -Y, X),
        HumanoidJoint(f"{side}Shoulder", "Spine2", "thorax", ("thorax", shoulder), out, Y),
        HumanoidJoint(f"{side}Arm", f"{side}Shoulder", shoulder, (shoulder, elbow), out, -sign * Y),
        HumanoidJoint(f"{side}ForeArm", f"{side}Arm", elbow, (elbow, wrist), out, -sign * Y),
        HumanoidJoint(f"{side}Hand", f"{side}ForeArm", wrist, None, out, -sign * Y),
    )


_LEFT, _RIGHT = _limbs("Left", 1.0), _limbs("Right", -1.0)
JOINTS: tuple[HumanoidJoint, ...] = (
    HumanoidJoint("Hips", None, "hip", ("right_hip", "left_hip"), X, Y),
    *_LEFT[:4],
    *_RIGHT[:4],
    HumanoidJoint("Spine", "Hips", "hip", ("hip", "spine"), Y, X),
    HumanoidJoint("Spine1", "Spine", "spine", ("spine", "thorax"), Y, X),
    HumanoidJoint("Spine2", "Spine1", "thorax", ("right_shoulder", "left_shoulder"), X, Y),
    # H36M's "neck" is the nose's height at the face, 8 cm before the line from the neck to the top of the head.
    HumanoidJoint("Neck", "Spine2", "thorax", ("thorax", "neck"), _unit(0, 0.99, 0.15), X),
    HumanoidJoint("Head", "Neck", "neck", ("neck", "head"), _unit(0, 0.62, -0.78), X),
    *_LEFT[4:],
    *_RIGHT[4:],
)
"""Depth first, as the file lists them."""


@dataclass(frozen=True)
class PosedHumanoid:
    """A body's movement on a skeleton of constant bones. J joints in the order of `JOINTS`."""

    offsets: np.ndarray
    """(J, 3) from the parent in the rest pose, the joints' length unit."""
    ends: dict[str, np.ndarray]
    """End site (3,) of each joint without children."""
    rotations: dict[str, np.ndarray]
    """(T, 3, 3) of each joint by name, from the rest pose to the scene."""
    rest_turns: dict[str, np.ndarray] = field(default_factory=lambda: {joint.name: np.eye(3) for joint in JOINTS})
    """(3, 3) of each joint by name, from the T-pose to the rest pose."""

    def local_rotation(self, joint: HumanoidJoint) -> np.ndarray:
        """(T, 3, 3) relative to the parent: what the file holds."""
        rotation = self.rotations[joint.name]
        return rotation if joint.parent is None else self.rotations[joint.parent].transpose(0, 2, 1) @ rotation

    def positions(self) -> np.ndarray:
        """(T, J, 3) places relative to the hips."""
        places = np.zeros((len(self.rotations["Hips"]), len(JOINTS), 3))
        for row, joint in enumerate(JOINTS):
            if joint.parent is not None:
                places[:, row] = places[:, _ROW[joint.parent]] + self.rotations[joint.parent] @ self.offsets[row]
        return places

    def rest_places(self) -> np.ndarray:
        """(J, 3) places in the rest pose, relative to the hips."""
        places = np.zeros((len(JOINTS), 3))
        for row, joint in enumerate(JOINTS):
            if joint.parent is not None:
                places[row] = places[_ROW[joint.parent]] + self.offsets[row]
        return places


_ROW = {joint.name: row for row, joint in enumerate(JOINTS)}


def pose_humanoid(joints: np.ndarray, fps: float) -> PosedHumanoid:
    """Turn joint positions into rotations of a skeleton with constant bone lengths.

    Each joint's rotation carries its bone's rest direction exactly onto the measured one. The twist about the bone
    comes from the hip and shoulder lines (trunk), from the plane of knee and elbow (limbs) and from the face (head);
    where a limb is straight it is bridged in time.

    Args:
        joints: (T, 17, 3) Human3.6M joints, Y up; T at least 1. Missing (NaN) directions are bridged in time.
        fps: frames per second.
    """
    aims = {joint.name: joint for joint in JOINTS if joint.aim is not None}
    ways = {
        name: unit_directions(_between(joints, *joint.aim), joint.rest) for name, joint in aims.items() if joint.aim
    }
    rest = {name: joint.rest for name, joint in aims.items()}
    turns: dict[str, np.ndarray] = {}

    def solve(name: str, base: np.ndarray, *references: tuple[np.ndarray, float | np.ndarray]) -> None:
        # Seen from `base`, so that a twist in doubt follows the trunk's turns instead of resisting them.
        way, seen = _seen_from(base, ways[name]), [(_seen_from(base, axis), weight) for axis, weight in references]
        across = aims[name].side - aims[name].side @ rest[name] * rest[name]
        side = continuous_side(way, seen, fps)
        turns[name] = base @ frames_between(rest[name], across / np.linalg.norm(across), way, side)

    scene = np.tile(np.eye(3), (len(joints), 1, 1))
    solve("Hips", scene, (ways["Spine"], 1.0))
    solve("Spine2", scene, (ways["Spine1"], 1.0))
    pelvis, chest = turns["Hips"], turns["Spine2"]
    rest |= _shoulder_rest(chest, ways)
    solve("Spine", pelvis, (pelvis @ X, 1.0))
    solve("Spine1", pelvis, (pelvis @ X, 0.5), (chest @ X, 0.5))
    face = np.cross(ways["Head"], ways["Neck"])
    solve("Neck", chest, (chest @ X, 0.5), (face, 0.5))
    solve("Head", chest, (face, 1.0), (chest @ X, _PRIOR_HEAD))
    for side in ("Left", "Right"):
        for root, trunk, upper, lower in (("Hip", pelvis, "UpLeg", "Leg"), ("Shoulder", chest, "Arm", "ForeArm")):
            solve(side + root, trunk, (trunk @ Y, 1.0))
            upper, lower = side + upper, side + lower
            hinge = np.cross(ways[upper], ways[lower])
            solve(upper, trunk, (hinge, 1.0), _untwisted(trunk, aims[upper], ways[upper]))
            solve(lower, turns[upper], (turns[upper] @ aims[upper].side, 1.0))
            turns[side + ("Foot" if lower.endswith("Leg") else "Hand")] = turns[lower]
    return PosedHumanoid(*_bones(joints, rest), turns)


def _between(joints: np.ndarray, start: str, end: str) -> np.ndarray:
    return np.asarray(joints[:, H36M17.index(end)] - joints[:, H36M17.index(start)])


def _seen_from(base: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("tji,tj->ti", base, vectors))


def _untwisted(trunk: np.ndarray, joint: HumanoidJoint, way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The hinge axis if the limb had only swung from its rest pose; it tells less the farther the limb has swung."""
    start = trunk @ joint.rest
    axis = np.einsum("tij,tj->ti", swing(start, way), trunk @ joint.side)
    return axis, _PRIOR_LIMB * (1 + np.einsum("ti,ti->t", start, way)) / 2


def _shoulder_rest(chest: np.ndarray, ways: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rest directions from the thorax to the shoulders: the track's own median, the same on both sides.

    Layouts differ in how high the thorax lies; a fixed direction would make every retargeted figure shrug.
    """
    mirror = np.array([-1.0, 1.0, 1.0])
    sides = [("LeftShoulder", np.ones(3)), ("RightShoulder", mirror)]
    local = np.concatenate([_seen_from(chest, ways[name]) * flip for name, flip in sides])
    middle = np.median(local, axis=0)
    if middle[0] < 0.5:
        return {}
    out = middle / np.linalg.norm(middle)
    return {name: out * flip for name, flip in sides}


def _bones(joints: np.ndarray, rest: dict[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Offsets (J, 3) and end sites with the median length of each bone."""

    def length(start: str, end: str) -> float:
        lengths = np.linalg.norm(_between(joints, start, end), axis=-1)
        known = lengths[np.isfinite(lengths)]
        return float(np.median(known)) if len(known) else 0.0

    offsets = np.zeros((len(JOINTS), 3))
    for row, joint in enumerate(JOINTS):
        parent = JOINTS[_ROW[joint.parent]] if joint.parent is not None else joint
        if joint.at != parent.at:
            offsets[row] = length(parent.at, joint.at) * rest[parent.name]
    ends = {"Head": length("neck", "head") * rest["Head"]}
    for side, out in (("Left", X), ("Right", -X)):
        ends[f"{side}Hand"] = 0.4 * length(f"{side.lower()}_elbow", f"{side.lower()}_wrist") * out
        # Sole and toes by the usual proportions to the shin: nothing of the foot is measured.
        ends[f"{side}Foot"] = length(f"{side.lower()}_knee", f"{side.lower()}_ankle") * np.array([0.0, -0.18, 0.4])
    return offsets, ends
