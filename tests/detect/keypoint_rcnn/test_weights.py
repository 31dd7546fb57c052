"""Checkpoints of Detectron2's form: what is read, what is refused and how, and that nothing in them runs."""

import collections
import json
import os
import pickle
import runpy
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from videopose.detect.checkpoint import read_checkpoint
from videopose.detect.keypoint_rcnn.weights import load_weights
from videopose.errors import InputError

Shapes = dict[str, tuple[int, ...]]
Arrays = dict[str, np.ndarray]

R50, R101, X101 = "keypoint-rcnn-r50", "keypoint-rcnn-r101", "keypoint-rcnn-x101"


def shapes_of(blocks: int, width: int, groups: int = 1) -> Shapes:
    """Some of a network's parameters under their true names, with few channels."""
    table: Shapes = {"backbone.bottom_up.stem.conv1.norm.running_var": (8,)}
    for block in range(blocks):
        table[f"backbone.bottom_up.res4.{block}.conv2.weight"] = (width, width // groups, 3, 3)
    table["roi_heads.box_predictor.cls_score.weight"] = (2, 16)
    table["roi_heads.keypoint_head.score_lowres.weight"] = (16, 17, 4, 4)
    return table


KNOWN = {R50: shapes_of(6, 8), R101: shapes_of(23, 8), X101: shapes_of(23, 32, 4)}


def filled(shapes: Shapes) -> Arrays:
    rng = np.random.default_rng(1)
    return {key: rng.random(shape, np.float32) for key, shape in shapes.items()}


def published(path: Path, content: Any, protocol: int = 3) -> Path:
    """Write what Detectron2 publishes."""
    model = {"model": content, "__author__": "Detectron2 Model Zoo"} if isinstance(content, dict) else content
    path.write_bytes(pickle.dumps(model, protocol=protocol))
    return path


def tensors(arrays: Arrays) -> dict[str, torch.Tensor]:
    return collections.OrderedDict((key, torch.from_numpy(value)) for key, value in arrays.items())


def trained(path: Path, arrays: Arrays, *, old: bool = False) -> Path:
    """Write what Detectron2's training writes: the optimizer's state and more beside the network."""
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.ones(2)).sum().backward()
    optimizer.step()
    content = {
        "model": tensors(arrays),
        "optimizer": optimizer.state_dict(),
        "scheduler": {"base_lrs": [0.02], "last_epoch": 7},
        "iteration": 7,
    }
    torch.save(content, path, _use_new_zipfile_serialization=not old)
    return path


WRITERS: dict[str, Callable[[Path, Arrays], Any]] = {
    **{f"protocol {protocol}": partial(published, protocol=protocol) for protocol in (2, 3, 4, 5)},
    "bare pickle": lambda path, arrays: path.write_bytes(pickle.dumps(arrays)),
    "training": trained,
    "training, torch before 1.6": lambda path, arrays: trained(path, arrays, old=True),
    "bare state": lambda path, arrays: torch.save(tensors(arrays), path),
    "safetensors": lambda path, arrays: safetensors.torch.save_file(tensors(arrays), path),
}


@pytest.mark.parametrize("form", WRITERS)
def test_every_form_gives_the_same_tensors_whatever_its_name(form: str, tmp_path: Path) -> None:
    arrays = filled(KNOWN[R50])
    path = tmp_path / "model_final"
    WRITERS[form](path, arrays)
    loaded = load_weights(path, KNOWN[R50], known=KNOWN)
    path.unlink()  # what was read does not hang on the file
    assert list(loaded) == list(KNOWN[R50])
    for key, value in loaded.items():
        assert value.dtype == torch.float32 and value.is_contiguous()
        np.testing.assert_array_equal(value.numpy(), arrays[key])


def test_extras_of_published_files_are_left_out(tmp_path: Path) -> None:
    arrays = filled(KNOWN[R50])
    extras = {
        "pixel_mean": np.zeros((3, 1, 1), np.float32),
        "backbone.bottom_up.stem.conv1.norm.num_batches_tracked": np.array(5),
        "proposal_generator.anchor_generator.cell_anchors.0": np.zeros((3, 4), np.float32),
    }
    loaded = load_weights(published(tmp_path / "a.pkl", arrays | extras), KNOWN[R50], known=KNOWN)
    assert set(loaded) == set(arrays)


