"""Archives of pickled dicts: read as NumPy would, and nothing in them is run."""

import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videopose.data import archive as archive_module
from videopose.data.archive import read_objects, write_objects
from videopose.errors import InputError, OutputError


def same(one: Any, other: Any) -> None:
    """Equal in nesting, classes, order of keys, types and shapes of arrays, and to the last bit."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            same(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape, one.flags.writeable) == (other.dtype, other.shape, other.flags.writeable)
        same(one.tolist(), other.tolist()) if one.dtype == object else np.testing.assert_array_equal(one, other)
    else:
        assert one == other


def save_pickle(path: Path, pickled: bytes, shape: str = "()") -> Path:
    """An archive whose array `key` is this pickle."""
    stream = io.BytesIO()
    header = {"descr": "|O", "fortran_order": False, "shape": ()}
    np.lib.format.write_array_header_1_0(stream, header)
    content = stream.getvalue().replace(b"()", shape.encode().ljust(2)) if shape != "()" else stream.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("key.npy", content + pickled)
    return path


def boxed(value: Any) -> np.ndarray:
    box = np.empty((), object)
    box[()] = value
    return box


def numpy_reads(path: Path, key: str) -> Any:
    with np.load(path, allow_pickle=True) as content:
        array = content[key]
    return array.item() if array.shape == () else array


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "keys"),
    [("data_3d_h36m.npz", ["positions_3d"]), ("data_2d_h36m_gt.npz", ["positions_2d", "metadata"])],
)
def test_recorded_archives_make_the_round_trip(shared_dir: Path, tmp_path: Path, name: str, keys: list[str]) -> None:
    recorded = shared_dir / "golden" / "human36m_form" / name
    content = read_objects(recorded, keys)
    for key in keys:
        same(content[key], numpy_reads(recorded, key))
    written = tmp_path / name
    write_objects(written, **content)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with np.load(written) as archive:
        assert list(archive) == keys
    for key in keys:
        same(numpy_reads(written, key), content[key])
        same(read_objects(written, [key])[key], content[key])


VALUES = {
    "nested": {
        "S1": {"Walking 1": [np.arange(6, dtype=np.float32).reshape(1, 3, 2), (1, 2.5, None, True, "é", b"\0")]}
    },
    "types": [np.arange(2).astype(kind) for kind in ("i1", "u2", "<i8", ">f4", "f8", "c16", "?")],
    "texts": [np.array(["ab", "c"]), np.array([b"ab", b"c"])],
    "scalars": [np.int64(5), np.float32(0.1), np.bool_(True), np.str_("a")],
    "order": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "no size": np.zeros((0, 17, 2), np.float32),
    "ragged": [[[], np.ones((2, 5), np.float32)], [[], np.zeros((0, 5))]],
    "large": 1 << 80,
}


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_every_protocol_is_read(tmp_path: Path, value: Any, protocol: int) -> None:
    path = save_pickle(tmp_path / "a.npz", pickle.dumps(boxed(value), protocol))
    same(read_objects(path, ["key"])["key"], value)


def test_arrays_of_objects_keep_their_shape(tmp_path: Path) -> None:
    array = np.empty((3, 2), object)
    array[:] = [[[], np.full((1, 5), index)] for index in range(3)]
    np.savez(tmp_path / "a.npz", key=array)
    same(read_objects(tmp_path / "a.npz", ["key"])["key"], array)


@pytest.mark.parametrize("array", [np.arange(12.0).reshape(3, 4), np.asfortranarray(np.ones((2, 3))), np.array(["a"])])
def test_plain_arrays_are_read_too(tmp_path: Path, array: np.ndarray) -> None:
    write_objects(tmp_path / "a.npz", key=array, other=3)
    content = read_objects(tmp_path / "a.npz", ["other", "key"])
    assert content["other"] == 3
    same(content["key"], array)


# `pickle.dumps(np.array({'S1': {'Walking': np.array([[1., 2.]], '<f4')}, 'n': 17}), 2)` of Python 2.7 with NumPy 1.16
PYTHON_2 = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85q\x03U\x01bq\x04\x87q\x05Rq\x06"
    b"(K\x01)cnumpy\ndtype\nq\x07U\x02O8q\x08K\x00K\x01\x87q\tRq\n(K\x03U\x01|q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?"
    b"tq\x0cb\x89]q\r}q\x0e(U\x02S1q\x0f}q\x10U\x07Walkingq\x11h\x01h\x02K\x00\x85q\x12h\x04\x87q\x13Rq\x14(K\x01K\x01K"
    b"\x02\x86q\x15h\x07U\x02f4q\x16K\x00K\x01\x87q\x17Rq\x18(K\x03U\x01<q\x19NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00"
    b"tq\x1ab\x89U\x08\x00\x00\x80?\x00\x00\x00@q\x1btq\x1cbsU\x01nq\x1dK\x11ua" b"tq\x1eb."
)  # fmt: skip


def test_archives_of_python_2_are_read(tmp_path: Path) -> None:
    path = save_pickle(tmp_path / "a.npz", PYTHON_2)
    expected = {"S1": {"Walking": np.array([[1.0, 2.0]], np.float32)}, "n": 17}
    same(read_objects(path, ["key"])["key"], expected)


class Calls:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self.call = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.call


class Marked(np.ndarray):
    """An array of another class."""


def touch(path: str) -> None:
    Path(path).touch()


@pytest.mark.parametrize("place", ["alone", "in a dict", "in an array", "as a key"])
@pytest.mark.parametrize(
    "line",
    [
        b"cos\nsystem\n(V{command}\ntR",
        b"cposix\nsystem\n(V{command}\ntR",
        b"(V{command}\nios\nsystem\n",
        b"csubprocess\ncheck_output\n((lV{command}\natR",
        b"c__builtin__\neval\n(V__import__('os').system('{command}')\ntR",
        b"cnumpy.testing._private.utils\nrunstring\n(Vimport os; os.system('{command}')\n}tR",
        b"cnumpy\nload\n(V{command}\ntR",
        b"cnumpy.core.multiarray\nfromfile\n(V{command}\ntR",
        b"cbuiltins\nopen\n(V{path}\nVw\ntR",
    ],
    ids=["os", "posix", "inst", "subprocess", "eval", "runstring", "numpy.load", "fromfile", "open"],
)
def test_hostile_pickles_are_refused_and_never_run(tmp_path: Path, line: bytes, place: str) -> None:
    victim = tmp_path / "victim"
    call = line.replace(b"{command}", f"touch {victim}".encode()).replace(b"{path}", str(victim).encode())
    pickled = {
        "alone": call + b".",
        "in a dict": b"(dVa\n" + call + b"s.",
        "in an array": pickle.dumps(boxed(["MARK"]), 0).replace(b"VMARK\n", call),
        "as a key": b"(d" + call + b"I1\ns.",
    }[place]
    path = save_pickle(tmp_path / "a.npz", pickled)
    with pytest.raises(InputError, match=r"a\.npz: 'key' holds more than arrays and plain containers") as caught:
        read_objects(path, ["key"])
    assert "\n" not in str(caught.value)
    assert not victim.exists()


def test_the_hostile_pickles_would_have_run(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    path = save_pickle(tmp_path / "a.npz", pickle.dumps(boxed(Calls(touch, str(victim)))))
    with pytest.raises(InputError, match=f"{touch.__module__}.touch"):
        read_objects(path, ["key"])
    assert not victim.exists()
    numpy_reads(path, "key")
    assert victim.exists()


# Types whose bytes NumPy takes for the addresses of objects, and the like.
FORGED = {
    "field of objects": Calls(np.dtype, "V8", state=(3, "|", None, ("f",), {"f": (np.dtype("O"), 0)}, 8, 1, 0)),
    "sub-array": np.zeros(2, np.dtype([("a", "f4", (2,))])),
    "structured": np.zeros(2, np.dtype([("a", "f4"), ("b", "i8")])),
    "time": np.array(["2020-01-01"], "M8[D]"),
    "other class": np.zeros(2).view(Marked),
    "masked": np.ma.masked_array([1.0], [True]),
    "record": np.rec.array([(1, 2.0)]),
    "random state": np.random.default_rng(0),
    "set": {1, 2},
    "complex": 1j,
    "function": np.sum,
    "class": np.ndarray,
    "array by size": Calls(np.ndarray, (1 << 40,)),
}


@pytest.mark.parametrize("value", FORGED.values(), ids=FORGED.keys())
def test_anything_else_is_refused(tmp_path: Path, value: Any) -> None:
    path = save_pickle(tmp_path / "a.npz", pickle.dumps(boxed([value]), 2))
    with pytest.raises(InputError, match=r"a\.npz: 'key' holds more than arrays and plain containers"):
        read_objects(path, ["key"])


def test_what_holds_itself_is_refused(tmp_path: Path) -> None:
    value = np.empty(4, object)
    value[:] = [value] * 4
    with pytest.raises(InputError, match="a container in itself"):
        read_objects(save_pickle(tmp_path / "a.npz", pickle.dumps(boxed([value]))), ["key"])


def test_shared_parts_stay_shared(tmp_path: Path) -> None:
    # 4**20 parts if each were made anew
    value: Any = [1.0]
    for _ in range(20):
        value = boxed([value] * 4)
    read = read_objects(save_pickle(tmp_path / "a.npz", pickle.dumps(value)), ["key"])["key"]
    assert read[0] is read[3]


def test_bytes_cannot_pass_for_objects(tmp_path: Path) -> None:
    honest = pickle.dumps(boxed([1]), 0)
    start = honest.index(b"(lp")
    forged = honest[:start] + b"V" + b"A" * 8 + b"\n" + honest[honest.index(b"tp", start) :]
    pickle.loads(honest)
    path = save_pickle(tmp_path / "a.npz", forged)
    with pytest.raises(InputError, match="'key' holds more than"):
        read_objects(path, ["key"])


BROKEN_PICKLES = {
    "nothing": b"",
    "cut off": pickle.dumps(boxed({"a": np.arange(1000.0)}))[:-500],
    "memo of 2**31": b"\x80\x02Nr\xff\xff\xff\x7f.",
    "bytes of 2**60": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b".",
    "frame of 2**60": b"\x80\x04\x95" + struct.pack("<Q", 1 << 60) + b"N.",
    "no array": pickle.dumps({"a": 1}),
    "other shape": pickle.dumps(np.array([{}, {}], object)),
    "too few bytes": pickle.dumps(boxed(np.arange(4.0)), 2).replace(b"K\x04\x85", b"K\x05\x85"),
    "deep": b"(l" * 20000 + b"a" * 19999 + b".",
    "array in itself": b"\x80\x02]q\x00h\x00a.",
    "no pickle": b"hello there",
    "persistent": b"\x80\x02K\x01Q.",
    "extension": b"\x80\x02\x82\x01.",
    "attributes of a name": b"\x80\x02cnumpy\ndtype\n}X\x01\x00\x00\x00aK\x01sb.",
}


@pytest.mark.parametrize("pickled", BROKEN_PICKLES.values(), ids=BROKEN_PICKLES.keys())
def test_broken_pickles_end_in_a_sentence(tmp_path: Path, pickled: bytes) -> None:
    path = save_pickle(tmp_path / "a.npz", pickled)
    with pytest.raises(InputError, match=r"a\.npz: 'key' (holds more|is damaged)") as caught:
        read_objects(path, ["key"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_any_changed_pickle_is_read_or_refused(tmp_path: Path, protocol: int) -> None:
    rng = np.random.default_rng(protocol)
    value = {"S1": {"Walking": [np.zeros((1, 3, 2), np.float32)]}, "n": [np.int64(3), b"", "a", 1.5, None]}
    pickled = pickle.dumps(boxed(value), protocol)
    refused = 0
    for _ in range(300):
        changed = bytearray(pickled)
        for place in rng.integers(len(changed), size=rng.integers(1, 4)):
            changed[place] = rng.integers(256)
        path = save_pickle(tmp_path / "a.npz", bytes(changed))
        try:
            read_objects(path, ["key"])
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
    assert 0 < refused < 300


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_cut_off_files_end_in_a_sentence(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.npz"
    write_objects(path, key={"a": np.random.default_rng(0).random(5000)})
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError, match=r"a\.npz: is no \.npz archive, or only a part of one"):
        read_objects(path, ["key"])


@pytest.mark.parametrize("value", [np.random.default_rng(0).random(5000), {"a": np.random.default_rng(0).random(5000)}])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_changed_bytes_are_noticed(tmp_path: Path, value: Any, place: float) -> None:
    path = tmp_path / "a.npz"
    write_objects(path, key=value)
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 0x5A
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.npz: 'key' (is damaged or cut off|holds more)"):
        read_objects(path, ["key"])


def test_absurd_sizes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (1 << 50,)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("key.npy", stream.getvalue())
    with pytest.raises(InputError, match="an array larger than the file"):
        read_objects(path, ["key"])
    write_objects(path, key=np.zeros(10_000))
    monkeypatch.setattr(archive_module, "MAX_BYTES", 50_000)
    with pytest.raises(InputError, match=r"a\.npz: 'key' would take .* GB"):
        read_objects(path, ["key"])


def test_a_missing_key_is_named_with_what_is_there(tmp_path: Path) -> None:
    write_objects(tmp_path / "a.npz", positions_2d={}, metadata={})
    with pytest.raises(InputError, match=r"a\.npz: has no 'positions_3d', only metadata, positions_2d"):
        read_objects(tmp_path / "a.npz", ["positions_3d"])


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.npz: does not exist"):
        read_objects(tmp_path / "a.npz", ["key"])
    with pytest.raises(InputError, match="cannot be read"):
        read_objects(tmp_path, ["key"])


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    with pytest.raises((AttributeError, pickle.PicklingError, TypeError)):
        write_objects(tmp_path / "a.npz", key={"a": lambda: 1})
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write_objects(tmp_path / "file" / "a.npz", key={})
