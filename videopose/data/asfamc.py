"""Acclaim motion capture: ASF skeletons, AMC motion, forward kinematics.

A bone's rotation is C M C^-1 relative to its parent, with C from the bone's `axis` and M from the degrees of freedom of
the frame (both Rz Ry Rx); its `direction * length` is applied after its own rotation.

Source: the Acclaim ASF/AMC format as used by the CMU Graphics Lab Motion Capture Database (mocap.cs.cmu.edu).
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from videopose.errors import InputError

CMU_METRES_PER_UNIT = 0.0254 / 0.45
"""One length unit of the CMU files is 1/0.45 inch."""


@dataclass(frozen=True, slots=True)
class Bone:
    """One bone of an ASF skeleton."""

    name: str
    parent: str
    offset: np.ndarray
    """(3,) direction times length, file units, in the rest pose."""
    axis: Rotation
    """C: the bone's own axes in the rest pose."""
    dof: tuple[str, ...]
    """Rotational degrees of freedom in file order, of `rx`, `ry`, `rz`."""


@dataclass(frozen=True, slots=True)
class AsfSkeleton:
    """Bones in an order in which parents come first; `root` itself is not listed."""

    bones: tuple[Bone, ...]


def _angles(values: dict[str, np.ndarray], count: int) -> Rotation:
    """Rz Ry Rx of angles in degrees; absent ones are 0."""
    columns = [values.get(name, np.zeros(count)) for name in ("rx", "ry", "rz")]
    return Rotation.from_euler("xyz", np.stack(columns, axis=-1), degrees=True)


def parse_asf(text: str, name: str = "skeleton") -> AsfSkeleton:
    """Read an ASF skeleton.

    Args:
        text: content of the file.
        name: file name for error messages.

    Raises:
        InputError: a section is missing, or a bone is incomplete or not connected.
    """
    fields: dict[str, dict[str, list[str]]] = {}
    parents: dict[str, str] = {}
    section = ""
    current: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0].startswith(":"):
            section = words[0]
        elif section == ":bonedata":
            if words[0] == "begin":
                current = {}
            elif words[0] == "end":
                if "name" not in current:
                    raise InputError(f"{name}: line {number}: a bone without a name. Give an intact ASF file.")
                fields[current["name"][0]] = current
            else:
                current[words[0]] = words[1:]
        elif section == ":hierarchy" and len(words) > 1:
            parents.update(dict.fromkeys(words[1:], words[0]))
    bones = []
    placed = {"root"}
    waiting = dict(fields)
    while waiting:
        ready = [bone for bone in waiting if parents.get(bone) in placed]
        if not ready:
            raise InputError(
                f"{name}: bone {next(iter(waiting))} is not connected to the root. Give an intact ASF file."
            )
        for bone in ready:
            bones.append(_bone(name, bone, parents[bone], waiting.pop(bone)))
            placed.add(bone)
    if not bones:
        raise InputError(f"{name}: no bones found. Give a file in Acclaim ASF form.")
    return AsfSkeleton(tuple(bones))


def _bone(file: str, name: str, parent: str, field: dict[str, list[str]]) -> Bone:
    try:
        direction = np.array([float(v) for v in field["direction"][:3]])
        length = float(field["length"][0])
        axis = np.array([float(v) for v in field["axis"][:3]])
        dof = tuple(v.lower() for v in field.get("dof", []))
        offset = direction * length
        if offset.shape != (3,) or axis.shape != (3,):
            raise ValueError("three numbers wanted")
    except (KeyError, IndexError, ValueError) as error:
        raise InputError(f"{file}: bone {name} is incomplete ({error}). Give an intact ASF file.") from error
    return Bone(name, parent, offset, Rotation.from_euler("xyz", axis, degrees=True), dof)


def parse_amc(text: str, skeleton: AsfSkeleton, name: str = "motion") -> dict[str, np.ndarray]:
    """Read AMC motion.

    Args:
        text: content of the file.
        skeleton: the subject's skeleton.
        name: file name for error messages.

    Returns:
        For `root` (T, 6) tx ty tz rx ry rz, for each moving bone (T, len(dof)); file units and degrees.

    Raises:
        InputError: no frames, or a frame that does not list the same bones as the first.
    """
    body = text.replace("\r", "")
    start = 0 if body.startswith("1\n") else body.find("\n1\n")
    tokens = body[start:].split() if start >= 0 else []
    if not tokens:
        raise InputError(f"{name}: no frames found. Give a file in Acclaim AMC form.")
    widths = {"root": 6} | {bone.name: len(bone.dof) for bone in skeleton.bones if bone.dof}
    columns, position = {}, 1
    while position < len(tokens) and tokens[position] in widths:
        bone = tokens[position]
        columns[bone] = slice(position + 1, position + 1 + widths[bone])
        position += 1 + widths[bone]
    # Every frame repeats the structure of the first, so the whole file is one table.
    if len(tokens) % position:
        raise InputError(f"{name}: frames differ in length, the file is cut off or belongs to another skeleton.")
    table = np.array(tokens).reshape(-1, position)
    missing = set(widths) - set(columns)
    changed = [bone for bone, span in columns.items() if not np.all(table[:, span.start - 1] == bone)]
    if missing or changed:
        raise InputError(f"{name}: bone {min(missing or changed)} is missing in some frame. Give an intact AMC file.")
    try:
        return {bone: table[:, span].astype(np.float64) for bone, span in columns.items()}
    except ValueError as error:
        raise InputError(f"{name}: not a number ({error}). Give an intact AMC file.") from error


@dataclass(frozen=True, slots=True)
class Pose:
    """A skeleton in motion."""

    ends: dict[str, np.ndarray]
    """(T, 3) position of each bone's end, file units, world axes (Y up); `root` is the root itself."""
    rotations: dict[str, Rotation]
    """Each bone's rotation from the rest pose to the world."""


def forward_kinematics(skeleton: AsfSkeleton, motion: dict[str, np.ndarray]) -> Pose:
    """Place every bone.

    Args:
        skeleton: the subject's skeleton.
        motion: as `parse_amc` returns it.
    """
    root = motion["root"]
    count = len(root)
    rotations = {"root": Rotation.from_euler("xyz", root[:, 3:], degrees=True)}
    ends = {"root": root[:, :3].copy()}
    for bone in skeleton.bones:
        rotation = rotations[bone.parent]
        if bone.dof:
            values = dict(zip(bone.dof, motion[bone.name].T, strict=True))
            rotation = rotation * (bone.axis * _angles(values, count) * bone.axis.inv())
        rotations[bone.name] = rotation
        ends[bone.name] = ends[bone.parent] + rotation.apply(bone.offset)
    return Pose(ends, rotations)
