"""Pickles that would do something when they are read as Python reads them: each would make the canary."""

import builtins
import importlib
import io
import logging
import operator
import os
import pathlib
import pickle
import runpy
import shutil
import struct
import subprocess
import types
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

from fuzzing.archives import as_array, members, npz, pickled_member, zipped


class Evil:
    """Pickled as a call."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


def evil(canary: Path, chance: Random) -> Evil:
    """Something whose pickle calls a function that makes the canary."""
    path = str(canary)
    code = f"open({path!r}, 'w').close()"
    calls: list[Callable[[], tuple[Any, ...]]] = [
        lambda: (os.system, (f"touch {path}",)),
        lambda: (subprocess.Popen, (["touch", path],)),
        lambda: (subprocess.check_output, (["touch", path],)),
        lambda: (eval, (code,)),
        lambda: (exec, (code,)),
        lambda: (exec, (f"import threading; threading.Thread(target=lambda: {code}).start()",)),
        lambda: (io.open, (path, "w")),
        lambda: (os.mkdir, (path,)),
        lambda: (os.open, (path, os.O_CREAT)),
        lambda: (pathlib.Path.touch, (Path(path),)),
        lambda: (shutil.copyfile, (__file__, path)),
        lambda: (logging.FileHandler, (path,)),
        lambda: (np.save, (path, np.zeros(1))),
        lambda: (torch.save, (1, path)),
        lambda: (runpy.run_path, (__file__, {"x": Evil(os.mkdir, (path,))})),
        lambda: (importlib.import_module, (Evil(eval, (code,)),)),
        lambda: (builtins.getattr, (Evil(eval, (f"__import__('os').mkdir({path!r})",)), "x")),
        lambda: (operator.methodcaller, ("touch",), None, None, iter([(1, Evil(os.mkdir, (path,)))])),
        lambda: (types.SimpleNamespace, (), {"x": Evil(os.mkdir, (path,))}),
        lambda: (np.frombuffer, (Evil(eval, (f"[{code}, b''][1]",)),)),
        lambda: (dict, (), None, iter([Evil(os.system, (f"touch {path}",))]), iter([(1, Evil(os.mkdir, (path,)))])),
        lambda: (list, (Evil(map, (os.mkdir, [path])),)),
        lambda: (map, (eval, [code])),
    ]
    return Evil(*chance.choice(calls)())


def raw(canary: Path, chance: Random) -> bytes:
    """A pickle written by hand, with ways of calling that `pickle.dumps` never writes, or made to fill memory."""
    argument = f"touch {canary}".encode()
    text = b"X" + struct.pack("<I", len(argument)) + argument
    module, name = chance.choice(_NAMES)
    stack = b"\x8c" + bytes([len(module)]) + module + b"\x8c" + bytes([len(name)]) + name + b"\x93"
    plain = b"c" + module + b"\n" + name + b"\n"
    function = chance.choice((stack, plain))
    ways = (
        function + text + b"\x85R.",
        b"(" + text + b"i" + module + b"\n" + name + b"\n.",
        b"(" + function + text + b"o.",
        function + text + b"\x85\x81.",
        function + text + b"\x85}\x92.",
        b"}" + function + text + b"\x85Rb.",
        b"cnumpy\nndarray\n)R" + function + text + b"\x85Rb.",
        b"cnumpy\ndtype\n(" + function + text + b"\x85RK\x00K\x01tR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(" + function + b"K\x00\x85C\x01btR.",
        b"c_codecs\nencode\n" + text + b"X\x03\x00\x00\x00hex\x86R.",
        b"ccollections\nOrderedDict\n(" + function + text + b"\x85RtR.",
        b"P" + argument + b"\n.",
        text + b"Q.",
        b"\x82\x01.",
        b"cbuiltins\ngetattr\n(cbuiltins\n__import__\nU\x02os\x85RU\x06systemtR" + text + b"\x85R.",
        function + b"q\x00h\x00" + text + b"\x85R" + b"0h\x00" + text + b"\x85R.",
        # Memory and time: the memo's index, lengths, doublings, depth.
        b"Nr\xff\xff\xff\xff.",
        b"Np99999999999\n.",
        b"\x8d" + struct.pack("<Q", 1 << 62) + b"abc.",
        b"\x8e" + struct.pack("<Q", 1 << 40) + b"abc.",
        b"\x96" + struct.pack("<Q", 3 << 30) + b"abc.",
        b"\x8b" + struct.pack("<i", -1) + b"abc.",
        b"\x95" + struct.pack("<Q", 1 << 60) + b"N.",
        b"]q\x00" + b"".join(b"](" + (b"h" + bytes([n])) * 10 + b"eq" + bytes([n + 1]) for n in range(30)) + b".",
        b"(" * 100_000 + b"N" + b"t" * 100_000 + b".",
        b"]" * 100_000 + b"a" * 99_999 + b".",
        b"]q\x00h\x00a.",
        b"I" + b"9" * 100_000 + b"\n.",
        b"L" + b"9" * 5_000 + b"L\n.",
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01\x8a\x06\x00\x00\x00\x00\x00\x01\x85"
        b"cnumpy\ndtype\n(X\x02\x00\x00\x00f8K\x00K\x01tR\x89C\x08abcdefghtb.",
    )  # fmt: skip
    return chance.choice((b"\x80\x02", b"\x80\x04", b"")) + chance.choice(ways)


_NAMES = (
    *((b"os", b"system"), (b"posix", b"system"), (b"builtins", b"eval"), (b"builtins", b"exec"), (b"nt", b"system")),
    *((b"__builtin__", b"eval"), (b"subprocess", b"getoutput"), (b"numpy.testing", b"rundocs"), (b"pty", b"spawn")),
    *((b"numpy", b"os.system"), (b"numpy.core.multiarray", b"os.system"), (b"torch.serialization", b"os.system")),
    *((b"collections", b"_sys.modules"), (b"_codecs", b"__loader__.load_module"), (b"torch", b"hub.os.system")),
    *((b"torch._utils", b"sys.modules"), (b"torch.hub", b"load"), (b"videopose.cli.main", b"os.system")),
    *((b"numpy.core.numeric", b"fromfile"), (b"torch.jit", b"load"), (b"torch", b"load"), (b"os", b"popen")),
)


def inside(value: Any, canary: Path, chance: Random) -> Any:
    """`value` with something evil in one place: a key, an item, or all of it."""
    bad = evil(canary, chance)
    what = chance.random()
    if what < 0.2 or not isinstance(value, dict) or not value:
        return bad
    key = chance.choice(list(value))
    if what < 0.4:
        return {**value, "more": bad}
    if isinstance(value[key], list):
        return {**value, key: [*value[key], bad]}
    return {**value, key: inside(value[key], canary, chance)}


def hostile_archive(content: dict[str, Any], canary: Path, chance: Random) -> bytes:
    """An archive of NumPy's with code in one of its arrays."""
    key = chance.choice(list(content))
    good = zipped({name: data for name, data in members(npz(content)).items() if name != f"{key}.npy"})
    what = chance.random()
    if what < 0.4:
        bad = raw(canary, chance)
    elif what < 0.7:
        bad = pickle.dumps(inside(as_array(content[key]).tolist(), canary, chance), protocol=chance.randrange(6))
    else:
        # What NumPy itself writes: an array of objects, one of which is evil.
        bad = pickle.dumps(as_array(inside(content[key], canary, chance)), protocol=chance.randrange(6))
    shape = chance.choice(("()", "()", "(1,)", "(2, 3)"))
    return zipped({**members(good), f"{key}.npy": pickled_member(bad, shape)})
