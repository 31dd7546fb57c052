"""Reading every frame of a video exactly once, with its true index and presentation time."""

import queue
import re
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from types import TracebackType

import cv2
import ffmpeg
import numpy as np

from videopose.errors import InputError, UsageError
from videopose.types import Frame, VideoInfo
from videopose.video.ffmpeg import FFmpeg, ffmpeg_path, input_options
from videopose.video.probing import SourceDetails, inspect_source

_CONFIG = re.compile(r"config in time_base: (\d+)/(\d+)")
_TIME = re.compile(r"n: *\d+ pts: *(-?\d+|NOPTS) +pts_time:")
_BREAK = re.compile(r"partial file|ended prematurely|corrupt input packet|Packet corrupt|Error during demuxing")
_PLANAR = ("yuv420p", "yuvj420p", "nv12", "p010")
_SLACK_S = 0.5
"""Headers round: a time this little behind the end of the video still means its end."""


class VideoReader:
    """The frames of a video in order, upright, as a stream of bounded memory.

    Frame i is frame i of the video from its first one, whatever `start_s` says. Each iteration decodes from the
    beginning; a new one ends the one before. Pictures are converted with the BT.601 matrix, as OpenCV does;
    `VideoWriter` does the reverse, so that colours come out as they went in.

    Args:
        source: path of a local file, or a URL: http(s), rtsp, rtmp, srt, udp, or with the extra `url` a page.
        start_s: first time to hand on, seconds from the video's first frame.
        end_s: first time not to hand on any more, seconds from the video's first frame.

    Raises:
        InputError: the source is missing, empty, a directory, or holds no video that can be decoded.
        UsageError: the range is empty or outside the video.
    """

    def __init__(self, source: str, start_s: float | None = None, end_s: float | None = None) -> None:
        self._start_s = 0.0 if start_s is None else start_s
        self._end_s = float("inf") if end_s is None else end_s
        if not 0 <= self._start_s < self._end_s:
            raise UsageError(
                f"{source}: the range from {self._start_s:g} s to {self._end_s:g} s is empty. "
                "Give a start of 0 or more, and an end after it."
            )
        self._details = inspect_source(source)
        self._warnings: list[str] = []
        self._running: FFmpeg | None = None
        latest_s = self._start_s if end_s is None else end_s
        duration_s = self.info.duration_s
        if duration_s is not None and latest_s > duration_s + _SLACK_S:
            raise self._outside(latest_s, duration_s)

    @property
    def info(self) -> VideoInfo:
        """Size, rate and length, for the frames as they are handed on."""
        return self._details.info

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about what was wrong with the video; complete once the frames have ended."""
        return tuple(self._warnings)

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop decoding: the frames end here. May be called from any thread."""
        if self._running is not None:
            self._running.kill()

    def __iter__(self) -> Iterator[Frame]:
        """Decode from the beginning and hand on the frames of the range.

        Raises:
            InputError: decoding failed, not merely ended early (`warnings` tells that).
            UsageError: the video ended before the range began.
        """
        self.close()
        self._warnings.clear()
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        info = self.info
        # 4:2:0 takes half the way through the pipe, and OpenCV turns it into BGR faster than ffmpeg does
        planar = (info.width | info.height) % 2 == 0 and self._details.pixel_format.startswith(_PLANAR)
        shape = (info.height * 3 // 2, info.width) if planar else (info.height, info.width, 3)
        picture = np.empty(shape, np.uint8)
        log = _Log()
        count = 0
        time_s = 0.0
        with closing(FFmpeg(_decoding(self._details, planar), stdout=True, on_line=log.line)) as process:
            self._running = process
            while _fill(process, picture):
                time_s = log.next_time_s(default=count / float(info.fps))
                if time_s >= self._end_s:
                    return
                if time_s >= self._start_s:
                    image = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420) if planar else picture.copy()
                    yield Frame(count, time_s, image)
                count += 1
            code = process.wait()
        if process.killed:
            return
        if count == 0 or code < 0:
            reason = f"ffmpeg was ended by signal {-code}" if code < 0 else process.reason()
            raise InputError(f"{info.path}: decoding failed after {count} frames ({reason}). Check that it plays.")
        if time_s < self._start_s:
            raise self._outside(self._start_s, time_s + 1 / float(info.fps))
        self._judge(count, time_s, log)

    def _judge(self, count: int, time_s: float, log: "_Log") -> None:
        """Say what a complete read found out about the video."""
        expected = self.info.frame_count
        if log.broken and (expected is None or count < expected):
            of = f" of {self.info.duration_s:.2f} s" if self.info.duration_s else ""
            self._warnings.append(
                f"{self.info.path}: breaks off after {count} frames at {time_s:.2f} s{of}; all up to there was read."
            )
        elif self._details.exact_count and expected != count:
            self._warnings.append(
                f"{self.info.path}: its header promises {expected} frames, but it holds {count}; all of them were read."
            )
        elif log.damage:
            self._warnings.append(f"{self.info.path}: parts of it are damaged ({log.damage}); some frames may be off.")

    def _outside(self, time_s: float, duration_s: float) -> UsageError:
        return UsageError(
            f"{self.info.path}: {time_s:g} s is outside the video, which is {duration_s:.2f} s long. "
            "Give a range inside it."
        )


