"""What holds of every run, whatever it was given."""

import json
import re
import signal
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import ezc3d
import jsonschema
import numpy as np
import torch

from videopose.data.archive import read_objects
from videopose.data.bvh import read_bvh
from videopose.export import read_npz, recording_schema
from videopose.lift import load_lifter_weights
from videopose.video import VideoReader

_ALARMING = re.compile(
    r"Traceback|something unexpected|Exception ignored|Exception in thread|Fatal Python error|^  File \"|\w+Warning\b|"
    r"not enough memory|core dumped|Segmentation|terminate called",
    re.MULTILINE,
)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
"""What would reach the terminal and command it."""
_NAME = re.compile(
    r"(?!\.)(?!.*\.part\b).*\.(npz|json|bvh|mp4|gif|html|glb|trc|c3d|csv|safetensors|pt|png|jsonl|tfevents\S*)|events\.\S+"
)


def wrong_words(code: int, out: str, err: str) -> list[str]:
    """What is wrong with how a command ended and what it said."""
    trouble = []
    if code < 0:
        hang = " (it hung)" if code == -signal.SIGALRM else ""
        trouble.append(f"ended by {signal.Signals(-code).name}{hang}")
    elif code not in (0, 1, 2):
        trouble.append(f"exit code {code}")
    trouble += [f"{found[0]!r} on stderr" for found in [_ALARMING.search(err)] if found]
    trouble += [f"{found[0]!r} on stdout" for found in [_ALARMING.search(out)] if found]
    trouble += [f"the control character {found[0]!r}" for found in [_CONTROL.search(out + err)] if found]
    sentences = [line for line in err.splitlines() if line.startswith("videopose: ")]
    expected = 0 if code == 0 else 1
    if code >= 0 and (len(sentences) != expected or err.count("videopose: ") != expected):
        trouble.append(f"{len(sentences)} sentences for exit code {code}")
    if code > 0 and sentences and not err.rstrip().splitlines()[-1].startswith("videopose: "):
        trouble.append("more is said after the sentence")
    return trouble


def wrong_files(folder: Path, given: dict[Path, bytes]) -> list[str]:
    """What is wrong with the files in a folder of results: each has a final name, and loads.

    Args:
        folder: of results.
        given: what was there before.
    """
    trouble = []
    for path in sorted(folder.rglob("*")):
        if path.is_dir() or (path in given and path.read_bytes() == given[path]):
            continue
        if not _NAME.fullmatch(path.name):
            trouble.append(f"{path.name} was left behind")
            continue
        try:
            _load(path)
        except Exception as error:
            trouble.append(f"{path.name} does not load: {type(error).__name__}: {str(error)[:300]}")
    return trouble


def _load(path: Path) -> None:
    suffix = path.suffix
    if path.name.startswith("data_2d"):
        assert read_objects(path, ("positions_2d", "metadata"))["positions_2d"]
    elif path.name.endswith(".smpl.npz"):
        with np.load(path, allow_pickle=False) as arrays:
            assert not np.isinf(arrays["joints"]).any()
    elif suffix == ".npz":
        _check_npz(path)
    elif path.name.endswith("_keypoints.json"):
        assert json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)["version"] == 1.3
    elif suffix in (".csv", ".trc"):
        assert not re.search(r"[,\t]-?(nan|inf)", path.read_text(encoding="utf-8"), re.IGNORECASE)
    elif suffix == ".c3d":
        assert np.isfinite(ezc3d.c3d(str(path))["data"]["points"][:3]).any()
    elif suffix == ".glb":
        size = int.from_bytes(path.read_bytes()[12:16], "little")
        json.loads(path.read_bytes()[20 : 20 + size], parse_constant=_refuse)
    elif suffix == ".html":
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    elif suffix == ".gif":
        assert cv2.VideoCapture(str(path)).read()[0]
    elif suffix == ".json":
        _check_json(path)
    elif suffix == ".bvh":
        _check_bvh(path)
    elif suffix == ".mp4":
        with VideoReader(str(path)) as reader:
            count = len(list(reader))
        assert count == reader.info.frame_count
        beside = path.with_name(path.name.removesuffix(".overlay.mp4") + ".npz")
        assert not beside.exists() or count == len(read_npz(beside).frame_index), f"{count} frames"
    elif suffix == ".safetensors":
        load_lifter_weights(path)
    elif suffix == ".pt":
        assert torch.load(path, weights_only=True, map_location="cpu")
    elif suffix == ".png":
        assert cv2.imread(str(path)) is not None
    elif suffix == ".jsonl":
        for line in path.read_text().splitlines():
            json.loads(line, parse_constant=_refuse)


def _check_npz(path: Path) -> None:
    arrays = read_npz(path)
    for key in ("keypoints_2d", "joints_3d", "root_3d"):
        assert not np.isinf(getattr(arrays, key)).any(), f"{key} holds infinite numbers"
    assert np.isfinite(arrays.time_s).all(), "time_s is not finite"
    assert (np.diff(arrays.time_s) > 0).all(), "time_s does not increase"
    assert (np.diff(arrays.frame_index) == 1).all(), "frame_index is not consecutive"
    assert np.isfinite(arrays.joints_3d[arrays.observed]).all(), "a person who was seen has no joints"
    assert arrays.fps > 0
    assert (arrays.image_size > 0).all()


def _check_json(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    if "average" not in content:  # of `evaluate`
        error = jsonschema.exceptions.best_match(_validator().iter_errors(content))
        assert error is None, error.message[:200]


def _check_bvh(path: Path) -> None:
    bvh = read_bvh(path)
    assert np.isfinite(bvh.values).all()
    assert np.isfinite(bvh.offsets).all()
    assert bvh.frame_time_s > 0
    rows = path.read_text().split("Frame Time:")[1].splitlines()[1:]
    assert len({len(row.split()) for row in rows}) == 1, "rows of different lengths"
    assert f"Frames: {len(rows)}\n" in path.read_text()


@cache
def _validator() -> Any:
    return jsonschema.Draft202012Validator(recording_schema())


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")
