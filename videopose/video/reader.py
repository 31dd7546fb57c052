"""Reading every frame of a video exactly once, with its true index and presentation time."""

import math
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
from videopose.video.ffmpeg import FFmpeg, ffmpeg_path, input_options, thread_count
from videopose.video.probing import SourceDetails, inspect_source

_CONFIG = re.compile(r"config in time_base: (\d+)/(\d+)")
_TIME = re.compile(r"n: *\d+ pts: *(-?\d+|NOPTS) +pts_time:")
_BREAK = re.compile(r"partial file|ended prematurely|corrupt input packet|Packet corrupt|Error during demuxing")
_FRAME_MARK = b"FRAME\n"
"""What YUV4MPEG puts before each picture."""
_PLANAR = ("yuv420p", "yuvj420p", "nv12", "p010")
_LEAST_STEP_S = 1e-4
"""Put between frames to which a video gives the same time, so that times increase strictly."""
_LONGEST_STEP_S = 3600.0
"""Between two frames; more is a clock that was set on, not time that went by."""
_REORDERED = 16
"""Most pictures that a decoder holds back to put them in order (H.264 and H.265)."""
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
        """Decode from the beginning and hand on the frames of the range; their times increase strictly.

        Raises:
            InputError: decoding failed, not merely ended early (`warnings` tells that).
            UsageError: the video ended before the range began.
        """
        self.close()
        self._warnings.clear()
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        log = _Log(self.info.fps)
        planar = self._planar()
        doubtful: list[Frame] = []
        with closing(FFmpeg(_decoding(self._details, planar), stdout=True, on_line=log.line)) as process:
            self._running = process
            for frame in self._decoded(process, log, planar):
                doubtful.append(frame)
                if log.hole is None or len(doubtful) > _REORDERED:
                    yield from doubtful
                    doubtful.clear()
                    log.hole = None
            code = None if process.killed or log.time_s >= self._end_s else process.wait()
        short = log.broken and (self.info.frame_count is None or log.count < self.info.frame_count)
        if short and log.hole is not None:
            log.count, log.time_s = log.hole
        else:
            yield from doubtful
        if code is not None:
            self._judge(code, process.reason(), log, short)

    def _planar(self) -> bool:
        """True when 4:2:0 comes through the pipe: half of BGR's bytes, and OpenCV converts faster than ffmpeg."""
        return (self.info.width | self.info.height) % 2 == 0 and self._details.pixel_format.startswith(_PLANAR)

    def _decoded(self, process: FFmpeg, log: "_Log", planar: bool) -> Iterator[Frame]:
        """The frames of the range, as long as ffmpeg gives any."""
        width, height = self.info.width, self.info.height
        shape = (height * 3 // 2, width) if planar else (height, width, 3)
        mark = len(_FRAME_MARK) if planar else 0
        data = np.empty(mark + math.prod(shape), np.uint8)
        picture = data[mark:].reshape(shape)
        if planar:
            _skip_line(process)
        while _fill(process, data):
            index = log.count
            time_s = log.next_time_s()
            if time_s >= self._end_s:
                return
            if time_s >= self._start_s:
                image = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420) if planar else picture.copy()
                yield Frame(index, time_s, image)

    def _judge(self, code: int, reason: str, log: "_Log", short: bool) -> None:
        """Say what a complete read found out about the video.

        Raises:
            InputError: ffmpeg gave nothing, or was ended from outside.
            UsageError: the video ended before the range began.
        """
        path, info = self.info.path, self.info
        if log.count == 0 or code < 0:
            raise InputError(
                f"{path}: decoding failed after {log.count} frames (ffmpeg: {reason}). Check that it plays."
            )
        if log.time_s < self._start_s:
            raise self._outside(self._start_s, log.time_s + 1 / float(info.fps))
        if short:
            of = f" of {info.duration_s:.2f} s" if info.duration_s else ""
            found = f"breaks off after {log.count} frames at {log.time_s:.2f} s{of}; all up to there was read."
        elif self._details.exact_count and info.frame_count != log.count:
            found = f"its header promises {info.frame_count} frames, but it holds {log.count}; all of them were read."
        elif log.damage:
            found = f"parts of it are damaged ({log.damage}); some frames may be wrong."
        else:
            return
        self._warnings.append(f"{path}: {found}")

    def _outside(self, time_s: float, duration_s: float) -> UsageError:
        return UsageError(
            f"{self.info.path}: {time_s:g} s is outside the video, which is {duration_s:.2f} s long. "
            "Give a range inside it."
        )


