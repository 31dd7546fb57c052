"""`videopose train` and `backproject` on the recorded archives: options, killing, several processes."""

import json
import random
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch

from videopose.cli.main import run
from videopose.cli.recipe_options import OPTIONS
from videopose.lift import load_lifter_weights
from videopose.train.archive_recipe import ArchiveRecipe

SUPERVISED = """
name = "tiny"
keypoints = "gt"
train_subjects = ["S1"]
filter_widths = [3, 3]
channels = 16
batch_size = 301
epochs = 3
precision = "float32"
"""
SEMI = SUPERVISED + 'unlabelled_subjects = ["S5"]\n'


@pytest.fixture
def recipes(tmp_path: Path) -> dict[str, Path]:
    paths = {}
    for name, text in (("train", SUPERVISED), ("backproject", SEMI)):
        paths[name] = tmp_path / f"{name}.toml"
        paths[name].write_text(text)
    return paths


@pytest.fixture
def data(shared_dir: Path) -> Path:
    """2160 labelled examples of S1: seven steps, and one of 53."""
    return shared_dir / "golden" / "human36m_form"


def log_of(folder: Path) -> list[dict[str, Any]]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    text = (folder / "log.jsonl").read_text()
    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]


def numbers(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All but times."""
    return [{key: value for key, value in line.items() if key not in ("seconds", "examples_per_s")} for line in log]


def test_every_key_of_a_recipe_is_an_option() -> None:
    keys = {item.name for item in fields(ArchiveRecipe)} - {"name"}
    options = {option.key for option in OPTIONS}
    assert keys == options
    assert len(options) == len(OPTIONS)


@pytest.mark.parametrize("command", ["train", "backproject"])
def test_help_tells_of_every_option_in_groups(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    text = capsys.readouterr().out
    for option in OPTIONS:
        assert f"--{option.key.replace('_', '-')} " in text
        assert f"{option.group} (default: the recipe's):" in text


@pytest.mark.shared
def test_what_a_run_leaves(
    recipes: dict[str, Path], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(recipes["train"]), "--data", str(data), "-o", str(tmp_path / "run"), "--threads", "1"]
    changed = ["--epochs", "1", "--no-flip", "--actions", "Walk", "--filter-widths", "5,3", "--batch-size", "100"]
    assert run([*words, *changed]) == 0
    out, err = capsys.readouterr()
    assert "epoch 1: train " in out
    assert ", valid " in out
    assert "epoch 1 of 1: 8 steps" in err  # 720 frames of two walks before four cameras
    left = {path.name for path in (tmp_path / "run").iterdir()}
    assert left == {"log.jsonl", "last.pt", "best.safetensors", "curves.png", "tensorboard"}
    weights = load_lifter_weights(tmp_path / "run" / "best.safetensors")
    assert weights.model.filter_widths == (5, 3)
    assert (weights.info.layout_in, weights.info.normalisation, weights.info.frame_rate) == ("h36m17", "screen", 50)
    assert log_of(tmp_path / "run")[0]["valid_mm"] > 0
    # It goes on, and a test that is left out is null.
    assert run([*words, *changed, "--epochs", "2", "--no-test", "--resume"]) == 0
    assert [line["valid_mm"] is None for line in log_of(tmp_path / "run")] == [False, True]
    capsys.readouterr()
    assert run([*words, *changed, "--channels", "24", "--resume"]) == 1
    assert "it was trained with channels 16, not 24" in capsys.readouterr().err
    assert run([*words, *changed, "--actions", "Eat"]) == 1
    assert "it was trained on [720] examples, not [360]" in capsys.readouterr().err


@pytest.mark.shared
@pytest.mark.parametrize(
    ("command", "options", "code", "message"),
    [
        ("train", ["--dropout", "1.5"], 2, "'--dropout': 1.5 is not in the range 0<=x<1"),
        ("train", ["--filter-widths", "3,4"], 2, "filter_widths must be odd numbers, got [3, 4]. Change the option."),
        ("train", ["--filter-widths", "3,x"], 2, "'3,x' is not a list of whole numbers like 3,3,3"),
        ("train", ["--train-subjects", "S1,,S5"], 2, "'S1,,S5' has an empty name"),
        ("train", ["--train-subjects", ""], 2, "train_subjects and test_subjects want a name"),
        ("train", ["--train-subjects", "S4"], 2, "has no subject S4. Choose from S1, S11, S5"),
        ("train", ["--train-subjects", "S9"], 2, "subject S9 has two roles"),
        ("train", ["--actions", "Fly"], 2, "has no action Fly of these subjects. Choose from Eating, Walking"),
        ("train", ["--expected-error-mm", "5"], 2, "'5' is not of the form mpjpe=46.8"),
        ("train", ["--start", "wild-27"], 1, "cannot start from wild-27 (coco17 to h36m17, normalised by person"),
        ("train", ["--keypoints", "cpn"], 1, "choose other keypoints (there: gt)"),
        ("train", ["--resume"], 1, "last.pt: does not exist, so there is nothing to go on from"),
        ("train", ["--unlabelled-subjects", "S5"], 2, "has unlabelled subjects. Use `videopose backproject`"),
        ("train", ["--precision", "tf32", "--device", "cpu"], 2, "--precision tf32 needs a GPU"),
        ("train", ["--device", "abacus"], 2, "--device abacus: not available here"),
        ("train", ["--data", __file__], 2, "is no folder. Give the folder of the archives"),
        ("backproject", ["--unlabelled-subjects", ""], 2, "has no unlabelled subjects. Use `videopose train`"),
        ("backproject", ["--fov", "60"], 2, "--focal and --fov are for --unlabelled and --videos"),
        ("backproject", ["--unlabelled", "mine"], 2, "'mine' is not of the form custom:NAME"),
        ("backproject", ["--unlabelled", "custom:mine"], 1, "data_2d_custom_mine.npz: does not exist"),
        ("backproject", ["--videos", "."], 1, "videos give coco17 keypoints, but the labelled part has h36m17 (gt)"),
    ],
)
def test_one_sentence_for_what_makes_no_sense(
    command: str, options: list[str], code: int, message: str, recipes: dict[str, Path], data: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    words = [command, str(recipes[command]), "--data", str(data), "-o", str(tmp_path / "run")]
    assert run([*words, *options]) == code
    said = capsys.readouterr().err.strip().splitlines()
    assert message in said[-1]
    assert said[-1].startswith("videopose: ")
    assert not (tmp_path / "run" / "last.pt").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "3"], "--epochs has no meaning for the recipe wild-27"),
        (["--no-test"], "--no-test has no meaning for the recipe wild-27"),
        (["--checkpoint-minutes", "1"], "--checkpoint-minutes has no meaning"),
        (["--precision", "tf32"], "--precision tf32 is not for the recipe wild-27"),
        (["--steps-per-epoch", "0"], "--steps-per-epoch 0 is not for the recipe wild-27"),
        ([], "is a folder. Give an archive made by `videopose prepare mocap`"),
    ],
)
def test_wild_recipes_have_fewer_options(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "wild-27", "--data", str(tmp_path), "-o", str(tmp_path / "run"), *options]) == 2
    assert message in capsys.readouterr().err
    assert run(["backproject", "wild-27", "--data", str(tmp_path), "-o", str(tmp_path / "run")]) == 1
    assert "a recipe for synthetic views" in capsys.readouterr().err


def test_wild_recipes_train_in_one_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert run(["train", "wild-27", "--data", str(tmp_path), "-o", str(tmp_path / "run")]) == 2
    assert "train in one process. Start it without torchrun." in capsys.readouterr().err


@pytest.mark.shared
@pytest.mark.parametrize(
    ("command", "options"),
    [("train", []), ("backproject", ["--warmup-epochs", "1", "--checkpoint-minutes", "0"])],
    ids=["supervised", "semi-supervised, within epochs"],
)
def test_killed_again_and_again_it_ends_as_if_nothing_had_happened(
    command: str, options: list[str], recipes: dict[str, Path], data: Path, tmp_path: Path
) -> None:
    words = [command, str(recipes[command]), "--data", str(data), "--threads", "1", "--batch-size", "61", *options]
    words += ["--epochs", "4"]
    assert run([*words, "-o", str(tmp_path / "whole")]) == 0
    program = [sys.executable, "-P", "-m", "videopose.cli.main", *words, "-o", str(tmp_path / "killed")]
    last, chance = tmp_path / "killed" / "last.pt", random.Random(5)
    within_an_epoch = kills = 0
    while kills < 3:
        before = last.stat().st_mtime_ns if last.exists() else 0
        with subprocess.Popen(
            [*program, *(["--resume"] if before else [])], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            # It got somewhere: further than before by some random time.
            while not (last.exists() and last.stat().st_mtime_ns != before):
                assert process.poll() is None, process.stderr and process.stderr.read()
                time.sleep(0.005)
            time.sleep(chance.uniform(0.0, 0.15))
            process.send_signal(signal.SIGKILL)
        kills += 1
        state = torch.load(last, weights_only=True)
        within_an_epoch += state["step_in_epoch"] > 0
        if state["epoch"] == 4:
            break
    subprocess.run([*program, "--resume"], check=True, capture_output=True)
    assert kills > 1
    assert bool(within_an_epoch) == bool(options)
    whole, killed = (log_of(tmp_path / name) for name in ("whole", "killed"))
    assert [line["epoch"] for line in killed] == [1, 2, 3, 4]
    assert numbers(whole) == numbers(killed)
    weights = [(tmp_path / name / "best.safetensors").read_bytes() for name in ("whole", "killed")]
    assert weights[0] == weights[1]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("train", ["--epochs", "2"]),
        ("backproject", ["--epochs", "2", "--warmup-epochs", "0", "--no-projection-loss"]),
        # At first people are seen near the camera's own plane, where the projection blows up what float32 rounds off
        # from step to step: one step tells whether the gradients are the same.
        ("backproject", ["--epochs", "1", "--warmup-epochs", "0", "--steps-per-epoch", "1", "--batch-size", "53"]),
    ],
    ids=["supervised", "semi-supervised", "projection"],
)
def test_two_processes_do_what_one_does(
    command: str, options: list[str], recipes: dict[str, Path], data: Path, tmp_path: Path
) -> None:
    """Dropout's masks, normalisation, losses and the last batch of 53 are those of the whole batch."""
    words = [command, str(recipes[command]), "--data", str(data), *options]
    assert run([*words, "-o", str(tmp_path / "one"), "--threads", "1"]) == 0
    launch = [sys.executable, "-P", "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    program = [*launch, "-m", "videopose.cli.main", *words, "-o", str(tmp_path / "two")]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch 1: train") == 1
    assert "Warning" not in done.stderr
    one, two = (log_of(tmp_path / name) for name in ("one", "two"))
    assert len(one) == len(two) == int(options[1])
    for line, other in zip(numbers(one), numbers(two), strict=True):
        assert line == pytest.approx(other, rel=1e-5)
    states = [torch.load(tmp_path / name / "last.pt", weights_only=True) for name in ("one", "two")]
    for network in ("model_pos", *(["model_traj"] if command == "backproject" else [])):
        for key, value in states[0][network].items():
            torch.testing.assert_close(value, states[1][network][key], rtol=1e-4, atol=1e-5)
    for one_state, other_state in zip(*(state["optimizer"]["state"].values() for state in states), strict=True):
        gradient, other_gradient = one_state["exp_avg"], other_state["exp_avg"]
        assert (gradient - other_gradient).norm() <= 1e-4 * gradient.norm()
