"""Writing H.264 MP4 that plays everywhere, at the video's own times and with its sound."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import ffmpeg
import numpy as np

from videopose.files import atomic_path
from videopose.types import check_shape
from videopose.video.encoder import Encoder
from videopose.video.ffmpeg import FFmpeg, ffmpeg_path, input_options, thread_count
from videopose.video.matroska import TICKS_PER_SECOND, picture_header, stream_header
from videopose.video.probing import SourceDetails, inspect_source

PRESET = "ultrafast"
"""Of x264: two thirds of the processor time of the next one, for files twice as large (benchmarks/video_io.py)."""
QUALITY = 25
"""Constant rate factor of x264; lower is better and larger."""
_COPIED_AUDIO = ("aac", "mp3", "ac3", "eac3", "alac")
"""Codecs that players expect in an MP4; what else it can hold (Opus, FLAC) many of them refuse."""
_BT601 = {"colorspace": "smpte170m", "color_primaries": "smpte170m", "color_trc": "smpte170m"}
_CONSTANT_S = 0.0011
"""Times this near to a constant rate are that rate: Matroska rounds to milliseconds."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How x264 encodes."""

    preset: str = PRESET
    """Of x264, from `ultrafast` to `veryslow`."""
    quality: int = QUALITY
    """Constant rate factor; lower is better and larger."""
    keyframe_every: int | None = None
    """Frames from one that stands by itself to the next, at most; None: 250. Jumping is quick where it is small."""
    baseline: bool = False
    """Only what the smallest decoders know: no frames out of order."""

    def options(self) -> dict[str, Any]:
        """The same for ffmpeg."""
        chosen: dict[str, Any] = {"preset": self.preset, "crf": self.quality}
        if self.keyframe_every is not None:
            chosen["g"] = self.keyframe_every
        if self.baseline:
            chosen["profile:v"] = "baseline"
        return chosen


