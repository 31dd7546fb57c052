"""The documents tell the truth: commands exist, code blocks run."""

import json
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import click
import numpy as np
import pytest

from videopose.assets import load_manifest
from videopose.cli.main import COMMANDS, cli
from videopose.export import write_npz
from videopose.types import Motion, Recording, Track, VideoInfo

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "INFERENCE.md", "weights/MODEL_CARD.md", "pipelines/README.md", "docs/gallery.md")


def recording() -> Recording:
    rng = np.random.default_rng(0)
    frames = np.arange(10)
    keypoints = np.concatenate([rng.uniform(0, 100, (10, 17, 2)), np.ones((10, 17, 1))], axis=-1).astype(np.float32)
    track = Track(1, frames, keypoints, np.zeros((10, 4), np.float32), np.ones(10, bool))
    joints = rng.normal(size=(10, 17, 3)).astype(np.float32)
    motion = Motion(1, frames, frames / 30, joints, np.ones((10, 3), np.float32))
    video = VideoInfo("walk.mp4", 100, 100, Fraction(30), 10, 10 / 30, 0)
    return Recording(video, frames, frames / 30, (track,), (motion,))


def test_python_of_inference_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "INFERENCE.md").read_text("utf-8"), re.DOTALL)
    assert blocks
    write_npz(recording(), tmp_path / "out" / "walk.npz")
    for block in blocks:
        done = subprocess.run([sys.executable, "-P", "-c", block], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert re.search(r"person 1: left knee \d+ to \d+ degrees", done.stdout)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_and_options_exist(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    named = set(re.findall(r"videopose (?:--debug )?([a-z]+)\b", text)) & set(COMMANDS)
    context = click.Context(cli)
    options = set()
    for name in cli.list_commands(context):  # type: ignore[attr-defined]
        command = cli.get_command(context, name)
        assert command is not None
        parts = [command, *(command.commands.values() if isinstance(command, click.Group) else [])]
        options |= {option for part in parts for parameter in part.params for option in parameter.opts}
        options |= {option for part in parts for parameter in part.params for option in parameter.secondary_opts}
    assert named <= set(cli.list_commands(context))  # type: ignore[attr-defined]
    assert named
    # of the group, of click, of benchmarks/ and docs/, of other programs
    outside = {
        *("--debug", "--help", "--json", "--seconds", "--nproc-per-node", "--logdir", "--no-build-isolation"),
        *("--timeout", "--camera", "--no-deps"),
    }
    assert set(re.findall(r"(?<![\w-])(--[a-z][a-z0-9-]*)", text)) <= options | outside


def test_the_tables_are_those_the_results_give() -> None:
    folder = ROOT / "benchmarks"
    environment = os.environ | {"PYTHONPATH": str(folder)}  # of its siblings; this folder holds no package of ours
    command = [sys.executable, "-P", str(folder / "report.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks" / "results").glob("lifter_*.json")), ids=lambda p: p.stem)
def test_the_manifest_expects_what_was_measured(path: Path) -> None:
    measured = json.loads(path.read_text("utf-8"))["evaluations"]
    expected = load_manifest()[path.stem.removeprefix("lifter_")].expected_error_mm
    assert expected
    for data, error_mm in expected.items():
        assert measured[data]["average"]["mpjpe_mm"] == pytest.approx(error_mm, abs=0.051)


def test_the_card_gives_the_credit_line_the_data_asks_for() -> None:
    card = (ROOT / "weights" / "MODEL_CARD.md").read_text("utf-8")
    line = (
        "The data used in this project was obtained from mocap.cs.cmu.edu. The database was created with funding from"
    )
    assert f"{line} NSF EIA-0196217." in card
