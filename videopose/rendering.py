"""Drawing the overlay of results that were written earlier, without running any network."""

from pathlib import Path

from videopose.errors import InputError, UsageError
from videopose.export.layout import OverlayStyle
from videopose.export.npz import read_recording
from videopose.overlaying import OVERLAY_FORMATS, write_overlay
from videopose.progress import Stages
from videopose.types import Recording
from videopose.video.probing import inspect_source


def render(path: Path, output: Path, video: str | None, style: OverlayStyle, stages: Stages) -> tuple[Recording, int]:
    """Draw the results of an NPZ file.

    Args:
        path: NPZ that `infer` or `lift` has written.
        output: MP4 or GIF, by its name; replaced if it exists.
        video: the video to draw on; None: the one that the results were made from, and on black none.
        style: how it looks.
        stages: told about every frame.

    Returns:
        What was drawn, and on how many frames.

    Raises:
        UsageError: the output is neither MP4 nor GIF, or is the video.
        InputError: the results cannot be read, the video is not there any more or does not fit them.
        OutputError: the output cannot be written.
    """
    if output.suffix.lower() not in [f".{name}" for name in OVERLAY_FORMATS]:
        raise UsageError(f"{output}: is no name for an MP4 or a GIF. Let it end with .mp4 or .gif.")
    recording = read_recording(path)
    if not len(recording.frame_index):
        raise InputError(f"{path}: has no frames. Give results of a video.")
    source = video
    if source is None and not style.black:
        source = _recorded_video(path, recording)
    if source is not None:
        _check_fit(path, recording, source)
        if output.exists() and Path(source).exists() and output.samefile(source):
            raise UsageError(f"{output}: is the video itself. Choose another file with -o.")
    with stages.stage("draw overlay", len(recording.frame_index)):
        return recording, write_overlay(recording, source, output, stages, style=style)


def _recorded_video(path: Path, recording: Recording) -> str:
    """The file that the results say they were made from. Addresses are not followed: a file could name any."""
    source = recording.video.path
    remedy = "Give the video with --video, or draw on black with --black."
    if not source:
        raise InputError(f"{path}: does not say which video it was made from. {remedy}")
    try:
        there = Path(source).is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise InputError(f"{path}: was made from {source}, which is not there. {remedy}")
    try:
        inspect_source(source)
    except InputError as error:
        raise InputError(f"{path}: was made from {source}, which is no video that can be read. {remedy}") from error
    return source


def _check_fit(path: Path, recording: Recording, source: str) -> None:
    """Raise InputError unless the results can be of that video."""
    details = inspect_source(source)
    size, wanted = (details.info.width, details.info.height), (recording.video.width, recording.video.height)
    remedy = "Give the video that the results were made from."
    if size != wanted:
        raise InputError(
            f"{source}: has {size[0]}x{size[1]} pixels, {path} is of a video with {wanted[0]}x{wanted[1]}. {remedy}"
        )
    count, last = details.info.frame_count, int(recording.frame_index[-1])
    if details.exact_count and count is not None and last >= count:
        raise InputError(f"{source}: has {count} frames, {path} goes on to frame {last}. {remedy}")