@pytest.mark.parametrize("kind", ["<f2", ">f4", "<f8", "fortran"])
def test_other_number_formats_become_float32(kind: str, tmp_path: Path) -> None:
    arrays = filled(KNOWN[R50])
    written = {k: np.asfortranarray(v) if kind == "fortran" else v.astype(kind) for k, v in arrays.items()}
    loaded = load_weights(published(tmp_path / "a.pkl", written), KNOWN[R50])
    for key, value in loaded.items():
        assert value.dtype == torch.float32 and value.is_contiguous()
        np.testing.assert_allclose(value.numpy(), arrays[key], rtol=1e-3)


def test_a_checkpoint_of_training_in_half_precision(tmp_path: Path) -> None:
    state = {key: value.to(torch.bfloat16) for key, value in tensors(filled(KNOWN[R50])).items()}
    torch.save({"model": state}, tmp_path / "a.pth")
    loaded = load_weights(tmp_path / "a.pth", KNOWN[R50])
    assert all(torch.equal(loaded[key], value.float()) for key, value in state.items())


class Bomb:
    """Unpickling this makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.folder),)


class Call:
    """Unpickling this calls something."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.recipe = function, arguments

    def __reduce__(self) -> Any:
        return self.recipe


def hostile(crater: Path) -> dict[str, Any]:
    return {
        "reduce": Bomb(crater),
        "eval": Call(eval, f"__import__('os').mkdir({str(crater)!r})"),
        "system": Call(os.system, f"mkdir {crater}"),
        "runpy": Call(runpy.run_path, str(crater)),
        "getattr": Call(getattr, Call(__import__, "os"), "mkdir"),
        "inside an array": np.array([Bomb(crater)], dtype=object),
        "as the type of an array": Call(np.ndarray, (1,), Bomb(crater)),
        "memmap": Call(np.memmap, str(crater), np.uint8, "w+", 0, (4,)),
        "loads": Call(pickle.loads, pickle.dumps(Bomb(crater))),
        "torch": Call(torch.load, str(crater)),
        "partial": Call(partial, os.mkdir, str(crater)),
    }


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("kind", hostile(Path()))
def test_no_pickle_runs_code(kind: str, protocol: int, tmp_path: Path) -> None:
    crater = tmp_path / "crater"
    content = {"model": filled(KNOWN[R50]) | {"x": hostile(crater)[kind]}}
    path = tmp_path / "hostile.pkl"
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    with pytest.raises(InputError, match=r"hostile\.pkl: damaged, or it holds more than arrays .*never run"):
        load_weights(path, KNOWN[R50], known=KNOWN)
    assert not crater.exists()


@pytest.mark.parametrize("kind", ["reduce", "eval", "system", "inside an array", "memmap", "loads"])
def test_the_bombs_are_live(kind: str, tmp_path: Path) -> None:
    crater = tmp_path / "crater"
    pickle.loads(pickle.dumps(hostile(crater)[kind]))
    assert crater.exists()


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("place", ["model", "hooks"])
def test_no_checkpoint_of_torch_runs_code(place: str, old: bool, tmp_path: Path) -> None:
    crater, path = tmp_path / "crater", tmp_path / "hostile.pth"
    content: dict[str, Any] = {"model": tensors(filled(KNOWN[R50])), "hooks": {}}
    content[place]["x"] = Bomb(crater)
    torch.save(content, path, _use_new_zipfile_serialization=not old)
    with pytest.raises(InputError, match=r"hostile\.pth: .*never run"):
        load_weights(path, KNOWN[R50])
    assert not crater.exists()
    torch.load(path, weights_only=False)
    assert crater.exists()


