"""Preparing one's own videos: detections of each to one archive of 2D keypoints.

Source of the form: VideoPose3D's datasets, and what its scripts for Detectron write of a video.
"""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videopose.data.archive import write_objects
from videopose.data.keypoint_layouts import sides
from videopose.errors import InputError, UsageError
from videopose.export import read_keypoints
from videopose.keypoint_files.read_detectron import read_detectron_video
from videopose.progress import Progress, SilentProgress
from videopose.skeletons import COCO17


@dataclass(frozen=True, slots=True)
class VideoKeypoints:
    """One person in one video."""

    name: str
    """The file's name without its last ending; of several persons, with `.personID`."""
    keypoints: np.ndarray
    """(T, 17, 2) float32 pixels, COCO order, frames without the person filled in."""
    image_size: tuple[int, int]
    """Width and height, pixels."""
    fps: float | None = None
    """Frames per second; None where the file does not say."""


def read_videos(sources: Sequence[Path], progress: Progress | None = None) -> list[VideoKeypoints]:
    """Read detections, a file a video.

    Detectron's archives hold boxes: the one with the highest score is taken in each frame, frames without any are
    filled in linearly. Files of `videopose infer` hold persons: each one becomes a sequence of its own, from the first
    frame it is in to the last.

    Args:
        sources: files, or folders of them.
        progress: is told of every file.

    Raises:
        InputError: a file is neither, broken, or has nobody in it; two have one name.
    """
    progress = progress or SilentProgress()
    paths = [path for source in sources for path in (sorted(source.glob("*.npz")) if source.is_dir() else [source])]
    if not paths:
        raise InputError(f"{', '.join(map(str, sources))}: no .npz files. Give the detections of each video.")
    found: dict[str, Path] = {}
    videos = []
    progress.begin("read detections", len(paths), "videos")
    try:
        for index, path in enumerate(paths):
            progress.advance(index)
            for video in _read(path):
                if video.name in found:
                    raise InputError(f"{path}: {found[video.name]} is called {video.name!r} too. Rename one of them.")
                found[video.name] = path
                videos.append(video)
        progress.advance(len(paths))
    finally:
        progress.end()
    return videos


def archive_path(folder: Path, name: str) -> Path:
    """The archive called `name`.

    Raises:
        UsageError: the name does not fit into a file's name.
    """
    if not name or any(not (letter.isalnum() or letter in "-_.") for letter in name):
        raise UsageError(f"name {name!r} has more than letters, digits, '-', '_' and '.'. Give another with --name.")
    return folder / f"data_2d_custom_{name}.npz"


def write_custom(path: Path, videos: Sequence[VideoKeypoints]) -> None:
    """Write an archive of one's own videos.

    Raises:
        OutputError: the file cannot be written.
    """
    facts: dict[str, dict[str, Any]] = {}
    for video in videos:
        facts[video.name] = {"w": video.image_size[0], "h": video.image_size[1]}
        if video.fps is not None:
            facts[video.name]["fps"] = video.fps
    metadata = {
        "layout_name": "coco",
        "num_joints": len(COCO17),
        "keypoints_symmetry": [list(side) for side in sides(COCO17)],
        "video_metadata": facts,
    }
    positions = {video.name: {"custom": [video.keypoints]} for video in videos}
    write_objects(path, positions_2d=positions, metadata=metadata)


def _read(path: Path) -> Iterator[VideoKeypoints]:
    try:
        with zipfile.ZipFile(path) as archive:
            keys = {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: is no .npz archive, or only a part of one. Detect the people again.") from error
    if {"boxes", "keypoints", "metadata"} <= keys:
        yield _read_boxes(path)
    elif "keypoints_2d" in keys:
        yield from _read_persons(path)
    else:
        raise InputError(
            f"{path}: has neither 'boxes', 'keypoints' and 'metadata' nor 'keypoints_2d'. "
            "Give archives of Detectron, or NPZ files of `videopose infer`."
        )


def _read_boxes(path: Path) -> VideoKeypoints:
    video = read_detectron_video(path)
    points = np.full((len(video.boxes), len(COCO17), 2), np.nan, np.float32)
    for index, (scored, people) in enumerate(zip(video.boxes, video.keypoints, strict=True)):
        if len(scored):
            points[index] = people[scored[:, 4].argmax(), :2].T
    present = np.asarray(np.isfinite(points).all((1, 2)))
    if not present.any():
        raise _nobody(path)
    return VideoKeypoints(path.stem, fill_gaps(points, present), video.image_size, video.fps)


def _read_persons(path: Path) -> Iterator[VideoKeypoints]:
    given = read_keypoints(path)
    width, height = (int(number) for number in given.image_size)
    points = given.keypoints_2d[..., :2]
    present = np.asarray(np.isfinite(points).all((2, 3)))
    shown = [index for index in range(len(points)) if present[index].any()]
    if not shown:
        raise _nobody(path)
    for index in shown:
        frames = np.flatnonzero(present[index])
        run = slice(int(frames[0]), int(frames[-1]) + 1)
        name = path.stem if len(shown) == 1 else f"{path.stem}.person{given.person_id[index]}"
        yield VideoKeypoints(name, fill_gaps(points[index, run], present[index, run]), (width, height), given.fps)


def fill_gaps(keypoints: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Fill frames in linearly between those before and after, at the ends with the nearest.

    Args:
        keypoints: (T, J, 2) pixels.
        present: (T,) bool, at least one true: the others' keypoints are not looked at.

    Returns:
        (T, J, 2) float32 pixels.
    """
    time = np.arange(len(keypoints))
    flat = keypoints.reshape(len(keypoints), -1)
    filled = [np.interp(time, time[present], column[present]) for column in flat.T]
    return np.stack(filled, axis=-1).reshape(keypoints.shape).astype(np.float32)


def _nobody(path: Path) -> InputError:
    return InputError(f"{path}: nobody was found in this video. Leave it out.")
