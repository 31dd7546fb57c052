"""The formats of results: what their files are called, and who writes them."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from videopose.export.settings import ExportSettings
from videopose.ground import chosen_world
from videopose.types import Motion, Recording
from videopose.world import World

PERSON = ".person*"
"""Stands in a suffix for one file for each person: `.person1`, `.person2`, ..."""


@dataclass(frozen=True, slots=True)
class Format:
    """One of the things that `--formats` can name."""

    suffixes: tuple[str, ...]
    """What follows the stem in the files' names; it begins with `PERSON` where each person has a file."""
    about: str
    """In a few words, for help texts."""
    folder: bool = False
    """It is a folder of files."""


FORMATS = {
    "npz": Format((".npz",), "NumPy arrays of everything"),
    "json": Format((".json",), "the same as text"),
    "bvh": Format((f"{PERSON}.bvh",), "skeletons for animation programs"),
    "mp4": Format((".overlay.mp4",), "the video with what was found drawn on it"),
    "gif": Format((".overlay.gif",), "the same, small and short, for slides and chats"),
    "html": Format((".html",), "a page that shows everything in 3D beside the video"),
    "report": Format((".report.html", f"{PERSON}.report.png"), "plots and plain verdicts"),
    "glb": Format((".glb",), "glTF: everybody as figures, for Blender, game engines, the web"),
    "fbx": Format((f"{PERSON}.fbx",), "for Maya, MotionBuilder, Unity, Unreal; needs Blender's module"),
    "trc": Format((f"{PERSON}.trc",), "markers for OpenSim and Pose2Sim"),
    "c3d": Format((f"{PERSON}.c3d",), "markers for biomechanics programs"),
    "csv": Format((".csv",), "a table: places, angles, speeds"),
    "openpose": Format((".openpose",), "a folder with a JSON file for each frame", folder=True),
    "smpl": Format((".smpl.npz",), "joints in the order of SMPL"),
}
"""By name, in the order in which they are written."""
DEFAULT_FORMATS = ("npz", "json", "bvh", "mp4")
MOTION_FORMATS = ("json", "bvh", "glb", "fbx", "trc", "c3d", "csv", "openpose", "smpl")
"""Those that `videopose export` makes of an NPZ file: they need neither the video nor anything drawn."""


def check_formats(names: tuple[str, ...]) -> None:
    """Fail before the work where a format could not be written after it.

    Raises:
        UsageError: FBX without Blender's module.
    """
    if "fbx" in names:
        from videopose.export.fbx import check_fbx

        check_fbx()


def write_motion_format(
    name: str, recording: Recording, path_of: Callable[[str], Path], settings: ExportSettings
) -> list[Path]:
    """Write one of `MOTION_FORMATS`.

    Args:
        name: of the format.
        recording: the results.
        path_of: the path for a suffix.
        settings: axes, units, names.

    Returns:
        The files, or the one folder.

    Raises:
        OutputError: one cannot be written.
    """
    (suffix,) = FORMATS[name].suffixes
    world = chosen_world(settings.world, recording)
    if suffix.startswith(PERSON):
        written = []
        for motion in recording.motions:
            written.append(path_of(suffix.replace("*", str(motion.person_id))))
            _write_person(name, motion, written[-1], recording.video.fps, settings, world)
        return written
    path = path_of(suffix)
    _write_everybody(name, recording, path, settings, world)
    return [path]


def _write_person(name: str, motion: Motion, path: Path, fps: Fraction, settings: ExportSettings, world: World) -> None:
    from videopose.export.bvh import write_bvh
    from videopose.export.c3d import write_c3d
    from videopose.export.fbx import write_fbx
    from videopose.export.trc import write_trc

    write = {"bvh": write_bvh, "c3d": write_c3d, "fbx": write_fbx, "trc": write_trc}[name]
    write(motion, path, fps=fps, settings=settings, world=world)


def _write_everybody(name: str, recording: Recording, path: Path, settings: ExportSettings, world: World) -> None:
    from videopose.export.csv import write_csv
    from videopose.export.gltf import write_glb
    from videopose.export.json import write_json
    from videopose.export.smpl import write_smpl

    if name == "json":
        write_json(recording, path)
    elif name == "openpose":
        from videopose.export.openpose import write_openpose_3d

        write_openpose_3d(
            recording, path, path.name.removesuffix(FORMATS[name].suffixes[0]), settings=settings, world=world
        )
    else:
        write = {"csv": write_csv, "glb": write_glb, "smpl": write_smpl}[name]
        write(recording, path, settings=settings, world=world)
