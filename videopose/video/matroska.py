"""Raw pictures with exact times, as a stream: the least of Matroska that ffmpeg needs for a variable frame rate.

Source: RFC 8794 (EBML) and RFC 9559 (Matroska), with the codec mapping V_UNCOMPRESSED.
"""

TICKS_PER_SECOND = 1_000_000
"""Times are whole microseconds."""


def _element(identifier: str, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes.fromhex(identifier) + _size(len(body)) + body


def _size(count: int) -> bytes:
    """A length in eight bytes, the form that holds any."""
    return (count | 1 << 56).to_bytes(8, "big")


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big")


def stream_header(width: int, height: int, pixels: bytes = b"I420") -> bytes:
    """What comes before the first picture of a stream.

    Args:
        width: of the pictures.
        height: of the pictures.
        pixels: four characters for how they are stored: `I420`, whose sides are even, or `BGR` and a byte of 24.
    """
    top = _element(
        "1A45DFA3",
        _element("4286", b"\x01"),
        _element("42F7", b"\x01"),
        _element("42F2", b"\x04"),
        _element("42F3", b"\x08"),
        _element("4282", b"matroska"),
        _element("4287", b"\x04"),
        _element("4285", b"\x02"),
    )
    information = _element(
        "1549A966",
        _element("2AD7B1", _number(1_000_000_000 // TICKS_PER_SECOND)),
        _element("4D80", b"videopose"),
        _element("5741", b"videopose"),
    )
    video = _element("E0", _element("B0", _number(width)), _element("BA", _number(height)), _element("2EB524", pixels))
    track = _element(
        "AE",
        _element("D7", b"\x01"),
        _element("73C5", b"\x01"),
        _element("83", b"\x01"),
        _element("9C", b"\x00"),
        _element("86", b"V_UNCOMPRESSED"),
        video,
    )
    segment_of_unknown_size = bytes.fromhex("18538067 01FFFFFFFFFFFFFF")
    return top + segment_of_unknown_size + information + _element("1654AE6B", track)


def picture_header(time: int, duration: int, picture_bytes: int) -> bytes:
    """What comes before each picture, which then follows as it is.

    Args:
        time: presentation time in ticks, 0 or more.
        duration: time on screen in ticks, above 0.
        picture_bytes: size of the picture.
    """
    # a cluster of its own for each picture: inside one, times reach only 15 bits far
    timestamp = _element("E7", _number(time))
    block_duration = _element("9B", _number(duration))
    block = b"\x81\x00\x00\x00"  # track 1, no time of its own, no flags
    block_size = len(block) + picture_bytes
    group_size = len(block_duration) + 1 + 8 + block_size
    cluster_size = len(timestamp) + 1 + 8 + group_size
    cluster = bytes.fromhex("1F43B675") + _size(cluster_size) + timestamp
    return cluster + b"\xa0" + _size(group_size) + block_duration + b"\xa1" + _size(block_size) + block
