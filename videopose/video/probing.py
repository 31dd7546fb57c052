"""What is known of a video before it is read: taken from ffmpeg's own words about it and its first frame."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import ffmpeg

from videopose.errors import InputError
from videopose.types import VideoInfo
from videopose.video.ffmpeg import FFmpeg, ffmpeg_path, input_options, is_url
from videopose.video.header import looks_like_mp4, read_sample_table
from videopose.video.url import resolve_page

_STREAM = re.compile(r"^ +Stream #0:(\d+)\S*: (\w+): (\w+)")
_MAPPING = re.compile(r"^ +Stream #0:(\d+) -> #0:0 ")
_DURATION = re.compile(r"^ +Duration: (\d+):(\d+):([\d.]+),")
_STREAM_DURATION = re.compile(r"^ +DURATION\S* *: (\d+):(\d+):([\d.]+)$")
_STREAM_COUNT = re.compile(r"^ +NUMBER_OF_FRAMES\S* *: (\d+)$")
_ROTATION = re.compile(r"^ +display ?matrix: rotation of (-?[\d.]+) degrees", re.IGNORECASE)
_AVERAGE_RATE = re.compile(r", ([\d.]+)(k?) fps,")
_CONFIG = re.compile(r"config in time_base: (\d+/\d+), frame_rate: (\d+)/(\d+)")
_FRAME = re.compile(r"n: *\d+ pts: *(-?\d+|NOPTS) +pts_time:(\S+) .*?fmt:(\w+) .*?sar:(\d+)/(\d+) s:(\d+)x(\d+) ")
_COLOUR = re.compile(r"color_space:(\S+) color_primaries:(\S+) color_trc:(\S+)")

_COLOUR_NAMES = {
    "colorspace": ("bt709", "bt470bg", "smpte170m", "smpte240m", "bt2020nc"),
    "color_primaries": ("bt709", "bt470bg", "smpte170m", "smpte432", "bt2020"),
    "color_trc": ("bt709", "smpte170m", "iec61966-2-1", "smpte2084", "arib-std-b67"),
}
"""The descriptions of colour that are passed on from a source; the names mean the same to ffmpeg in and out."""

_PAGE_SIGNS = ("Invalid data found", "403 Forbidden", "matches no streams")
"""What ffmpeg says of an address that answers, but not with a video: perhaps a page with one in it."""

_STANDARD_RATES = tuple(
    [Fraction(n * 1000, 1001) for n in (12, 15, 24, 30, 48, 60, 120, 240)] + [Fraction(n) for n in range(1, 1001)]
)


@dataclass(frozen=True, slots=True)
class SourceDetails:
    """What the reader and the writer need beside `VideoInfo`."""

    info: VideoInfo
    """What callers see."""
    address: str
    """What ffmpeg opens: the path or URL, or the stream behind a page."""
    pixel_format: str
    """ffmpeg's name for the format of the first decoded frame."""
    colours: dict[str, str]
    """Matrix, primaries and transfer by ffmpeg's names; only what the video states."""
    start_s: float
    """Time of the first frame in the container's own clock (its earliest stream starts at 0), seconds."""
    audio_codec: str | None
    """Codec of the first audio stream; None without one."""
    exact_count: bool
    """True when the header counts frames; False when `frame_count` is duration times rate."""


def probe(source: str) -> VideoInfo:
    """Tell size, rate, length and rotation of a video from its header and first frame.

    Args:
        source: path of a local file, or a URL: http(s), rtsp, rtmp, srt, udp, or with the extra `url` a page.

    Raises:
        InputError: it is missing, empty, a directory, or holds no video that can be decoded.
    """
    return inspect_source(source).info


def inspect_source(source: str) -> SourceDetails:
    """`probe`, with what the reader and the writer need besides.

    Raises:
        InputError: as `probe`.
    """
    if not is_url(source):
        _check_file(source)
        return _inspect(source, source)
    try:
        return _inspect(source, source)
    except InputError as error:
        address = resolve_page(source) if any(sign in str(error) for sign in _PAGE_SIGNS) else None
        if address is None:
            raise
    return _inspect(source, address)


def _check_file(source: str) -> None:
    path = Path(source)
    try:
        if path.is_dir():
            raise InputError(f"{source}: is a directory. Give a video file.")
        if not path.exists():
            raise InputError(f"{source}: no such file. Check the path.")
        if path.is_file() and path.stat().st_size == 0:
            raise InputError(f"{source}: the file is empty. Copy or download it again.")
        path.open("rb").close()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise InputError(f"{source}: cannot be read ({reason}). Check the path and its permissions.") from error


def _inspect(source: str, address: str) -> SourceDetails:
    name, options = input_options(address)
    command = (
        ffmpeg.input(name, threads=1, **options)
        .output("-", format="null", vf="showinfo=checksum=0", map="0:V:0", **{"frames:v": 1})
        .global_args("-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info")
        .compile(cmd=ffmpeg_path())
    )
    lines: list[str] = []
    process = FFmpeg(command, on_line=lambda _, text: lines.append(text))
    try:
        process.wait()
    finally:
        process.close()
    return _parse(source, address, lines, process)


