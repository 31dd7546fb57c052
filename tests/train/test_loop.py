"""Training: growing, going on exactly, learning, and what a run leaves."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from videopose.data.mocap import CAPTURE_JOINTS, Clip
from videopose.data.views import ViewSettings
from videopose.errors import InputError
from videopose.lift import Lifter, LifterInfo, load_lifter_weights, save_lifter_weights
from videopose.lift.model import TemporalModel
from videopose.train.growing import grow
from videopose.train.loop import Trainer
from videopose.train.recipe import Recipe, Stage, read_recipe

RECIPE = Recipe(
    name="tiny",
    stages=(
        Stage((3,), epochs=2, sequence_frames=16, batch_size=8, learning_rate=3e-3),
        Stage((3, 3), epochs=2, sequence_frames=16, batch_size=8),
    ),
    validation_subjects=("2",),
    channels=16,
    steps_per_epoch=6,
    warmup_steps=3,
    precision="float32",
    views=ViewSettings(),
)


def clips() -> list[Clip]:
    rng = np.random.default_rng(0)
    pose = rng.normal(size=(len(CAPTURE_JOINTS), 3)) * 0.3
    wander = np.cumsum(rng.normal(size=(2, 120, len(CAPTURE_JOINTS), 3)) * 0.01, axis=1)
    return [Clip(str(i + 1), f"{i + 1}_01", (pose + wander[i]).astype(np.float32), 60.0) for i in range(2)]


def test_grown_network_answers_the_same() -> None:
    torch.manual_seed(0)
    small = TemporalModel(34, 17, (3, 3), 24).eval()
    for norm in small.layers_bn:
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2.0)
    wide = grow(small, (3, 3, 3)).eval()
    x = torch.randn(2, 40, 34)
    torch.testing.assert_close(wide(x), small(x[:, 9:-9]))
    with pytest.raises(ValueError, match="do not begin with"):
        grow(small, (5, 3))


def test_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    logs = []
    for name, interrupted in (("whole", False), ("broken", True)):
        run = tmp_path / name
        run.mkdir()
        trainer = Trainer(RECIPE, clips(), run)
        for _ in range(4):
            trainer.run_epoch()
            if interrupted:
                torch.manual_seed(99)
                trainer = Trainer(RECIPE, clips(), run)
        lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
        logs.append([(line["epoch"], line["stage"], line["train_mm"], line["valid_mm"]) for line in lines])
    assert logs[0] == logs[1]
    assert [row[:2] for row in logs[0]] == [(1, 0), (2, 0), (3, 1), (4, 1)]
    one, other = ((tmp_path / name / "best.safetensors").read_bytes() for name in ("whole", "broken"))
    assert one == other


@pytest.mark.parametrize("step", ["save_lifter_weights", "append_epoch", "atomic_path"])
def test_stopped_while_an_epoch_is_saved(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in front of the weights, the log line or the checkpoint, a run goes on to the same and misses nothing."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    logs, weights = [], []
    for run in (tmp_path / "whole", tmp_path / "stopped"):
        run.mkdir()
        trainer = Trainer(RECIPE, clips(), run)
        for _ in range(2):
            trainer.run_epoch()
        if run.name == "stopped":
            with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
                patch.setattr(f"videopose.train.loop.{step}", stop)
                trainer.run_epoch()  # the first of its stage, so that there are weights to save
            trainer = Trainer(RECIPE, clips(), run)
        while trainer.epoch < 4:
            trainer.run_epoch()
        lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
        logs.append([(line["epoch"], line["train_mm"], line["valid_mm"]) for line in lines])
        weights.append((run / "best.safetensors").read_bytes())
    assert logs[0] == logs[1]
    assert [row[0] for row in logs[0]] == [1, 2, 3, 4]
    assert weights[0] == weights[1]


def test_it_learns(tmp_path: Path) -> None:
    recipe = replace(RECIPE, steps_per_epoch=150, averaging=0.9)
    trainer = Trainer(recipe, clips(), tmp_path)
    before = trainer.validate()[0]
    trainer.run_epoch()
    after = trainer.run_epoch().valid_mm
    assert after < 0.5 * before


@pytest.mark.parametrize(
    "content",
    [pytest.param(b"nonsense", id="nonsense"), pytest.param(b"", id="empty"), pytest.param(None, id="other recipe")],
)
def test_foreign_checkpoint_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is None:
        Trainer(RECIPE, clips(), tmp_path).run_epoch()
    else:
        (tmp_path / "last.pt").write_bytes(content)
    with pytest.raises(InputError, match="not a checkpoint of this recipe"):
        Trainer(replace(RECIPE, channels=24), clips(), tmp_path)


def test_a_run_starts_from_trained_weights(tmp_path: Path) -> None:
    """The longer network answers at first what the shorter one learned, a causal one looks at the past alone."""
    first = tmp_path / "first"
    first.mkdir()
    trainer = Trainer(RECIPE, clips(), first)
    for _ in range(2):
        trainer.run_epoch()
    weights = str(first / "best.safetensors")
    later = tmp_path / "later"
    later.mkdir()
    longer = (Stage((3, 3), epochs=1, sequence_frames=16, batch_size=8, every=3),)
    started = Trainer(replace(RECIPE, start=weights, stages=longer), clips(), later)
    x = torch.randn(2, 30, 34)
    small = load_lifter_weights(Path(weights)).model.eval()
    torch.testing.assert_close(started.model.eval()(x), small(x[:, 3:-3]), atol=1e-5, rtol=0)
    assert started.run_epoch().epoch == 1

    causal = Trainer(replace(RECIPE, start=weights, stages=longer, causal=True), clips(), later / "causal")
    (later / "causal").mkdir()
    causal.run_epoch()
    lifter = Lifter(load_lifter_weights(later / "causal" / "best.safetensors"), precision="float32")
    keypoints = np.random.default_rng(0).uniform(100, 900, size=(60, 17, 2))
    changed = keypoints.copy()
    changed[31:] += 50.0
    time_s = np.arange(60) / 30.0
    one, other = (lifter.lift(k, time_s, (1000, 1000), 900.0) for k in (keypoints, changed))
    np.testing.assert_array_equal(one[:31], other[:31])
    assert np.abs(one[31:] - other[31:]).max() > 1e-3

    first.rename(tmp_path / "moved")
    going_on = Trainer(replace(RECIPE, start=weights, stages=longer), clips(), later)
    assert going_on.epoch == 1
    weights = str(tmp_path / "moved" / "best.safetensors")
    screen = tmp_path / "screen.safetensors"
    save_lifter_weights(screen, small, LifterInfo("screen", normalisation="screen"))
    with pytest.raises(InputError, match="normalised by screen"):
        Trainer(replace(RECIPE, start=str(screen), stages=longer), clips(), tmp_path / "screened")
    with pytest.raises(InputError, match="16 channels, filter widths"):
        Trainer(replace(RECIPE, start=weights, channels=24), clips(), tmp_path / "wide")


def test_frozen_norms_keep_their_statistics(tmp_path: Path) -> None:
    stages = (RECIPE.stages[0], replace(RECIPE.stages[0], frozen_norms=True))
    trainer = Trainer(replace(RECIPE, stages=stages), clips(), tmp_path)
    for _ in range(2):
        trainer.run_epoch()
    learned = {name: value.clone() for name, value in trainer.averaged.state_dict().items()}
    trainer.run_epoch()
    for name, value in trainer.model.state_dict().items():
        assert torch.equal(value, learned[name]) == ("running" in name or "tracked" in name)


def test_subjects_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="subjects 1"):
        Trainer(RECIPE, clips()[:1], tmp_path)


@pytest.mark.parametrize(
    ("name", "field", "causal"), [("wild-27", 27, False), ("wild-243", 243, False), ("wild-243-causal", 243, True)]
)
def test_shipped_recipes_are_a_family(name: str, field: int, causal: bool) -> None:
    recipe = read_recipe(name, steps_per_epoch=7)
    assert (recipe.name, recipe.causal, recipe.steps_per_epoch) == (name, causal, 7)
    assert math.prod(recipe.stages[-1].filter_widths) == field
    assert recipe.start == ("" if name == "wild-27" else "wild-27")
    light = read_recipe("wild-27")
    assert recipe.channels == light.channels
    assert recipe.stages[0].filter_widths[:3] == light.stages[-1].filter_widths
    assert (recipe.subject_weights, recipe.variation) == (light.subject_weights, light.variation)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("name = ", "TOML", id="no toml"),
        pytest.param("name = 'x'\nvalidation_subjects = []", "stages", id="no stages"),
        pytest.param("colour = 1\n[[stages]]\nfilter_widths=[3]\nepochs=1\nsequence_frames=1\nbatch_size=1",
                     "unknown key 'colour'", id="unknown key"),
        pytest.param("name = 'x'\n[[stages]]\nfilter_widths=[3, 3]\nepochs=1\nsequence_frames=1\nbatch_size=1\nevery=2",
                     "every must be one of 1, 3, 9, got 2", id="spacing"),
    ],
)  # fmt: skip
def test_bad_recipes(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_recipe(str(tmp_path / "r.toml"))
    with pytest.raises(InputError, match="no such recipe"):
        read_recipe("unheard-of")
