"""How fast the lifter's network runs, and what rounding costs: against a plain PyTorch `Conv1d` forward pass.

    python benchmarks/lift.py --json benchmarks/results/lift.json

All sides lift the same frames in turn, in the same process with the same threads; ratios are taken within each round,
so that other load on the machine falls on all of them alike. One sequence at a time (N = 1) and the pair of test-time
augmentation (N = 2). Weights: the lifter that is given or shipped, and 243-frame networks of 512 and 1024 channels with
random weights (speed does not depend on them).

What bfloat16 costs in millimetres is measured with the given lifter on the keypoints of real motion in
../shared/mocap/validation_views: random weights would not tell, as theirs do not add up to a body.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from videopose.assets import DEFAULT_LIFTER
from videopose.errors import VideoposeError
from videopose.lift import Lifter, LifterWeights, resolve_lifter
from videopose.lift.fast import FastModel
from videopose.lift.model import TemporalModel
from videopose.precision import has_fast_bfloat16

VIEWS = Path(__file__).resolve().parents[2] / "shared" / "mocap" / "validation_views"


def movement(sequences: int, frames: int, features: int, seed: int = 0) -> Tensor:
    """(N, T, F) float32: every coordinate a sum of slow and fast swings, about as large as normalised keypoints."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(frames)[:, None] / 30.0
    total = np.zeros((sequences, frames, features))
    for strength, frequency_hz in ((1.0, 0.2), (0.5, 1.0), (0.2, 3.0)):
        phase = rng.uniform(0, 2 * np.pi, (sequences, 1, features))
        rate = frequency_hz * rng.uniform(0.5, 1.5, (sequences, 1, features))
        total += strength * rng.normal(size=(sequences, 1, features)) * np.sin(2 * np.pi * rate * time_s + phase)
    return torch.from_numpy(total.astype(np.float32))


def trained_like(channels: int, seed: int = 0) -> TemporalModel:
    """A 243-frame network with random weights whose BatchNorm statistics are those of its input."""
    torch.manual_seed(seed)
    model = TemporalModel(34, 17, (3, 3, 3, 3, 3), channels=channels, dropout=0.0)
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm1d)]
    with torch.no_grad():
        for norm in norms:
            norm.weight.uniform_(0.3, 1.2)
            norm.bias.normal_(0.0, 0.3)
            norm.momentum = None
        inputs = movement(4, 600, 34, seed=1)
        model.train()(inputs)
        model.eval()
        size = model(inputs).norm(dim=-1).mean()
        model.shrink.weight *= 0.3 / size
        if model.shrink.bias is not None:
            model.shrink.bias *= 0.3 / size
    return model


def time_all(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of every run in every round, after one round to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repeats + 1):
        for name, run in runs.items():
            begin = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - begin)
    return seconds


def quartiles(values: list[float]) -> dict[str, float]:
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return {"median": round(middle, 3), "lower_quartile": round(low, 3), "upper_quartile": round(high, 3)}


@torch.inference_mode()
def measure(model: TemporalModel, frames: int, repeats: int, rounded: bool) -> list[dict[str, Any]]:
    """Speed and distance for one network: one row for each number of sequences."""
    engines = {"float32": FastModel(model)}
    if rounded:
        engines["bfloat16"] = FastModel(model, torch.bfloat16)
    rows = []
    for sequences in (1, 2):
        inputs = movement(sequences, frames + model.receptive_field - 1, model.in_features)
        reference = model(inputs)
        runs: dict[str, Callable[[], object]] = {"conv1d": partial(model, inputs)}
        runs |= {name: partial(engine, inputs) for name, engine in engines.items()}
        seconds = time_all(runs, repeats)
        row: dict[str, Any] = {"sequences": sequences, "frames": frames}
        for name in runs:
            row[name] = {"frames_per_s": quartiles([sequences * frames / s for s in seconds[name]])}
            if name in engines:
                row[name]["speed_up"] = quartiles(
                    [a / b for a, b in zip(seconds["conv1d"], seconds[name], strict=True)]
                )
            if name == "float32":
                row[name]["distance_mm"] = distances((engines[name](inputs) - reference).numpy())
        rows.append(row)
    return rows


def distances(difference: np.ndarray) -> dict[str, float]:
    """Mean and largest length of (..., 3) differences in metres, millimetres, three digits."""
    distance_mm = 1000.0 * np.linalg.norm(difference, axis=-1)
    return {"mean": float(f"{distance_mm.mean():.3g}"), "max": float(f"{distance_mm.max():.3g}")}


def rounding(weights: LifterWeights, views: Path) -> dict[str, Any]:
    """What bfloat16 changes in the joints of real motion, with and without test-time augmentation."""
    found: dict[str, Any] = {}
    for tta in (True, False):
        exact, rounded = (Lifter(weights, precision=p, tta=tta) for p in ("float32", "bfloat16"))
        difference = []
        for view in sorted(views.glob("*.npz")):
            with np.load(view) as content:
                size = (int(content["image_size"][0]), int(content["image_size"][1]))
                arguments = (content["keypoints_2d"][0], content["time_s"], size, float(content["focal_px"]))
            difference.append(rounded.lift(*arguments) - exact.lift(*arguments))
        joined = np.concatenate(difference)
        found["with augmentation" if tta else "without"] = {"frames": len(joined), "distance_mm": distances(joined)}
    return found


def machine(threads: int) -> dict[str, Any]:
    """What it ran on."""
    cpu = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line.split(":", 1)[1].strip() for line in information.read_text().splitlines() if "model name" in line]
        cpu = names[0] if names else cpu
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "threads": threads,
        "fast_bfloat16": has_fast_bfloat16(),
        "load_at_start": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": platform.platform(),
    }


def main() -> int:
    """Run and print; write JSON where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--lifter", default=DEFAULT_LIFTER, help="name or file of the weights (default: %(default)s)")
    parser.add_argument("--channels", type=int, nargs="*", default=[512, 1024], help="random networks to measure")
    parser.add_argument("--frames", type=int, default=2048, help="frames of each sequence (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=9, help="rounds (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default: %(default)s)")
    parser.add_argument("--views", type=Path, default=VIEWS, help="NPZ files with keypoints (default: %(default)s)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    results: dict[str, Any] = {"machine": machine(options.threads), "networks": {}}
    models: dict[str, TemporalModel] = {}
    try:
        weights = resolve_lifter(options.lifter)
        models[options.lifter] = weights.model
        if options.views.is_dir() and weights.info.layout_in == "coco17":
            results["bfloat16 against float32"] = {options.lifter: rounding(weights, options.views)}
            print("bfloat16 against float32:", results["bfloat16 against float32"])
    except VideoposeError as error:
        print(f"{error} Measuring random weights alone.", file=sys.stderr)
    models |= {f"random, {channels} channels": trained_like(channels) for channels in options.channels}
    for name, model in models.items():
        rows = measure(model, options.frames, options.repeats, rounded=has_fast_bfloat16())
        results["networks"][name] = {
            "channels": model.channels,
            "receptive_field": model.receptive_field,
            "measurements": rows,
        }
        for row in rows:
            print(f"{name}, {model.receptive_field} frames, N = {row['sequences']}:")
            for engine in ("conv1d", "float32", "bfloat16"):
                if engine in row:
                    part = row[engine]
                    text = f"  {engine:9} {part['frames_per_s']['median']:9.0f} frames/s"
                    if "speed_up" in part:
                        text += f", {part['speed_up']['median']:.2f} times"
                    if "distance_mm" in part:
                        text += f", distance {part['distance_mm']} mm"
                    print(text)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