class _Log:
    """What ffmpeg tells while it decodes: the time of each frame, and what is broken."""

    def __init__(self) -> None:
        self._ticks: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._first: int | None = None
        self._tick_s = Fraction(0)
        self.broken = False
        """True when the file ends before it should."""
        self.damage = ""
        """The first complaint of a decoder; empty when there was none."""

    def line(self, level: str, text: str) -> None:
        """Take one line; called from the thread that reads the log."""
        # messages of several threads may share a line, so nothing is tied to its beginning
        for found in _TIME.finditer(text):
            self._ticks.put(None if found[1] == "NOPTS" else int(found[1]))
        config = _CONFIG.search(text)
        if config:
            self._tick_s = Fraction(int(config[1]), int(config[2]))
        if _BREAK.search(text):
            self.broken = True
        elif level == "error" and not self.damage:
            self.damage = text.strip().rstrip(".")

    def next_time_s(self, default: float) -> float:
        """Time of the next frame, seconds from the first; `default` where the video has no time stamps."""
        # ffmpeg logs a frame before it writes it: this waits for the log's thread at most
        tick = self._ticks.get()
        if tick is None:
            return default
        if self._first is None:
            self._first = tick
        return float((tick - self._first) * self._tick_s)


def _decoding(details: SourceDetails, planar: bool) -> list[str]:
    """The command that writes every frame of the video to its standard output and tells of it in its log."""
    info = details.info
    name, options = input_options(details.address)
    # a video may change its size on the way: frames keep that of the first
    scale = f"scale={info.width}:{info.height}:in_color_matrix=bt601:out_color_matrix=bt601"
    pixels = f"{scale}:out_range=tv,format=yuv420p" if planar else f"{scale},format=bgr24"
    # every frame once, and no complaints about times that fall together at the nominal rate
    timing = {"fps_mode": "passthrough", "enc_time_base": "1:1000000"}
    command: list[str] = (
        ffmpeg.input(name, threads=2, **options)
        .output("-", format="rawvideo", vf=f"showinfo=checksum=0,{pixels}", map="0:V:0", **timing)
        .global_args("-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info")
        .compile(cmd=ffmpeg_path())
    )
    return command


def _fill(process: FFmpeg, picture: np.ndarray) -> bool:
    """Read one whole picture; False at the end."""
    rest = picture.data.cast("B")
    while rest:
        count = process.stdout.readinto(rest)  # type: ignore[attr-defined]
        if not count:
            return False
        rest = rest[count:]
    return True
