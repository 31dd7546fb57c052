"""What is left of each epoch: log, curves, scalars for TensorBoard."""

import json
import math
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event

from videopose.errors import OutputError
from videopose.train.curves import draw_curves
from videopose.train.monitor import RunMonitor
from videopose.train.run_log import append_epoch, keep_epochs, read_log

SEMI = [
    {"epoch": n, "train_mm": 500 / n, "valid_mm": 600 / n, "learning_rate": 1e-3 * 0.9**n, "trajectory_mm": 90 / n,
     "projection": 0.1 / n, "bone_mm": 9 / n, "seconds": 1.0, "examples_per_s": 10.0}
    for n in range(1, 6)
]  # fmt: skip
WILD = [
    {"epoch": n, "stage": 0, "train_mm": 90 - n, "valid_mm": 80 - n, "valid_p_mpjpe_mm": 60.0,
     "valid_acceleration_mm": 4.0, "learning_rate": 1e-3, "seconds": 1.0, "examples_per_s": 10.0}
    for n in range(1, 6)
]  # fmt: skip


def scalars(folder: Path) -> dict[tuple[str, int], float]:
    """Tag and step to value, as TensorBoard reads them: what starts anew at a step makes later ones before it void."""
    found: dict[tuple[str, int], float] = {}
    for path in sorted(folder.iterdir(), key=lambda one: one.stat().st_mtime_ns):
        data, place = path.read_bytes(), 0
        while place < len(data):
            (size,) = struct.unpack_from("<Q", data, place)
            event = Event.FromString(data[place + 12 : place + 12 + size])
            place += 12 + size + 4
            if event.HasField("session_log"):
                found = {key: value for key, value in found.items() if key[1] < event.step}
            for value in event.summary.value:
                found[value.tag, event.step] = value.simple_value
    return found


def test_lines_are_strict_json_and_cut_ones_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append_epoch(path, {"epoch": 1, "train_mm": 5.5, "valid_mm": math.nan})
    append_epoch(path, {"epoch": 2, "train_mm": math.inf, "valid_mm": None})
    append_epoch(path, {"epoch": 2, "train_mm": 4.0, "valid_mm": 3.0})
    assert "NaN" not in path.read_text()
    with path.open("a") as stream:
        stream.write('{"epoch": 3, "train_')
    expected = [{"epoch": 1, "train_mm": 5.5, "valid_mm": None}, {"epoch": 2, "train_mm": 4.0, "valid_mm": 3.0}]
    assert read_log(path) == expected
    keep_epochs(path, 2)
    assert [json.loads(line) for line in path.read_text().splitlines()] == expected
    keep_epochs(path, 1)
    assert read_log(path) == expected[:1]
    keep_epochs(tmp_path / "none.jsonl", 1)
    assert read_log(tmp_path / "none.jsonl") == []


@pytest.mark.parametrize(
    "log",
    [SEMI, WILD, SEMI[:1], [SEMI[0] | {"valid_mm": None}], [{"epoch": 1, "train_mm": None}]],
    ids=["semi-supervised", "wild", "one epoch", "no test", "diverged"],
)
def test_a_picture_of_the_curves(log: list[dict[str, float | None]], tmp_path: Path) -> None:
    draw_curves(log, tmp_path / "curves.png", "a run")
    picture = cv2.imread(str(tmp_path / "curves.png"))
    assert picture is not None
    assert picture.shape[1] == 880
    saturated = (picture.max(-1).astype(int) - picture.min(-1) > 80).sum()
    assert (saturated > 150) == (log[0].get("train_mm") is not None)  # lines are the only coloured things


def test_higher_errors_are_drawn_higher(tmp_path: Path) -> None:
    flat = [{"epoch": n, "train_mm": 50.0, "valid_mm": 100.0} for n in range(1, 4)]
    draw_curves(flat, tmp_path / "curves.png", "")
    picture = cv2.imread(str(tmp_path / "curves.png")).astype(int)
    blue, orange = (picture[..., 0] - picture[..., 2] > 100), (picture[..., 2] - picture[..., 0] > 150)
    middle = slice(300, 500)  # left of the legend
    assert np.nonzero(orange[:, middle])[0].mean() < np.nonzero(blue[:, middle])[0].mean() - 50


def test_tensorboard_goes_on_where_the_checkpoint_is(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with RunMonitor(tmp_path, "run", 0) as monitor:
        for line in SEMI[:3]:
            append_epoch(log, line)
            monitor.show(line)
    changed = [line | {"train_mm": 7.0} for line in SEMI[2:]]
    keep_epochs(log, 2)
    with RunMonitor(tmp_path, "run", 2) as monitor:
        for line in changed[:2]:
            append_epoch(log, line)
            monitor.show(line)
    found = scalars(tmp_path / "tensorboard")
    tags = {"error/train_mm", "error/valid_mm", "settings/learning_rate", "speed/seconds", "speed/examples_per_s",
            "parts/trajectory_mm", "parts/projection", "parts/bone_mm"}  # fmt: skip
    assert {tag for tag, _ in found} == tags
    train = {step: value for (tag, step), value in found.items() if tag == "error/train_mm"}
    assert train == pytest.approx({1: 500.0, 2: 250.0, 3: 7.0, 4: 7.0})
    assert (tmp_path / "curves.png").exists()


def test_short_epochs_do_not_each_get_a_picture(tmp_path: Path) -> None:
    times = set()
    with RunMonitor(tmp_path, "run", 0) as monitor:
        for epoch in range(1, 200):
            line = SEMI[0] | {"epoch": epoch}
            append_epoch(tmp_path / "log.jsonl", line)
            monitor.show(line)
            times.add((tmp_path / "curves.png").stat().st_mtime_ns)
        assert len(times) <= 3
    assert (tmp_path / "curves.png").stat().st_mtime_ns not in times  # and one at the end


def test_what_stopped_a_run_is_what_is_said(tmp_path: Path) -> None:
    append_epoch(tmp_path / "log.jsonl", SEMI[0])
    (tmp_path / "curves.png").mkdir()
    with pytest.raises(KeyboardInterrupt), RunMonitor(tmp_path, "run", 0):
        raise KeyboardInterrupt
    with pytest.raises(OutputError, match=r"curves\.png: cannot be written"), RunMonitor(tmp_path, "run", 0):
        pass
