"""What the sample table of an MP4 or QuickTime file says of its video track: ffmpeg prints neither number exactly."""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_LARGEST_FIELD = 4096


@dataclass(frozen=True, slots=True)
class SampleTable:
    """Size of the first video track by the file's index."""

    frame_count: int
    """Samples in the table; where an edit list shows less of them, their share of the length."""
    duration_s: float
    """Length shown, seconds."""
    trimmed: bool
    """True when an edit list hides a part, so that the count is not exact."""


def read_sample_table(path: Path) -> SampleTable | None:
    """Read the count and length of the first video track; None for other formats and fragmented or broken files."""
    try:
        with path.open("rb") as stream:
            return _first_video_track(stream, os.fstat(stream.fileno()).st_size)
    except (OSError, struct.error, IndexError):
        return None


def looks_like_mp4(path: Path) -> bool:
    """True when a file begins as MP4 and QuickTime files do."""
    with path.open("rb") as stream:
        return stream.read(8)[4:] in (b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip", b"styp")


def _boxes(stream: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the contents of each box in a range of the file."""
    while start + 8 <= end:
        stream.seek(start)
        size, kind = struct.unpack(">I4s", stream.read(8))
        body = start + 8
        if size == 1:
            (size,) = struct.unpack(">Q", stream.read(8))
            body += 8
        stop = end if size == 0 else start + size
        if stop < body or stop > end:
            return
        yield kind, body, stop
        start = stop


def _find(stream: BinaryIO, start: int, end: int, *kinds: bytes) -> tuple[int, int] | None:
    """Contents of the box at a path of kinds, the first of each."""
    for kind in kinds:
        found = next(((body, stop) for name, body, stop in _boxes(stream, start, end) if name == kind), None)
        if found is None:
            return None
        start, end = found
    return start, end


def _field(stream: BinaryIO, box: tuple[int, int]) -> bytes:
    stream.seek(box[0])
    return stream.read(min(box[1] - box[0], _LARGEST_FIELD))


def _first_video_track(stream: BinaryIO, size: int) -> SampleTable | None:
    movie = _find(stream, 0, size, b"moov")
    if movie is None:
        return None
    for kind, body, stop in list(_boxes(stream, *movie)):
        media = _find(stream, body, stop, b"mdia") if kind == b"trak" else None
        handler = _find(stream, *media, b"hdlr") if media else None
        if media is None or handler is None or _field(stream, handler)[8:12] != b"vide":
            continue
        header = _find(stream, *media, b"mdhd")
        table = _find(stream, *media, b"minf", b"stbl", b"stsz")
        if header is None or table is None:
            return None
        data = _field(stream, header)
        timescale, duration = struct.unpack_from(*((">IQ", data, 20) if data[0] == 1 else (">II", data, 12)))
        (count,) = struct.unpack_from(">I", _field(stream, table), 8)
        if not (count and timescale and duration):  # a fragmented file lists its frames elsewhere
            return None
        duration_s = duration / timescale
        shown_s = _shown_s(stream, movie, (body, stop))
        if shown_s is None or shown_s > duration_s * (count - 2) / count:
            return SampleTable(count, duration_s, trimmed=False)
        return SampleTable(max(1, round(count * shown_s / duration_s)), shown_s, trimmed=True)
    return None


def _shown_s(stream: BinaryIO, movie: tuple[int, int], track: tuple[int, int]) -> float | None:
    """Seconds of a track that its edit list shows; None without a list."""
    header = _find(stream, *movie, b"mvhd")
    edits = _find(stream, *track, b"edts", b"elst")
    if header is None or edits is None:
        return None
    data = _field(stream, header)
    (timescale,) = struct.unpack_from(">I", data, 20 if data[0] == 1 else 12)
    data = _field(stream, edits)
    entry = struct.Struct(">QqI" if data[0] == 1 else ">IiI")
    rows = data[8 : 8 + entry.size * int.from_bytes(data[4:8], "big")]
    rows = rows[: len(rows) // entry.size * entry.size]
    shown = sum(length for length, media_time, _ in entry.iter_unpack(rows) if media_time >= 0)
    return shown / timescale if shown and timescale else None