def _parse(source: str, address: str, lines: list[str], process: FFmpeg) -> SourceDetails:
    frame = next(filter(None, map(_FRAME.search, lines)), None)
    config = next(filter(None, map(_CONFIG.search, lines)), None)
    mapping = next(filter(None, map(_MAPPING.match, lines)), None)
    header = list(itertools.takewhile(lambda line: not line.startswith("Stream mapping:"), lines))
    codecs: dict[str, str] = {}
    for stream in filter(None, map(_STREAM.match, header)):
        codecs.setdefault(stream[2], stream[3])
        if stream[2] == "Video" and mapping and stream[1] == mapping[1]:
            codecs["Video"] = stream[3]
    if frame is None or config is None or mapping is None:
        raise InputError(_why_no_video(source, address, codecs, process))
    section = list(_stream_section(header, mapping[1]))
    table = None if is_url(address) else read_sample_table(Path(address))

    duration_s = table.duration_s if table else _seconds(section, _STREAM_DURATION) or _seconds(header, _DURATION)
    tag = next(filter(None, map(_STREAM_COUNT.match, section)), None)
    frame_count = table.frame_count if table else int(tag[1]) if tag else None
    exact_count = frame_count is not None and not (table and table.trimmed)
    guess = Fraction(int(config[2]), int(config[3])) if int(config[2]) and int(config[3]) else None
    average = Fraction(table.frame_count / table.duration_s) if table else _average_rate(section)
    fps = nominal_rate(guess, average)
    if frame_count is None and duration_s is not None:
        frame_count = max(1, round(duration_s * fps))

    turn = next(filter(None, map(_ROTATION.match, section)), None)
    width, height = int(frame[6]), int(frame[7])
    sar = Fraction(int(frame[4]), int(frame[5])) if int(frame[4]) and int(frame[5]) else Fraction(1)
    if abs(sar - 1) > Fraction(1, 50):  # pixels that are not square would bend every pose
        width = max(1, round(width * sar))
    colour = next(filter(None, map(_COLOUR.search, lines)), None)
    stated = dict(zip(_COLOUR_NAMES, colour.groups(), strict=True)) if colour else {}
    info = VideoInfo(
        path=source,
        width=width,
        height=height,
        fps=fps,
        frame_count=frame_count,
        duration_s=duration_s,
        # ffmpeg tells the turn of the stored picture counter-clockwise
        rotation_degrees=round(-float(turn[1]) / 90) * 90 % 360 if turn else 0,
        codec=codecs.get("Video", ""),
        has_audio="Audio" in codecs,
    )
    return SourceDetails(
        info=info,
        address=address,
        pixel_format=frame[3],
        colours={name: value for name, value in stated.items() if value in _COLOUR_NAMES[name]},
        start_s=0.0 if frame[2] == "NOPTS" else float(frame[2]),
        audio_codec=codecs.get("Audio"),
        exact_count=exact_count,
    )


def _why_no_video(source: str, address: str, codecs: dict[str, str], process: FFmpeg) -> str:
    reasons = " ".join(process.errors)
    if "moov atom not found" in reasons and (is_url(address) or looks_like_mp4(Path(address))):
        return f"{source}: cut off before its index (incomplete copy or recording). Copy or download it again."
    if codecs and "Video" not in codecs:
        kind = "audio only" if set(codecs) == {"Audio"} else "only " + ", ".join(sorted(codecs)).lower()
        return f"{source}: no video stream ({kind}). Give a file with video."
    if "Video" in codecs and "matches no streams" in reasons:
        return f"{source}: no video stream (a cover picture only). Give a file with video."
    if "Video" in codecs:
        return f"{source}: no frame can be decoded (ffmpeg: {process.reason()}). Check that it plays, or convert it."
    if is_url(source):
        return f"{source}: cannot be opened (ffmpeg: {process.reason()}). Check the address and the connection."
    return f"{source}: not a video that can be read (ffmpeg: {process.reason()}). Check that it plays."


def _stream_section(lines: Iterable[str], index: str) -> Iterable[str]:
    """The lines about one stream: from its own to the next stream's."""
    inside = False
    for line in lines:
        stream = _STREAM.match(line)
        if stream:
            inside = stream[1] == index
        if inside:
            yield line


def _seconds(lines: Iterable[str], pattern: re.Pattern[str]) -> float | None:
    found = next(filter(None, map(pattern.match, lines)), None)
    if found is None:
        return None
    return (int(found[1]) * 60 + int(found[2])) * 60 + float(found[3]) or None


def _average_rate(section: list[str]) -> Fraction | None:
    found = _AVERAGE_RATE.search(section[0]) if section else None
    return Fraction(found[1]) * (1000 if found[2] else 1) if found and Fraction(found[1]) else None


def nominal_rate(guess: Fraction | None, average: Fraction | None) -> Fraction:
    """Settle on one rate: the standard rate that the guess means, or the average when the rate varies.

    Args:
        guess: ffmpeg's guess of the constant rate behind the time stamps, frames/s.
        average: frames over duration by the header; rounded, so good to some thousandths only.
    """
    rate = guess or average or Fraction(25)
    if guess and average and abs(guess - average) > average / 100:
        rate = average
    nearest = min(_STANDARD_RATES, key=lambda standard: abs(standard - rate))
    # time stamps in whole milliseconds move a rate by less than this, and 29.97 lies five times as far from 30
    return nearest if abs(nearest - rate) < rate / 5000 else rate.limit_denominator(10_000)
