import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from videopose.detect import Detector, DetectorSettings, create_detector
from videopose.detect.blazepose.networks import NetworkFiles, Networks
from videopose.errors import AssetError, UsageError, VideoposeError


def test_auto_says_which_it_took(detector: Detector) -> None:
    auto = create_detector(threads=1)
    try:
        assert (auto.name, auto.layout) == ("blazepose", "coco17")
        assert auto.provenance() == detector.provenance()
    finally:
        auto.close()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "openpose"}, r"no detector 'openpose'.*auto, blazepose, keypoint-rcnn-r50"),
        ({"short_side": 20}, "--short-side must be at least 64, got 20"),
        ({"batch_size": 0}, "--batch-size must be at least 1, got 0"),
        ({"every": 0}, "--every must be at least 1, got 0"),
        ({"max_people": -1}, "--max-people must be at least 1, got -1"),
        ({"score_threshold": 1.5}, r"--score-threshold must lie in 0\.\.1, got 1\.5"),
        ({"score_threshold": float("nan")}, "--score-threshold must lie in"),
        ({"name": "blazepose", "short_side": 400}, "do not apply to blazepose"),
        ({"weights": Path("a.pkl")}, "--weights goes with --detector keypoint-rcnn"),
        ({"d2_config": "a.yaml"}, "go with --detector detectron2"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        DetectorSettings(**settings)


def test_provenance_names_the_weights(detector: Detector) -> None:
    weights = {w["name"]: w["sha256"] for w in detector.provenance()["weights"]}
    assert weights == {
        "blazepose-detector": "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        "blazepose-landmarks": "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    }


def test_a_missing_runtime_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)  # what Python does for a module not found
    with pytest.raises(VideoposeError, match="pip install ai-edge-litert"):
        Networks(NetworkFiles(tmp_path / "a.tflite", tmp_path / "b.tflite"))


@pytest.mark.parametrize("content", [b"", b"this is no network", None], ids=["empty", "text", "missing"])
def test_a_broken_network_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "pose.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AssetError, match=r"pose\.tflite: is not the network"):
        Networks(NetworkFiles(path, path))


def test_loading_leaves_the_terminal_alone(detector: Detector) -> None:
    code = "from videopose.detect import create_detector; create_detector().close()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_asking_for_detectors_loads_nothing_heavy() -> None:
    code = "import sys, videopose.detect; print([m for m in ('cv2', 'ai_edge_litert', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
