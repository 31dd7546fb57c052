"""BVH motion files for animation programs (Blender, MotionBuilder, Maya, Unreal): one person each."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from videopose.export.humanoid import JOINTS, PosedHumanoid, pose_humanoid
from videopose.export.rotations import continuous_euler
from videopose.export.sampling import at_rows, even_rows
from videopose.files import atomic_path
from videopose.types import Motion
from videopose.world import CAMERA_WORLD, bridged_root

CENTIMETRES = 100.0
"""Length units of the file per metre."""
_GROUND_PERCENTILE = 10.0
_ROWS = 1024
"""Frames turned into text at a time."""


def write_bvh(motion: Motion, path: Path, *, fps: Fraction | float) -> None:
    """Write one person's motion as a BVH file.

    * Units: centimetres and degrees. Y is up; who faces the camera faces +Z.
    * Rest pose: a T-pose facing +Z, joints named as retargeting tools know them (`Hips`, `Spine`, `LeftArm`, ...; see
      `humanoid.py`). `Spine1` is the body's spine joint, `Spine2` the thorax, `Head` the face joint, the end site of
      `Head` the top of the head. Hands and feet follow forearms and shins.
    * Bones keep one length, the median over the track. Directions are those of `motion.joints`.
    * `Frame Time` is 1 / `fps`. At a constant rate frame k of the file is frame k of the track; where time stamps are
      uneven (variable rate) the motion is resampled by time to that rate, so that it plays at its true speed.
    * Root: the measured path in metres from the camera, turned to Y up, missing places bridged (all missing: the hips
      stay at x = z = 0). People of one video share x and z. In height the file is moved by one constant so that the
      ground is y = 0: the ground is where the 10th percentile over the frames of the lower foot lies, so that neither
      a single bad frame nor a jump sinks or lifts the whole motion.
    * Channels: position and rotations; the rotation order is Z X Y, for legs X Z Y, another one for a joint that comes
      near its pole. Angles do not jump by whole turns.

    Args:
        motion: T at least 1 frame of the 17 Human3.6M joints.
        path: the file, overwritten when there.
        fps: nominal frames per second of the video.

    Raises:
        ValueError: the motion has no frame, or `fps` is not positive.
        OutputError: `path` cannot be written.
    """
    if len(motion) == 0 or not fps > 0:
        raise ValueError(f"a BVH file needs a frame and a positive rate, got {len(motion)} frames and fps={fps}")
    joints, root = _even_frames(motion, float(fps))
    body = pose_humanoid(joints * CENTIMETRES, float(fps))
    place = root * CENTIMETRES
    place[:, 1] -= _ground_height(body, place)
    orders, angles = zip(*(continuous_euler(body.local_rotation(joint), joint.order) for joint in JOINTS), strict=True)
    channels = np.concatenate([place, *angles], axis=1)
    with atomic_path(path) as temporary, temporary.open("w", encoding="ascii", newline="\n") as stream:
        stream.write("\n".join(_hierarchy(body, orders)))
        stream.write(f"\nMOTION\nFrames: {len(channels)}\nFrame Time: {1 / float(fps):.8f}\n")
        line = " ".join(["%.4f"] * channels.shape[1]) + "\n"
        for start in range(0, len(channels), _ROWS):
            rows = np.round(channels[start : start + _ROWS], 4) + 0.0  # -0.0 + 0.0 is 0.0
            stream.write("".join(line % tuple(row) for row in rows.tolist()))


def _even_frames(motion: Motion, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Joints (T', 17, 3) and root (T', 3) in metres, Y up, one row every 1 / fps seconds; the root without NaN."""
    rows = even_rows(motion.time_s, fps)
    joints, root = CAMERA_WORLD.directions(motion.joints), CAMERA_WORLD.places(bridged_root(motion))
    return at_rows(joints, rows), at_rows(root, rows)


def _ground_height(body: PosedHumanoid, place: np.ndarray) -> float:
    """Height of the ground under the soles, in the file's units."""
    positions = body.positions()[..., 1] + place[:, 1:2]
    soles = [positions[:, row] + body.ends[joint.name][1] for row, joint in enumerate(JOINTS) if "Foot" in joint.name]
    return float(np.percentile(np.minimum(*soles), _GROUND_PERCENTILE))


def _hierarchy(body: PosedHumanoid, orders: tuple[str, ...]) -> Iterator[str]:
    """The lines of the skeleton."""
    yield "HIERARCHY"
    depth = {joint.name: 0 for joint in JOINTS}
    for row, joint in enumerate(JOINTS):
        depth[joint.name] = 0 if joint.parent is None else depth[joint.parent] + 1
        indent = "  " * depth[joint.name]
        rotation = " ".join(f"{axis}rotation" for axis in orders[row])
        yield f"{indent}{'ROOT' if joint.parent is None else 'JOINT'} {joint.name}"
        yield f"{indent}{{"
        yield f"{indent}  OFFSET {_triple(body.offsets[row])}"
        if joint.parent is None:
            yield f"{indent}  CHANNELS 6 Xposition Yposition Zposition {rotation}"
        else:
            yield f"{indent}  CHANNELS 3 {rotation}"
        if joint.name in body.ends:
            yield from (f"{indent}  End Site", f"{indent}  {{")
            yield f"{indent}    OFFSET {_triple(body.ends[joint.name])}"
            yield f"{indent}  }}"
        # Close this joint and every ancestor that ends with it.
        following = depth[JOINTS[row + 1].parent or ""] + 1 if row + 1 < len(JOINTS) else 0
        for level in range(depth[joint.name], following - 1, -1):
            yield f"{'  ' * level}}}"


def _triple(vector: np.ndarray) -> str:
    return " ".join(f"{value:.4f}" for value in np.round(vector, 4) + 0.0)
