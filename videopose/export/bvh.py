"""BVH motion files for animation programs (Blender, MotionBuilder, Maya, Unreal): one person each."""

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from videopose.export.humanoid import JOINTS, PosedHumanoid
from videopose.export.humanoid_motion import CENTIMETRES, even_humanoid
from videopose.export.names import joint_names
from videopose.export.rotations import continuous_euler
from videopose.export.settings import ExportSettings
from videopose.files import atomic_path
from videopose.types import Motion
from videopose.world import CAMERA_WORLD, World

_DIGITS = 4
"""Of degrees and centimetres."""
_Z_UP_AXES = str.maketrans("XYZ", "XZY")
"""What the axes of a Y-up file's rotations are called in a Z-up one."""
_ROWS = 1024
"""Frames turned into text at a time."""


def write_bvh(
    motion: Motion,
    path: Path,
    *,
    fps: Fraction | float,
    settings: ExportSettings | None = None,
    world: World = CAMERA_WORLD,
) -> None:
    """Write one person's motion as a BVH file.

    * Units: centimetres (or as `settings` says) and degrees. Y is up and who faces the camera faces +Z; where Z is up,
      he faces -Y, as in Blender.
    * Rest pose: a T-pose facing +Z, or another one: the movement shown stays the same. Joints are named as retargeting
      tools know them (`Hips`, `Spine`, `LeftArm`, ..., or other names: see `names.py`; for the bones `humanoid.py`).
      `Spine1` is the body's spine joint, `Spine2` the thorax, `Head` the face joint, the end site of `Head` the top of
      the head. Hands and feet follow forearms and shins.
    * Bones keep one length, the median over the track. Directions are those of `motion.joints`.
    * `Frame Time` is 1 / `fps`. At a constant rate frame k of the file is frame k of the track; where time stamps are
      uneven (variable rate) the motion is resampled by time to that rate, so that it plays at its true speed.
    * Root: the measured path, missing places bridged (all missing: the hips stay at x = z = 0). People of one video
      share x and z. In the camera's world the file is moved in height by one constant so that the ground is y = 0 (in
      the ground's world it is there already), see `humanoid_motion.ground_height`.
    * Channels: position and rotations; the rotation order is Z X Y, for legs X Z Y, another one for a joint that comes
      near its pole. Angles do not jump by whole turns.

    Args:
        motion: T at least 1 frame of the 17 Human3.6M joints.
        path: the file, overwritten when there.
        fps: nominal frames per second of the video.
        settings: axes, units, rest pose and names; by default `ExportSettings()`.
        world: axes to give places in, belonging to `settings.world`.

    Raises:
        ValueError: the motion has no frame, or `fps` is not positive.
        OutputError: `path` cannot be written.
    """
    settings = settings or ExportSettings()
    body, place = even_humanoid(motion, fps, settings, world)
    usual = [joint.order.translate(_Z_UP_AXES) if settings.up == "z" else joint.order for joint in JOINTS]
    turns = [body.local_rotation(joint) for joint in JOINTS]
    orders, angles = zip(*map(continuous_euler, turns, usual), strict=True)
    channels = np.concatenate([place, *angles], axis=1)
    digits = _length_digits(settings)
    with atomic_path(path) as temporary, temporary.open("w", encoding="ascii", newline="\n") as stream:
        stream.write("\n".join(_hierarchy(body, orders, joint_names(settings.names), digits)))
        stream.write(f"\nMOTION\nFrames: {len(channels)}\nFrame Time: {1 / float(fps):.8f}\n")
        line = " ".join([f"%.{digits}f"] * 3 + [f"%.{_DIGITS}f"] * (channels.shape[1] - 3)) + "\n"
        for start in range(0, len(channels), _ROWS):
            rows = channels[start : start + _ROWS]
            rows = np.concatenate([np.round(rows[:, :3], digits), np.round(rows[:, 3:], _DIGITS)], axis=1)
            rows += 0.0  # -0.0 + 0.0 is 0.0
            stream.write("".join(line % tuple(row) for row in rows.tolist()))


def _length_digits(settings: ExportSettings) -> int:
    """Decimals of lengths: a micrometre, whatever the unit."""
    return _DIGITS + round(math.log10(CENTIMETRES / settings.scale(CENTIMETRES)))


def _hierarchy(body: PosedHumanoid, orders: tuple[str, ...], names: dict[str, str], digits: int) -> Iterator[str]:
    """The lines of the skeleton."""
    yield "HIERARCHY"
    depth = {joint.name: 0 for joint in JOINTS}
    for row, joint in enumerate(JOINTS):
        depth[joint.name] = 0 if joint.parent is None else depth[joint.parent] + 1
        indent = "  " * depth[joint.name]
        rotation = " ".join(f"{axis}rotation" for axis in orders[row])
        yield f"{indent}{'ROOT' if joint.parent is None else 'JOINT'} {names[joint.name]}"
        yield f"{indent}{{"
        yield f"{indent}  OFFSET {_triple(body.offsets[row], digits)}"
        if joint.parent is None:
            yield f"{indent}  CHANNELS 6 Xposition Yposition Zposition {rotation}"
        else:
            yield f"{indent}  CHANNELS 3 {rotation}"
        if joint.name in body.ends:
            yield from (f"{indent}  End Site", f"{indent}  {{")
            yield f"{indent}    OFFSET {_triple(body.ends[joint.name], digits)}"
            yield f"{indent}  }}"
        # Close this joint and every ancestor that ends with it.
        following = depth[JOINTS[row + 1].parent or ""] + 1 if row + 1 < len(JOINTS) else 0
        for level in range(depth[joint.name], following - 1, -1):
            yield f"{'  ' * level}}}"


def _triple(vector: np.ndarray, digits: int) -> str:
    return " ".join(f"{value:.{digits}f}" for value in np.round(vector, digits) + 0.0)
