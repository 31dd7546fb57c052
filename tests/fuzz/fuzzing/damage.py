"""Bytes changed in the ways in which copying, recording and malice change them."""

import struct
from collections.abc import Sequence
from random import Random

_SPECIAL = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 1 << 24, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def damage(data: bytes, chance: Random, others: Sequence[bytes] = ()) -> bytes:
    """A changed copy.

    Args:
        data: a file.
        chance: decides what is done, and where.
        others: files that parts may be taken from.
    """
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        kinds = (*_KINDS, _splice) if others else _KINDS
        chance.choice(kinds)(changed, chance, others)
        if not changed:
            break
    return bytes(changed)


def place(length: int, chance: Random) -> int:
    """An offset: half of the time near the beginning or the end, where formats keep their headers and tables."""
    near = min(length, chance.choice((16, 64, 512, 2048)))
    what = chance.random()
    if what < 0.3:
        return chance.randrange(near)
    if what < 0.5:
        return length - 1 - chance.randrange(near)
    return chance.randrange(length)


def _range(changed: bytearray, chance: Random) -> slice:
    start = place(len(changed), chance)
    return slice(start, start + chance.choice((1, 4, 16, 100, 1000, max(1, len(changed) // 4))))


def _flip(changed: bytearray, chance: Random, _: Sequence[bytes]) -> None:
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        changed[place(len(changed), chance)] ^= 1 << chance.randrange(8)


def _set(changed: bytearray, chance: Random, _: Sequence[bytes]) -> None:
    for _ in range(chance.choice((1, 2, 4))):
        changed[place(len(changed), chance)] = chance.choice((0, 0x7F, 0x80, 0xFF, chance.randrange(256)))


def _number(changed: bytearray, chance: Random, _: Sequence[bytes]) -> None:
    """A size, count or time: 2, 4 or 8 bytes in either order."""
    width = chance.choice((2, 4, 4, 8))
    start = max(0, min(place(len(changed), chance), len(changed) - width))
    part = bytes(changed[start : start + width])
    order = chance.choice(("big", "little"))
    value = chance.choice((*_SPECIAL, int.from_bytes(part, order) + chance.choice((-1, 1))))
    changed[start : start + width] = (value % (1 << 8 * width)).to_bytes(width, order)[: len(part)]


def _zero(changed: bytearray, chance: Random, _: Sequence[bytes]) -> None:
    where = _range(changed, chance)
    changed[where] = bytes(len(changed[where]))


def _noise(changed: bytearray, chance: Random, _: Sequence[bytes]) -> None:
    where = _range(changed, chance)
    changed[where] = chance.randbytes(len(changed[where]))


def _truncate(changed: bytearray, chance: Random, _: Sequence[bytes]) -> None:
    del changed[place(len(changed), chance) :]


def _delete(changed: bytearray, chance: Random, _: Sequence[bytes]) -> None:
    del changed[_range(changed, chance)]


def _insert(changed: bytearray, chance: Random, _: Sequence[bytes]) -> None:
    start = place(len(changed), chance)
    changed[start:start] = chance.choice((chance.randbytes(chance.choice((1, 4, 300))), bytes(chance.choice((1, 512)))))


def _double(changed: bytearray, chance: Random, _: Sequence[bytes]) -> None:
    part = changed[_range(changed, chance)]
    start = place(len(changed), chance)
    changed[start:start] = part


def _swap(changed: bytearray, chance: Random, _: Sequence[bytes]) -> None:
    width = chance.choice((4, 64, 1000))
    one, two = sorted((place(len(changed), chance), place(len(changed), chance)))
    first, second = changed[one : one + width], changed[two : two + width]
    if one + width <= two and len(first) == len(second):
        changed[one : one + width], changed[two : two + width] = second, first


def _append(changed: bytearray, chance: Random, _: Sequence[bytes]) -> None:
    changed += chance.choice((changed[: chance.randrange(len(changed)) + 1], chance.randbytes(chance.randrange(2000))))


def _splice(changed: bytearray, chance: Random, others: Sequence[bytes]) -> None:
    """The beginning of one file, the end of another."""
    other = chance.choice(others)
    share = chance.random()
    start = int(share * len(other)) if chance.random() < 0.5 else chance.randrange(len(other))
    changed[int(share * len(changed)) :] = other[start:]


_KINDS = (
    *(_flip, _flip, _set, _number, _number, _zero, _noise),
    *(_truncate, _delete, _insert, _double, _swap, _append),
)

_NESTED = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf", b"mvex", b"udta", b"dinf")


def boxes(data: bytes, start: int = 0, end: int | None = None) -> list[tuple[int, int, bytes]]:
    """Where each box of an MP4 or QuickTime file begins and ends, at all depths, and its kind."""
    found = []
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        stop = end if size == 0 else start + size
        if stop < start + 8 or stop > end:
            break
        found.append((start, stop, kind))
        if kind in _NESTED:
            found += boxes(data, start + 8, stop)
        start = stop
    return found


def damage_boxes(data: bytes, chance: Random) -> bytes:
    """A copy of an MP4 or QuickTime file with one to three boxes changed, mostly those that tell of the frames."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        found = boxes(bytes(changed))
        if not found:
            break
        # Frames themselves lie in `mdat`, whose bytes are damaged elsewhere.
        start, stop, _ = chance.choice([box for box in found if box[2] != b"mdat"] or found)
        what = chance.choice(("size", "kind", "remove", "double", "field", "field", "field", "field"))
        if what == "size":
            size = chance.choice((*_SPECIAL, stop - start + chance.choice((-8, -1, 1, 8)))) % (1 << 32)
            changed[start : start + 4] = struct.pack(">I", size)
        elif what == "kind":
            changed[start + 4 : start + 8] = chance.choice((b"free", b"\0\0\0\0", b"moov", b"trak", b"stsd", b"mdat"))
        elif what == "remove":
            del changed[start:stop]
        elif what == "double":
            changed[start:start] = changed[start:stop]
        elif stop - start >= 12:
            at = start + 8 + 4 * chance.randrange((stop - start - 8) // 4)
            old = int.from_bytes(changed[at : at + 4], "big")
            new = chance.choice((*_SPECIAL, old + 1, old - 1, old * 2, old * 1000, old // 2, old << 16, old ^ 1 << 31))
            changed[at : at + 4] = struct.pack(">I", new % (1 << 32))
    return bytes(changed)
