"""FBX files, written by Blender's Python module in a process of its own: one person each."""

import subprocess
import sys
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from videopose.errors import OutputError, UsageError, one_line
from videopose.export.fbx_blender import BROKEN_BLENDER, NO_BLENDER
from videopose.export.humanoid import JOINTS, PosedHumanoid
from videopose.export.humanoid_mesh import COLOURS, SIDE_NAMES, body_mesh
from videopose.export.humanoid_motion import CENTIMETRES, even_humanoid
from videopose.export.names import joint_names
from videopose.export.rest_pose import turned
from videopose.export.rotations import continuous_quaternions
from videopose.export.settings import ExportSettings
from videopose.files import atomic_path
from videopose.types import Motion
from videopose.world import CAMERA_WORLD, World

_PROGRAM = Path(__file__).with_name("fbx_blender.py")
_TAILS = {"Hips": "Spine1", "Spine": "Spine1", "Spine1": "Spine2", "Spine2": "Neck", "Neck": "Head"}
"""Joints of the trunk and where their bones end; the others end at their only child."""


def check_fbx() -> None:
    """Make sure that FBX files can be written, before the work and not after it; takes about a second.

    Raises:
        UsageError: Blender's module is missing, or lacks something of the system.
    """
    _blender()


def write_fbx(
    motion: Motion,
    path: Path,
    *,
    fps: Fraction | float,
    settings: ExportSettings | None = None,
    world: World = CAMERA_WORLD,
) -> None:
    """Write one person's motion as a binary FBX file: an armature with a skinned figure and one animation.

    Axes, units, rest pose, names, floor and time are those of BVH files, see `write_bvh`: centimetres and Y up unless
    `settings` says otherwise, and the file's header tells which, so that programs open it upright and in its true size.
    No node has a scale or turn of its own. In the rest pose the figure stands at the origin. One frame of the file is
    1 / `fps` seconds.

    Args:
        motion: T at least 1 frame of the 17 Human3.6M joints.
        path: the file, overwritten when there.
        fps: nominal frames per second of the video.
        settings: axes, units, rest pose and names; by default `ExportSettings()`.
        world: axes to give places in, belonging to `settings.world`.

    Raises:
        ValueError: the motion has no frame, or `fps` is not positive.
        UsageError: Blender's module is missing, or lacks something of the system.
        OutputError: Blender fails, or `path` cannot be written.
    """
    settings = settings or ExportSettings()
    # The figure is made with Y up, then everything is turned.
    body, place = even_humanoid(motion, fps, replace(settings, up=None), world)
    with atomic_path(path) as temporary, tempfile.TemporaryDirectory() as folder:
        figure, made = Path(folder) / "figure.npz", Path(folder) / "figure.fbx"
        np.savez(figure, allow_pickle=False, **_figure(body, place, Fraction(fps), settings))
        _blender(str(figure), str(made))
        temporary.write_bytes(made.read_bytes())


def _figure(body: PosedHumanoid, place: np.ndarray, fps: Fraction, settings: ExportSettings) -> dict[str, np.ndarray]:
    """What `fbx_blender.py` builds, in the file's axes and units. J joints, T frames, V corners, F triangles."""
    axes, mesh, names = settings.axes("y"), body_mesh(body), joint_names(settings.names)
    stand = np.array([0.0, -mesh.places[:, 1].min(), 0.0])
    corners, body = (mesh.places + stand) @ axes.T, turned(body, axes)
    heads = body.rest_places() + axes @ stand
    rows = {joint.name: row for row, joint in enumerate(JOINTS)}
    children = {joint.parent: joint.name for joint in JOINTS}
    tails = [
        heads[row] + body.ends[joint.name] if joint.name in body.ends
        else heads[rows[_TAILS.get(joint.name, children.get(joint.name, joint.name))]]
        for row, joint in enumerate(JOINTS)
    ]  # fmt: skip
    whole = max(1, min(round(fps), 32767))
    return {
        "names": np.array([names[joint.name] for joint in JOINTS]),
        "parents": np.array([-1 if joint.parent is None else rows[joint.parent] for joint in JOINTS]),
        "heads": heads,  # (J, 3) of the bones at rest
        "tails": np.array(tails),
        "turns": np.stack([continuous_quaternions(body.local_rotation(joint)) for joint in JOINTS]),  # (J, T, 4) xyzw
        "place": place @ axes.T,  # (T, 3) of the hips
        "corners": corners,  # (V, 3) at rest
        "joints": mesh.joints,
        "weights": mesh.weights,
        "triangles": mesh.triangles,
        "sides": mesh.sides,
        "side_names": np.array(SIDE_NAMES),
        "colours": np.array(COLOURS) / 255,
        "fps": np.array([whole, float(whole / fps)]),  # Blender's: a whole number, and what to divide it by
        "units_per_metre": np.array(settings.scale(CENTIMETRES)),
        "up": np.array("Z" if settings.up == "z" else "Y"),
    }


def _blender(*arguments: str) -> None:
    # -P: this folder holds modules called like those of the standard library.
    command = [sys.executable, "-P", str(_PROGRAM), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode == 0:
        return
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    reason = f"it was stopped by signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
    if lines and done.returncode > 0:
        reason = one_line(lines[-1].strip().removesuffix("."))
    if done.returncode == NO_BLENDER:
        raise UsageError(
            "FBX files need Blender's Python module, which runs with Python 3.11. "
            'Install it with: pip install -c constraints.txt ".[fbx]"'
        )
    if done.returncode == BROKEN_BLENDER:
        raise UsageError(
            f"FBX files need Blender's Python module, which cannot be loaded ({reason}). "
            "Install the system's libraries it names."
        )
    raise OutputError(f"FBX file: Blender could not write it ({reason}). Choose another format with --formats.")
