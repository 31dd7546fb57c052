"""Training on archives: the paper's supervised training, and back-projection of unlabelled data beside it."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from videopose.errors import InputError
from videopose.files import atomic_path
from videopose.lift import LifterInfo, resolve_lifter, save_lifter_weights
from videopose.lift.model import TemporalModel
from videopose.skeletons import SKELETONS
from videopose.train.archive_data import TrainingData
from videopose.train.archive_recipe import ArchiveRecipe
from videopose.train.archive_step import LOSSES, Step
from videopose.train.checkpoints import load_optimizer, read_state, refusing
from videopose.train.distributed import add_up, rank, world_size
from videopose.train.growing import grow
from videopose.train.protocol import mean_error_mm
from videopose.train.run_log import append_epoch, keep_epochs
from videopose.train.windows import Shuffle

CHECKPOINT_S = 600.0
"""Seconds after which a checkpoint is left in the middle of an epoch, by default."""


@dataclass(frozen=True, slots=True)
class ArchiveEpoch:
    """One line of `log.jsonl`."""

    epoch: int
    """From 1."""
    train_mm: float
    """Mean position error of the labelled examples, network in training mode."""
    valid_mm: float | None
    """Mean over frames of the test subjects, not mirrored; None where a test was not wanted."""
    learning_rate: float
    momentum: float
    """BatchNorm's, in this epoch."""
    seconds: float
    """Of training alone."""
    examples_per_s: float
    """Answered frames, labelled and unlabelled."""
    parts: dict[str, float] = field(default_factory=dict)
    """Means of what back-projection adds: `trajectory_mm` (weighted), `projection` (screen coordinates), `bone_mm`."""

    def to_json(self) -> dict[str, float | None]:
        """One flat object."""
        values: dict[str, Any] = asdict(self)
        parts: dict[str, float] = values.pop("parts")
        return values | parts


