"""Reading pickles as data: what comes back, and that a class that is stood in for cannot be used for more."""

import collections
import io
import pickle
from typing import Any

import numpy as np
import pytest

from videopose.unpickling import unpickle


def read(content: bytes) -> Any:
    return unpickle(io.BytesIO(content))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_ordered_dict_becomes_a_dict_in_its_order(protocol: int) -> None:
    made = collections.OrderedDict([("b", np.arange(3.0)), ("a", [1, "x", None]), ("c", collections.OrderedDict())])
    back = read(pickle.dumps({"model": made}, protocol=protocol))["model"]
    assert type(back) is dict
    assert list(back) == ["b", "a", "c"]
    np.testing.assert_array_equal(back["b"], np.arange(3.0))
    assert (back["a"], back["c"]) == ([1, "x", None], {})


def test_an_ordered_dict_of_python_2() -> None:
    assert read(b"\x80\x02ccollections\nOrderedDict\n]](U\x01aK\x07ea\x85R.") == {"a": 7}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"\x80\x02ccollections\nOrderedDict\nU\x02ab\x85R.", "a broken dict", id="made from text"),
        pytest.param(b"\x80\x02ccollections\nOrderedDict\n.", "of the type type", id="the class itself"),
        pytest.param(b"\x80\x02ccollections\nOrderedDict\n)R}U\x01aK\x07sb.", "__dict__", id="with attributes"),
        pytest.param(b"\x80\x02ccollections\nOrderedDict\n]](]K\x07ea\x85R.", "unhashable", id="a list as a key"),
        pytest.param(b"\x80\x02ccollections\nCounter\n)R.", "collections.Counter", id="a neighbour"),
        pytest.param(
            b"\x80\x04\x8c\x0bcollections\x8c\x17OrderedDict.__globals__\x93.", "OrderedDict.__globals__", id="a part"
        ),
    ],
)
def test_no_other_use_of_it(content: bytes, reason: str) -> None:
    with pytest.raises((ValueError, AttributeError, TypeError), match=reason):
        read(content)
