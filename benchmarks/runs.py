"""Training runs that benchmarks compare: each goes on where it was stopped, and ends with the paper's protocols."""

import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from videopose.train.archive_data import TrainingData, open_training_data
from videopose.train.archive_loop import ArchiveTrainer
from videopose.train.archive_recipe import ArchiveRecipe
from videopose.train.protocol import evaluate_poses

MEASURES = ("mpjpe_mm", "p_mpjpe_mm", "n_mpjpe_mm", "mpjve_mm", "acceleration_mm")


def machine(threads: int) -> dict[str, Any]:
    """Where and when it was measured."""
    return {
        "cores": os.cpu_count(),
        "threads": threads,
        "date": time.strftime("%Y-%m-%d"),
        "torch": torch.__version__,
    }


def train_and_evaluate(recipe: ArchiveRecipe, folder: Path, run: Path) -> dict[str, Any]:
    """Train (or go on) to the end, and judge the last weights as the paper does.

    Args:
        recipe: what to do.
        folder: with the archives.
        run: folder of the run; one that is through is only read.

    Returns:
        JSON-able: `recipe`, `epochs` (the lines of the log), `result` (averages over actions, by action and subject).
    """
    report = run / "result.json"
    if report.exists():
        known: dict[str, Any] = json.loads(report.read_text("utf-8"))
        return known
    run.mkdir(parents=True, exist_ok=True)
    data = open_training_data(folder, recipe)
    trainer = ArchiveTrainer(recipe, data, run)
    while trainer.epoch < recipe.epochs:
        log = trainer.run_epoch()
        print(f"{run.name}: {json.dumps(log.to_json())}", flush=True)
    lines = (run / "log.jsonl").read_text("utf-8").splitlines()
    found = {
        "recipe": asdict(recipe),
        "epochs": [json.loads(line) for line in lines],
        "result": judged(trainer, data),
    }
    report.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return found


def judged(trainer: ArchiveTrainer, data: TrainingData) -> dict[str, Any]:
    """The last weights by the paper's protocols, with the mirrored input averaged in."""
    return evaluate_poses(trainer.model, data.test).to_json(True, MEASURES)
