"""`videopose doctor` tells what there is and survives what there is not."""

import json
import os
import platform
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy
import pytest
import torch

from videopose import __version__
from videopose.assets import get_asset, load_manifest
from videopose.cli.main import run
from videopose.doctor import collect


def test_json_and_text_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["videopose"] == __version__
    assert report["python"].startswith(platform.python_version())
    assert report["packages"]["torch"] == torch.__version__
    assert report["packages"]["numpy"] == numpy.__version__
    assert report["packages"]["opencv"].startswith(cv2.__version__)
    assert report["torch"]["devices"][0] == "cpu"
    assert report["torch"]["threads"] == torch.get_num_threads()
    assert set(report["assets"]) == set(load_manifest())
    assert "not available" not in json.dumps(report)
    assert run(["doctor"]) == 0
    text = capsys.readouterr().out
    assert f"videopose: {__version__}" in text
    assert f"  torch: {torch.__version__}" in text


def test_ffmpeg_is_one_that_runs() -> None:
    ffmpeg = collect()["ffmpeg"]
    done = subprocess.run([ffmpeg["path"], "-version"], capture_output=True, text=True, check=True)
    assert ffmpeg["version"] in done.stdout


def test_assets_are_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOPOSE_CACHE", str(tmp_path))
    (tmp_path / "pose_detection.tflite").write_bytes(b"damaged")
    report = collect()
    assert report["assets"]["blazepose-detector"] == f"wrong hash, {tmp_path / 'pose_detection.tflite'}"
    assert report["assets"]["sample-two-people"] == "missing"
    assert report["cache"]["folder"] == str(tmp_path)
    assert report["cache"]["set_by"] == "VIDEOPOSE_CACHE"


def doctor_with(folder: Path) -> dict[str, Any]:
    """The report of a process that finds the modules in `folder`."""
    code = "import sys; from videopose.cli.main import run; sys.exit(run(['doctor', '--json']))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": str(folder),
            "FVCORE_CACHE": str(folder / "cache"),
            "VIDEOPOSE_CACHE": str(folder),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_a_detectron2_that_was_compiled_against_another_torch_says_so(tmp_path: Path) -> None:
    for module, content in (
        ("detectron2/__init__", "__version__ = '0.6'"),
        ("detectron2/_C", "raise ImportError('undefined symbol: _ZN2at4_ops')"),
        ("detectron2/modeling", "from detectron2 import _C"),
        ("torchvision", "raise RuntimeError('operator torchvision::nms does not exist')"),
    ):
        path = tmp_path / f"{module}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    state = doctor_with(tmp_path)["detectron2"]
    assert state["library"] == "0.6"
    assert "cannot be imported (ImportError: undefined symbol: _ZN2at4_ops)" in state["compiled_part"]
    assert "cannot be imported (ImportError: undefined symbol: _ZN2at4_ops)" in state["models"]
    assert "cannot be imported (RuntimeError: operator torchvision::nms does not exist)" in state["torchvision"]
    assert state["cache"] == str(tmp_path / "cache")


@pytest.mark.skipif(find_spec("detectron2") is not None, reason="Detectron2 is installed")
def test_a_missing_detectron2_is_no_fault(tmp_path: Path) -> None:
    report = doctor_with(tmp_path)
    assert report["detectron2"].startswith("not installed")
    assert report["assets"]["keypoint-rcnn-r101"] == "missing"


def test_a_network_in_the_cache_of_detectron2_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of that name with other content: found there, and found to be wrong."""
    monkeypatch.setenv("VIDEOPOSE_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("FVCORE_CACHE", str(tmp_path))
    path = tmp_path / get_asset("keypoint-rcnn-r50").sources[0].value
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut off")
    assert collect()["assets"]["keypoint-rcnn-r50"] == f"wrong hash, {path}"


def test_survives_a_broken_installation(tmp_path: Path) -> None:
    """Torch, OpenCV and litert that cannot be imported, a broken ffmpeg and a cache folder below a file."""
    for name in ("torch", "cv2", "ai_edge_litert"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    (tmp_path / "ffmpeg").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "ffmpeg").chmod(0o755)
    (tmp_path / "file").write_text("")
    code = "import sys; from videopose.cli.main import run; sys.exit(run(['doctor', '--json']))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={"PYTHONPATH": str(tmp_path), "PATH": str(tmp_path), "VIDEOPOSE_CACHE": str(tmp_path / "file" / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert "cannot be imported (ImportError: libGL.so.1" in report["packages"]["opencv"]
    assert report["torch"].startswith("not available (ImportError")
    assert report["ffmpeg"]["on_the_path"] == str(tmp_path / "ffmpeg")
    assert report["ffmpeg"]["path"].startswith("not available (ImportError")  # the reader needs OpenCV
    assert report["packages"]["numpy"] == numpy.__version__
