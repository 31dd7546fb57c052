"""How far every shipped lifter is from the truth, by action and by view: the figures of the model card.

    python benchmarks/lifters.py --json benchmarks/results --archive data/mocap.npz

On the 66 fixed validation views, and on motion capture of the same two subjects (an archive made by `videopose prepare
mocap`) before random cameras and detectors; each with a detector's errors and with exact keypoints. Leaves one file
lifter_NAME.json per lifter in the folder, and prints the line for the manifest.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch

from videopose.assets import load_manifest
from videopose.lift import Lifter, resolve_lifter
from videopose.train.datasets import open_data
from videopose.train.evaluate import evaluate

VIEWS = Path(__file__).resolve().parents[2] / "shared" / "mocap" / "validation_views"


def shipped_lifters() -> list[str]:
    """Names of the lifters whose weights are part of the package."""
    assets = load_manifest().values()
    return [a.name for a in assets if a.kind == "lifter" and any(s.kind == "package" for s in a.sources)]


def measure(lifter: Lifter, archive: Path | None) -> dict[str, Any]:
    """Evaluations by the name of the data."""
    results = {}
    for path in (VIEWS, *([archive] if archive else [])):
        for clean in (False, True):
            data = open_data(path, clean=clean)
            results[data.name] = evaluate(lifter, data).to_json(by_subject=True, by_view=True)
            print(f"{lifter.weights.info.name} on {data.name}: {results[data.name]['average']}", flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FOLDER", help="write lifter_NAME.json there")
    parser.add_argument("--archive", type=Path, help="motion capture, made by `videopose prepare mocap`")
    parser.add_argument("--lifter", action="append", help="only this one (may be repeated)")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if not VIEWS.is_dir():
        sys.exit(f"{VIEWS} is missing: put the shared folder beside the checkout")
    torch.set_num_threads(arguments.threads)
    for name in arguments.lifter or shipped_lifters():
        lifter = Lifter(resolve_lifter(name), precision="float32")
        evaluations = measure(lifter, arguments.archive)
        results = {
            "machine": {"cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d"), "torch": torch.__version__},
            "lifter": lifter.provenance(),
            "evaluations": evaluations,
        }
        expected = ", ".join(f'"{data}" = {e["average"]["mpjpe_mm"]:.1f}' for data, e in evaluations.items())
        print(f"[asset.{name}.lifter]\nexpected_error_mm = {{ {expected} }}")
        if arguments.json:
            arguments.json.mkdir(parents=True, exist_ok=True)
            path = arguments.json / f"lifter_{name}.json"
            path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
