"""Training a lifter on synthetic views of motion capture."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from videopose.data.mocap import Clip
from videopose.data.views import ViewBatch, ViewSampler
from videopose.errors import InputError
from videopose.files import atomic_path
from videopose.lift import LifterInfo, resolve_lifter, save_lifter_weights
from videopose.lift.model import TemporalModel
from videopose.skeletons import COCO17, H36M17
from videopose.train.checkpoints import load_optimizer, read_state, refusing
from videopose.train.growing import grow
from videopose.train.metrics import acceleration_error, mpjpe, p_mpjpe
from videopose.train.muon import Muon
from videopose.train.recipe import Recipe, Stage
from videopose.train.run_log import append_epoch, keep_epochs

VALIDATION_SEQUENCES = 256
VALIDATION_FRAMES = 64
_VALIDATION_SEED = 20
FALLING_SHARE = 0.3
"""Part of a stage over which the learning rate falls: until then more epochs can be added to it."""


@dataclass(frozen=True, slots=True)
class EpochLog:
    """One line of `log.jsonl`."""

    epoch: int
    """Counts on over the stages, from 1."""
    stage: int
    train_mm: float
    """Mean per-joint position error on the training views, network in training mode."""
    valid_mm: float
    """The same on fixed views of the validation subjects, averaged weights."""
    valid_p_mpjpe_mm: float
    valid_acceleration_mm: float
    """Millimetres per frame^2 at the lifter's rate."""
    learning_rate: float
    seconds: float
    examples_per_s: float
    """Answered frames."""


def lifting_loss(predicted: Tensor, batch: ViewBatch, velocity_weight: float) -> tuple[Tensor, Tensor]:
    """Position error plus weighted velocity error over the valid frames, and the position error alone, metres."""
    difference = predicted - batch.targets
    valid = batch.valid.float()
    position = (difference.norm(dim=-1).mean(-1) * valid).sum() / valid.sum().clamp(min=1)
    both = valid[:, 1:] * valid[:, :-1]
    velocity = difference[:, 1:] - difference[:, :-1]
    speed = (velocity.norm(dim=-1).mean(-1) * both).sum() / both.sum().clamp(min=1)
    return position + velocity_weight * speed, position


