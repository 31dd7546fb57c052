"""Weights on disk: what they hold, and what hostile or broken files cannot do."""

import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from videopose.errors import InputError, UsageError
from videopose.lift import LifterInfo, load_lifter_weights, save_lifter_weights
from videopose.lift.architecture import read_architecture
from videopose.lift.model import TemporalModel


def small(**changes) -> TemporalModel:
    torch.manual_seed(0)
    return TemporalModel(**{"in_features": 34, "out_joints": 17, "filter_widths": (3, 3, 3), "channels": 8, **changes})


def published(path: Path, state: dict, **content: object) -> Path:
    torch.save({"epoch": 3, "lr": 0.1, "model_pos": state, **content}, path)
    return path


@pytest.fixture
def golden(shared_dir: Path) -> Path:
    return shared_dir / "golden" / "human36m_form"


@pytest.mark.shared
def test_published_checkpoint_gives_the_recorded_output(golden, recorded):
    weights = load_lifter_weights(golden / "pretrained_27f_64c.bin")
    with torch.inference_mode():
        output = weights.model(torch.from_numpy(recorded["input"]).flatten(2))
    np.testing.assert_allclose(output, recorded["h36m_pos"], atol=1e-5)
    assert weights.trajectory is None
    assert weights.info == LifterInfo("pretrained_27f_64c", "h36m17", "h36m17", "screen", 50.0, False, False)
    assert weights.model.filter_widths == (3, 3, 3) and weights.model.channels == 64


@pytest.mark.shared
def test_semi_supervised_checkpoint_holds_the_trajectory_too(golden, recorded):
    weights = load_lifter_weights(golden / "semi_27f_32c.bin")
    inputs = torch.from_numpy(recorded["input"]).flatten(2)
    assert weights.trajectory is not None
    with torch.inference_mode():
        np.testing.assert_allclose(weights.model(inputs), recorded["semi_pos"], atol=1e-5)
        np.testing.assert_allclose(weights.trajectory(inputs), recorded["semi_traj"], atol=1e-5)


@pytest.mark.shared
@pytest.mark.parametrize("old_format", [False, True], ids=["zip", "before torch 1.6"])
def test_random_state_in_a_checkpoint_is_skipped(old_format, tmp_path):
    path = tmp_path / "coco.bin"
    content = {"random_state": np.random.RandomState(1), "model_pos": small().state_dict(), "model_traj": None}
    torch.save(content, path, _use_new_zipfile_serialization=not old_format)
    weights = load_lifter_weights(path)
    assert weights.info.layout_in == "coco17"
    assert torch.equal(weights.model.shrink.weight, small().shrink.weight)


