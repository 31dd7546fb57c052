"""The overlay files of a recording: one pass over its video draws all that are asked for."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from fractions import Fraction
from pathlib import Path

import numpy as np

from videopose.export.layout import DEFAULT_STYLE, OverlayStyle
from videopose.export.overlay import OverlayRenderer
from videopose.progress import Stages
from videopose.types import Frame, Recording
from videopose.video import VideoReader, VideoWriter, prefetch
from videopose.video.gif import MOST_S, GifWriter, chosen_frames

OVERLAY_FORMATS = ("mp4", "gif")
GIF_PX = 480
"""Longest side of a GIF; it is drawn that small, or labels and strokes could not be made out."""
Drawn = Callable[[Recording, int, np.ndarray], None]
"""Takes the recording, a frame's number, and its (H, W, 3) uint8 BGR overlay."""


def write_overlay(
    recording: Recording,
    source: str | None,
    path: Path,
    stages: Stages,
    on_drawn: Drawn | None = None,
    style: OverlayStyle = DEFAULT_STYLE,
) -> int:
    """`write_overlays` for one file, an MP4 unless it is called `.gif`."""
    kind = "gif" if path.suffix.lower() == ".gif" else "mp4"
    return write_overlays(recording, source, {kind: path}, stages, on_drawn, style)


def write_overlays(
    recording: Recording,
    source: str | None,
    paths: Mapping[str, Path],
    stages: Stages,
    on_drawn: Drawn | None = None,
    style: OverlayStyle = DEFAULT_STYLE,
) -> int:
    """Draw the overlay in a second pass over the video, so that no frame has to be kept.

    On black the video's pictures and sound are not read; only its rate is.

    Args:
        recording: what to draw; at least one frame.
        source: the video it was made from; None (only on black): it plays at the recording's own times.
        paths: files to write, by their format of `OVERLAY_FORMATS`. An MP4 plays like the video, whatever rate the
            scene was filmed at; a GIF at the same speed, at most 15 frames/s, 480 pixels and the first 3 minutes.
        stages: told about every frame.
        on_drawn: given each frame of the MP4; nothing where there is none.
        style: how it looks.

    Returns:
        How many frames the video had to draw on.

    Raises:
        ValueError: neither black nor a source.
        OutputError: a file cannot be written.
        InputError: the video cannot be read any more.
    """
    if source is None and not style.black:
        raise ValueError("a video is needed unless it is drawn on black")
    drawn = 0
    with ExitStack() as stack:
        reader = None if source is None else stack.enter_context(VideoReader(source))
        fps = recording.video.fps if reader is None else reader.info.fps
        # Slow motion is measured at the rate it was filmed at, and shown at the rate it plays at.
        times_s = recording.time_s * float(recording.video.fps / fps)
        outputs: list[_Mp4 | _Gif] = []
        if "mp4" in paths:
            sound = source if reader is not None and reader.info.has_audio and not style.black else None
            outputs.append(_Mp4(stack, recording, style, paths["mp4"], fps, times_s, sound, on_drawn))
        if "gif" in paths:
            outputs.append(_Gif(stack, recording, style, paths["gif"], fps, times_s, stages))
        if style.black or reader is None:
            frames: Iterable[Frame] = _blank(recording)
        else:
            first, last = int(recording.frame_index[0]), int(recording.frame_index[-1])
            frames = _between(stack.enter_context(closing(prefetch(reader))), first, last)
        for frame in stages.count(frames):
            for output in outputs:
                output.draw(frame)
            drawn += 1
    return drawn


class _Mp4:
    """Draws and writes every frame."""

    def __init__(
        self,
        stack: ExitStack,
        recording: Recording,
        style: OverlayStyle,
        path: Path,
        fps: Fraction,
        times_s: np.ndarray,
        sound: str | None,
        on_drawn: Drawn | None,
    ) -> None:
        self._recording, self._on_drawn = recording, on_drawn
        self._renderer = OverlayRenderer(recording, style)
        width, height = self._renderer.size
        start_s = float(times_s[0])
        writer = VideoWriter(
            path, width, height, fps=fps, times_s=times_s.tolist(), audio_from=sound, audio_start_s=start_s
        )
        self._writer = stack.enter_context(writer)

    def draw(self, frame: Frame) -> None:
        """Take the next frame."""
        canvas = self._renderer.draw(frame)
        self._writer.write(canvas)
        if self._on_drawn is not None:
            self._on_drawn(self._recording, frame.index, canvas)


class _Gif:
    """Draws and writes those frames that a GIF shows."""

    def __init__(
        self,
        stack: ExitStack,
        recording: Recording,
        style: OverlayStyle,
        path: Path,
        fps: Fraction,
        times_s: np.ndarray,
        stages: Stages,
    ) -> None:
        self._renderer = OverlayRenderer(recording, style, most_px=GIF_PX)
        rows = chosen_frames(times_s.tolist())
        self._shown = frozenset(recording.frame_index[rows].tolist())
        end_s = float(times_s[-1] + 1 / fps)
        if end_s - times_s[0] > MOST_S:
            stages.progress.say(
                f"{path}: shows the first {MOST_S:g} of {end_s - times_s[0]:.0f} s; longer GIFs are huge."
            )
            end_s = max(float(times_s[0]) + MOST_S, float(times_s[rows[-1]]) + float(1 / fps))
        writer = GifWriter(path, *self._renderer.size, times_s=times_s[rows].tolist(), end_s=end_s)
        self._writer = stack.enter_context(writer)

    def draw(self, frame: Frame) -> None:
        """Take the next frame."""
        if frame.index in self._shown:
            self._writer.write(self._renderer.draw(frame))


def _blank(recording: Recording) -> Iterator[Frame]:
    """Frames of the recording's size without a picture."""
    black = np.broadcast_to(np.uint8(0), (recording.video.height, recording.video.width, 3))
    for index, time_s in zip(recording.frame_index.tolist(), recording.time_s.tolist(), strict=True):
        yield Frame(index, time_s, black)


def _between(frames: Iterable[Frame], first: int, last: int) -> Iterator[Frame]:
    """Those numbered `first` to `last`; nothing is read behind them."""
    for frame in frames:
        if frame.index >= first:
            yield frame
        if frame.index >= last:
            return