class Trainer:
    """Runs the stages of a recipe; every epoch leaves a checkpoint from which it goes on exactly."""

    def __init__(self, recipe: Recipe, clips: list[Clip], run: Path, device: str = "cpu") -> None:
        """Set up, going on from `run/last.pt` when it exists.

        Raises:
            InputError: the validation subjects are not in the data, or nothing is left to train on.
        """
        self.recipe = recipe
        self.run = run
        self.device = torch.device(device)
        self.training = [c for c in clips if c.subject not in recipe.validation_subjects]
        self.validation = [c for c in clips if c.subject in recipe.validation_subjects]
        if not self.training or not self.validation:
            subjects = ", ".join(sorted({c.subject for c in clips}))
            raise InputError(
                f"{recipe.name}: the archive holds subjects {subjects}; training and validation need some each."
            )
        torch.manual_seed(recipe.seed)
        self.stage = 0
        self.epoch_in_stage = 0
        self.epoch = 0
        self.best_mm = math.inf
        self.model = self._fresh(recipe.stages[0])
        self._begin_stage()
        if (run / "last.pt").exists():
            self._resume(run / "last.pt")
        keep_epochs(run / "log.jsonl", self.epoch)

    def _fresh(self, stage: Stage) -> TemporalModel:
        recipe = self.recipe
        features = 2 * len(COCO17)
        model = TemporalModel(
            features, len(H36M17), stage.filter_widths, recipe.channels, recipe.dropout, recipe.causal
        )
        # A run that goes on has its weights already; what it started from may be gone.
        if recipe.start and not (self.run / "last.pt").exists():
            model = self._started(model, recipe.start)
        return model.to(self.device)

    def _started(self, model: TemporalModel, name: str) -> TemporalModel:
        """`model` with the weights of a trained network of at most its length; a causal one may begin from any."""
        weights = resolve_lifter(name)
        start, info = weights.model, weights.info
        if (info.layout_in, info.layout_out, info.normalisation) != (COCO17.name, H36M17.name, "person") or start.dense:
            raise InputError(
                f"{self.recipe.name}: cannot start from {name} ({info.layout_in} to {info.layout_out}, normalised by "
                f"{info.normalisation}). Give weights from {COCO17.name} to {H36M17.name}, by person, not dense."
            )
        if start.channels != model.channels or start.filter_widths != model.filter_widths[: len(start.filter_widths)]:
            raise InputError(
                f"{self.recipe.name}: cannot start from {name} ({start.channels} channels, filter widths "
                f"{list(start.filter_widths)}). Give weights of {model.channels} channels that this network extends."
            )
        start.causal = model.causal
        start.dropout.p = model.dropout.p
        return grow(start, model.filter_widths)

    def _begin_stage(self) -> None:
        stage = self.recipe.stages[self.stage]
        if self.model.filter_widths != stage.filter_widths:
            self.model = grow(self.model, stage.filter_widths).to(self.device)
        self.averaged = copy.deepcopy(self.model).eval()
        named = list(self.model.named_parameters())
        hidden = [value for name, value in named if name.startswith("layers_conv")]
        others = [value for name, value in named if not name.startswith("layers_conv")]
        rate = stage.learning_rate
        self.optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(others, rate, weight_decay=1e-4, fused=True)]
        if hidden:
            self.optimizers.append(Muon(hidden, rate))
        field = math.prod(stage.filter_widths)
        recipe = self.recipe
        self.sampler = ViewSampler(
            self.training, field, stage.sequence_frames, recipe.views, recipe.subject_weights, self.device, stage.every,
            recipe.variation, recipe.causal,
        )  # fmt: skip
        self.checker = ViewSampler(
            self.validation, field, VALIDATION_FRAMES, recipe.views, {}, self.device, causal=recipe.causal
        )

    def run_epoch(self, report: Callable[[int], None] | None = None) -> EpochLog:
        """Train one epoch and leave a checkpoint; a stage that is through is followed by the next.

        Args:
            report: called with the steps done in this epoch.

        Raises:
            IndexError: all stages are through.
        """
        if self.epoch_in_stage == self.recipe.stages[self.stage].epochs:
            # The averaged weights are the better start; they are what was judged.
            self.model = copy.deepcopy(self.averaged).train()
            self.stage += 1
            self.epoch_in_stage = 0
            self.best_mm = math.inf
            self._begin_stage()
        return self._epoch(self.recipe.stages[self.stage], report)

    def _epoch(self, stage: Stage, report: Callable[[int], None] | None) -> EpochLog:
        recipe = self.recipe
        begin = time.perf_counter()
        self.model.train()
        if stage.frozen_norms:
            for module in self.model.modules():
                if isinstance(module, nn.BatchNorm1d):
                    module.eval()
        total = 0.0
        rate = 0.0
        for step in range(recipe.steps_per_epoch):
            done = self.epoch_in_stage * recipe.steps_per_epoch + step
            rate = learning_rate(stage, recipe, done)
            for optimizer in self.optimizers:
                optimizer.param_groups[0]["lr"] = rate
            batch = self.sampler.draw(stage.batch_size)
            with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=recipe.precision == "bfloat16"):
                predicted = self.model(batch.inputs, stage.every)
            loss, position = lifting_loss(predicted.float(), batch, recipe.velocity_weight / stage.every)
            self.model.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            for optimizer in self.optimizers:
                optimizer.step()
            self._average(done)
            total += position.item()
            if report:
                report(step + 1)
        seconds = time.perf_counter() - begin
        self.epoch += 1
        self.epoch_in_stage += 1
        valid, aligned, acceleration = self.validate()
        frames = stage.batch_size * stage.sequence_frames * recipe.steps_per_epoch
        log = EpochLog(
            self.epoch, self.stage, 1000 * total / recipe.steps_per_epoch, valid, aligned, acceleration, rate, seconds,
            frames / seconds,
        )  # fmt: skip
        self._save(log)
        return log

    @torch.no_grad()
    def _average(self, step: int) -> None:
        # A short memory at first, so that the average does not drag the start along.
        decay = min(self.recipe.averaging, (step + 1) / (step + 10))
        for average, value in zip(self.averaged.state_dict().values(), self.model.state_dict().values(), strict=True):
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)

    @torch.no_grad()
    def validate(self) -> tuple[float, float, float]:
        """MPJPE, P-MPJPE (mm) and acceleration error (mm/frame^2) of the averaged weights on fixed views."""
        rows, frames = [], []
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(_VALIDATION_SEED)
            for _ in range(VALIDATION_SEQUENCES // 16):
                batch = self.checker.draw(16)
                predicted = self.averaged(batch.inputs)
                for row, target, valid in zip(predicted, batch.targets, batch.valid, strict=True):
                    a, b = row[valid].cpu().double().numpy(), target[valid].cpu().double().numpy()
                    if len(a) > 2:
                        rows.append((mpjpe(a, b), p_mpjpe(a, b), acceleration_error(a, b)))
                        frames.append(len(a))
        means = 1000 * np.average(np.array(rows), axis=0, weights=frames)
        return float(means[0]), float(means[1]), float(means[2])

    def _save(self, log: EpochLog) -> None:
        """Leave weights, log line and checkpoint, in this order.

        The checkpoint ends the epoch: killed before it is there, the epoch is trained again, to the same weights and
        the same line once more; killed after it, nothing is missing.
        """
        if log.valid_mm < self.best_mm:
            self.best_mm = log.valid_mm
            self.export(self.run / "best.safetensors")
        append_epoch(self.run / "log.jsonl", asdict(log))
        state: dict[str, Any] = {
            "stage": self.stage,
            "epoch_in_stage": self.epoch_in_stage,
            "epoch": self.epoch,
            "best_mm": self.best_mm,
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "random": torch.get_rng_state(),
        }
        if self.device.type == "cuda":
            state["random_cuda"] = torch.cuda.get_rng_state(self.device)
        with atomic_path(self.run / "last.pt") as temporary:
            torch.save(state, temporary)

    def _resume(self, path: Path) -> None:
        with refusing(path):
            self._load(read_state(path, self.device))

    def _load(self, state: dict[str, Any]) -> None:
        stage = state["stage"]
        widths = self.recipe.stages[stage].filter_widths
        self.stage, self.epoch_in_stage, self.epoch = stage, state["epoch_in_stage"], state["epoch"]
        self.best_mm = state["best_mm"]
        self.model = grow(self.model, widths).to(self.device)
        self._begin_stage()
        self.model.load_state_dict(state["model"])
        self.averaged.load_state_dict(state["averaged"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            load_optimizer(optimizer, saved)
        torch.set_rng_state(state["random"].cpu())
        if self.device.type == "cuda" and "random_cuda" in state:
            torch.cuda.set_rng_state(state["random_cuda"].cpu(), self.device)

    def export(self, path: Path) -> None:
        """Write the averaged weights in half precision, with what a user of them must know."""
        info = LifterInfo(self.recipe.name, normalisation="person", frame_rate=self.recipe.views.frame_rate)
        save_lifter_weights(path, self.averaged, info)


def learning_rate(stage: Stage, recipe: Recipe, step: int) -> float:
    """Rises linearly over the warm-up, stays, and falls linearly to 1 % over the last `FALLING_SHARE` of the stage."""
    rise = min(1.0, (step + 1) / recipe.warmup_steps)
    left = 1 - step / (stage.epochs * recipe.steps_per_epoch)
    return stage.learning_rate * rise * min(1.0, 0.01 + 0.99 * left / FALLING_SHARE)