def test_a_zip_that_only_looks_like_torch(tmp_path: Path) -> None:
    crater, path = tmp_path / "crater", tmp_path / "a.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps(Bomb(crater)))
    with pytest.raises(InputError, match=r"a\.pth: "):
        load_weights(path, KNOWN[R50])
    assert not crater.exists()


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("part", [0.3, 0.7, 0.999])
def test_a_file_that_is_cut_off(form: str, part: float, tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    WRITERS[form](path, filled(KNOWN[R50]))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(InputError, match=r"a\.pkl: (is cut off|cut off|damaged).*\."):
        load_weights(path, KNOWN[R50])


@pytest.mark.parametrize("seed", range(30))
def test_flipped_bytes_are_refused_or_harmless(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    path = tmp_path / "a.pkl"
    WRITERS[list(WRITERS)[seed % len(WRITERS)]](path, filled(KNOWN[R50]))
    content = np.frombuffer(path.read_bytes(), np.uint8).copy()
    # where the structure is, rather than the numbers
    content[rng.integers(0, 400, 4)] = rng.integers(0, 256, 4)
    path.write_bytes(content.tobytes())
    try:
        loaded = load_weights(path, KNOWN[R50], known=KNOWN)
    except InputError as error:
        assert str(error).startswith(str(path))
        assert "\n" not in str(error)
    else:
        assert {key: tuple(value.shape) for key, value in loaded.items()} == KNOWN[R50]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read (no such file"),
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>Not Found</html>", "is no checkpoint"),
        (b"short", "is no checkpoint"),
        (pickle.dumps([1, 2, 3]), "holds no weights by name"),
        (pickle.dumps({"model": {}}), "holds no weights by name"),
        (pickle.dumps({"model": {"a": 1}}), "holds no weights by name"),
        (pickle.dumps({"blobs": {"conv1_w": np.zeros(1)}, "cfg": ""}, protocol=2), "the older Detectron"),
        (b"\x80\x03garbage", "damaged"),
        (b"PK\x03\x04 but not really", "no checkpoint"),
        (b"\x10\x00\x00\x00\x00\x00\x00\x00{", "damaged"),
    ],
)
def test_what_is_no_checkpoint(content: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_checkpoint(path)
    assert str(caught.value).startswith(f"{path}: {message}") or message in str(caught.value)


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_checkpoint(tmp_path)


def renamed(old: str, new: str) -> Arrays:
    return {key.replace(old, new): value for key, value in filled(KNOWN[R50]).items()}


def changed(key: str, value: np.ndarray | None) -> Arrays:
    arrays = filled(KNOWN[R50])
    del arrays[key]
    return arrays if value is None else arrays | {key: value}


KEYPOINTS, CLASSES = "roi_heads.keypoint_head.score_lowres.weight", "roi_heads.box_predictor.cls_score.weight"
CONV, VARIANCE = "backbone.bottom_up.res4.3.conv2.weight", "backbone.bottom_up.stem.conv1.norm.running_var"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (filled(KNOWN[R101]), f"holds the weights of {R101}, not of {R50}. Say `--detector {R101}`."),
        (filled(KNOWN[X101]), f"holds the weights of {X101}, not of {R50}. Say `--detector {X101}`."),
        (renamed("keypoint_head", "mask_head"), "the weights of a Mask R-CNN, without a head that finds keypoints. "),
        (renamed("roi_heads.keypoint_head", "head.cls_subnet"), "the weights of a RetinaNet, without a head"),
        (changed(KEYPOINTS, None), "the weights of a Faster R-CNN, without a head"),
        ({"stem.conv1.weight": np.zeros(1)}, "the weights of a backbone alone, as training starts from"),
        ({"expand_conv.weight": np.zeros(1)}, "the weights of a network unknown here"),
        (changed(KEYPOINTS, np.zeros((16, 21, 4, 4))), "finds 21 keypoints, not COCO's 17. "),
        (changed(CLASSES, np.zeros((81, 16))), "finds 80 classes of things, not people alone. "),
        (changed(CONV, np.zeros((8, 9, 3, 3))), f"than {R50}: {CONV} is (8, 9, 3, 3), not (8, 8, 3, 3). A config"),
        (changed(CONV, None), f"another architecture than {R50}: it lacks {CONV}. "),
        (filled(KNOWN[R50] | {"a": (1,), "b": (1,)}), f"architecture than {R50}: it also holds a (and 1 more). "),
        (changed(CONV, np.full((8, 8, 3, 3), np.nan)), f"tensor {CONV} holds numbers that are not finite"),
        (changed(CONV, np.full((8, 8, 3, 3), 1e300)), f"tensor {CONV} holds numbers that are not finite"),
        (changed(CONV, np.zeros((8, 8, 3, 3), int)), f"tensor {CONV} holds torch.int64, not floating"),
        (changed(VARIANCE, np.full(8, -1.0)), f"tensor {VARIANCE} holds negative variances"),
    ],
)
def test_other_weights_are_refused_with_a_reason(arrays: Arrays, message: str, tmp_path: Path) -> None:
    path = published(tmp_path / "a.pkl", arrays)
    with pytest.raises(InputError) as caught:
        load_weights(path, KNOWN[R50], known=KNOWN)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_a_repeating_view_cannot_claim_memory(tmp_path: Path) -> None:
    torch.save({"model": {"a": torch.zeros(1).expand(1 << 40)}}, tmp_path / "a.pth")
    assert (tmp_path / "a.pth").stat().st_size < 10_000
    with pytest.raises(InputError, match="tensor a is stored in an unusual way"):
        read_checkpoint(tmp_path / "a.pth")


