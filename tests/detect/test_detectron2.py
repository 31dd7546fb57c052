"""The adapter for an installed Detectron2.

Detectron2 cannot be installed by pip from an index of packages, so a stand-in with its documented interface takes its
place (see `fake_detectron2`); what it stands for was read in Detectron2's documentation.
"""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from videopose.assets import sha256_of
from videopose.detect import detectron2 as adapter
from videopose.detect.detectron2 import Detectron2Detector, resized_size
from videopose.detect.settings import DetectorSettings
from videopose.errors import AssetError, InputError, UsageError, VideoposeError
from videopose.types import Frame

FAKE = Path(__file__).parent / "fake_detectron2"
GAIN = np.linspace(0.1, 1.7, 17).astype(np.float32)
RED, ZOO = "COCO-Keypoints/red.yaml", "detectron2/COCO-Keypoints/red/1/model_final_000000.pkl"


@pytest.fixture
def fresh_imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Forget the library before and after."""

    def forget() -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == "detectron2"]:
            del sys.modules[name]

    forget()
    yield monkeypatch
    forget()


@pytest.fixture
def library(fresh_imports: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The stand-in is installed; returns its cache, which holds the weights of its own model."""
    fresh_imports.syspath_prepend(str(FAKE))
    cache = tmp_path / "fvcore"
    fresh_imports.setenv("FVCORE_CACHE", str(cache))
    write_weights(cache / ZOO)
    return cache


