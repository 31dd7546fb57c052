"""How far joint angles of lifted motion are from those of the true joints, on the fixed validation views.

    python benchmarks/angles.py --json benchmarks/results/angles.json

66 virtual views of two subjects the shipped lifter was not trained on (running, martial arts), 25 to 60 frames/s, with
detector-like noise and clean. Both sides go through the same formulas, in the camera's axes: this is what lifting adds.
For each angle, left and right together, over the frames in which both are defined: mean absolute error in degrees
(`mean_degrees`), its median (`median_degrees`), mean signed error (`bias_degrees`); and of the frames in which the true
angle is defined, the share in which the lifted one is too (`defined`).
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from writing import write_results

from videopose.assets import DEFAULT_LIFTER
from videopose.kinematics import ANGLES, joint_angles
from videopose.lift import Lifter, resolve_lifter
from videopose.train.datasets import ViewFolder
from videopose.train.evaluate import lift_sequence
from videopose.types import Motion
from videopose.world import CAMERA_WORLD

VIEWS = Path(__file__).resolve().parents[2] / "shared" / "mocap" / "validation_views"


def angles(joints: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    nowhere = np.full((len(joints), 3), np.nan, np.float32)
    motion = Motion(1, np.arange(len(joints)), time_s, joints.astype(np.float32), nowhere)
    return joint_angles(motion, CAMERA_WORLD)


def measure(lifter: Lifter, clean: bool) -> dict[str, dict[str, float]]:
    lifted, true = [], []
    for view in ViewFolder(VIEWS, clean=clean):
        lifted.append(angles(lift_sequence(lifter, view), view.time_s))
        true.append(angles(view.target, view.time_s))
    found, truth = np.concatenate(lifted), np.concatenate(true)
    error = (found - truth + 180) % 360 - 180
    table = {}
    for name in dict.fromkeys(angle.name.removeprefix("left_").removeprefix("right_") for angle in ANGLES):
        columns = [i for i, angle in enumerate(ANGLES) if angle.name in (name, f"left_{name}", f"right_{name}")]
        errors = error[:, columns]
        off = errors[np.isfinite(errors)]
        table[name] = {
            "mean_degrees": round(float(np.mean(np.abs(off))), 2),
            "median_degrees": round(float(np.median(np.abs(off))), 2),
            "bias_degrees": round(float(np.mean(off)), 2),
            "defined": round(float(np.isfinite(found[:, columns])[np.isfinite(truth[:, columns])].mean()), 3),
        }
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    parser.add_argument("--lifter", default=DEFAULT_LIFTER, help="name or file of the weights")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if not VIEWS.is_dir():
        sys.exit(f"{VIEWS} is missing: put the shared folder beside the checkout")
    torch.set_num_threads(arguments.threads)
    lifter = Lifter(resolve_lifter(arguments.lifter), precision="float32")
    results: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d"), "torch": torch.__version__},
        "lifter": lifter.provenance(),
        "noisy": measure(lifter, clean=False),
        "clean": measure(lifter, clean=True),
    }
    write_results(results, arguments.json)


if __name__ == "__main__":
    main()
