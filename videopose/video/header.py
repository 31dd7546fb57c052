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
    """Samples in the table, before any edit list."""
    duration_s: float
    """Length of the track in seconds, before any edit list."""


def read_sample_table(path: Path) -> SampleTable | None:
    """Read the count and length of the first video track; None for other formats and fragmented or broken files."""
    try:
        with path.open("rb") as stream:
            return _first_video_track(stream, os.fstat(stream.fileno()).st_size)
    except (OSError, struct.error):
        return None


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
        timescale, duration = struct.unpack(">IQ", data[20:32]) if data[0] == 1 else struct.unpack(">II", data[12:20])
        (count,) = struct.unpack(">I", _field(stream, table)[8:12])
        # a fragmented file has an empty table: its frames are listed elsewhere
        return SampleTable(count, duration / timescale) if count and timescale and duration else None
    return None
