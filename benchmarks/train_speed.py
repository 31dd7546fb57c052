"""How fast training is against the way the reference program trains, in one run on the same machine.

    python benchmarks/train_speed.py --json benchmarks/results

The reference way: an example a frame, cut out and padded with NumPy on the host for each batch, the strided network of
Conv1d, BatchNorm1d and Dropout modules, Adam with amsgrad, float32. Ours: sequences on the device, one gather a batch,
matrix products, fused passes, bfloat16 where the processor multiplies it natively. 243 frames, 1024 channels, 17
joints, batches of 256 and of the paper's 1024, mirrored examples, dropout 0.25. On a GPU (--device
cuda) also a whole epoch of Human3.6M's size.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from runs import machine

from videopose.data.poses import PoseData, PoseSequence
from videopose.lift.model import TemporalModel
from videopose.precision import choose_precision
from videopose.train.archive_data import TrainingData
from videopose.train.archive_recipe import ArchiveRecipe
from videopose.train.archive_step import Step
from videopose.train.windows import Shuffle

WIDTHS = (3, 3, 3, 3, 3)
HUMAN36M_FRAMES = 1_559_752
"""Training frames of Human3.6M, four cameras."""


def movement(sequences: int, frames: int) -> PoseData:
    """Random numbers in the form of the data: speed does not depend on them."""
    rng = np.random.default_rng(0)

    def one(number: int) -> PoseSequence:
        keypoints = rng.normal(size=(frames, 17, 2)).astype(np.float32)
        joints = rng.normal(size=(frames, 17, 3)).astype(np.float32)
        return PoseSequence("S1", f"Walk {number}", 0, keypoints, (1000, 1000), joints - joints[:, :1])

    return PoseData("made", "h36m17", "h36m17", 50.0, tuple(one(number) for number in range(sequences)))


def reference_way(data: PoseData, batch: int, device: torch.device) -> Callable[[], None]:
    """A step as the reference program does it."""
    model = TemporalModel(34, 17, WIDTHS, 1024, 0.25).to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, amsgrad=True)
    field = model.receptive_field
    pad = field // 2
    rng = np.random.default_rng(1)
    mirror = [0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]

    def step() -> None:
        inputs = np.empty((batch, field, 17, 2), np.float32)
        targets = np.empty((batch, 1, 17, 3), np.float32)
        for row in range(batch):
            sequence = data.sequences[rng.integers(len(data.sequences))]
            assert sequence.joints is not None
            frame = int(rng.integers(len(sequence)))
            low, high = max(0, frame - pad), min(len(sequence), frame + pad + 1)
            edges = (low - (frame - pad), frame + pad + 1 - high)
            inputs[row] = np.pad(sequence.keypoints[low:high], (edges, (0, 0), (0, 0)), "edge")
            targets[row] = sequence.joints[frame]
            if rng.integers(2):
                inputs[row, :, :, 0] *= -1
                inputs[row] = inputs[row][:, mirror]
                targets[row, :, :, 0] *= -1
                targets[row] = targets[row][:, mirror]
        predicted = model(torch.from_numpy(inputs).to(device).flatten(2), field)
        loss = (predicted - torch.from_numpy(targets).to(device)).norm(dim=-1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def our_way(data: PoseData, batch: int, device: torch.device, precision: str) -> Callable[[], None]:
    """A step of `videopose train`."""
    torch.manual_seed(0)
    recipe = ArchiveRecipe("speed", batch_size=batch, precision=precision)
    model = TemporalModel(34, 17, WIDTHS, 1024, 0.25).to(device)
    step = Step(recipe, TrainingData(data, data), model, None, device)
    step.begin_epoch(1e-3, 0.1, False)
    order = Shuffle(len(step.examples.labelled), 1)
    done = 0

    def one() -> None:
        nonlocal done
        step(order.slice(done * batch, batch))
        done += 1

    return one


def timed(ways: dict[str, Callable[[], None]], repeats: int, device: torch.device) -> dict[str, list[float]]:
    """Seconds of steps, the ways in turns so that a slower moment of the machine strikes all."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    warm_up = 5 if device.type == "cuda" else 1
    for repeat in range(repeats + warm_up):
        for name, step in ways.items():
            begin = time.perf_counter()
            step()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if repeat >= warm_up:
                seconds[name].append(time.perf_counter() - begin)
    return seconds


def whole_epoch(device: torch.device) -> dict[str, Any]:
    """A mirrored epoch of Human3.6M's size, on a GPU."""
    data = movement(HUMAN36M_FRAMES // 2600, 2600)
    step = our_way(data, 1024, device, "auto")
    steps = 2 * len(data) // 1024
    for _ in range(5):
        step()
    torch.cuda.synchronize()
    begin = time.perf_counter()
    for _ in range(steps):
        step()
    torch.cuda.synchronize()
    return {"frames": len(data), "mirrored": True, "steps": steps, "seconds": time.perf_counter() - begin}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, nargs="+", default=[256, 1024], help="examples a step")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FOLDER", help="write train_speed.json there")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    data = movement(100, 1000)
    ours = ["float32"]
    if (rounded := choose_precision("auto", device, 1024)) != torch.float32:
        ours.append(str(rounded).removeprefix("torch."))
    results: dict[str, Any] = {
        "machine": machine(arguments.threads) | {"device": arguments.device, "load": list(os.getloadavg())},
        "batches": {},
    }
    for batch in arguments.batch:
        ways = {"reference": reference_way(data, batch, device)}
        ways |= {name: our_way(data, batch, device, name) for name in ours}
        seconds = timed(ways, arguments.repeats, device)
        medians = {name: statistics.median(values) for name, values in seconds.items()}
        results["batches"][str(batch)] = {
            "examples_per_s": {name: batch / median for name, median in medians.items()},
            "ratio": {name: medians["reference"] / median for name, median in medians.items()},
            "seconds": seconds,
        }
        print(
            batch, results["batches"][str(batch)]["examples_per_s"], results["batches"][str(batch)]["ratio"], flush=True
        )
    if device.type == "cuda":
        results["epoch"] = whole_epoch(device)
    if arguments.json:
        name = "train_speed.json" if device.type == "cpu" else "train_speed_gpu.json"
        (arguments.json / name).write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
