"""CSV: one table for spreadsheets, R, MATLAB and pandas, a row for each person and frame."""

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import numpy as np

from videopose.export.settings import ExportSettings
from videopose.export.tables import number_rows
from videopose.files import atomic_path
from videopose.kinematics import ANGLES, joint_angles, joint_speeds
from videopose.skeletons import COCO17, H36M17
from videopose.types import Motion, Recording, Track
from videopose.world import CAMERA_WORLD, World, world_joints

_PLACE_DECIMALS = {"m": 6, "mm": 3}
_Columns = list[tuple[str, int]]
"""Name and decimals of each."""


def write_csv(
    recording: Recording, path: Path, *, settings: ExportSettings | None = None, world: World = CAMERA_WORLD
) -> None:
    """Write who was where in which frame, as comma-separated values with a line of names. Units are in the names.

    Rows are sorted by person, then frame; there is one for each frame of the person's track. Unknown values are empty
    cells. The columns:

    * `person_id`, `frame_index` (0 is the video's first frame), `time_s` (since that frame);
    * `observed`: 1 seen in this frame, 0 filled in; `root_known`: 1 where the place in the room was solved, 0 where it
      was bridged from the frames around (where it never was, the hips stay at the world's origin);
    * `hip_x_m`, `hip_y_m`, ... of the 17 joints in the world; Y up and metres unless `settings` say otherwise
      (`hip_x_mm` in millimetres);
    * `nose_x_px`, `nose_y_px`, `nose_score`, ... of the 17 keypoints in the picture;
    * `left_knee_flexion_deg`, ... as in `videopose.kinematics.ANGLES`;
    * `hip_speed_m_s`, ... of the 17 joints; of a person without any root relative to the hip.

    Args:
        recording: the results.
        path: the file, overwritten when there.
        settings: axes and units; None: the usual ones.
        world: where to place the joints.

    Raises:
        OutputError: `path` cannot be written.
    """
    settings = settings or ExportSettings()
    columns = _columns(settings.units or "m")
    names = ["person_id", "frame_index", "time_s", "observed", "root_known", *(name for name, _ in columns)]
    decimals = [places for _, places in columns]
    first = int(recording.frame_index[0]) if len(recording.frame_index) else 0
    with atomic_path(path) as temporary, temporary.open("w", encoding="ascii", newline="\n") as stream:
        stream.write(",".join(names) + "\n")
        motions: Iterator[Motion | None] = iter(recording.motions) if recording.motions else repeat(None)
        for track, motion in zip(recording.tracks, motions, strict=False):
            values = _values(track, motion, settings, world)
            known = np.isfinite(motion.root).all(-1) if motion is not None else np.zeros(len(track), bool)
            times_s = recording.time_s[track.frame_index - first]
            marks = zip(
                track.frame_index.tolist(), times_s.tolist(), track.observed.tolist(), known.tolist(), strict=True
            )
            for (index, time_s, seen, placed), cells in zip(marks, number_rows(values, decimals, ","), strict=True):
                stream.write(f"{track.person_id},{index},{time_s:.6f},{seen:d},{placed:d},{cells}\n")


def _columns(units: str) -> _Columns:
    places = [(f"{joint}_{axis}_{units}", _PLACE_DECIMALS[units]) for joint in H36M17.joint_names for axis in "xyz"]
    parts = (("x_px", 3), ("y_px", 3), ("score", 4))
    keypoints = [(f"{keypoint}_{part}", decimals) for keypoint in COCO17.joint_names for part, decimals in parts]
    angles = [(f"{angle.name}_deg", 3) for angle in ANGLES]
    speeds = [(f"{joint}_speed_m_s", 4) for joint in H36M17.joint_names]
    return [*places, *keypoints, *angles, *speeds]


def _values(track: Track, motion: Motion | None, settings: ExportSettings, world: World) -> np.ndarray:
    """(T, C) float64: the values of `_columns`, NaN where unknown."""
    frames = len(track)
    if motion is None:
        places = np.full((frames, len(H36M17), 3), np.nan)
        angles, speeds = np.full((frames, len(ANGLES)), np.nan), np.full((frames, len(H36M17)), np.nan)
    else:
        places = world_joints(motion, world) @ settings.axes("y").T * settings.scale(1.0)
        angles, speeds = joint_angles(motion, world), joint_speeds(motion)
    flat = [places.reshape(frames, -1), track.keypoints.reshape(frames, -1), angles, speeds]
    return np.concatenate(flat, axis=1, dtype=np.float64)