class ArchiveTrainer:
    """Runs a recipe; goes on from its last checkpoint exactly."""

    def __init__(
        self,
        recipe: ArchiveRecipe,
        data: TrainingData,
        run: Path,
        device: torch.device | str = "cpu",
        checkpoint_s: float = CHECKPOINT_S,
    ) -> None:
        """Set up, going on from `run/last.pt` when it exists.

        Args:
            recipe: what to do.
            data: of this recipe.
            run: folder for checkpoint, weights and log.
            device: where to train; of each process its own.
            checkpoint_s: seconds after which a checkpoint is left in the middle of an epoch.

        Raises:
            InputError: the checkpoint is broken or of another recipe, or the data lacks what the recipe needs.
        """
        self.recipe = recipe
        self.data = data
        self.run = run
        self.device = torch.device(device)
        self.checkpoint_s = checkpoint_s
        torch.manual_seed(recipe.seed)
        labelled = data.labelled
        features = 2 * len(SKELETONS[labelled.layout_in])
        shape = (recipe.filter_widths, recipe.channels, recipe.dropout, recipe.causal, recipe.dense)
        model = TemporalModel(features, len(SKELETONS[labelled.layout_out]), *shape)
        # A run that goes on has its weights already; what it started from may be gone.
        if recipe.start and not (run / "last.pt").exists():
            model = _started(model, recipe, data)
        self.model = model.to(self.device)
        self.trajectory = TemporalModel(features, 1, *shape).to(self.device) if data.unlabelled is not None else None
        self.step = Step(recipe, data, self.model, self.trajectory, self.device)
        examples = self.step.examples
        self.batch = max(1, recipe.batch_size // recipe.stride)
        """Examples of a step, of all processes."""
        self.steps = recipe.steps_per_epoch or math.ceil(len(examples.labelled) / self.batch)
        self._order = Shuffle(len(examples.labelled), recipe.seed)
        # Unlabelled data goes round by itself, in an order of its own.
        others = examples.unlabelled
        self._other_order = None if others is None else Shuffle(len(others), recipe.seed + 1)
        self.epoch = 0
        self.best_mm = math.inf
        self._step_in_epoch = 0
        self._seconds = 0.0
        self._sums = torch.zeros(1 + len(LOSSES), dtype=torch.float64, device=self.device)
        if (run / "last.pt").exists():
            self._resume(run / "last.pt")
        if rank() == 0:
            keep_epochs(run / "log.jsonl", self.epoch)

    @property
    def running_mm(self) -> float:
        """Mean position error of the epoch so far, of this process's examples; waits for the device."""
        count, position = self._sums[:2].tolist()
        return 1000 * position / count if count else math.nan

    @property
    def learning_rate(self) -> float:
        """Of the current epoch."""
        return self.recipe.learning_rate * self.recipe.learning_rate_decay**self.epoch

    @property
    def momentum(self) -> float:
        """Of the current epoch: falls exponentially, and reaches its end after the last."""
        recipe = self.recipe
        fall = math.log(recipe.momentum_end / recipe.momentum_start)
        return recipe.momentum_start * math.exp(fall * self.epoch / recipe.epochs)

    def run_epoch(self, report: Callable[[int], None] | None = None, test: bool = True) -> ArchiveEpoch:
        """Train to the end of the epoch and leave a checkpoint.

        Args:
            report: called with the steps done in this epoch.
            test: measure the test subjects too.

        Raises:
            InputError: training diverged; the last checkpoint stays.
            OutputError: a file cannot be written.
        """
        begin = saved = time.perf_counter()
        already = self._seconds
        self.step.begin_epoch(self.learning_rate, self.momentum, self.epoch >= self.recipe.warmup_epochs)
        while self._step_in_epoch < self.steps:
            self._sums += self._one_step()
            self._step_in_epoch += 1
            if report:
                report(self._step_in_epoch)
            now = time.perf_counter()
            if now - saved > self.checkpoint_s and self._step_in_epoch < self.steps:
                self._seconds = already + now - begin
                self._save()
                saved = now
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        seconds = already + time.perf_counter() - begin
        return self._end_epoch(seconds, test)

    def _one_step(self) -> Tensor:
        """What `Step` returns, of the next examples."""
        step = self.epoch * self.steps + self._step_in_epoch
        if self.recipe.steps_per_epoch:
            chosen = self._order.slice(step * self.batch, self.batch)
        else:
            first = self._step_in_epoch * self.batch
            chosen = self._order.order(self.epoch)[first : first + self.batch]
        if self._other_order is None:
            return self.step(chosen)
        return self.step(chosen, self._other_order.slice(step * self.batch, len(chosen)))

    def _end_epoch(self, seconds: float, test: bool) -> ArchiveEpoch:
        rate, momentum = self.learning_rate, self.momentum
        add_up(self._sums)
        count, *losses = self._sums.tolist()
        if not math.isfinite(sum(losses)):
            raise InputError(
                f"{self.recipe.name}: the loss is no number any more in epoch {self.epoch + 1}, training has diverged. "
                "Choose a smaller --learning-rate."
            )
        mean = dict(zip(LOSSES, (loss / count for loss in losses), strict=True))
        parts = {
            "trajectory_mm": 1000 * mean["trajectory"],
            "projection": mean["projection"],
            "bone_mm": 1000 * mean["bone"],
        }
        valid = mean_error_mm(self.model, self.data.test, str(self.device)) if test else None
        answers = count * self.recipe.stride * (1 if self.trajectory is None else 2)
        self.epoch += 1
        log = ArchiveEpoch(
            self.epoch, 1000 * mean["position"], valid, rate, momentum, seconds, answers / seconds,
            {} if self.trajectory is None else parts,
        )  # fmt: skip
        self._step_in_epoch, self._seconds = 0, 0.0
        self._sums.zero_()
        if rank() == 0:
            self._leave(log)
        return log

    def _leave(self, log: ArchiveEpoch) -> None:
        """Leave weights, log line and checkpoint, in this order: the checkpoint ends the epoch, see `loop.Trainer`."""
        judged = log.train_mm if log.valid_mm is None else log.valid_mm
        if judged < self.best_mm:
            self.best_mm = judged
            self.export(self.run / "best.safetensors")
        append_epoch(self.run / "log.jsonl", log.to_json())
        self._save()

    def _save(self) -> None:
        if rank() != 0:
            return
        state: dict[str, Any] = {
            "recipe": json.dumps(asdict(self.recipe)),
            "examples": self._example_counts(),
            "epoch": self.epoch,
            "step_in_epoch": self._step_in_epoch,
            "seconds": self._seconds,
            "sums": self._sums,
            "best_mm": self.best_mm,
            "model_pos": self.model.state_dict(),
            "model_traj": self.trajectory.state_dict() if self.trajectory else None,
            "optimizer": self.step.optimizer.state_dict(),
            "random": torch.get_rng_state(),
        }
        if self.device.type == "cuda":
            state["random_cuda"] = torch.cuda.get_rng_state(self.device)
        with atomic_path(self.run / "last.pt") as temporary:
            torch.save(state, temporary)

    def _example_counts(self) -> list[int]:
        """Of labelled and unlabelled ones; other data has other numbers."""
        examples = self.step.examples
        return [len(windows) for windows in (examples.labelled, examples.unlabelled) if windows is not None]

    def _resume(self, path: Path) -> None:
        with refusing(path):
            state = read_state(path, self.device)
            before, now = json.loads(state["recipe"]), json.loads(json.dumps(asdict(self.recipe)))
            if state["examples"] != self._example_counts():
                raise ValueError(f"it was trained on {state['examples']} examples, not {self._example_counts()}")
            changed = sorted(key for key in now if before.get(key) != now[key] and key not in _MAY_CHANGE)
            if changed:
                raise ValueError(f"it was trained with {changed[0]} {before.get(changed[0])}, not {now[changed[0]]}")
            self._load(state)

    def _load(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model_pos"])
        if self.trajectory:
            self.trajectory.load_state_dict(state["model_traj"])
        load_optimizer(self.step.optimizer, state["optimizer"])
        self.epoch, self._step_in_epoch = int(state["epoch"]), int(state["step_in_epoch"])
        self._seconds, self.best_mm = float(state["seconds"]), float(state["best_mm"])
        # Sums are of all processes' examples only at the end of an epoch; the first one's stand for all till then.
        self._sums = state["sums"] * (1.0 if rank() == 0 or world_size() == 1 else 0.0)
        torch.set_rng_state(state["random"].cpu())
        if self.device.type == "cuda" and "random_cuda" in state:
            torch.cuda.set_rng_state(state["random_cuda"].cpu(), self.device)

    def export(self, path: Path) -> None:
        """Write the pose network's weights in half precision, with what a user of them must know."""
        labelled = self.data.labelled
        info = LifterInfo(
            self.recipe.name, labelled.layout_in, labelled.layout_out, "screen", labelled.frame_rate
        )  # fmt: skip
        save_lifter_weights(path, self.model, info)


def _started(model: TemporalModel, recipe: ArchiveRecipe, data: TrainingData) -> TemporalModel:
    """`model` with the weights that the recipe starts from, grown to its length."""
    weights = resolve_lifter(recipe.start, causal=recipe.causal, dense=recipe.dense)
    start, info = weights.model, weights.info
    known = (info.layout_in, info.layout_out, info.normalisation, start.channels, start.causal, start.dense)
    wanted = (
        data.labelled.layout_in, data.labelled.layout_out, "screen", model.channels, model.causal, model.dense,
    )  # fmt: skip
    fits = start.filter_widths == model.filter_widths[: len(start.filter_widths)]
    if known != wanted or not fits or (model.dense and start.filter_widths != model.filter_widths):
        raise InputError(
            f"{recipe.name}: cannot start from {recipe.start} ({info.layout_in} to {info.layout_out}, normalised by "
            f"{info.normalisation}, {start.channels} channels, filter widths {list(start.filter_widths)}). Give "
            f"weights from {wanted[0]} to {wanted[1]} of {model.channels} channels that this network extends."
        )
    start.dropout.p = model.dropout.p
    return grow(start, model.filter_widths)


_MAY_CHANGE = ("epochs", "fast", "expected_error_mm", "start")
"""Keys of a recipe that a run may go on with changed; it has the weights that it started from."""
