"""The parameter section of C3D files: groups of named values, as bytes.

Source: The C3D File Format User Guide (Motion Lab Systems), chapter "The parameter section".
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

BLOCK = 512
"""Bytes; sections of a file start at multiples of it."""
PARAMETER_BLOCK = 2
"""Number of the block, from 1, at which parameters start."""
MAX_ENTRIES = 255
"""A dimension is one byte."""
_INTEL = 84
"""Little endian, IEEE numbers."""
_KEY = 80
_CHARACTERS, _INT16, _FLOAT32 = -1, 2, 4


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named value of a group."""

    name: str
    """Capitals, ASCII."""
    type_size: int
    """-1 characters, 2 int16, 4 float32."""
    dimensions: tuple[int, ...]
    """The one that varies fastest comes first; () for a single value."""
    data: bytes


def texts(name: str, values: Sequence[str]) -> Parameter:
    """A list of texts; they are padded with blanks, and what is not ASCII becomes a question mark."""
    encoded = [value.encode("ascii", "replace")[:MAX_ENTRIES] for value in values]
    width = max((len(value) for value in encoded), default=0)
    return Parameter(name, _CHARACTERS, (width, len(values)), b"".join(value.ljust(width) for value in encoded))


def text(name: str, value: str) -> Parameter:
    """A single text."""
    encoded = value.encode("ascii", "replace")[:MAX_ENTRIES]
    return Parameter(name, _CHARACTERS, (len(encoded),), encoded)


def int16(name: str, values: int | Sequence[int] | np.ndarray) -> Parameter:
    """Whole numbers in 0..65535: what exceeds int16 is stored as its unsigned bits. First dimension fastest."""
    return _numbers(name, np.asarray(values), "<u2", _INT16)


def float32(name: str, values: float | Sequence[float] | np.ndarray) -> Parameter:
    """Numbers. First dimension fastest."""
    return _numbers(name, np.asarray(values), "<f4", _FLOAT32)


def parameter_section(groups: Iterable[tuple[str, str, Sequence[Parameter]]]) -> bytes:
    """Whole blocks of `BLOCK` bytes.

    Args:
        groups: name, description and parameters of each.
    """
    records = []
    for number, (name, description, parameters) in enumerate(groups, 1):
        records.append(_record(name, -number, _described(description)))
        records += [
            _record(
                one.name,
                number,
                struct.pack(f"<bB{len(one.dimensions)}B", one.type_size, len(one.dimensions), *one.dimensions)
                + one.data
                + _described(""),
            )
            for one in parameters
        ]
    content = b"".join(records) + b"\0\0"  # no name: the end
    blocks = -(-(len(content) + 4) // BLOCK)
    return (struct.pack("<4B", 1, _KEY, blocks, _INTEL) + content).ljust(blocks * BLOCK, b"\0")


def _record(name: str, number: int, content: bytes) -> bytes:
    """A group (negative number) or parameter; the offset counts from itself to the next record."""
    return struct.pack("<bb", len(name), number) + name.encode("ascii") + struct.pack("<h", len(content) + 2) + content


def _described(description: str) -> bytes:
    encoded = description.encode("ascii")
    return struct.pack("<B", len(encoded)) + encoded


def _numbers(name: str, values: np.ndarray, dtype: str, size: int) -> Parameter:
    return Parameter(name, size, values.shape, values.astype(dtype).tobytes(order="F"))
