"""A trial of motion capture as a video, and where its joints truly are."""

import zipfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from rendering.body import make_body
from rendering.looks import Palette
from rendering.room import Box, Room
from rendering.shot import Camera, Film, Scene, Shot
from videopose.data.asfamc import CMU_METRES_PER_UNIT, AsfSkeleton, Pose, forward_kinematics, parse_amc, parse_asf
from videopose.data.mocap import DEFAULT_FPS, capture_joints
from videopose.errors import InputError
from videopose.video import VideoWriter

_AROUND_M = 2.2
"""Floor between the person's way and the walls."""
_CEILING_M = 2.8
_FILM, _PALETTE = Film(), Palette()


@dataclass(frozen=True, slots=True)
class View:
    """How a trial is filmed. Places are metres; the person's middle way lies at x = z = 0, the floor at height 0."""

    position: tuple[float, float, float]
    """Of the camera: the trial's x, height, the trial's z."""
    target: tuple[float, float, float] = (0.0, 0.95, 0.0)
    fov_degrees: float = 50.0
    size: tuple[int, int] = (960, 540)
    fps: int = 30
    """Frames per second; 120 is a multiple of it."""
    shutter: float = 0.0
    """For which share of a frame's time the shutter is open."""
    furniture: tuple[Box, ...] = ()
    film: Film = _FILM
    palette: Palette = _PALETTE


def read_trial(archive: Path, trial: str) -> tuple[AsfSkeleton, Pose]:
    """One trial, such as `09_12`, of a zip archive in the layout of the CMU database.

    Raises:
        InputError: unreadable, or the trial or its skeleton is not in it.
    """
    subject = trial.split("_")[0]
    try:
        with zipfile.ZipFile(archive) as stored:
            names = {Path(name).name: name for name in stored.namelist()}
            skeleton = parse_asf(stored.read(names[f"{subject}.asf"]).decode("latin-1"))
            motion = parse_amc(stored.read(names[f"{trial}.amc"]).decode("latin-1"), skeleton, f"{trial}.amc")
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise InputError(
            f"{archive}: no trial {trial} found ({error}). Give a zip with .asf and .amc files."
        ) from error
    return skeleton, forward_kinematics(skeleton, motion)


def frames_of(pose: Pose, start_s: float, seconds: float, fps: int) -> np.ndarray:
    """(T,) int64: the captured frames that a video shows."""
    count = len(pose.ends["root"])
    wanted = np.arange(round(start_s * DEFAULT_FPS), min(count, round((start_s + seconds) * DEFAULT_FPS)))
    return wanted[:: round(DEFAULT_FPS / fps)]


def build_shot(skeleton: AsfSkeleton, pose: Pose, frames: np.ndarray, view: View) -> Shot:
    """Put the person, a room that holds their way and the camera, and the light together."""
    way = pose.ends["root"][frames] * CMU_METRES_PER_UNIT
    middle = (way.min(axis=0) + way.max(axis=0)) / 2 * np.array([1.0, 0.0, 1.0])
    position, target = np.add(view.position, middle), np.add(view.target, middle)
    low = np.minimum(way.min(axis=0) - _AROUND_M, position - 0.7)
    high = np.maximum(way.max(axis=0) + _AROUND_M, position + 0.7)
    room = Room(
        (float(low[0]), 0.0, float(low[2])),
        (float(high[0]), max(_CEILING_M, float(position[1]) + 0.5), float(high[2])),
        furniture=tuple(
            Box(tuple(np.add(box.low, middle).tolist()), tuple(np.add(box.high, middle).tolist()), box.colour)
            for box in view.furniture
        ),
    )
    camera = Camera(tuple(position.tolist()), tuple(target.tolist()), view.fov_degrees, view.size)
    return Shot(Scene(camera, room, make_body(skeleton), view.palette, view.film))


def render(archive: Path, trial: str, start_s: float, seconds: float, view: View, path: Path) -> np.ndarray:
    """Film a trial.

    Args:
        archive: zip of the CMU database.
        trial: which, `SUBJECT_NUMBER`.
        start_s: first second of the trial that is shown.
        seconds: how much of it.
        view: camera, light and room.
        path: the MP4 to write.

    Returns:
        (T, 17, 3) float32 metres, camera axes: the true joints of each frame of the video (`skeletons.H36M17`).

    Raises:
        InputError: no such trial, or nothing of it in that range.
    """
    skeleton, pose = read_trial(archive, trial)
    frames = frames_of(pose, start_s, seconds, view.fps)
    if not len(frames):
        raise InputError(f"{trial}: nothing at {start_s:g} s. It lasts {len(pose.ends['root']) / DEFAULT_FPS:.1f} s.")
    shot = build_shot(skeleton, pose, frames, view)
    open_frames = round(view.shutter * DEFAULT_FPS / view.fps)
    last = len(pose.ends["root"]) - 1
    with VideoWriter(path, *view.size, fps=Fraction(view.fps)) as writer:
        for frame in frames.tolist():
            others = tuple(min(frame + more, last) for more in range(2, open_frames, 2))
            writer.write(shot.take(pose, frame, others))
    joints: np.ndarray = shot.scene.camera.see(capture_joints(pose)[frames, :17]).astype(np.float32)
    return joints
