"""Data without labels for back-projection, from one's own videos and archives of their keypoints."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from videopose.camera import denormalize_screen, normalize_screen
from videopose.data.open_archives import keypoint_layout, open_poses
from videopose.data.poses import INTRINSICS, PoseData, PoseSequence
from videopose.data.rig import frame_rate
from videopose.errors import InputError, UsageError
from videopose.export import read_keypoints, write_npz
from videopose.following import follow
from videopose.lift.resample import Timeline
from videopose.motion import assumed_focal_px, tracks_from_keypoints
from videopose.progress import Progress
from videopose.skeletons import COCO17, H36M17, HUMANEVA15
from videopose.train.archive_recipe import ArchiveRecipe

VIDEO_ENDINGS = frozenset(
    ".3gp .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .webm .wmv".split()  # noqa: SIM905
)
MIN_SECONDS = 1.0
"""People who are followed for less are left out."""
_WAIT_S = 0.5


def check_layout(folder: Path, recipe: ArchiveRecipe) -> None:
    """Whether the labelled part of a recipe has the keypoints that videos have.

    Args:
        folder: of the archives.
        recipe: whose keypoints.

    Raises:
        InputError: it has others, or its archive is missing.
    """
    layout = keypoint_layout(folder, recipe.dataset, recipe.keypoints)
    if layout.name != COCO17.name:
        raise InputError(
            f"{recipe.name}: videos give {COCO17.name} keypoints, but the labelled part has {layout.name} "
            f"({recipe.keypoints}). Choose an archive with COCO's by --keypoints, such as detectron_pt_coco, or "
            "detected_coco of `videopose prepare mocap --as human36m`."
        )


def track_videos(
    folder: Path, kept: Path, *, threads: int | None = None, progress: Progress | None = None, waits: bool = False
) -> list[Path]:
    """Find and follow the people in every video of a folder, and of folders in it.

    Args:
        folder: of videos.
        kept: folder for an NPZ a video, such as `videopose infer` writes but without 3D; what is there is not done
            again.
        threads: of the detector; None takes all.
        progress: told what is being done.
        waits: leave the work to another process, and wait for its results.

    Returns:
        The NPZ files, in the order of the videos' names.

    Raises:
        InputError: the folder has no videos, or one that cannot be read.
        OutputError: a file cannot be written.
    """
    videos = sorted(path for path in folder.rglob("*") if path.suffix.lower() in VIDEO_ENDINGS and path.is_file())
    if not videos:
        endings = ", ".join(sorted(VIDEO_ENDINGS))
        raise InputError(f"{folder}: no videos in it ({endings}). Give a folder of videos.")
    files = []
    for number, video in enumerate(videos, 1):
        file = kept / ("__".join(video.relative_to(folder).parts) + ".npz")
        while waits and not file.exists():
            time.sleep(_WAIT_S)
        if not file.exists():
            if progress:
                progress.say(f"video {number} of {len(videos)}: {video}")
            write_npz(follow(str(video), threads=threads, progress=progress), file)
        files.append(file)
    return files


def poses_of_tracks(
    files: list[Path], recipe: ArchiveRecipe, focal_px: float | None = None, fov_degrees: float | None = None
) -> PoseData:
    """People of videos as unlabelled sequences.

    Args:
        files: NPZ files with `keypoints_2d`, from `track_videos`.
        recipe: whose frame rate and joints they are meant for.
        focal_px: focal length of all cameras, pixels; None: by the field of view.
        fov_degrees: field of view along the longer side; None: a usual one.

    Raises:
        InputError: a file is broken, or nobody is followed for `MIN_SECONDS` in any.
        UsageError: a focal length or field of view that no camera has.
    """
    rate = _rate(recipe)
    sequences = []
    for file in files:
        given = read_keypoints(file)
        width, height = (int(number) for number in given.image_size)
        intrinsics = _intrinsics((width, height), focal_px, fov_degrees)
        for track in tracks_from_keypoints(given, given.frame_index):
            time_s = given.time_s[track.frame_index - given.frame_index[0]]
            if time_s[-1] - time_s[0] < MIN_SECONDS:
                continue
            pixels = Timeline.between(time_s, rate).to_grid(track.keypoints[..., :2])
            screen = normalize_screen(pixels, (width, height)).astype(np.float32)
            sequences.append(
                PoseSequence(
                    file.name.removesuffix(".npz"),
                    f"person{track.person_id}",
                    0,
                    screen,
                    (width, height),
                    intrinsics=intrinsics,
                )
            )
    if not sequences:
        raise InputError(
            f"{files[0].parent}: nobody is seen for {MIN_SECONDS:g} s in any video. Give videos of people."
        )
    return PoseData("videos", COCO17.name, _joints(recipe), rate, tuple(sequences))


def poses_of_archive(
    folder: Path, source: str, recipe: ArchiveRecipe, focal_px: float | None = None, fov_degrees: float | None = None
) -> PoseData:
    """An archive of one's own videos as unlabelled sequences.

    Args:
        folder: with the archive.
        source: `custom:NAME`, made by `videopose prepare custom`.
        recipe: whose frame rate and joints they are meant for.
        focal_px: focal length of all cameras, pixels; None: by the field of view.
        fov_degrees: field of view along the longer side; None: a usual one.

    Raises:
        UsageError: the source is not of this form, or a number that no camera has.
        InputError: the archive is missing or broken, or has other keypoints than the recipe's labelled part.
    """
    kind, _, name = source.partition(":")
    if kind != "custom" or not name:
        raise UsageError(f"--unlabelled {source!r} is not of the form custom:NAME, for data_2d_custom_NAME.npz.")
    data = open_poses(folder, "custom", name)
    layout = keypoint_layout(folder, recipe.dataset, recipe.keypoints)
    if layout.name != data.layout_in:
        raise InputError(
            f"{data.name} has {data.layout_in} keypoints, but the labelled part of {recipe.name} has {layout.name}. "
            "Choose --keypoints of the same layout."
        )
    rate = _rate(recipe)
    sequences = tuple(_resampled(data, rate, focal_px, fov_degrees))
    return replace(data, layout_out=_joints(recipe), frame_rate=rate, sequences=sequences)


def _resampled(
    data: PoseData, rate: float, focal_px: float | None, fov_degrees: float | None
) -> Iterator[PoseSequence]:
    for sequence in data.sequences:
        timeline = Timeline.between(np.arange(len(sequence)) / data.frame_rate, rate)
        pixels = timeline.to_grid(denormalize_screen(sequence.keypoints, sequence.image_size))
        screen = normalize_screen(pixels, sequence.image_size).astype(np.float32)
        intrinsics = _intrinsics(sequence.image_size, focal_px, fov_degrees)
        yield replace(sequence, keypoints=screen, intrinsics=intrinsics)


def _rate(recipe: ArchiveRecipe) -> float:
    """Frames per second of the labelled part."""
    return frame_rate(recipe.dataset) / recipe.downsample


def _joints(recipe: ArchiveRecipe) -> str:
    return (HUMANEVA15 if recipe.dataset == "humaneva15" else H36M17).name


def _intrinsics(image_size: tuple[int, int], focal_px: float | None, fov_degrees: float | None) -> np.ndarray:
    """(9,) float32 of a camera without distortion that looks through the middle of the picture."""
    numbers = np.zeros(INTRINSICS, np.float32)
    numbers[:2] = 2 * assumed_focal_px(image_size, focal_px, fov_degrees) / image_size[0]
    return numbers
