"""C3D files of marker places for motion capture and gait programs: one person each.

Source: The C3D File Format User Guide (Motion Lab Systems).
"""

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from videopose.errors import OutputError
from videopose.export.c3d_parameters import (
    BLOCK,
    PARAMETER_BLOCK,
    Parameter,
    float32,
    int16,
    parameter_section,
    text,
    texts,
)
from videopose.export.markers import MARKERS, MarkerTracks, marker_tracks
from videopose.export.settings import ExportSettings
from videopose.files import atomic_path
from videopose.types import Motion
from videopose.world import CAMERA_WORLD, World

_MOST = 65535
"""What 16 bits hold: frame numbers beyond are given in TRIAL, a number of frames beyond in POINT:LONG_FRAMES."""
_MOST_LONG = (1 << 24) - 1
"""A float32 holds whole numbers up to here."""
_SCALE = -1.0
"""Negative: numbers are stored as float32."""
_UNKNOWN = -1.0
"""Residual of a point that is not known; 0 is that of one that was computed."""
_ROWS = 4096
"""Frames turned into bytes at a time."""


def write_c3d(
    motion: Motion,
    path: Path,
    *,
    fps: Fraction | float,
    settings: ExportSettings | None = None,
    world: World = CAMERA_WORLD,
) -> None:
    """Write the joints of one person as a C3D file of 18 points, without analog channels and force plates.

    * Units and axes: millimetres and Z up (who faces the camera faces -Y), unless `settings` say otherwise;
      `POINT:UNITS`, `X_SCREEN` and `Y_SCREEN` tell.
    * Points are called as in TRC files (`trc.py`); `POINT:DESCRIPTIONS` say what they are. Numbers are float32, little
      endian. The residual is 0, or -1 (and the place 0, 0, 0) where a joint is not known.
    * Rate, resampling and root are as in TRC files. Frames are numbered from 1 at the video's first frame: the first
      of the file is where the track starts. Numbers above 65535 stand in `TRIAL:ACTUAL_START_FIELD` and
      `ACTUAL_END_FIELD`, a longer motion's number of frames in `POINT:LONG_FRAMES`.

    Args:
        motion: T at least 1 frame of the 17 Human3.6M joints.
        path: the file, overwritten when there.
        fps: nominal frames per second of the video.
        settings: axes and units; None: the usual ones.
        world: where to place the joints.

    Raises:
        ValueError: the motion has no frame or other joints, or `fps` is not positive.
        OutputError: `path` cannot be written, or the motion has more frames than the format holds.
    """
    settings = settings or ExportSettings()
    tracks = marker_tracks(motion, fps=fps, settings=settings, world=world, usual_up="z", usual_scale=1000.0)
    if len(tracks) > _MOST_LONG:
        raise OutputError(f"{path}: C3D holds {_MOST_LONG} frames, not {len(tracks)}. Choose another format.")
    groups = tuple(_groups(tracks, settings.up or "z", settings.units or "mm"))
    # Its length does not depend on where the data start.
    data_block = PARAMETER_BLOCK + len(parameter_section(_placed(groups, 0))) // BLOCK
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        stream.write(_header(tracks, data_block))
        stream.write(parameter_section(_placed(groups, data_block)))
        for start in range(0, len(tracks), _ROWS):
            stream.write(_points(tracks.places[start : start + _ROWS]))
        # Where the number of frames exceeds 16 bits readers count those in the file: no more may seem to be there.
        if len(tracks) < _MOST:
            stream.write(bytes(-stream.tell() % BLOCK))


def _header(tracks: MarkerTracks, data_block: int) -> bytes:
    first, last = tracks.first_frame, tracks.first_frame + len(tracks) - 1
    if last > _MOST:
        first, last = 1, min(len(tracks), _MOST)
    return struct.pack(
        "<BBHHHHHfHHf",
        PARAMETER_BLOCK,
        80,
        tracks.places.shape[1],
        0,
        first,
        last,
        0,
        _SCALE,
        data_block,
        1,
        tracks.fps,
    ).ljust(BLOCK, b"\0")


def _placed(
    groups: Sequence[tuple[str, str, Sequence[Parameter]]], data_block: int
) -> Iterator[tuple[str, str, Sequence[Parameter]]]:
    """The groups, with the number of the block at which the data start."""
    for name, description, parameters in groups:
        placed = [int16("DATA_START", data_block)] if name == "POINT" else []
        yield name, description, (*parameters, *placed)


def _groups(tracks: MarkerTracks, up: str, units: str) -> Iterator[tuple[str, str, Sequence[Parameter]]]:
    """Name, description and parameters of each group, all but where the data start."""
    frames, first = len(tracks), tracks.first_frame
    names, descriptions = [marker.name for marker in MARKERS], [marker.description for marker in MARKERS]
    long = [float32("LONG_FRAMES", frames)] if frames >= _MOST else []
    yield (
        "POINT",
        "Places of joints",
        (
            int16("USED", len(names)),
            int16("FRAMES", min(frames, _MOST)),
            *long,
            float32("RATE", tracks.fps),
            float32("SCALE", _SCALE),
            text("UNITS", units),
            text("X_SCREEN", "+X"),
            text("Y_SCREEN", f"+{up.upper()}"),
            texts("LABELS", names),
            texts("DESCRIPTIONS", descriptions),
        ),
    )
    yield (
        "ANALOG",
        "None recorded",
        (
            int16("USED", 0),
            float32("RATE", tracks.fps),
            float32("GEN_SCALE", 1.0),
            float32("SCALE", []),
            int16("OFFSET", []),
            texts("LABELS", []),
            texts("DESCRIPTIONS", []),
            texts("UNITS", []),
        ),
    )
    yield (
        "FORCE_PLATFORM",
        "None recorded",
        (
            int16("USED", 0),
            int16("TYPE", []),
            int16("ZERO", [1, 0]),
            float32("CORNERS", np.zeros((3, 4, 0))),
            float32("ORIGIN", np.zeros((3, 0))),
            int16("CHANNEL", np.zeros((0, 0))),
        ),
    )
    yield (
        "TRIAL",
        "Frames of the video",
        (
            float32("CAMERA_RATE", tracks.fps),
            int16("ACTUAL_START_FIELD", _words(first)),
            int16("ACTUAL_END_FIELD", _words(first + frames - 1)),
        ),
    )
    yield "MANUFACTURER", "Program that wrote the file", (text("SOFTWARE", "videopose"),)


def _words(number: int) -> tuple[int, int]:
    """Low and high 16 bits."""
    return number & _MOST, number >> 16


def _points(places: np.ndarray) -> bytes:
    """(T, J, 3) places, NaN where not known, as x, y, z, residual."""
    known = np.isfinite(places).all(axis=-1, keepdims=True)
    return (
        np.concatenate([np.where(known, places, 0.0), np.where(known, 0.0, _UNKNOWN)], axis=-1).astype("<f4").tobytes()
    )
