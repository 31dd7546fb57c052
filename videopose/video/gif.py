"""Writing animated GIF: a palette made for the clip, its true speed, over and over again, in bounded memory."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import ffmpeg
import numpy as np

from videopose.files import atomic_path
from videopose.types import check_shape
from videopose.video.encoder import Encoder
from videopose.video.ffmpeg import FFmpeg, ffmpeg_path, thread_count
from videopose.video.matroska import TICKS_PER_SECOND, picture_header, stream_header

MOST_FPS = 15
"""Frames per second; the frames between are left out."""
MOST_S = 180.0
"""Seconds that a GIF shows; some 100 MB of moving pictures."""


def chosen_frames(times_s: Sequence[float]) -> np.ndarray:
    """(K,) int64: rows of the frames that a GIF of a video with these times shows, at least 1 / `MOST_FPS` s apart."""
    times = np.asarray(times_s, np.float64)
    chosen: list[int] = []
    due_s = -np.inf
    # a little early is fine: times of headers are rounded, and 30 frames/s must give 15
    for row, time_s in enumerate(times.tolist()):
        if time_s - times[0] >= MOST_S:
            break
        if time_s >= due_s:
            chosen.append(row)
            due_s = time_s + 1 / MOST_FPS - 0.002
    return np.array(chosen, np.int64)


class GifWriter(Encoder):
    """A GIF that appears under its name when complete, and plays without end.

    Pictures go into a lossless file beside it while ffmpeg counts their colours; with the palette of those that
    change, that file then becomes the GIF. So memory does not grow with the length. Use it as a context manager; on any
    error nothing is left behind.

    Args:
        path: the file to write; an existing one is replaced.
        width: pixels.
        height: pixels.
        times_s: presentation time of each picture to come, seconds, strictly increasing; the first is shown at 0.
        end_s: when the last picture has been shown, seconds on the same clock.

    Raises:
        ValueError: there are no times, or they do not increase.
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path, width: int, height: int, *, times_s: Sequence[float], end_s: float) -> None:
        ticks = np.rint((np.asarray([*times_s, end_s]) - times_s[0]) * TICKS_PER_SECOND).astype(np.int64)
        if (np.diff(ticks) <= 0).any():
            raise ValueError("times_s must be strictly increasing seconds, and end_s lie after them")
        super().__init__(path, "GIF")
        self._size, self._ticks = (width, height), ticks.tolist()
        self._written = 0

    def __enter__(self) -> "GifWriter":
        with ExitStack() as stack:
            self._target = stack.enter_context(atomic_path(self.path))
            self._frames, self._palette = (self._target.with_suffix(f".part.{kind}") for kind in ("mkv", "png"))
            for path in (self._frames, self._palette):
                stack.callback(path.unlink, missing_ok=True)
            self._process = FFmpeg(self._collecting(), stdin=True)
            stack.callback(self._process.close)
            self._send(stream_header(*self._size, b"BGR\x18"))
            self._stack = stack.pop_all()
        return self

    def write(self, image: np.ndarray) -> None:
        """Append one picture.

        Args:
            image: (height, width, 3) uint8, BGR.

        Raises:
            ValueError: the shape or type differs, or there are more pictures than times.
            OutputError: the disk is full or ffmpeg failed.
        """
        width, height = self._size
        check_shape("image", image, (height, width, 3))
        if image.dtype != np.uint8:
            raise ValueError(f"image must be uint8, got {image.dtype}")
        if self._written >= len(self._ticks) - 1:
            raise ValueError(f"there are times for {len(self._ticks) - 1} pictures only")
        time, after = self._ticks[self._written : self._written + 2]
        data = np.ascontiguousarray(image).data.cast("B")
        self._send(picture_header(time, after - time, len(data)))
        self._send(data)
        self._written += 1

    def _finish(self) -> None:
        self._end_input(self._written)
        self._process = FFmpeg(self._converting())
        self._stack.callback(self._process.close)
        self._wait()

    def _collecting(self) -> list[str]:
        """The command that keeps the pictures and makes a palette of them."""
        split = ffmpeg.input("-", format="matroska").filter_multi_output("split")
        # of what moves: people are what matters, and a still background looks good with few colours
        palette = split[1].filter("palettegen", stats_mode="diff")
        return _command(
            ffmpeg.output(
                split[0], f"file:{self._frames.absolute()}", format="matroska", fps_mode="passthrough",
                threads=thread_count(4), **{"c:v": "ffv1"},
            ),
            ffmpeg.output(palette, f"file:{self._palette.absolute()}", format="image2", update=1),
        )  # fmt: skip

    def _converting(self) -> list[str]:
        """The command that makes the GIF."""
        shown = ffmpeg.input(f"file:{self._frames.absolute()}", protocol_whitelist="file")
        palette = ffmpeg.input(f"file:{self._palette.absolute()}", protocol_whitelist="file")
        # an even pattern, since scattered dots would change all the time and make the file large
        coloured = ffmpeg.filter([shown, palette], "paletteuse", dither="bayer", bayer_scale=4, diff_mode="rectangle")
        last_s = (self._ticks[self._written] - self._ticks[self._written - 1]) / TICKS_PER_SECOND
        output = ffmpeg.output(
            coloured, f"file:{self._target.absolute()}", format="gif", loop=0, fps_mode="passthrough",
            final_delay=max(1, round(100 * last_s)),
        )  # fmt: skip
        return _command(output)


def _command(*outputs: object) -> list[str]:
    merged = ffmpeg.merge_outputs(*outputs).global_args("-hide_banner", "-nostats", "-loglevel", "level+error")
    command: list[str] = merged.compile(cmd=ffmpeg_path(), overwrite_output=True)
    return command
