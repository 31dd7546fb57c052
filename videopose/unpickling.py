"""Reading pickles of NumPy arrays and plain containers without running anything they say.

Neither NumPy nor any other library sees what the pickle holds before it is checked: every name that it may use stands
for a class below that only keeps what it is given, and arrays are made from that afterwards. So forged types, whose
bytes would be taken for pointers, do no harm either.
"""

import pickle
import re
from typing import Any, BinaryIO

import numpy as np

_PLAIN = (str, bytes, int, float, bool, type(None))
_TYPE = re.compile(r"[biufc]\d{1,2}|[SU]\d{1,6}|O8?")
_DEPTH = 50
"""Known archives nest five deep."""

_UNFINISHED = object()

_Done = dict[int, tuple[Any, Any]]
"""By id: a part of what was pickled, and what it became."""


class _Recipe:
    """What one NumPy object is to be made from."""

    __slots__ = ("arguments", "state")

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Type(_Recipe):
    """numpy.dtype."""

    __slots__ = ()

    def make(self) -> np.dtype[Any]:
        name = _text(self.arguments[0])
        order = "|"
        if self.state is not None:
            order, *parts = self.state[1:5]
            if any(part is not None for part in parts):
                raise ValueError("a structured type")
        order = _text(order)
        if not _TYPE.fullmatch(name) or order not in ("<", ">", "|", "="):
            raise ValueError(f"the type {name!r}")
        return np.dtype(object) if name[0] == "O" else np.dtype(order + name)


class _Array(_Recipe):
    """numpy.core.multiarray._reconstruct: an array that its state fills."""

    __slots__ = ()

    def make(self, depth: int, done: _Done) -> np.ndarray:
        _, shape, kind, fortran, raw = self.state
        return _array(shape, kind, raw, "F" if fortran else "C", depth, done)


class _Buffer(_Recipe):
    """numpy.core.numeric._frombuffer, of protocol 5."""

    __slots__ = ()

    def make(self, depth: int, done: _Done) -> np.ndarray:
        raw, kind, shape, order = self.arguments
        return _array(shape, kind, raw, "F" if order == "F" else "C", depth, done)


class _Scalar(_Recipe):
    """numpy.core.multiarray.scalar."""

    __slots__ = ()

    def make(self, depth: int, done: _Done) -> Any:
        kind, raw = self.arguments
        return _array((), kind, raw, "C", depth, done)[()]


class _Ndarray:
    """numpy.ndarray, only ever named as the first argument of `_reconstruct`."""

    __slots__ = ()

    def __new__(cls) -> "_Ndarray":
        raise ValueError("an array made directly")

    def __setstate__(self, state: Any) -> None:
        raise ValueError("an array made directly")


class _Encoded:
    """_codecs.encode, which protocol 2 writes bytes with."""

    __slots__ = ()

    def __new__(cls, text: str, encoding: str = "latin1") -> bytes:  # type: ignore[misc]
        if type(text) is not str or encoding not in ("latin1", "latin-1"):
            raise ValueError("encoded bytes")
        return text.encode("latin1")

    def __setstate__(self, state: Any) -> None:
        raise ValueError("encoded bytes")


class _NoBytes:
    """bytes, which protocol 2 calls for empty ones."""

    __slots__ = ()

    def __new__(cls) -> bytes:  # type: ignore[misc]
        return b""

    def __setstate__(self, state: Any) -> None:
        raise ValueError("bytes")


class _Ordered:
    """collections.OrderedDict, in which torch keeps a network's arrays: a dict keeps their order too."""

    __slots__ = ()

    def __new__(cls, items: Any = ()) -> dict[Any, Any]:  # type: ignore[misc]
        if type(items) not in (list, tuple):
            raise ValueError("a broken dict")
        return dict(items)

    def __setstate__(self, state: Any) -> None:
        raise ValueError("a broken dict")


_NAMES: dict[tuple[str, str], type] = {
    ("numpy", "ndarray"): _Ndarray,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _Encoded,
    ("__builtin__", "bytes"): _NoBytes,
    ("collections", "OrderedDict"): _Ordered,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _Scalar for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _Buffer for core in ("core", "_core")},
}


# The interpreter's fast one reserves memory for whatever index a pickle names; this one has a dict.
class _Unpickler(pickle._Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _NAMES[module, name]
        except KeyError:
            raise ValueError(f"{module}.{name}") from None


def unpickle(stream: BinaryIO) -> Any:
    """Read one pickle of any protocol, also of Python 2, whose strings are taken as Latin-1.

    Args:
        stream: stands at the pickle's beginning.

    Returns:
        NumPy arrays and scalars, str, bytes, int, float, bool, None, and dict, list and tuple of these.

    Raises:
        Exception: of any class: the pickle is damaged, or holds something else, which the message names.
    """
    return _resolve(_Unpickler(stream, encoding="latin1").load(), 0, {})


def _resolve(value: Any, depth: int, done: _Done) -> Any:
    """Make the arrays in `value`, in place where it is a dict or list; shared parts stay shared."""
    if type(value) in _PLAIN:
        return value
    if depth > _DEPTH:
        raise ValueError(f"containers more than {_DEPTH} deep")
    if id(value) in done:
        made = done[id(value)][1]
        if made is _UNFINISHED:
            raise ValueError("a container in itself")
        return made
    # The original is kept so that its id stays its own.
    done[id(value)] = value, _UNFINISHED
    if isinstance(value, _Array | _Buffer | _Scalar):
        made = value.make(depth, done)
    elif type(value) is dict:
        made = value
        for key in value:
            if type(key) not in _PLAIN:
                raise ValueError(f"a key of the type {type(key).__name__}")
            value[key] = _resolve(value[key], depth + 1, done)
    elif type(value) is list:
        made = value
        for index, item in enumerate(value):
            value[index] = _resolve(item, depth + 1, done)
    elif type(value) is tuple:
        made = tuple(_resolve(item, depth + 1, done) for item in value)
    else:
        raise ValueError(f"something of the type {type(value).__name__}")
    if isinstance(value, _Recipe):
        # What it was made from is not needed any more, and large.
        value.arguments, value.state = (), None
    done[id(value)] = value, made
    return made


def _array(shape: Any, kind: Any, raw: Any, order: str, depth: int, done: _Done) -> np.ndarray:
    """A writable array of its own memory."""
    if not isinstance(kind, _Type) or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("a broken array")
    made = kind.make()
    if made.hasobject:
        if type(raw) is not list:
            raise ValueError("a broken array")
        items = np.empty(len(raw), object)
        for index, item in enumerate(raw):
            items[index] = _resolve(item, depth + 1, done)
        return items.reshape(shape, order="F" if order == "F" else "C")
    content = raw.encode("latin1") if type(raw) is str else raw
    if type(content) not in (bytes, bytearray):
        raise ValueError("a broken array")
    return np.frombuffer(bytearray(content), made).reshape(shape, order="F" if order == "F" else "C")


def _text(value: Any) -> str:
    """Python 2 wrote these as bytes."""
    if type(value) is bytes:
        return value.decode("latin1")
    if type(value) is not str:
        raise ValueError("a broken type")
    return value
