"""From a video to the tracks of its people: decode, detect, follow."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from videopose import __version__
from videopose.detect import DetectorSettings, create_detector
from videopose.errors import InputError
from videopose.processors import available_threads
from videopose.progress import Fetching, Progress, SilentProgress, Stages
from videopose.track import build_tracks, spread
from videopose.types import Detections, Frame, Recording, Track, VideoInfo
from videopose.video import VideoReader, prefetch

READ_AHEAD = 12
"""Frames decoded before they are asked for."""


class FrameSource(Protocol):
    """Frames in order: `VideoReader`, or pictures that are a film."""

    @property
    def info(self) -> VideoInfo:
        """Size, rate and length."""

    def __iter__(self) -> Iterator[Frame]: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """All that one pass over the frames leaves."""

    video: VideoInfo
    frame_index: np.ndarray
    """(T,) int64, consecutive."""
    time_s: np.ndarray
    """(T,) float64 presentation times, seconds."""
    detections: tuple[Detections, ...] = ()
    """One for each frame that was looked at; empty when none was."""
    looked_at: np.ndarray | None = None
    """(K,) int64: rows of those frames; None: all."""

    def filmed_at(self, fps: Fraction) -> "Seen":
        """The same with the times of the real movement, when the video plays at another rate."""
        factor = float(self.video.fps / fps)
        return replace(self, video=replace(self.video, fps=fps), time_s=self.time_s * factor)


class Clock:
    """Notes number and time of the frames that pass."""

    def __init__(self) -> None:
        self._index: list[int] = []
        self._time_s: list[float] = []

    def watch(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Pass the frames through."""
        for frame in frames:
            self._index.append(frame.index)
            self._time_s.append(frame.time_s)
            yield frame

    def seen(
        self, video: VideoInfo, detections: tuple[Detections, ...] = (), looked_at: Sequence[int] | None = None
    ) -> Seen:
        """What passed.

        Raises:
            InputError: nothing did.
        """
        if not self._index:
            raise InputError(f"{video.path}: no frame could be decoded. Give a video that plays.")
        rows = None if looked_at is None else np.searchsorted(self._index, looked_at)
        return Seen(video, np.array(self._index, np.int64), np.array(self._time_s), detections, rows)


def expected_frames(video: VideoInfo, start_s: float | None = None, end_s: float | None = None) -> int | None:
    """How many frames the header promises between two times; None when it does not say."""
    if video.frame_count is None:
        return None
    first = math.floor((start_s or 0.0) * video.fps)
    last = video.frame_count if end_s is None else min(video.frame_count, math.ceil(end_s * video.fps))
    return max(last - first, 1)


def look(
    reader: FrameSource,
    settings: DetectorSettings,
    stages: Stages,
    *,
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    frames_expected: int | None = None,
) -> tuple[Seen, dict[str, Any]]:
    """Find the people in each frame.

    Args:
        reader: the video.
        settings: of the detector.
        stages: told about every frame.
        device: of the detector's networks.
        precision: of their products.
        threads: of the detector; None takes all.
        frames_expected: for the display.

    Returns:
        What was seen, and the detector's provenance.

    Raises:
        VideoposeError: the video cannot be read, or the detector cannot be had.
    """
    with Fetching("detector", stages.progress) as fetching:
        detector = create_detector(
            settings,
            device=device,
            precision=precision,
            threads=threads or available_threads(),
            progress=fetching,
            say=stages.progress.say,
        )
    clock = Clock()
    looked_at: list[int] = []
    with closing(detector):
        with (
            stages.stage("detect", frames_expected),
            closing(prefetch(reader, depth=READ_AHEAD)) as frames,
        ):
            chosen = _every(stages.count(clock.watch(frames)), settings.every)
            found = detector.detect(_noting(chosen, looked_at))
            detections = tuple(sure(one, settings.score_threshold) for one in found)
        return clock.seen(reader.info, detections, looked_at), detector.provenance()


def follow_people(seen: Seen, settings: DetectorSettings) -> tuple[Track, ...]:
    """Follow everybody through the frames that were looked at, and interpolate between.

    Returns:
        Tracks on all frames, the `max_people` most prominent ones: seen longest, times their size in the picture.
    """
    size = (seen.video.width, seen.video.height)
    rows = np.arange(len(seen.frame_index)) if seen.looked_at is None else seen.looked_at
    if len(rows) == len(seen.frame_index):
        tracks = build_tracks(seen.detections, seen.frame_index, seen.time_s, size)
    else:
        followed = build_tracks(seen.detections, np.arange(len(rows)), seen.time_s[rows], size)
        tracks = tuple(spread(track, rows, seen.frame_index, seen.time_s) for track in followed)
    return most_prominent(tracks, settings.max_people)


def most_prominent(tracks: tuple[Track, ...], count: int | None) -> tuple[Track, ...]:
    """At most `count` tracks (None: all), in their order: those with most frames seen, times the box's diagonal."""
    if count is None or len(tracks) <= count:
        return tracks
    sizes = [
        float(np.linalg.norm(track.boxes[track.observed, 2:] - track.boxes[track.observed, :2], axis=1).sum())
        for track in tracks
    ]
    kept = set(np.argsort([-size for size in sizes], kind="stable")[:count].tolist())
    return tuple(track for index, track in enumerate(tracks) if index in kept)


def follow(
    source: str,
    settings: DetectorSettings = DetectorSettings(),  # noqa: B008 (frozen)
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Recording:
    """Find and follow the people of a video, without lifting them.

    Args:
        source: file or URL.
        settings: of the detector.
        threads: of the detector; None takes all.
        progress: told what is being done.

    Returns:
        A recording with tracks and no motions; nobody seen: no tracks.

    Raises:
        VideoposeError: the video cannot be read, or the detector cannot be had.
    """
    stages = Stages(progress or SilentProgress())
    check_names(source)
    with VideoReader(source) as reader:
        seen, provenance = look(reader, settings, stages, threads=threads, frames_expected=expected_frames(reader.info))
    with stages.stage("follow people", None):
        tracks = follow_people(seen, settings)
    content = {"videopose": __version__, "source": source, "detector": provenance}
    return Recording(seen.video, seen.frame_index, seen.time_s, tracks, (), content)


def sure(found: Detections, threshold: float | None) -> Detections:
    """Those with at least this score; None: all."""
    return found if threshold is None else found.chosen(found.scores >= threshold)


def check_names(*names: str) -> None:
    """Refuse names that neither ffmpeg-python nor JSON can hold.

    Raises:
        InputError: one is not valid UTF-8.
    """
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise InputError(f"{name!a}: the name is not valid UTF-8. Rename it.") from None


def _every(frames: Iterable[Frame], count: int) -> Iterator[Frame]:
    """Each `count`-th frame, and the last: what comes behind it could not be interpolated."""
    waiting: Frame | None = None
    for number, frame in enumerate(frames):
        waiting = None if number % count == 0 else frame
        if waiting is None:
            yield frame
    if waiting is not None:
        yield waiting


def _noting(frames: Iterable[Frame], numbers: list[int]) -> Iterator[Frame]:
    for frame in frames:
        numbers.append(frame.index)
        yield frame
