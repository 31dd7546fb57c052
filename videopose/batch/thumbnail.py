"""The picture of a video in the report: its overlay, small."""

import cv2
import numpy as np

from videopose.errors import InputError
from videopose.export.layout import DEFAULT_STYLE, OverlayStyle
from videopose.export.overlay import OverlayRenderer
from videopose.pipeline import InferResult
from videopose.types import Frame, Recording
from videopose.video.probing import inspect_source
from videopose.video.snapshot import snapshot

WIDTH = 320
"""Pixels."""
_QUALITY = 80


class Thumbnail:
    """Takes one frame of an overlay while it is drawn: one with as many people as any, from the middle of such."""

    def __init__(self) -> None:
        self.jpeg: bytes | None = None
        """`WIDTH` pixels wide; None as long as it has not come by."""
        self._wanted: int | None = None

    def __call__(self, recording: Recording, frame_index: int, canvas: np.ndarray) -> None:
        """See a frame."""
        if self._wanted is None:
            self._wanted = int(recording.frame_index[_telling_row(recording)])
        if frame_index == self._wanted:
            self.jpeg = _small(canvas)

    def draw(self, result: InferResult, source: str, style: OverlayStyle = DEFAULT_STYLE) -> None:
        """Draw the frame where there is no overlay, from the video; on black without it.

        Raises:
            InputError: it cannot be read again.
        """
        recording = result.recording
        row = _telling_row(recording)
        index = int(recording.frame_index[row])
        renderer = OverlayRenderer(recording, style)
        if style.black:
            black = np.zeros((recording.video.height, recording.video.width, 3), np.uint8)
            self.jpeg = _small(renderer.draw(Frame(index, float(recording.time_s[row]), black)))
            return
        details = inspect_source(source)
        # slow motion plays at another rate than it was filmed at
        slower = float(recording.video.fps / details.info.fps)
        time_s = details.start_s + float(recording.time_s[row]) * slower - 0.5 / float(details.info.fps)
        size = (recording.video.width, recording.video.height)
        data = np.frombuffer(snapshot(details.address, time_s, size), np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if image is None:
            raise InputError(f"{source}: no frame at {time_s:.2f} s. Check that it plays.")
        self.jpeg = _small(renderer.draw(Frame(index, time_s, np.asarray(image))))


def _small(canvas: np.ndarray) -> bytes:
    height = max(1, round(canvas.shape[0] * WIDTH / canvas.shape[1]))
    small = cv2.resize(canvas, (WIDTH, height), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1])


def _telling_row(recording: Recording) -> int:
    """Row of a frame in which most people are seen; the middle one of those."""
    first = int(recording.frame_index[0])
    seen = np.zeros(len(recording.frame_index), int)
    for track in recording.tracks:
        seen[track.frame_index - first] += track.supported
    rows = np.flatnonzero(seen == seen.max())
    return int(rows[len(rows) // 2])
