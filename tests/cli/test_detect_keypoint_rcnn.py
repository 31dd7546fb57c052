"""`videopose detect` with Keypoint R-CNN gives what Detectron2 recorded, and shares a stream between pictures."""

import json
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from videopose.cli.main import run

pytestmark = pytest.mark.shared


def test_pictures_give_what_detectron2_recorded(
    r50_file: Path, formula: ModuleType, shared_dir: Path, tmp_path: Path
) -> None:
    golden = np.load(shared_dir / "golden" / "keypoint_rcnn_r50.npz", allow_pickle=False)
    sizes = ((480, 640), (720, 1280))
    for seed, (height, width) in enumerate(sizes):
        cv2.imwrite(str(tmp_path / f"{height}x{width}.png"), formula.picture(height, width, seed))
    arguments = ["detect", *(str(tmp_path / f"{h}x{w}.png") for h, w in sizes), "-o", str(tmp_path / "r.json")]
    options = ["--detector", "keypoint-rcnn-r50", "--weights", str(r50_file), "--precision", "float32"]
    limits = ["--score-threshold", "0.05", "--max-people", "12", "--batch-size", "2"]
    assert run([*arguments, "--format", "coco", *options, *limits]) == 0
    entries = json.loads((tmp_path / "r.json").read_text())
    for height, width in sizes:
        mine = [entry for entry in entries if entry["file_name"] == f"{height}x{width}.png"]
        keypoints = np.array([entry["keypoints"] for entry in mine]).reshape(-1, 17, 3)[..., :2]
        x, y, w, h = np.array([entry["bbox"] for entry in mine]).T
        recorded = {key: golden[f"{height}x{width}_{key}"] for key in ("boxes", "scores", "keypoints")}
        np.testing.assert_allclose(np.stack([x, y, x + w, y + h], axis=1), recorded["boxes"], rtol=0, atol=0.01)
        np.testing.assert_allclose([entry["score"] for entry in mine], recorded["scores"], rtol=0, atol=1e-5)
        np.testing.assert_allclose(keypoints, recorded["keypoints"][..., :2], rtol=0, atol=0.01)


def test_a_tampered_checkpoint_runs_nothing(r50_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "touched",)  # type: ignore[return-value]

    import pickle

    picture, weights = tmp_path / "a.png", tmp_path / "bomb.pkl"
    cv2.imwrite(str(picture), np.zeros((64, 64, 3), np.uint8))
    weights.write_bytes(pickle.dumps({"model": {"a": np.zeros(3), "b": Bomb()}}))
    options = ["--detector", "keypoint-rcnn-r50", "--weights", str(weights)]
    assert run(["detect", str(picture), "-o", str(tmp_path / "r.npz"), *options]) == 1
    assert "bomb.pkl" in capsys.readouterr().err
    weights.write_bytes(r50_file.read_bytes()[:100_000_000])
    assert run(["detect", str(picture), "-o", str(tmp_path / "r.npz"), *options]) == 1
    assert "bomb.pkl" in capsys.readouterr().err
    assert not (tmp_path / "touched").exists() and not (tmp_path / "r.npz").exists()
