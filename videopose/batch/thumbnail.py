"""The picture of a video in the report: its overlay, small."""

import cv2
import numpy as np

from videopose.errors import InputError
from videopose.export.overlay import OverlayRenderer
from videopose.pipeline import InferResult
from videopose.results import OVERLAY_SUFFIX
from videopose.types import Frame, Recording
from videopose.video.probing import inspect_source
from videopose.video.snapshot import snapshot

WIDTH = 320
"""Pixels."""
_QUALITY = 80


def thumbnail(result: InferResult, source: str) -> bytes:
    """A frame with as many people as in any, from the middle of such frames.

    Args:
        result: of `infer`.
        source: the video; it is opened only when there is no overlay video.

    Returns:
        A JPEG, `WIDTH` pixels wide.

    Raises:
        InputError: the frame cannot be read again.
    """
    recording = result.recording
    row = _telling_row(recording)
    overlay = next((path for path in result.files if path.name.endswith(OVERLAY_SUFFIX)), None)
    if overlay is not None:
        time_s, frame_s = float(recording.time_s[row] - recording.time_s[0]), 1 / float(recording.video.fps)
        if recording.provenance["settings"]["fps"] is not None:
            # the overlay plays at the video's rate, whatever rate the scene was filmed at
            slower = float(recording.video.fps / inspect_source(str(overlay)).info.fps)
            time_s, frame_s = time_s * slower, frame_s * slower
        return snapshot(str(overlay), time_s - 0.5 * frame_s, (WIDTH, -2))
    details = inspect_source(source)
    slower = float(recording.video.fps / details.info.fps)
    time_s = details.start_s + float(recording.time_s[row]) * slower - 0.5 / float(details.info.fps)
    size = (recording.video.width, recording.video.height)
    data = np.frombuffer(snapshot(details.address, time_s, size), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise InputError(f"{source}: no frame at {time_s:.2f} s. Check that it plays.")
    canvas = OverlayRenderer(recording).draw(Frame(int(recording.frame_index[row]), time_s, np.asarray(image)))
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