def test_numbers_that_go_with_the_architecture_are_compared(tmp_path: Path) -> None:
    arrays = filled(KNOWN[R50])
    constants = {"pixel_mean": (103.53, 116.28, 123.675), "pixel_std": (1.0, 1.0, 1.0)}
    ours = {key: np.array(value, np.float32).reshape(3, 1, 1) for key, value in constants.items()}
    path = published(tmp_path / "a.pkl", arrays | ours)
    assert set(load_weights(path, KNOWN[R50], constants=constants)) == set(arrays)
    assert set(load_weights(published(path, arrays), KNOWN[R50], constants=constants)) == set(arrays)
    published(path, arrays | ours | {"pixel_std": np.array([57.375, 57.12, 58.395], np.float32)})
    with pytest.raises(InputError, match=r"was trained with another pixel_std \(57\.375, 57\.12, 58\.395\)"):
        load_weights(path, KNOWN[R50], constants=constants)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_one_number_among_many_is_found(number: float, tmp_path: Path) -> None:
    arrays = filled(KNOWN[R50])
    arrays[CONV][3, 2, 1, 0] = number
    with pytest.raises(InputError, match="not finite"):
        load_weights(published(tmp_path / "a.pkl", arrays), KNOWN[R50])


@pytest.mark.shared
def test_the_published_names_and_shapes(shared_dir: Path, tmp_path: Path) -> None:
    """Whole networks at a sixteenth of the channels, which keeps the files small and the differences."""

    def table(name: str) -> Shapes:
        shapes = json.loads((shared_dir / "golden" / f"keypoint_rcnn_{name}.shapes.json").read_text())
        return {key: tuple(n if n <= 17 else max(1, n // 16) for n in shape) for key, shape in shapes.items()}

    known = {R50: table("r50"), R101: table("r101"), X101: table("x101")}
    for holds in known:
        path = published(tmp_path / "a.pkl", filled(known[holds]))
        for wanted in known:
            if wanted == holds:
                assert set(load_weights(path, known[wanted], known=known)) == set(known[wanted])
            else:
                with pytest.raises(InputError, match=f"holds the weights of {holds}, not of {wanted}. Say"):
                    load_weights(path, known[wanted], known=known)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_too_little_memory_is_not_called_damage_alone(tmp_path: Path) -> None:
    path = tmp_path / "big.pkl"
    path.write_bytes(pickle.dumps({"model": {"a": np.zeros(600_000_000, np.uint8)}}, protocol=4))
    code = (
        "import resource, sys; from pathlib import Path; from videopose.detect.checkpoint import read_checkpoint\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000, -1))\n"
        "try: read_checkpoint(Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"InputError {path}: the memory does not take it, or it is damaged.")