class _Log:
    """What ffmpeg tells while it decodes: the time of each frame, and what is broken."""

    def __init__(self, fps: Fraction) -> None:
        self._ticks: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._first: int | None = None
        self._tick_s = Fraction(0)
        self._frame_s = float(1 / fps)
        self._shift_s = 0.0
        self.count = 0
        """Frames that `next_time_s` was asked for."""
        self.time_s = 0.0
        """Time of the latest of them, seconds from the first."""
        self.hole: tuple[int, float] | None = None
        """Count and time at the first gap after a break: a picture survived it, but not those it was decoded before."""
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

    def next_time_s(self) -> float:
        """Time of the next frame, seconds from the first; by the nominal rate where the video has no time stamps."""
        # ffmpeg logs a frame before it writes it: this waits for the log's thread at most
        tick = self._ticks.get()
        if tick is None:
            time_s = self.count * self._frame_s
        else:
            self._first = tick if self._first is None else self._first
            time_s = float((tick - self._first) * self._tick_s) + self._shift_s
        if self.count and time_s < self.time_s - self._frame_s:
            # the clock was set back, as where recordings were joined: go on from here
            time_s = self._go_on(time_s)
        elif self.count and time_s > self.time_s + max(_LONGEST_STEP_S, 2 * self._frame_s):
            time_s = self._go_on(time_s)
        elif self.count and time_s <= self.time_s:
            time_s = self.time_s + _LEAST_STEP_S
        if self.broken and self.hole is None and time_s - self.time_s > 1.5 * self._frame_s:
            self.hole = (self.count, self.time_s)
        self.count += 1
        self.time_s = time_s
        return time_s

    def _go_on(self, time_s: float) -> float:
        """The next frame's time where the clock was set, by which all that follow are shifted."""
        self._shift_s += self.time_s + self._frame_s - time_s
        return self.time_s + self._frame_s


def _decoding(details: SourceDetails, planar: bool) -> list[str]:
    """The command that writes every frame of the video to its standard output and tells of it in its log."""
    info = details.info
    name, options = input_options(details.address)
    # a video may change its size on the way: frames keep that of the first
    scale = f"scale={info.width}:{info.height}:in_color_matrix=bt601:out_color_matrix=bt601"
    pixels = f"{scale}:out_range=tv,format=yuv420p" if planar else f"{scale},format=bgr24"
    # YUV4MPEG takes pictures as they are, where raw video copies them into packets first
    container = "yuv4mpegpipe" if planar else "rawvideo"
    # every frame once: the log has told the times by then, and a count in their place never falls together
    timing = {"fps_mode": "passthrough", "enc_time_base": "1:1000"}
    command: list[str] = (
        ffmpeg.input(name, threads=thread_count(4), **options)
        .output("-", format=container, vf=f"showinfo=checksum=0,settb=1/1000,setpts=N,{pixels}", map="0:V:0", **timing)
        .global_args("-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info")
        .compile(cmd=ffmpeg_path())
    )
    return command


def _skip_line(process: FFmpeg) -> None:
    """Read past the header of the stream, which ends with its line."""
    while process.stdout.read(1) not in (b"\n", b""):
        pass


def _fill(process: FFmpeg, data: np.ndarray) -> bool:
    """Read the bytes of one picture; False at the end."""
    rest = data.data
    while rest:
        count = process.stdout.readinto(rest)  # type: ignore[attr-defined]
        if not count:
            return False
        rest = rest[count:]
    return True
