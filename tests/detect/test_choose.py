"""What `auto` takes, and the reason it gives."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from videopose.detect import choose as choosing
from videopose.detect.choose import choose
from videopose.errors import AssetError, UsageError


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if torch had a GPU; what is asked of it does not run here."""
    monkeypatch.setattr(choosing, "has_cuda", lambda: True)
    monkeypatch.setattr(choosing, "usable_device", lambda name: "cuda" if name == "auto" else name)


@pytest.fixture
def weights(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Let the weights be had or not, instead of fetching 310 MB."""

    def let(be_had: bool) -> None:
        def asset_path(asset: object, progress: object) -> Path:
            if not be_had:
                raise AssetError("no connection")
            return Path("model.pkl")

        monkeypatch.setattr(choosing, "asset_path", asset_path)
        monkeypatch.setattr(choosing, "find_asset", lambda asset: None)

    return let


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu() -> None:
    assert choose("auto") == ("blazepose", "blazepose, since there is no GPU that torch can use")


def test_on_the_processor() -> None:
    assert choose("cpu") == ("blazepose", "blazepose, since keypoint-rcnn-r101 needs a GPU")


def test_a_device_that_is_not_there_is_not_passed_over() -> None:
    with pytest.raises(UsageError, match="--device cuda:77: torch has none here"):
        choose("cuda:77")


@pytest.mark.parametrize("device", ["auto", "cuda", "cuda:1", "mps"])
def test_on_a_gpu(device: str, gpu: None, weights: Callable[[bool], None]) -> None:
    weights(True)
    said: list[str] = []
    assert choose(device, say=said.append) == ("keypoint-rcnn-r101", "keypoint-rcnn-r101, since there is a GPU")
    assert said == ["fetching keypoint-rcnn-r101 for the GPU, licence CC-BY-SA-3.0"]


def test_on_a_gpu_without_weights(gpu: None, weights: Callable[[bool], None]) -> None:
    weights(False)
    name, reason = choose("auto")
    assert name == "blazepose"
    assert reason == (
        "blazepose, since the weights of keypoint-rcnn-r101 cannot be had "
        "(`videopose weights pull keypoint-rcnn-r101` says why)"
    )


def test_choosing_loads_nothing_heavy() -> None:
    code = "import sys, videopose.detect.choose; print([m for m in ('cv2', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
