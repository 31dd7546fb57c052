"""From recordings to a lifter with the real commands, killed in the middle."""

import json
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from videopose.cli.main import run
from videopose.lift import load_lifter_weights

RECIPE = """
name = "tiny"
validation_subjects = ["01"]
channels = 16
steps_per_epoch = 20
precision = "float32"
[[stages]]
filter_widths = [3]
epochs = 2
sequence_frames = 16
batch_size = 8
[[stages]]
filter_widths = [3, 3]
epochs = 3
sequence_frames = 16
batch_size = 8
"""


@pytest.fixture(scope="module")
def archive(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two subjects with a few short trials each, made by the command from a zip laid out like the original."""
    folder = tmp_path_factory.mktemp("train")
    wanted = ("09/09.asf", "09/09_01.amc", "09/09_02.amc", "01/01.asf", "01/01_05.amc")
    with (
        zipfile.ZipFile(shared_dir / "mocap" / "cmu_asfamc_subset.zip") as whole,
        zipfile.ZipFile(folder / "few.zip", "w", zipfile.ZIP_DEFLATED) as few,
    ):
        for name in whole.namelist():
            if name.endswith(wanted):
                few.writestr(name, whole.read(name))
    assert run(["prepare", "mocap", str(folder / "few.zip"), "-o", str(folder / "mocap.npz")]) == 0
    return folder / "mocap.npz"


def train(archive: Path, recipe: Path, output: Path) -> list[str]:
    words = ["train", str(recipe), "--data", str(archive), "-o", str(output), "--threads", "1"]
    return [sys.executable, "-P", "-m", "videopose.cli.main", *words]


@pytest.mark.shared
def test_archive_is_not_replaced(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prepare", "mocap", str(archive.parent / "few.zip"), "-o", str(archive)]) == 1
    assert "already exists" in capsys.readouterr().err


@pytest.mark.shared
def test_killed_training_goes_on_and_its_weights_lift(archive: Path, tmp_path: Path, shared_dir: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(RECIPE)
    subprocess.run(train(archive, recipe, tmp_path / "whole"), check=True, capture_output=True)
    with subprocess.Popen(train(archive, recipe, tmp_path / "killed"), stdout=subprocess.DEVNULL) as process:
        log = tmp_path / "killed" / "log.jsonl"
        while not (log.exists() and len(log.read_text().splitlines()) >= 3):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    subprocess.run(train(archive, recipe, tmp_path / "killed"), check=True, capture_output=True)

    rows = {}
    for name in ("whole", "killed"):
        lines = [json.loads(line) for line in (tmp_path / name / "log.jsonl").read_text().splitlines()]
        # An epoch whose log line was written but whose checkpoint came too late is trained again.
        rows[name] = {line["epoch"]: (line["stage"], line["train_mm"], line["valid_mm"]) for line in lines}
    assert rows["whole"] == rows["killed"]
    assert sorted(rows["whole"]) == [1, 2, 3, 4, 5]
    weights = tmp_path / "killed" / "best.safetensors"
    assert weights.read_bytes() == (tmp_path / "whole" / "best.safetensors").read_bytes()

    view = next((shared_dir / "mocap" / "validation_views").glob("09_01_view0.npz"))
    assert run(["lift", str(view), "-o", str(tmp_path / "out.npz"), "--lifter", str(weights)]) == 0
    with np.load(tmp_path / "out.npz") as lifted, np.load(view) as given:
        assert lifted["joints_3d"].shape == given["target_joints_3d"].shape
        assert np.isfinite(lifted["joints_3d"]).all()

    # A causal network may start from it; another width may not.
    causal = tmp_path / "causal.toml"
    last_stage = RECIPE.index("[[stages]]", RECIPE.index("[[stages]]") + 1)
    causal.write_text(RECIPE[: RECIPE.index("[[stages]]")] + "causal = true\n" + RECIPE[last_stage:])
    started = [*train(archive, causal, tmp_path / "causal")[4:], "--start", str(weights)]
    assert run(started) == 0
    assert load_lifter_weights(tmp_path / "causal" / "best.safetensors").info.causal
    first = json.loads((tmp_path / "causal" / "log.jsonl").read_text().splitlines()[0])
    assert first["train_mm"] < rows["whole"][1][1]
    assert run([*started, "--channels", "24", "-o", str(tmp_path / "wide")]) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["train", "no-such", "--data", __file__, "-o", "x"], "no such recipe", id="recipe"),
        pytest.param(["train", "wild-243", "--data", __file__, "-o", "x"], "not an archive", id="archive"),
        pytest.param(
            ["train", "wild-243", "--data", __file__, "-o", "x", "--device", "abacus"], "--device", id="device"
        ),
        pytest.param(["prepare", "mocap", __file__, "-o", "x.npz"], "neither a folder nor", id="no zip"),
    ],
)
def test_bad_arguments(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(words) in (1, 2)
    assert message in capsys.readouterr().err
    assert "Traceback" not in capsys.readouterr().err
