"""Lifters' files changed in what they hold: tensors, shapes, types, headers; and with code hidden in them."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import torch

from fuzzing.archives import zipped
from fuzzing.pickles import inside, raw
from fuzzing.values import change

_RATES = ("0", "-1", "nan", "inf", "1e-300", "1e300", "1e6", "0.001", "1", "25", "50", "2000", "abc", "", "5_0", "٣")
_TEXT = ("", "coco17", "h36m17", "humaneva15", "screen", "person", "nobody", "true", "false", "True", "a" * 1000, "\n")
_TYPES = ("F16", "F32", "F64", "BF16", "I8", "I64", "U8", "BOOL", "F8_E4M3", "C64", "X", "")
_LARGE = (1 << 20, 1 << 31, 1 << 40, (1 << 63) - 1, 1 << 64)


def changed_safetensors(data: bytes, chance: Random) -> bytes:
    """A safetensors file with its header or its numbers changed."""
    size = int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + size])
    body = bytearray(data[8 + size :])
    what = chance.choice(("metadata", "metadata", "metadata", "numbers", "numbers", "tensor", "tensor", "any", "size"))
    if what == "metadata":
        _change_metadata(header["__metadata__"], chance)
    elif what == "numbers":
        _change_numbers(body, header, chance)
    elif what == "tensor":
        _change_tensor(header, chance)
    elif what == "any":
        header = change(header, chance)
    text = json.dumps(header).encode()
    if what == "any" and chance.random() < 0.1:
        text = chance.choice((b"{" * 100_000, b"[1]", text[:-1], b'{"a":' * 5000, text.replace(b"[", b"[-", 1)))
    said = chance.choice((0, 1, len(text) + 1, len(text) * 2, *_LARGE[:-1])) if what == "size" else len(text)
    return struct.pack("<Q", said) + text + bytes(body)


def _change_metadata(metadata: dict[str, str], chance: Random) -> None:
    for _ in range(chance.choice((1, 1, 2))):
        key = chance.choice((*metadata, "frame_rate", "frame_rate", "normalisation", "causal", "layout_in", "new"))
        if chance.random() < 0.15:
            metadata.pop(key, None)
        else:
            metadata[key] = chance.choice(_RATES if key == "frame_rate" else _TEXT)


def _change_numbers(body: bytearray, header: dict[str, Any], chance: Random) -> None:
    """Weights of any size, and such as are no numbers."""
    name = chance.choice([key for key in header if key != "__metadata__"])
    start, stop = header[name]["data_offsets"]
    half = chance.choice(
        (b"\x00\x00", b"\x00\x00", b"\xff\x7b", b"\xff\xfb", b"\x01\x00", b"\x00\x3c", b"\x00\x7e", b"\x00\x7c")
    )
    count = chance.choice((1, 4, (stop - start) // 2))
    at = start + 2 * chance.randrange(max(1, (stop - start) // 2 - count + 1))
    body[at : at + 2 * count] = half * count


def _change_tensor(header: dict[str, Any], chance: Random) -> None:
    name = chance.choice([key for key in header if key != "__metadata__"])
    entry = header[name]
    what = chance.choice(("shape", "shape", "dtype", "offsets", "name", "remove", "double", "large"))
    if what == "shape":
        entry["shape"] = chance.choice(
            (entry["shape"][::-1], [*entry["shape"], 1], entry["shape"][:-1], [], [0], [-1], [entry["shape"][0] * 2])
        )
    elif what == "large":
        entry["shape"] = [chance.choice(_LARGE), chance.choice((1, 0, 1 << 40))]
    elif what == "dtype":
        entry["dtype"] = chance.choice(_TYPES)
    elif what == "offsets":
        start, stop = entry["data_offsets"]
        entry["data_offsets"] = chance.choice(
            ([start, stop * 2], [stop, start], [0, stop - start], [start, *_LARGE[:1]])
        )
    else:
        copy = dict(entry)
        if what != "double":
            del header[name]
        if what != "remove":
            header[chance.choice((name + "x", "", "layers_conv.99.weight", "../" + name))] = copy


def saved(content: Any, chance: Random) -> bytes:
    """As torch writes it, in its present form or that of before version 1.6."""
    stream = io.BytesIO()
    torch.save(content, stream, _use_new_zipfile_serialization=chance.random() < 0.7)
    return stream.getvalue()


def changed_bin(content: dict[str, Any], chance: Random) -> bytes:
    """A published checkpoint with one or two things changed."""
    content = {key: dict(value) if isinstance(value, dict) else value for key, value in content.items()}
    for _ in range(chance.choice((1, 1, 2))):
        state = content[chance.choice([key for key in ("model_pos", "model_traj") if content[key]])]
        key = chance.choice(list(state))
        if chance.random() < 0.2:
            _change_around(content, state, key, chance)
        elif isinstance(state[key], torch.Tensor):
            state[key] = _other_tensor(state[key], chance)
        if not isinstance(content["model_pos"], dict) or not content["model_pos"]:
            break
    return saved(content, chance)


def _change_around(content: dict[str, Any], state: dict[Any, Any], key: Any, chance: Random) -> None:
    what = chance.choice(("remove", "rename", "number", "extra", "state", "none"))
    if what == "remove":
        del state[key]
    elif what == "rename":
        state[chance.choice(("x", "", 7, None, ("a", 1)))] = state.pop(key)
    elif what == "number":
        state[key] = chance.choice((1, None, "x", [1.0], {}))
    elif what == "extra":
        content[chance.choice(("epoch", "lr", "optimizer", "more", 3))] = chance.choice(
            (None, -1, "x" * 1000, [[]], {1: 2})
        )
    elif what == "state":
        content["model_pos"] = chance.choice((None, {}, [], 5, torch.zeros(3), {"expand_conv.weight": torch.zeros(1)}))
    else:
        content["model_traj"] = chance.choice((None, {}, dict(state), {"x": 1}))


def _other_tensor(tensor: torch.Tensor, chance: Random) -> torch.Tensor:
    kind = chance.choice((torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool, torch.complex64))
    real = tensor.float()
    value = chance.choice((0, 0, 1, -1, 1e-38, 1e20, 3e38, float("nan"), float("inf")))
    one = real.clone()
    if one.numel():
        one.view(-1)[chance.randrange(one.numel())] = value
    choices = (
        lambda: tensor.to(kind),
        lambda: one,
        lambda: one,
        lambda: torch.full_like(real, value),
        lambda: real * chance.choice((-1, 10, 1e6, 0)),
        lambda: real[None],
        lambda: real[:-1] if real.ndim else real,
        lambda: real.transpose(0, -1) if real.ndim else real,
        lambda: real.reshape(-1),
        lambda: torch.zeros(chance.choice(((), (0,), (1, 1, 1), (3, 0, 5)))),
        lambda: torch.zeros(1).expand(1 << 34),
        lambda: torch.zeros(()).expand(real.shape),
        lambda: real.to_sparse() if real.ndim else real,
        lambda: real.requires_grad_(),
        lambda: torch.nn.Parameter(real),
    )
    return chance.choice(choices)()


def hostile_bin(content: dict[str, Any], canary: Path, chance: Random) -> bytes:
    """A checkpoint with code in it: beside its tensors, in their place, or in a pickle of another make."""
    what = chance.choice(("torch", "torch", "member", "member", "pickle", "raw", "legacy"))
    small = {key: content[key] for key in ("epoch", "model_pos")}
    if what == "torch":
        return saved(inside(small, canary, chance), chance)
    if what == "pickle":
        return pickle.dumps(inside({"epoch": 1, "model_pos": {}}, canary, chance), protocol=chance.choice((2, 3, 4, 5)))
    if what == "raw":
        return b"\x80\x02" + raw(canary, chance).removeprefix(b"\x80\x02")
    if what == "legacy":
        stream = io.BytesIO()
        torch.save(small, stream, _use_new_zipfile_serialization=False)
        parts = stream.getvalue()
        # Behind the magic number, the version and the system comes the pickle of what was saved.
        at = parts.index(b"epoch") - 20
        return parts[:at] + raw(canary, chance) + parts[at:]
    stream = io.BytesIO()
    torch.save(small, stream)
    with zipfile.ZipFile(stream) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in files if name.endswith("data.pkl"))
    other = chance.choice(
        (name, name, name.replace("data.pkl", "constants.pkl"), name.replace("data.pkl", "code/x.py"))
    )
    evil = pickle.dumps(inside({"model_pos": {}}, canary, chance), protocol=2)
    files[other] = chance.choice((raw(canary, chance), evil))
    return zipped(files, zipfile.ZIP_STORED)
