"""How far lifted motion is from the truth on the fixed validation views, raw and smoothed, and where the root is.

    python benchmarks/validation_views.py --json benchmarks/results/validation_views.json

66 virtual views of two subjects the shipped lifter was not trained on (running, martial arts), 25 to 60 frames/s, with
detector-like noise and clean, the cameras' focal lengths known. Numbers are means over frames: MPJPE, P-MPJPE (mm),
acceleration error (mm/frame^2) of the joints, and the distance of the root in mm.
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
from videopose.lift import Lifter, resolve_lifter, solve_root
from videopose.train.datasets import ViewFolder
from videopose.train.evaluate import Errors, frame_errors, lift_sequence

VIEWS = Path(__file__).resolve().parents[2] / "shared" / "mocap" / "validation_views"


def measure(lifter: Lifter, clean: bool) -> dict[str, Any]:
    """Errors of one kind of keypoints, averaged over the frames of all views."""
    rows: dict[str, list[dict[str, float | None]]] = {"raw": [], "smoothed": []}
    roots, frames = [], []
    for view in ViewFolder(VIEWS, clean=clean):
        raw = lift_sequence(lifter, view, smooth=False)
        smoothed = lift_sequence(lifter, view)
        for kind, joints in (("raw", raw), ("smoothed", smoothed)):
            rows[kind].append(Errors(*np.nanmean(frame_errors(joints, view.target), axis=0)).to_json())
        assert view.root is not None
        root = solve_root(view.keypoints, smoothed, view.time_s, view.image_size, view.focal_px).root
        # The size of a person cannot be seen: the depth is judged up to one factor per view.
        scale = float(np.nansum(root * view.root) / np.nansum(root * root))
        roots.append(1000 * float(np.nanmean(np.linalg.norm(scale * root - view.root, axis=-1))))
        frames.append(len(view.time_s))
    means = {
        kind: {name: round(float(np.average([row[name] for row in ones], weights=frames)), 2) for name in ones[0]}
        for kind, ones in rows.items()
    }
    return {**means, "scaled_root_mm": round(float(np.average(roots, weights=frames)), 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    parser.add_argument("--lifter", default=DEFAULT_LIFTER, help="name or file of the weights")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if not VIEWS.is_dir():
        sys.exit(f"{VIEWS} is missing: put the shared folder beside the checkout")
    torch.set_num_threads(arguments.threads)
    lifter = Lifter(resolve_lifter(arguments.lifter), precision="float32")
    results = {
        "machine": {"cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d"), "torch": torch.__version__},
        "lifter": lifter.provenance(),
        "noisy": measure(lifter, clean=False),
        "clean": measure(lifter, clean=True),
    }
    write_results(results, arguments.json)


if __name__ == "__main__":
    main()
