"""Values inside JSON and archives changed: removed, doubled, exchanged, replaced by what nobody expects."""

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

PLAIN: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 17, 1.5, -0.0, 1e7, 1e39, 1e308, 5e-324, 10**6, 10**12, 10**25),
    *(float("nan"), float("inf"), -float("inf"), "", "5", "x", "NaN", "a\nb\x1b[31m", "../../etc", [], {}, [[]]),
    *([0] * 51, [None] * 4, [[1, 2]], {"": 1}, [[[[1]]]], {"people": []}, {"keypoints": [1]}),
)
JSON: tuple[Any, ...] = (*PLAIN, "\ud800", -(10**400), 2**63, 2**64)
_KINDS = ("f2", "f4", "f8", ">f4", "i1", "i8", "u8", ">i4", "?", "c8", "U3", "S2", "M8[s]", "m8[s]", "O", "V4")


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in `value` with each of its keys."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def change(value: Any, chance: Random, values: tuple[Any, ...] = PLAIN) -> Any:
    """A copy with one to three places changed; numbers often become other numbers, arrays other arrays."""
    value = copy.deepcopy(value)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        found = list(places(value))
        if not found:
            break
        # Long lists of numbers would have nearly all changes otherwise.
        short = [(where, key) for where, key in found if len(where) < 12]
        where, key = chance.choice(short if short and chance.random() < 0.6 else found)
        what = chance.choice(("alter", "alter", "alter", "alter", "replace", "remove", "double", "exchange"))
        if what == "alter":
            where[key] = alter(where[key], chance)
        elif what == "replace":
            where[key] = copy.deepcopy(chance.choice(values))
        elif what == "remove":
            del where[key]
        elif what == "double" and isinstance(where, list):
            where.insert(key, copy.deepcopy(where[key]))
        else:
            other, place = chance.choice(found)
            where[key] = copy.deepcopy(other[place])
    return value


def alter(value: Any, chance: Random) -> Any:
    """Another value of the same sort."""
    if isinstance(value, np.ndarray):
        return alter_array(value, chance)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return chance.choice((value + 1, value - 1, -value, value * 2, value * 1000, value / 3, value + 1e6))
    if isinstance(value, str):
        return chance.choice((value[:-1], value.upper(), value * 2, value + " "))
    if isinstance(value, list):
        return chance.choice((value[:-1], value[1:], value * 2, value[::-1], [value]))
    return value


def alter_array(array: np.ndarray, chance: Random) -> np.ndarray:
    """Another shape, type or content."""
    what = chance.choice(("content", "content", "content", "content", "shape", "kind", "repeat", "order"))
    if what == "kind":
        try:
            with np.errstate(all="ignore"):
                return array.astype(np.dtype(chance.choice(_KINDS)))
        except (ValueError, TypeError, OverflowError):
            return np.zeros(array.shape, np.dtype(chance.choice(_KINDS)))
    if what == "order":
        return np.asfortranarray(array[::-1]) if array.ndim else array
    if what == "repeat" and array.ndim and array.size:
        return np.repeat(array, chance.choice((0, 2, 3)), axis=chance.randrange(array.ndim))
    if what == "shape":
        shapes = [array[None], array.ravel(), array[..., None], array[:0] if array.ndim else array, array.T]
        shapes += [array[:-1], array[..., :-1], array[1:]] if array.ndim else []
        return chance.choice(shapes)
    if array.dtype.kind not in "fiu" or not array.size:
        return array
    return _other_numbers(array, chance)


def _other_numbers(array: np.ndarray, chance: Random) -> np.ndarray:
    changed = array.astype(np.float64) if chance.random() < 0.5 else array.copy()
    flat = changed.reshape(-1)
    start = chance.randrange(flat.size)
    part = slice(start, start + chance.choice((1, 1, 3, 51, flat.size)))
    values = [0, 1, -1, 127] if changed.dtype.kind in "iu" else [0, -1, 1e-30, 1e5, 9.9e5, 1e7, 1e30, 1e300]
    values += [] if changed.dtype.kind in "iu" else [np.nan, np.nan, np.inf, -np.inf]
    with np.errstate(all="ignore"):
        if chance.random() < 0.3:
            flat[part] = flat[part] * chance.choice((-1, 2, 0, 3))
        else:
            flat[part] = chance.choice(values)
    return changed
