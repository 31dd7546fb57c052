"""The public .npz archives of pose data: each array is one pickled dict. Read without trusting them, and written.

Source of the form: VideoPose3D's datasets.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from videopose.errors import InputError
from videopose.files import atomic_path
from videopose.unpickling import unpickle

MAX_BYTES = 16 << 30
"""Of one unpacked array; the largest public archive has under 1 GiB."""


def read_objects(path: Path, keys: Sequence[str]) -> dict[str, Any]:
    """Read some arrays of an archive.

    Args:
        path: .npz file, from anywhere: only NumPy arrays and plain containers are read, and nothing in it is run.
        keys: names of the arrays.

    Returns:
        For each key what was saved: dict, list, number, text of an array without dimensions, else the array.

    Raises:
        InputError: no such file, no archive, damaged, a key is missing, or the file holds something else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {key: _read(path, archive, key) for key in keys}
    except FileNotFoundError as error:
        raise InputError(f"{path}: does not exist. Check the path.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}). Check the file.") from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError(f"{path}: is no .npz archive, or only a part of one. Fetch or make it again.") from error


def write_objects(path: Path, **objects: Any) -> None:
    """Write an archive of the same form; NumPy loads it with `np.load(path, allow_pickle=True)[key].item()`.

    Args:
        path: ends in .npz; replaced if it exists.
        objects: by key: NumPy arrays, which stay arrays; containers and plain values, which become pickled ones.

    Raises:
        OutputError: the file cannot be written.
    """
    arrays: dict[str, Any] = {}
    for key, value in objects.items():
        arrays[key] = value if isinstance(value, np.ndarray) else np.empty((), object)
        if not isinstance(value, np.ndarray):
            arrays[key][()] = value
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def _read(path: Path, archive: zipfile.ZipFile, key: str) -> Any:
    names = {name.removesuffix(".npy"): name for name in archive.namelist()}
    if key not in names:
        there = ", ".join(sorted(names)[:10]) or "nothing"
        raise InputError(f"{path}: has no {key!r}, only {there}. Give an archive of the form that videopose writes.")
    info = archive.getinfo(names[key])
    if info.file_size > MAX_BYTES:
        raise InputError(f"{path}: {key!r} would take {info.file_size / 1e9:.0f} GB. Give an archive of pose data.")
    try:
        with archive.open(info) as stream:
            value = _read_array(stream, info.file_size)
            # Only at its end is the checksum looked at.
            stream.read(1)
    except MemoryError as error:
        raise InputError(f"{path}: {key!r} does not fit into memory. Use a machine with more.") from error
    except Exception as error:
        if isinstance(error, zipfile.BadZipFile | EOFError | OSError) or type(error).__name__ == "error":
            raise InputError(f"{path}: {key!r} is damaged or cut off. Fetch or make the file again.") from error
        reason = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise InputError(
            f"{path}: {key!r} holds more than arrays and plain containers, or is damaged ({reason}), "
            "and was not read. Give a file from a source you trust."
        ) from error
    return value


def _read_array(stream: Any, size: int) -> Any:
    version = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, kind = header(stream)
    if kind == np.dtype(object):
        value = unpickle(stream)
        if not isinstance(value, np.ndarray) or value.dtype != object or value.shape != shape:
            raise ValueError("no array")
        return value.item() if shape == () else value
    if kind.hasobject or kind.itemsize * int(np.prod(shape, dtype=object)) > size:
        raise ValueError("an array larger than the file")
    raw = bytearray(kind.itemsize * int(np.prod(shape, dtype=object)))
    filled = 0
    while filled < len(raw):
        part = stream.read(min(1 << 24, len(raw) - filled))
        if not part:
            raise EOFError
        raw[filled : filled + len(part)] = part
        filled += len(part)
    array = np.frombuffer(raw, kind).reshape(shape, order="F" if fortran else "C")
    return array.item() if shape == () else array