def test_names_of_old_numpy_are_skipped_too(tmp_path):
    path = published(tmp_path / "x.bin", small().state_dict(), random_state=np.random.RandomState(1))
    # as NumPy 1.16 wrote it
    old = tmp_path / "old.bin"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(old, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("data.pkl"):
                data = data.replace(b"cnumpy._core.multiarray\n_reconstruct", b"cnumpy.core.multiarray\n_reconstruct")
                data = data.replace(b"cnumpy.random._pickle\n__randomstate_ctor", b"cnumpy.random\n__RandomState_ctor")
                assert b"__RandomState_ctor" in data
            target.writestr(name, data)
    assert load_lifter_weights(old).model.channels == 8


def test_what_the_caller_knows_of_a_published_checkpoint(tmp_path):
    path = published(tmp_path / "x.bin", small(causal=True).state_dict())
    info = LifterInfo("mine", layout_in="coco17", frame_rate=60.0, causal=True)
    weights = load_lifter_weights(path, info)
    assert weights.info == info and weights.model.causal


class Bomb:
    """Unpickling this makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("form", ["zip", "before torch 1.6", "plain pickle", "in the random state"])
def test_no_code_runs(form, tmp_path):
    path, crater = tmp_path / "hostile.bin", tmp_path / "crater"
    content = {"model_pos": small().state_dict(), "optimizer": Bomb(crater)}
    if form == "plain pickle":
        path.write_bytes(pickle.dumps(content))
    elif form == "in the random state":
        state = np.random.RandomState(1)
        published(path, small().state_dict(), random_state=(state, np.array([Bomb(crater)], dtype=object)))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(InputError, match=r"hostile.bin: .*(never run|damaged)"):
        load_lifter_weights(path)
    assert not crater.exists()
    # the bomb is live: an ordinary unpickler sets it off
    pickle.loads(pickle.dumps(Bomb(crater)))
    assert crater.exists()


def test_the_allowance_ends_with_the_load(tmp_path):
    before = set(torch.serialization.get_safe_globals())
    load_lifter_weights(published(tmp_path / "x.bin", small().state_dict()))
    assert set(torch.serialization.get_safe_globals()) == before


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
@pytest.mark.parametrize("kind", [{}, {"causal": True}, {"dense": True}, {"filter_widths": (5, 3, 7)}])
def test_round_trip(dtype, kind, tmp_path):
    model, info = small(**kind), LifterInfo("a", normalisation="person", frame_rate=30.0)
    save_lifter_weights(tmp_path / "a.safetensors", model, info, dtype, notes={"valid_mm": "61.2"})
    loaded = load_lifter_weights(tmp_path / "a.safetensors")
    assert loaded.info == LifterInfo(
        "a",
        normalisation="person",
        frame_rate=30.0,
        causal=bool(kind.get("causal")),
        dense=bool(kind.get("dense")),
    )
    assert loaded.model.filter_widths == model.filter_widths
    for key, value in model.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            assert torch.equal(loaded.model.state_dict()[key], value.to(dtype).float()), key
    inputs = torch.randn(1, 110, 34)
    with torch.inference_mode():
        np.testing.assert_allclose(loaded.model(inputs), model.eval()(inputs), atol=1e-2)


def test_same_content_same_bytes_and_the_library_reads_it(tmp_path):
    paths = [tmp_path / name for name in ("a.safetensors", "b.safetensors")]
    for path in paths:
        save_lifter_weights(path, small(), LifterInfo("a"))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    tensors = load_file(paths[0])
    assert torch.equal(tensors["shrink.weight"], small().shrink.weight.half())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.safetensors", "b.safetensors"]


def test_values_too_large_for_the_dtype_are_not_written(tmp_path):
    model = small()
    with torch.no_grad():
        model.expand_bn.running_var += 1e6
    with pytest.raises(ValueError, match=r"expand_bn\.running_var"):
        save_lifter_weights(tmp_path / "a.safetensors", model, LifterInfo("a"))
    assert not list(tmp_path.iterdir())


def header_changed(path: Path, **lines: str | None) -> Path:
    """Rewrite lines of the header's metadata; None takes one out."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    for key, value in lines.items():
        header["__metadata__"].pop(key, None)
        if value is not None:
            header["__metadata__"][key] = value
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size :])
    return path


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ({"normalisation": None}, "does not say normalisation"),
        ({"normalisation": "window"}, "'window' is not one of screen, person"),
        ({"frame_rate": "fast"}, "fast"),
        ({"frame_rate": "-3"}, "frame_rate must be from 1 to 1000"),
        ({"frame_rate": "nan"}, "frame_rate must be from 1 to 1000"),
        ({"frame_rate": "1e-300"}, "frame_rate must be from 1 to 1000"),
        ({"frame_rate": "1e300"}, "frame_rate must be from 1 to 1000"),
        ({"layout_in": "coco17\n"}, r"layout_in must be printable, got 'coco17\\n'"),
        ({"name": "\x1b[2J"}, r"name must be printable, got '\\x1b\[2J'"),
        ({"causal": "maybe"}, "causal must be true or false"),
        ({"dense": "true"}, "not those of a dense network"),
        ({"layout_in": "h36m17", "layout_out": "coco17"}, None),
    ],
)
def test_wrong_headers(lines, message, tmp_path):
    save_lifter_weights(tmp_path / "a.safetensors", small(), LifterInfo("a"))
    path = header_changed(tmp_path / "a.safetensors", **lines)
    if message is None:
        assert load_lifter_weights(path).info.layout_out == "coco17"
        return
    with pytest.raises(InputError, match=message):
        load_lifter_weights(path)


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_truncated_files(suffix, share, tmp_path):
    whole = tmp_path / f"whole{suffix}"
    if suffix == ".bin":
        published(whole, small().state_dict())
    else:
        save_lifter_weights(whole, small(), LifterInfo("a"))
    data = whole.read_bytes()
    part = tmp_path / f"part{suffix}"
    part.write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError, match=f"part{suffix}"):
        load_lifter_weights(part)


