"""Preparing HumanEva-I: from its recordings converted to 15 joints to the archives.

What is known of the input: files `converted_15j/{Train,Validate}/S*/ACTION.mat` with `poses_3d` and `poses_2d`; the
frames of each action that belong to either part, and the video frame that each recording starts with, from
`cameras.json`. Nothing public tells more, so this is taken for granted:

* `ACTION` is `Walking_1` or `Walking 1`; where `chunk0` follows, a file holds one unbroken run and is taken whole.
* `poses_3d` is (T, 15, 3) millimetres in world axes, NaN in frames where motion capture failed. T is either the number
  of frames of the part, or the file holds the whole recording, from which the part's frames are cut.
* `poses_2d` is (T, 3, 15, 2) or (3, T, 15, 2) pixels of the three colour cameras, row by row with `poses_3d`. Where
  it has more rows than that, they are the frames of the videos, and each camera's first frame is looked up.
* Runs of frames with 3D are numbered from 0: `Walking 1 chunk0`. Frames with 2D alone go to `Unlabeled/S*`.

Source of the names: VideoPose3D's datasets.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from videopose.data.archive import write_objects
from videopose.data.keypoint_layouts import sides
from videopose.data.rig import camera_facts
from videopose.errors import InputError
from videopose.progress import Progress, SilentProgress
from videopose.skeletons import HUMANEVA15

NAME_3D, NAME_2D = "data_3d_humaneva15.npz", "data_2d_humaneva15_gt.npz"
CAMERAS = 3
PARTS = ("Train", "Validate")
_NAME = re.compile(r"([A-Za-z]+)[ _](\d+)(?:[ _](chunk\d+))?")


@dataclass(frozen=True, slots=True)
class Recordings:
    """What the two archives hold, by subject (`Train/S1`, `Unlabeled/S1`) and action (`Walking 1 chunk0`)."""

    positions: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    """(T, 15, 3) float32 metres, world axes; nothing of what is unlabelled."""
    keypoints: dict[str, dict[str, list[np.ndarray]]] = field(default_factory=dict)
    """For each of three cameras (T, 15, 2) float32 pixels."""

    def add(self, subject: str, action: str, keypoints: np.ndarray, positions: np.ndarray | None) -> None:
        """Add one run of frames: (3, T, 15, 2) pixels, and (T, 15, 3) metres where known."""
        self.keypoints.setdefault(subject, {})[action] = [np.ascontiguousarray(view) for view in keypoints]
        if positions is not None:
            self.positions.setdefault(subject, {})[action] = np.ascontiguousarray(positions)


def read_recordings(source: Path, progress: Progress | None = None) -> Recordings:
    """Read a copy of HumanEva-I.

    Args:
        source: folder `converted_15j`, or one that holds it.
        progress: is told of every file.

    Raises:
        InputError: no such files are there, or one is broken, of another shape, or shorter than its part.
    """
    progress = progress or SilentProgress()
    paths = sorted(
        path for pattern in ("", "*/") for part in PARTS for path in source.glob(f"{pattern}{part}/S*/*.mat")
    )
    if not paths:
        raise InputError(f"{source}: holds no Train/S*/*.mat or Validate/S*/*.mat. Give the folder converted_15j.")
    found = Recordings()
    progress.begin("read recordings", len(paths), "files")
    try:
        for index, path in enumerate(paths):
            progress.advance(index)
            _add_file(found, path)
        progress.advance(len(paths))
    finally:
        progress.end()
    if not found.positions:
        raise InputError(f"{source}: no frame of its files has both 2D and 3D. Fetch or convert it again.")
    return found


def write_humaneva(folder: Path, recordings: Recordings) -> tuple[Path, Path]:
    """Write `data_3d_humaneva15.npz` and `data_2d_humaneva15_gt.npz`.

    Raises:
        OutputError: a file cannot be written.
    """
    metadata = {
        "layout_name": HUMANEVA15.name,
        "num_joints": len(HUMANEVA15),
        "keypoints_symmetry": [list(side) for side in sides(HUMANEVA15)],
    }
    write_objects(folder / NAME_3D, positions_3d=recordings.positions)
    write_objects(folder / NAME_2D, positions_2d=recordings.keypoints, metadata=metadata)
    return folder / NAME_3D, folder / NAME_2D


def _add_file(found: Recordings, path: Path) -> None:
    part, subject = path.parts[-3], path.parts[-2]
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise InputError(f"{path}: is not named after an action, like Walking_1.mat. Rename it or take it away.")
    name, chunk = f"{match[1]} {match[2]}", match[3]
    if any(
        f"{action} ".startswith(f"{name} {chunk} " if chunk else f"{name} ")
        for action in found.keypoints.get(f"{part}/{subject}", {})
    ):
        raise InputError(f"{path}: {part}/{subject}/{name} is there twice. Take one away.")
    positions, keypoints = _read(path)
    if chunk is None:
        positions, keypoints = _cut(path, f"{part}/{subject}", name, positions, keypoints)
    elif keypoints.shape[1] != len(positions):
        raise InputError(
            f"{path}: poses_2d has {keypoints.shape[1]} frames, poses_3d {len(positions)}. Convert it again."
        )
    seen = np.isfinite(keypoints).all((0, 2, 3))
    known = seen & np.isfinite(positions).all((1, 2))
    runs = list(_runs(known))
    if chunk is not None and len(runs) > 1:
        raise InputError(f"{path}: has gaps, though it is called {chunk}. Name it after the action alone.")
    for number, run in enumerate(runs):
        found.add(f"{part}/{subject}", f"{name} {chunk or f'chunk{number}'}", keypoints[:, run], positions[run])
    unlabelled = f"Unlabeled/{subject}"
    for run in _runs(seen & ~known):
        # Both parts of a recording end up there.
        number = sum(action.startswith(f"{name} ") for action in found.keypoints.get(unlabelled, {}))
        found.add(unlabelled, f"{name} chunk{number}", keypoints[:, run], None)


def _cut(
    path: Path, subject: str, action: str, positions: np.ndarray, keypoints: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The frames of the subject's part, of both."""
    facts = camera_facts()["humaneva1"]
    try:
        start, end = facts["frames"][subject][action]
        first = facts["sync"][subject.rpartition("/")[2]][action]
    except KeyError as error:
        known = ", ".join(facts["frames"].get(subject, {})) or "none"
        raise InputError(
            f"{path}: {subject} has no action {action!r} (it has: {known}). Take the file away."
        ) from error
    if keypoints.shape[1] > len(positions):
        # Video frames count from 1; the first one belongs to frame 0 of motion capture.
        shifted = [
            view[offset - 1 : offset - 1 + len(positions)] for view, offset in zip(keypoints, first, strict=True)
        ]
        length = min(map(len, shifted))
        keypoints, positions = np.stack([view[:length] for view in shifted]), positions[:length]
    if keypoints.shape[1] != len(positions):
        raise InputError(
            f"{path}: poses_2d has {keypoints.shape[1]} frames, fewer than the {len(positions)} of poses_3d. "
            "Convert it again."
        )
    if len(positions) == end - start:
        return positions, keypoints
    if len(positions) < end:
        raise InputError(
            f"{path}: has {len(positions)} frames; {subject}/{action} lasts from {start} to {end}. Convert it again."
        )
    return positions[start:end], keypoints[:, start:end]


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """(T, 15, 3) float32 metres, and (3, U, 15, 2) float32 pixels."""
    from scipy.io import loadmat

    try:
        content: dict[str, Any] = loadmat(path)
    except Exception as error:  # of many kinds
        what = f"{type(error).__name__}: {error}".splitlines()[0][:100]
        raise InputError(f"{path}: cannot be read ({what}). Fetch or convert it again.") from error
    for key in ("poses_3d", "poses_2d"):
        if key not in content or content[key].dtype.kind != "f":
            raise InputError(f"{path}: has no numbers {key!r}. Give the files of converted_15j.")
    positions, keypoints = content["poses_3d"], content["poses_2d"]
    joints = len(HUMANEVA15)
    if positions.ndim != 3 or positions.shape[1:] != (joints, 3):
        raise InputError(f"{path}: poses_3d has the shape {positions.shape}, not (*, {joints}, 3). Convert it again.")
    if keypoints.ndim != 4 or keypoints.shape[2:] != (joints, 2) or CAMERAS not in keypoints.shape[:2]:
        raise InputError(
            f"{path}: poses_2d has the shape {keypoints.shape}, not (*, {CAMERAS}, {joints}, 2). Convert it again."
        )
    if keypoints.shape[1] == CAMERAS:
        keypoints = keypoints.swapaxes(0, 1)
    return (positions / 1000).astype(np.float32), keypoints.astype(np.float32)


def _runs(mask: np.ndarray) -> Iterator[slice]:
    """Where (T,) bool is unbrokenly true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    for start, end in edges.reshape(-1, 2).tolist():
        yield slice(start, end)