class VideoWriter(Encoder):
    """An H.264 MP4 that appears under its name when complete: 4:2:0, index at the front, even size.

    Use it as a context manager; on any error nothing is left behind.

    Args:
        path: the file to write; an existing one is replaced.
        width: pixels; an odd size is padded by repeating the last column.
        height: pixels; an odd size is padded by repeating the last row.
        fps: nominal frames per second.
        times_s: presentation time of each frame to come, seconds, strictly increasing; the first is shown at 0.
            Without it, or where it is constant to the millisecond, frames follow each other at exactly `fps`.
        audio_from: the video that the frames were read from. Its first audio stream is kept (copied where players
            expect that codec in an MP4, else as AAC), and so is its description of colours.
        audio_start_s: time of the first frame in that video, seconds from its own first frame.
        audio_end_s: time where the sound stops, likewise; the end of the last frame when `times_s` tells it.
        encoding: how small and how easy to jump in the file is.

    Raises:
        ValueError: a size or rate is not positive, or times do not increase.
        InputError: `audio_from` cannot be read.
        OutputError: the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        *,
        fps: Fraction,
        times_s: Sequence[float] | None = None,
        audio_from: str | None = None,
        audio_start_s: float = 0.0,
        audio_end_s: float | None = None,
        encoding: Encoding | None = None,
    ) -> None:
        if width < 1 or height < 1 or fps <= 0:
            raise ValueError(f"size and rate must be positive, got {width} x {height} at {fps}")
        super().__init__(path, "H.264")
        self.frames_written = 0
        self._shape = (height, width, 3)
        self._coded = (width + width % 2, height + height % 2)
        self._fps = fps
        self._encoding_settings = encoding or Encoding()
        self._schedule = None if times_s is None else _schedule(times_s, fps)
        self._limit = None if times_s is None else len(times_s)
        if times_s is not None and len(times_s) and audio_end_s is None:
            audio_end_s = audio_start_s + float(times_s[-1] - times_s[0]) + float(1 / fps)
        self._source = inspect_source(audio_from) if audio_from is not None else None
        self._audio_range_s = (audio_start_s, audio_end_s)

    def __enter__(self) -> "VideoWriter":
        with ExitStack() as stack:
            temporary = stack.enter_context(atomic_path(self.path))
            self._process = FFmpeg(self._encoding(temporary), stdin=True)
            stack.callback(self._process.close)
            if self._schedule is not None:
                self._send(stream_header(*self._coded))
            self._stack = stack.pop_all()
        return self

    def write(self, image: np.ndarray) -> None:
        """Append one frame.

        Args:
            image: (height, width, 3) uint8, BGR.

        Raises:
            ValueError: the shape or type differs, more frames than times, or the writer is not open.
            OutputError: the disk is full or ffmpeg failed.
        """
        self._open_process()
        check_shape("image", image, self._shape)
        if image.dtype != np.uint8:
            raise ValueError(f"image must be uint8, got {image.dtype}")
        if self._limit is not None and self.frames_written >= self._limit:
            raise ValueError(f"there are times for {self._limit} frames only")
        down, right = image.shape[0] % 2, image.shape[1] % 2
        if down or right:
            image = cv2.copyMakeBorder(image, 0, down, 0, right, cv2.BORDER_REPLICATE)
        # half the bytes of BGR for the pipe, and no conversion in ffmpeg
        planes = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).data.cast("B")
        if self._schedule is not None:
            time, duration = self._schedule[self.frames_written]
            self._send(picture_header(time, duration, len(planes)))
        self._send(planes)
        self.frames_written += 1

    def _finish(self) -> None:
        self._end_input(self.frames_written)

    def _encoding(self, target: Path) -> list[str]:
        """The command that encodes pictures from its standard input."""
        width, height = self._coded
        if self._schedule is None:
            pictures = ffmpeg.input(
                "-", format="rawvideo", pixel_format="yuv420p", video_size=(width, height), framerate=str(self._fps)
            )
            timing: dict[str, Any] = {}
        else:
            pictures = ffmpeg.input("-", format="matroska")
            timing = {"fps_mode": "passthrough", "enc_time_base": "1:90000", "video_track_timescale": 90000}
        source = self._source
        yuv = source is not None and source.pixel_format.startswith(("yuv", "nv", "p0"))
        colours = source.colours if source is not None and yuv else _BT601
        described = ":".join(["range=tv", *(f"{name}={value}" for name, value in colours.items())])
        streams, audio_options = [pictures], {}
        if source is not None and source.audio_codec is not None:
            streams.append(self._audio_input(source))
            copied = source.audio_codec in _COPIED_AUDIO
            audio_options = {"c:a": "copy"} if copied else {"c:a": "aac", "b:a": "192k"}
        command: list[str] = (
            ffmpeg.output(
                *streams,
                f"file:{target.absolute()}",
                format="mp4",
                movflags="+faststart",
                pix_fmt="yuv420p",
                vf=f"setparams={described}",
                threads=thread_count(8),
                map_metadata=-1,
                **{"c:v": "libx264"},
                **self._encoding_settings.options(),
                **timing,
                **audio_options,
            )
            .global_args("-hide_banner", "-nostats", "-loglevel", "level+error")
            .compile(cmd=ffmpeg_path(), overwrite_output=True)
        )
        return command

    def _audio_input(self, source: SourceDetails) -> Any:
        """The sound of the written range, so that it starts with the first frame."""
        start_s, end_s = self._audio_range_s
        name, options = input_options(source.address)
        options["ss"] = f"{source.start_s + start_s:.6f}"
        if end_s is not None:
            options["t"] = f"{end_s - start_s:.6f}"
        return ffmpeg.input(name, vn=None, **options)["a:0"]


def _schedule(times_s: Sequence[float], fps: Fraction) -> list[tuple[int, int]] | None:
    """Time and duration of each frame in ticks from the first; None when the rate is constant."""
    times = np.asarray(times_s, np.float64)
    if times.ndim != 1 or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise ValueError("times_s must be a list of strictly increasing seconds")
    if len(times) == 0 or np.abs(times - times[0] - np.arange(len(times)) / float(fps)).max() <= _CONSTANT_S:
        return None
    ticks = np.rint((times - times[0]) * TICKS_PER_SECOND).astype(np.int64)
    durations = np.append(np.diff(ticks), round(TICKS_PER_SECOND / fps))
    return list(zip(ticks.tolist(), np.maximum(durations, 1).tolist(), strict=True))