def write_weights(path: Path, **changes: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {"gain": GAIN, "pixel_mean": np.zeros((3, 1, 1), np.float32)} | changes
    path.write_bytes(pickle.dumps({"model": arrays, "__author__": "Detectron2 Model Zoo"}))
    return path


def write_config(path: Path, **model: Any) -> Path:
    content = {"KEYPOINT_ON": True, "ROI_HEADS": {"NUM_CLASSES": 1}} | model
    path.write_text(json.dumps({"MODEL": content}))
    return path


def settings(config: str | Path | None = RED, **others: Any) -> DetectorSettings:
    return DetectorSettings("detectron2", d2_config=None if config is None else str(config), **others)


def frames(*boxes: tuple[int, int, int, int] | None, width: int = 160, height: int = 96) -> list[Frame]:
    """Grey pictures with one red box (x0, y0, x1, y1) each, or none."""
    made = []
    for index, box in enumerate(boxes):
        image = np.full((height, width, 3), 90, np.uint8)
        if box is not None:
            x0, y0, x1, y1 = box
            image[y0:y1, x0:x1] = (20, 20, 240)
        made.append(Frame(index, index / 25, image))
    return made


FIRST = (20, 30, 60, 90)
BOXES = [FIRST, None, (100, 10, 120, 50), (0, 0, 160, 96), None]


@pytest.mark.parametrize("batch", [1, 2, None])
def test_people_come_as_from_every_detector(library: Path, batch: int | None) -> None:
    detector = Detectron2Detector(settings(batch_size=batch), device="cpu", threads=1)
    found = list(detector.detect(frames(*BOXES)))
    detector.close()
    assert [len(one) for one in found] == [0 if box is None else 1 for box in BOXES]
    for one, box in zip(found, BOXES, strict=True):
        assert all(array.dtype == np.float32 for array in (one.boxes, one.scores, one.keypoints))
        assert one.keypoints.shape == (len(one), 17, 3) and one.layout == "coco17"
        if box is None:
            continue
        np.testing.assert_allclose(one.boxes, [box], atol=0.5)  # resizing blurs the edges
        np.testing.assert_allclose(one.scores, [0.9])
        np.testing.assert_allclose(one.keypoints[0, [0, 16], :2], np.reshape(box, (2, 2)), atol=0.5)
        np.testing.assert_allclose(one.keypoints[0, :, 2], np.minimum(GAIN, 1.0))


def test_frames_go_in_batches_of_one_size(library: Path) -> None:
    detector = Detectron2Detector(settings(batch_size=2, short_side=192), device="cpu")
    small, wide = frames(*BOXES[:3]), frames(*BOXES[:3], width=400)
    assert len(list(detector.detect(small + wide))) == 6
    detector.close()
    # 192 x 800 would be longer than 1333 / 800 times the shorter side
    seen = sys.modules["detectron2.modeling"].SEEN
    assert seen == [(2, 3, 192, 320), (1, 3, 192, 320), (2, 3, 77, 320), (1, 3, 77, 320)]


def test_few_frames_are_read_ahead(library: Path) -> None:
    read = []

    def stream() -> Iterator[Frame]:
        for frame in frames(*[None] * 20):
            read.append(frame.index)
            yield frame

    detector = Detectron2Detector(settings(batch_size=2, short_side=64), device="cpu")
    for count, _ in enumerate(detector.detect(stream()), 1):
        assert len(read) <= count + 4
    detector.close()


def test_a_config_for_rgb_pictures(library: Path, tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text(
        json.dumps({"MODEL": {"KEYPOINT_ON": True, "ROI_HEADS": {"NUM_CLASSES": 1}}, "INPUT": {"FORMAT": "RGB"}})
    )
    detector = Detectron2Detector(settings(config, d2_weights=str(library / ZOO)), device="cpu")
    (found,) = detector.detect(frames(FIRST))
    detector.close()
    np.testing.assert_allclose(found.boxes, [FIRST], atol=0.5)


def test_the_score_threshold(library: Path) -> None:
    for threshold, count in ((0.2, 2), (0.5, 1), (0.95, 0)):
        detector = Detectron2Detector(settings(score_threshold=threshold), device="cpu")
        (found,) = detector.detect(frames(FIRST))
        assert len(found) == count
        detector.close()


def test_provenance(library: Path, tmp_path: Path) -> None:
    weights = write_weights(tmp_path / "mine.pkl")
    detector = Detectron2Detector(settings(d2_weights=str(weights), short_side=480), device="cpu")
    provenance = detector.provenance()
    detector.close()
    assert json.loads(json.dumps(provenance)) == {
        "name": "detectron2",
        "version": "0.6",
        "layout": "coco17",
        "weights": [{"name": "mine.pkl", "sha256": sha256_of(weights)}],
        "settings": {"config": RED, "short_side": 480, "score_threshold": 0.5, "device": "cpu"},
    }


def test_weights_of_training(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "model_final.pth"
    torch.save({"model": {"gain": torch.from_numpy(GAIN / 2)}, "iteration": 5}, path)
    detector = Detectron2Detector(settings(write_config(tmp_path / "c.yaml"), d2_weights=str(path)), device="cpu")
    (found,) = detector.detect(frames(FIRST))
    detector.close()
    np.testing.assert_allclose(found.keypoints[0, :, 2], GAIN / 2)


def test_published_weights_come_from_where_the_own_detector_has_them(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def asset_path(asset: Any, progress: Any) -> Path:
        asked.append(asset.name)
        return write_weights(tmp_path / "published.pkl")

    monkeypatch.setattr(adapter, "asset_path", asset_path)
    address = "detectron2://COCO-Keypoints/keypoint_rcnn_R_50_FPN_3x/137849621/model_final_a6e10b.pkl"
    Detectron2Detector(settings(None), device="cpu").close()
    Detectron2Detector(settings(d2_weights=address), device="cpu").close()
    assert asked == ["keypoint-rcnn-r101", "keypoint-rcnn-r50"]


def test_without_the_library_the_sentence_says_what_to_run(fresh_imports: pytest.MonkeyPatch) -> None:
    fresh_imports.setattr(sys, "path", [entry for entry in sys.path if "detectron2" not in entry])
    with pytest.raises(VideoposeError) as caught:
        Detectron2Detector(settings(), device="cpu")
    assert str(caught.value) == (
        "Detectron2 is not installed: install torch and torchvision of one build and setuptools below 81, then run "
        "`pip install --no-build-isolation 'git+https://github.com/facebookresearch/detectron2.git'`, "
        "or choose --detector keypoint-rcnn-r101, which runs the same network without it."
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise RuntimeError('operator torchvision::nms does not exist')", "operator torchvision::nms does not exist"),
        ("import fvcore_is_not_here", "No module named 'fvcore_is_not_here'"),
        # what setuptools has brought until version 81
        ("import pkg_resources.is_not_here", "No module named 'pkg_resources"),
        ("from detectron2 import _C", "cannot import name '_C'"),
    ],
)
def test_a_library_that_cannot_be_imported_says_why(
    fresh_imports: pytest.MonkeyPatch, tmp_path: Path, code: str, reason: str
) -> None:
    (tmp_path / "detectron2").mkdir()
    (tmp_path / "detectron2" / "__init__.py").write_text(code)
    fresh_imports.syspath_prepend(str(tmp_path))
    with pytest.raises(VideoposeError) as caught:
        Detectron2Detector(settings(), device="cpu")
    assert f"installed but cannot be imported ({reason}" in str(caught.value)
    assert "setuptools below 81; mend that, or choose --detector keypoint-rcnn-r101" in str(caught.value)


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        ("mine.py", UsageError, "a config written in Python is code, which is not run"),
        ("COCO-Keypoints/none.yaml", UsageError, "neither a file nor a config of Detectron2's model zoo"),
        ("COCO-Keypoints/unpublished.yaml", UsageError, "names no weights. Add --d2-weights FILE"),
        ("COCO-Detection/boxes.yaml", InputError, "the config of a model that finds no keypoints"),
    ],
)
def test_configs_that_are_refused(library: Path, config: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        Detectron2Detector(settings(config, d2_weights=None), device="cpu")
    assert config in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"MODEL": {"KEYPOINT_ON": True}}, "finds 80 classes of things, not people alone"),
        ({"MODEL": {"KEYPOINT_ON": True, "ROI_KEYPOINT_HEAD": {"NUM_KEYPOINTS": 21}}}, "finds 21 keypoints, not COCO"),
        ({"MODEL": {"KEYPOINT_ON": True, "ROI_HEADS": {"NUM_CLASSES": 1}}, "DATASETS": {"TEST": ["dogs"]}}, "of dogs"),
        ({"MODEL": {"MY_OWN": 1}}, "no config that this Detectron2 can read ('Non-existent config key: MY_OWN')"),
        ("no: [config", "no config that this Detectron2 can read"),
    ],
)
def test_own_configs_that_are_refused(library: Path, tmp_path: Path, content: Any, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(InputError) as caught:
        Detectron2Detector(settings(path, d2_weights=str(library / ZOO)), device="cpu")
    assert message in str(caught.value)


def test_a_config_runs_no_code(library: Path, tmp_path: Path) -> None:
    path, crater = tmp_path / "hostile.yaml", tmp_path / "crater"
    path.write_text(f"a: !!python/object/apply:os.mkdir {crater}")
    with pytest.raises(InputError, match=r"hostile\.yaml: no config that this Detectron2 can read"):
        Detectron2Detector(settings(path), device="cpu")
    assert not crater.exists()


class Bomb:
    """Unpickling this makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.folder),)


def test_weights_run_no_code(library: Path, tmp_path: Path) -> None:
    crater = tmp_path / "crater"
    path = write_weights(tmp_path / "hostile.pkl", x=Bomb(crater))
    with pytest.raises(InputError, match=r"hostile\.pkl: .*never run"):
        Detectron2Detector(settings(d2_weights=str(path)), device="cpu")
    assert not crater.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gain": np.zeros(18)}, "does not fit the config: gain is (18,), not (17,). Give"),
        ({"more": np.zeros(1)}, "does not fit the config: it also holds more. Give"),
        ({"gain": np.full(17, np.nan)}, "tensor gain holds numbers that are not finite"),
    ],
)
def test_weights_that_do_not_fit(library: Path, tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = write_weights(tmp_path / "a.pkl", **changes)
    with pytest.raises(InputError) as caught:
        Detectron2Detector(settings(d2_weights=str(path)), device="cpu")
    assert message in str(caught.value)


def test_weights_that_are_not_there(library: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.pkl: cannot be read \(no such file\)"):
        Detectron2Detector(settings(d2_weights=str(tmp_path / "none.pkl")), device="cpu")
    with pytest.raises(AssetError, match=r"https://example\.org/none\.pkl: cannot be fetched \(no connection\)"):
        Detectron2Detector(settings(d2_weights="https://example.org/none.pkl"), device="cpu")


@pytest.mark.parametrize(
    ("size", "sides", "resized"),
    [
        ((1280, 720), (800, 1333), (1333, 750)),
        ((640, 480), (800, 1333), (1067, 800)),
        ((480, 640), (800, 1333), (800, 1067)),
        ((1920, 1080), (800, 1333), (1333, 750)),
        ((1920, 1080), (480, 799.8), (800, 450)),
        ((640, 480), (0, 1333), (640, 480)),
        ((4000, 2), (64, 100), (100, 1)),
    ],
)
def test_sizes(size: tuple[int, int], sides: tuple[int, float], resized: tuple[int, int]) -> None:
    """By hand from the rule: shorter side as asked, longer at most so much, halves up."""
    assert resized_size(*size, *sides) == resized


def test_the_module_itself_needs_no_library() -> None:
    code = "import sys, videopose.detect.detectron2; print('detectron2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
