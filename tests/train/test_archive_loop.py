"""Training on archives: the recorded program's results, exact continuation, and what back-projection does."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from videopose.data.poses import PoseData
from videopose.errors import InputError, UsageError
from videopose.lift import load_lifter_weights
from videopose.train.archive_data import TrainingData, open_training_data
from videopose.train.archive_loop import ArchiveEpoch, ArchiveTrainer
from videopose.train.archive_recipe import ArchiveRecipe

pytestmark = pytest.mark.shared

RECORDED = ArchiveRecipe(
    "recorded", filter_widths=(3, 3, 3), channels=64, batch_size=64, epochs=40, precision="float32"
)
"""What the recorded checkpoint was trained with."""
SMALL = replace(RECORDED, channels=16, filter_widths=(3, 3), epochs=3, steps_per_epoch=12, batch_size=32)
SEMI = replace(SMALL, train_subjects=("S1",), unlabelled_subjects=("S5", "S6"), warmup_epochs=1)


@pytest.fixture(scope="module")
def archives(shared_dir: Path) -> Path:
    return shared_dir / "golden" / "human36m_form"


def run(recipe: ArchiveRecipe, data: TrainingData, folder: Path) -> list[ArchiveEpoch]:
    folder.mkdir(exist_ok=True)
    trainer = ArchiveTrainer(recipe, data, folder)
    return [trainer.run_epoch() for _ in range(recipe.epochs - trainer.epoch)]


def lines(folder: Path) -> list[dict[str, float]]:
    found = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    for line in found:
        del line["seconds"], line["examples_per_s"]
    return found


def test_ends_where_the_recorded_training_ended(archives: Path, tmp_path: Path) -> None:
    data = open_training_data(archives, RECORDED)
    last = run(RECORDED, data, tmp_path)[-1]
    # It logged 62.3 in training and 86.2 mm on the test subjects.
    assert last.train_mm == pytest.approx(62.3, rel=0.05)
    assert last.valid_mm == pytest.approx(86.2, rel=0.05)
    assert last.learning_rate == pytest.approx(1e-3 * 0.95**39)
    best = load_lifter_weights(tmp_path / "best.safetensors")
    assert (best.info.layout_in, best.info.layout_out) == ("h36m17", "h36m17")
    assert best.model.filter_widths == (3, 3, 3)


@pytest.mark.parametrize("recipe", [SMALL, SEMI], ids=["supervised", "semi-supervised"])
def test_stopped_in_the_middle_it_goes_on_exactly(recipe: ArchiveRecipe, archives: Path, tmp_path: Path) -> None:
    data = open_training_data(archives, recipe)
    run(recipe, data, tmp_path / "whole")
    broken = tmp_path / "broken"
    broken.mkdir()

    class StoppedError(Exception):
        pass

    def stop_at(step: int) -> None:
        if step == 8:
            raise StoppedError

    for stops in range(recipe.epochs):
        trainer = ArchiveTrainer(recipe, data, broken, checkpoint_s=0.0)
        assert (trainer.epoch, trainer._step_in_epoch) == ((0, 0) if not stops else (stops - 1, 7))
        if stops:
            trainer.run_epoch()
        with pytest.raises(StoppedError):
            trainer.run_epoch(stop_at)
    ArchiveTrainer(recipe, data, broken).run_epoch()
    assert lines(broken) == lines(tmp_path / "whole")
    first, second = (torch.load(tmp_path / name / "last.pt", weights_only=True) for name in ("whole", "broken"))
    for key, value in first["model_pos"].items():
        assert torch.equal(value, second["model_pos"][key]), key


def test_one_seed_gives_the_same_numbers_and_another_others(archives: Path, tmp_path: Path) -> None:
    data = open_training_data(archives, SEMI)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(replace(SEMI, seed=seed), data, tmp_path / name)
    assert lines(tmp_path / "a") == lines(tmp_path / "b")
    assert lines(tmp_path / "a")[0]["train_mm"] != lines(tmp_path / "c")[0]["train_mm"]


def test_fast_path_trains_as_the_plain_network(archives: Path, tmp_path: Path) -> None:
    recipe = replace(SMALL, dropout=0.0)
    data = open_training_data(archives, recipe)
    curves = [run(replace(recipe, fast=fast), data, tmp_path / str(fast)) for fast in (True, False)]
    for fast, plain in zip(*curves, strict=True):
        assert fast.train_mm == pytest.approx(plain.train_mm, rel=1e-3)
        assert fast.valid_mm == pytest.approx(plain.valid_mm, rel=1e-2)


def test_unlabelled_data_moves_the_weights_only_after_the_warm_up(archives: Path, tmp_path: Path) -> None:
    recipe = replace(SEMI, warmup_epochs=2, dropout=0.0)
    data = open_training_data(archives, recipe)
    logs = run(recipe, data, tmp_path / "with")
    assert [log.parts["projection"] > 0 for log in logs] == [False, False, True]
    assert [log.parts["bone_mm"] > 0 for log in logs] == [False, False, True]
    neither = replace(recipe, projection_loss=False, bone_loss=False)
    without = run(neither, data, tmp_path / "without")
    assert [log.train_mm for log in without[:2]] == [log.train_mm for log in logs[:2]]
    assert without[2].valid_mm != logs[2].valid_mm


def test_projections_of_unlabelled_people_come_to_fit_their_keypoints(archives: Path, tmp_path: Path) -> None:
    recipe = replace(SEMI, epochs=8, steps_per_epoch=60, dropout=0.1)
    data = open_training_data(archives, recipe)
    with_it = run(recipe, data, tmp_path / "with")
    assert with_it[-1].parts["projection"] < 0.6 * with_it[1].parts["projection"]
    assert with_it[-1].parts["trajectory_mm"] < with_it[0].parts["trajectory_mm"]


def test_downsampling_subset_and_actions_choose_the_data(archives: Path) -> None:
    recipe = replace(RECORDED, subset=0.1, downsample=2, actions=("Eat",))
    data = open_training_data(archives, recipe)
    assert {sequence.action for sequence in data.labelled.sequences} == {"Eating"}
    assert len(data.labelled.sequences) == 20 and {len(s) for s in data.labelled.sequences} <= {4, 5}
    assert {len(s) for s in data.test.sequences} == {75}
    assert data.labelled.frame_rate == 25.0


def test_one_subject_cannot_have_two_roles(archives: Path) -> None:
    with pytest.raises(UsageError, match="subject S5 has two roles"):
        open_training_data(archives, replace(SEMI, unlabelled_subjects=("S5",), test_subjects=("S5",)))


def test_unlabelled_data_of_another_layout_is_refused(archives: Path) -> None:
    other = PoseData("clips", "coco17", "h36m17", 50.0, ())
    with pytest.raises(InputError, match="clips has coco17 keypoints"):
        open_training_data(archives, replace(SMALL, train_subjects=("S1",)), other)


def test_unlabelled_data_without_cameras_is_refused(archives: Path, tmp_path: Path) -> None:
    data = open_training_data(archives, SEMI)
    assert data.unlabelled is not None
    bare = replace(data.unlabelled, sequences=tuple(replace(s, intrinsics=None) for s in data.unlabelled.sequences))
    with pytest.raises(InputError, match="the camera of S5/Walking/0 is not known"):
        ArchiveTrainer(SEMI, replace(data, unlabelled=bare), tmp_path)


def test_a_checkpoint_of_another_recipe_is_refused(archives: Path, tmp_path: Path) -> None:
    data = open_training_data(archives, SMALL)
    run(replace(SMALL, epochs=1), data, tmp_path)
    with pytest.raises(InputError, match="it was trained with batch_size 32, not 64"):
        ArchiveTrainer(replace(SMALL, batch_size=64), data, tmp_path)
    (tmp_path / "last.pt").write_bytes((tmp_path / "last.pt").read_bytes()[:5000])
    with pytest.raises(InputError, match=r"last.pt: not a checkpoint of this recipe"):
        ArchiveTrainer(SMALL, data, tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state["optimizer"]["state"][0].pop("exp_avg"), "the optimizer's state is incomplete"),
        (lambda state: state["optimizer"]["param_groups"][0].pop("betas"), "the optimizer's state is incomplete"),
        (lambda state: state["optimizer"]["param_groups"][0].update(lr="x"), "the optimizer's state is incomplete"),
        (lambda state: state.update(random=state["random"][:9]), "not a checkpoint of this recipe"),
        (lambda state: state.update(recipe="[]"), "not a checkpoint of this recipe"),
        (lambda state: state.update(more=Path("x")), r"\(damaged, or it holds Python objects other than tensors"),
    ],
)
def test_a_checkpoint_that_was_tampered_with_is_refused(
    archives: Path, tmp_path: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    data = open_training_data(archives, SMALL)
    run(replace(SMALL, epochs=1), data, tmp_path)
    state = torch.load(tmp_path / "last.pt", weights_only=True)
    change(state)
    torch.save(state, tmp_path / "last.pt")
    with pytest.raises(InputError, match=message) as caught:
        ArchiveTrainer(SMALL, data, tmp_path)
    assert "\n" not in str(caught.value)


def test_without_a_test_nothing_is_measured(archives: Path, tmp_path: Path) -> None:
    data = open_training_data(archives, SMALL)
    log = ArchiveTrainer(SMALL, data, tmp_path).run_epoch(test=False)
    assert log.valid_mm is None and np.isfinite(log.train_mm)
    assert (tmp_path / "best.safetensors").exists()


def test_a_longer_network_starts_where_a_shorter_one_ended(archives: Path, tmp_path: Path) -> None:
    recipe = replace(SMALL, epochs=2)
    data = open_training_data(archives, recipe)
    shorter = run(recipe, data, tmp_path / "short")
    best = tmp_path / "short" / "best.safetensors"
    longer = replace(
        recipe, filter_widths=(3, 3, 3), start=str(best), learning_rate=1e-9, dropout=0.0, momentum_start=1e-9
    )
    (tmp_path / "long").mkdir()
    log = ArchiveTrainer(longer, data, tmp_path / "long").run_epoch()
    assert log.valid_mm == pytest.approx(min(e.valid_mm for e in shorter if e.valid_mm is not None), rel=2e-3)
    with pytest.raises(InputError, match="cannot start from wild-27"):
        ArchiveTrainer(replace(longer, start="wild-27"), data, tmp_path / "other")


def test_training_that_diverges_stops_and_keeps_its_checkpoint(archives: Path, tmp_path: Path) -> None:
    recipe = replace(SMALL, learning_rate=1e30)
    trainer = ArchiveTrainer(recipe, open_training_data(archives, recipe), tmp_path)
    with pytest.raises(InputError, match=r"training has diverged\. Choose a smaller --learning-rate"):
        for _ in range(recipe.epochs):
            trainer.run_epoch()
    for line in lines(tmp_path) if (tmp_path / "log.jsonl").exists() else []:
        assert np.isfinite(line["train_mm"])
