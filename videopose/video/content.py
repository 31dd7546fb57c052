"""Telling videos from other files by what they hold; names only help where the content is damaged."""

from pathlib import Path

from videopose.errors import VideoposeError
from videopose.video.probing import probe

SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".divx", ".wmv", ".asf", ".flv", ".f4v", ".mpg", ".mpeg"),
    *(".mpe", ".m2v", ".mts", ".m2ts", ".vob", ".mxf", ".3gp", ".3g2", ".ogv", ".rm", ".rmvb", ".y4m"),
)
"""Files with these names are taken for videos even when their content is damaged: somebody should be told."""
_SIGNATURES = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, WMV
    b"FLV\x01",
    b"OggS",
    b"GIF8",
    b"YUV4MPEG2 ",
    b"DKIF",  # IVF
    b".RMF",
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02",  # MXF
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"\x00\x00\x00\x01",  # H.264, H.265
)
_PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"heif", b"mif1", b"msf1", b"M4A ", b"M4B ", b"crx ")
"""What the first box of an MP4-like file says of pictures and sound: HEIC photos of phones are many."""
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_PACKET_BYTES = (188, 192, 204)


def holds_video(path: Path) -> bool:
    """True for a video: a regular file called like one, or with video in it that ffmpeg can decode.

    A picture is none, nor is a GIF that does not move. Never raises: what cannot be read and has no video's name is
    none either.
    """
    try:
        if not path.is_file():  # a pipe or device could wait forever
            return False
        if path.suffix.lower() in SUFFIXES:
            return True
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError:
        return False
    return _begins_like_video(head) and _has_frames(path)


def _begins_like_video(head: bytes) -> bool:
    if head[4:8] in _BOXES:
        return not (head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS)
    if head[:4] == b"RIFF":
        return head[8:12] == b"AVI "
    return head.startswith(_SIGNATURES) or any(_is_transport_stream(head, size) for size in _PACKET_BYTES)


def _is_transport_stream(head: bytes, packet: int) -> bool:
    """Whether packets of that size begin with MPEG's mark; in files of cameras it stands behind four bytes of time."""
    marks = head[4 if packet == 192 else 0 :: packet]
    return len(marks) >= 4 and set(marks) == {0x47}


def _has_frames(path: Path) -> bool:
    try:
        info = probe(str(path))
    except (VideoposeError, OSError, ValueError):
        return False
    return info.codec != "gif" or info.frame_count != 1