def without(state: dict, key: str) -> dict:
    return {k: v for k, v in state.items() if k != key}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: without(s, "shrink.weight"), "tensor shrink.weight is missing"),
        (lambda s: without(s, "layers_bn.2.running_var"), "layers_bn.2.running_var must be .*, got nothing"),
        (lambda s: s | {"layers_bn.9.weight": torch.zeros(8)}, "layers_bn.9.weight does not belong"),
        (lambda s: s | {"expand_conv.weight": torch.zeros(8, 34, 4)}, "filter widths must be odd"),
        (lambda s: s | {"expand_conv.weight": torch.zeros(9, 34, 3)}, "shrink.weight must be"),
        (lambda s: s | {"layers_conv.0.weight": torch.zeros(8, 7, 3)}, r"layers_conv.0.weight must be \(8, 8"),
        (lambda s: s | {"layers_conv.1.weight": torch.zeros(8, 8, 3)}, r"layers_conv.1.weight must be \(8, 8, 1\)"),
        (lambda s: s | {"expand_conv.weight": torch.zeros(8, 30, 3)}, "layout_in h36m17 has 17 joints, .* 15"),
        (lambda s: s | {"shrink.bias": torch.full((51,), float("nan"))}, "not finite"),
        (lambda s: s | {"expand_bn.running_var": torch.full((8,), -1.0)}, "negative variances"),
        (lambda s: s | {"shrink.weight": torch.zeros(1).expand(3_000_000, 8, 1)}, "unusual way"),
        (lambda s: s | {"shrink.bias": torch.zeros(51, dtype=torch.complex64)}, "shrink.bias holds complex numbers"),
    ],
)
def test_wrong_tensors(change, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load_lifter_weights(published(tmp_path / "x.bin", change(small().state_dict())))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no file of weights"),
        (b"hello, these are no weights", "no file of weights"),
        (b"\x80\x04nonsense", "damaged"),
    ],
)
def test_other_files(content, message, tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_lifter_weights(path)


def test_checkpoint_of_something_else(tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "x.bin")
    with pytest.raises(InputError, match="without `model_pos`"):
        load_lifter_weights(tmp_path / "x.bin")


@pytest.mark.parametrize("name", ["nowhere.bin", "."])
def test_missing_files_and_folders(name, tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_lifter_weights(tmp_path / name)


@pytest.mark.parametrize("widths", [(1,), (3, 3), (3, 3, 3, 3, 3), (5, 3, 7), (3, 1, 3)])
@pytest.mark.parametrize("dense", [False, True])
def test_architecture_from_shapes(widths, dense):
    model = small(filter_widths=widths, dense=dense)
    shapes = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    found = read_architecture(shapes)
    assert found.filter_widths == widths
    assert found.dense == (dense and any(width > 1 for width in widths[1:]))


@pytest.mark.parametrize(
    ("stem", "keypoints", "joints", "layouts"),
    [
        ("pretrained_h36m_cpn", 17, 17, ("h36m17", "h36m17")),
        ("pretrained_h36m_detectron_coco", 17, 17, ("coco17", "h36m17")),
        ("pretrained_humaneva15_detectron", 15, 15, ("humaneva15", "humaneva15")),
        ("mine", 15, 15, ("humaneva15", "humaneva15")),
        ("mine", 17, 15, ("coco17", "humaneva15")),
    ],
)
def test_layouts_of_published_files(stem, keypoints, joints, layouts, tmp_path):
    model = small(in_features=2 * keypoints, out_joints=joints)
    info = load_lifter_weights(published(tmp_path / f"{stem}.bin", model.state_dict(), model_traj=None)).info
    assert (info.layout_in, info.layout_out) == layouts


@pytest.mark.parametrize("said", [{"causal": True}, {"dense": True}])
def test_what_a_published_file_does_not_say(said, tmp_path):
    # a dense network of one block with three taps has the shapes of a dilated one
    model = small(filter_widths=(1, 3))
    path = published(tmp_path / "x.bin", model.state_dict())
    weights = load_lifter_weights(path, **said)
    assert {key: getattr(weights.info, key) for key in said} == said
    assert {key: getattr(weights.model, key) for key in said} == said
    assert not load_lifter_weights(path).model.causal


def test_a_file_that_describes_itself_is_not_overruled(tmp_path):
    path = tmp_path / "a.safetensors"
    save_lifter_weights(path, small(), LifterInfo("a"))
    with pytest.raises(UsageError, match="is not causal"):
        load_lifter_weights(path, causal=True)
    save_lifter_weights(path, small(causal=True), LifterInfo("a"))
    assert load_lifter_weights(path, causal=True).model.causal
