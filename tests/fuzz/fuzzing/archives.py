"""Archives of NumPy's that lie: about sizes, shapes, names, types, and about how much they hold."""

import io
import struct
import zipfile
import zlib
from random import Random
from typing import Any

import numpy as np

_SHAPES = ("()", "(0,)", "(1,)", "(-1,)", "(1000000000000,)", "(4294967296, 4294967296)", "(1, 8, 17)", "(9,) * 9", "3")
_TYPES = ("'<f4'", "'|O'", "'<U1000000000'", "'|V99999999'", "'<M8[s]'", "[('a', '|O')]", "'<f16'", "'x'", "None", "[]")
_MIB = 1 << 20


def npz(arrays: dict[str, Any]) -> bytes:
    """An archive as NumPy writes it; what is no array becomes a pickled one."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **{key: as_array(value) for key, value in arrays.items()})
    return stream.getvalue()


def as_array(value: Any) -> np.ndarray:
    """`value`, or an array without dimensions of the type object that holds it."""
    if isinstance(value, np.ndarray):
        return value
    array = np.empty((), object)
    array[()] = value
    return array


def members(data: bytes) -> dict[str, bytes]:
    """The files of an archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, kind)
    return stream.getvalue()


def lie(data: bytes, chance: Random) -> bytes:
    """A copy of an archive in which one thing is not as it is said."""
    files = members(data)
    name = chance.choice(list(files))
    what = chance.choice(("header", "header", "header", "directory", "bomb", "names", "nested", "stored", "pickled"))
    if what == "header":
        files[name] = _with_header(files[name], chance)
    elif what == "directory":
        return _with_directory(zipped(files), chance)
    elif what == "bomb":
        return _bomb(files, name, chance)
    elif what == "names":
        files[chance.choice(("../../evil.npy", "/evil.npy", "a" * 60000, name + "/", "é.npy", ".npy"))] = b"x"
    elif what == "nested":
        files[name] = data
    elif what == "pickled":
        files[name] = pickled_member(b"N.")
    return zipped(files, zipfile.ZIP_STORED if what == "stored" else chance.choice(_METHODS))


_METHODS = (zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED)


def _header(text: str) -> bytes:
    encoded = text.encode("latin1")
    return struct.pack("<H", len(encoded) + 1) + encoded + b"\n"


def _with_header(member: bytes, chance: Random) -> bytes:
    """The array with another header before its bytes."""
    size = int.from_bytes(member[8:10], "little")
    body, kind = member[10 + size :], member[10 : 10 + size].decode("latin1")
    shape = chance.choice(_SHAPES) if chance.random() < 0.6 else kind.partition("'shape':")[2].strip(" ,}\n")
    descr = chance.choice(_TYPES) if chance.random() < 0.6 else kind.partition("'descr': ")[2].partition(", '")[0]
    text = f"{{'descr': {descr}, 'fortran_order': {chance.choice(('False', 'True', '7'))}, 'shape': {shape}, }}"
    if chance.random() < 0.2:
        text = chance.choice(("__import__('os').system('true')", "{" * 3000, "[" * 200, "1" * 9000, "{}", text + ")"))
    version = chance.choice((b"\x01\x00", b"\x01\x00", b"\x02\x00", b"\x09\x00"))
    return b"\x93NUMPY" + version + _header(text) + body


def _with_directory(data: bytes, chance: Random) -> bytes:
    """One field of the central directory changed, which says where and how large everything is."""
    changed = bytearray(data)
    entries = [at for at in range(len(data) - 46) if data[at : at + 4] == b"PK\x01\x02"]
    at = chance.choice(entries)
    offset, width = chance.choice(((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (34, 2), (42, 4)))
    value = chance.choice((0, 1, 8, 99, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFE)) % (1 << 8 * width)
    changed[at + offset : at + offset + width] = value.to_bytes(width, "little")
    return bytes(changed)


def _bomb(files: dict[str, bytes], name: str, chance: Random) -> bytes:
    """An archive whose array unpacks to far more than the archive's size; half of the time honestly so."""
    mib = chance.choice((64, 256, 1024))
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = squeezer.compress(bytes(_MIB)) + squeezer.flush(zlib.Z_FULL_FLUSH)
    shape = chance.choice((f"({mib * _MIB // 8},)", f"(1, {mib * _MIB // (51 * 8)}, 17, 3)", "(1,)"))
    start = b"\x93NUMPY\x01\x00" + _header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}")
    raw = squeezer.compress(start) + squeezer.flush(zlib.Z_FULL_FLUSH) + block * mib + squeezer.flush()
    # The archive is made with little in it, then the little is exchanged.
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for other, content in files.items():
            if other != name:
                archive.writestr(zipfile.ZipInfo(other), content)
        info = zipfile.ZipInfo(name)
        archive.writestr(info, raw)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.file_size = len(start) + (mib * _MIB if chance.random() < 0.5 else 1000)
    data = bytearray(stream.getvalue())
    data[info.header_offset + 8 : info.header_offset + 10] = struct.pack("<H", zipfile.ZIP_DEFLATED)
    return bytes(data)


def pickled_member(pickle: bytes, shape: str = "()") -> bytes:
    """An array of objects of which the pickle is given."""
    return b"\x93NUMPY\x01\x00" + _header(f"{{'descr': '|O', 'fortran_order': False, 'shape': {shape}, }}") + pickle
