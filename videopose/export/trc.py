"""TRC files of marker places for OpenSim and Pose2Sim: one person each.

Source: OpenSim's documentation "Marker (.trc) Files"; names of markers as in Pose2Sim's OpenSim_Setup.
"""

from fractions import Fraction
from pathlib import Path

import numpy as np

from videopose.export.markers import MARKERS, marker_tracks
from videopose.export.settings import ExportSettings
from videopose.export.tables import number_rows
from videopose.files import atomic_path
from videopose.types import Motion
from videopose.world import CAMERA_WORLD, World

_DECIMALS = {"m": 6, "mm": 3}
"""Of places: micrometres, finer than a float32 tells at some metres from the camera."""


def write_trc(
    motion: Motion,
    path: Path,
    *,
    fps: Fraction | float,
    settings: ExportSettings | None = None,
    world: World = CAMERA_WORLD,
) -> None:
    """Write the joints of one person as a TRC file of 18 markers.

    * Units and axes: metres and Y up, as Pose2Sim has it, unless `settings` say otherwise.
    * Markers are the 17 joints and `Neck`, the middle of the shoulders. They are called `Hip`, `RHip`, `RKnee`,
      `RAnkle`, ..., `Nose`, `Head`, `RWrist` (see `markers.py`), as in Pose2Sim's HALPE_26, its usual body; `Spine` and
      `Thorax` have no counterpart there. Feet are not known.
    * `Time` is the video's, in seconds from its first frame, and starts where the track does: files of several people
      in one video belong together. `Frame#` counts from 1 at the video's first frame.
    * `DataRate` is `fps`. At a constant rate row k is frame k of the track; where time stamps are uneven (variable
      rate) the places are interpolated in time.
    * The root is the measured path; missing places of it are bridged (all missing: the hips stay at the world's
      origin). Cells of a joint that is not known are empty.

    Args:
        motion: T at least 1 frame of the 17 Human3.6M joints.
        path: the file, overwritten when there.
        fps: nominal frames per second of the video.
        settings: axes and units; None: the usual ones.
        world: where to place the joints.

    Raises:
        ValueError: the motion has no frame or other joints, or `fps` is not positive.
        OutputError: `path` cannot be written.
    """
    settings = settings or ExportSettings()
    tracks = marker_tracks(motion, fps=fps, settings=settings, world=world, usual_up="y", usual_scale=1.0)
    units = settings.units or "m"
    names = [marker.name for marker in MARKERS]
    rate = f"{tracks.fps:.12g}"
    rows = np.arange(len(tracks))
    times_s = tracks.start_s + rows / tracks.fps
    numbers = rows + tracks.first_frame
    header = (
        ("PathFileType", "4", "(X/Y/Z)", " ".join(path.name.split())),
        (
            *("DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units"),
            *("OrigDataRate", "OrigDataStartFrame", "OrigNumFrames"),
        ),
        (rate, rate, len(tracks), len(names), units, rate, tracks.first_frame, len(tracks)),
        ("Frame#", "Time", *(cell for name in names for cell in (name, "", "")), ""),
        ("", "", *(f"{axis}{number}" for number in range(1, len(names) + 1) for axis in "XYZ"), ""),
        (),
    )
    cells = number_rows(tracks.places.reshape(len(tracks), -1), [_DECIMALS[units]] * (3 * len(names)), "\t")
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines("\t".join(map(str, line)) + "\n" for line in header)
        for number, time_s, row in zip(numbers.tolist(), times_s.tolist(), cells, strict=True):
            # Without the tab at the end OpenSim misses the last cell where that is empty.
            stream.write(f"{number}\t{time_s:.6f}\t{row}\t\n")
