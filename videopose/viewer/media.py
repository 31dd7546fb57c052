"""The video for the page: small, upright, the frames of the recording and no others, quick to jump in."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np

from videopose.errors import InputError
from videopose.types import Recording
from videopose.video import Encoding, VideoReader, VideoWriter, prefetch
from videopose.video.ffmpeg import is_url

LONGEST_SIDE_PX = 640
_KEYFRAME_EVERY = 12
"""Frames: a jump decodes half as many on average."""
_ENCODING = Encoding(preset="veryfast", quality=27, keyframe_every=_KEYFRAME_EVERY, baseline=True)


def small_size(width: int, height: int) -> tuple[int, int]:
    """Even width and height in pixels, of about the same shape, with the longer side at most `LONGEST_SIDE_PX`."""
    scale = min(1.0, LONGEST_SIDE_PX / max(width, height))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def default_video(recording: Recording) -> str | None:
    """The file that the recording was made from, if it is still there; never an address."""
    source = recording.provenance.get("source")
    if not isinstance(source, str) or not source or is_url(source):
        return None
    try:
        return source if Path(source).is_file() else None
    except (OSError, ValueError):
        return None


def small_video(recording: Recording, source: str, on_frame: Callable[[], None] | None = None) -> bytes:
    """Encode the recording's frames again.

    Args:
        recording: frame t of the result is its row t, shown from `time_s[t] - time_s[0]` on.
        source: the video it was made from.
        on_frame: called for every frame.

    Returns:
        An H.264 MP4 without sound.

    Raises:
        InputError: the video cannot be read, has another size, or lacks frames of the recording.
        OutputError: ffmpeg failed.
    """
    first, last = int(recording.frame_index[0]), int(recording.frame_index[-1])
    size = (recording.video.width, recording.video.height)
    small = small_size(*size)
    with VideoReader(source) as reader, tempfile.TemporaryDirectory(prefix="videopose-view-") as folder:
        found = (reader.info.width, reader.info.height)
        if found != size:
            raise InputError(
                f"{source}: is {found[0]}x{found[1]}, but the results belong to a video of {size[0]}x{size[1]}. "
                "Give that video with --video, or none with --no-video."
            )
        path = Path(folder) / "small.mp4"
        times_s = recording.time_s.tolist()
        writer = VideoWriter(path, *small, fps=recording.video.fps, times_s=times_s, encoding=_ENCODING)
        with writer, closing(prefetch(reader)) as frames:
            for frame in frames:
                if frame.index >= first:
                    writer.write(_shrunk(frame.image, small))
                    if on_frame is not None:
                        on_frame()
                if frame.index >= last:
                    break
            if writer.frames_written < len(recording.frame_index):
                raise InputError(
                    f"{source}: ends after frame {first + writer.frames_written - 1}, but the results go on to "
                    f"frame {last}. Give the video they belong to with --video, or none with --no-video."
                )
        return path.read_bytes()


def _shrunk(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
