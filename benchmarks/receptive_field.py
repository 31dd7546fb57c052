"""What the length of the receptive field gives: 1, 27, 81 and 243 frames, on real motion with a detector's errors.

    videopose prepare mocap cmu_asfamc_subset.zip dance_bvh.zip --rate salsa=60 --as human36m -o data
    python benchmarks/receptive_field.py --data data --runs runs --json benchmarks/results

Trains the recipe mocap-243 with shorter and shorter networks, the same number of examples each, and judges them on
subjects that nothing was trained on, by the paper's protocols. About two hours on two cores; goes on where it stopped.
"""

import argparse
import json
from pathlib import Path

import torch
from runs import machine, train_and_evaluate

from videopose.train.archive_recipe import read_archive_recipe

RECIPE = "mocap-243"
WIDTHS = {1: (1,) * 5, 27: (3,) * 3, 81: (3,) * 4, 243: (3,) * 5}
"""One frame: the network for 243 with filters one frame wide, as the paper does it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the archives")
    parser.add_argument("--runs", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--frames", type=int, nargs="+", choices=WIDTHS, default=list(WIDTHS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FOLDER", help="write receptive_field.json there")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    found = {}
    for frames in arguments.frames:
        recipe = read_archive_recipe(RECIPE, filter_widths=WIDTHS[frames])
        run = arguments.runs / f"field-{frames}"
        found[str(frames)] = train_and_evaluate(recipe, arguments.data, run)
        print(frames, found[str(frames)]["result"]["average"], flush=True)
    if arguments.json:
        content = {"machine": machine(arguments.threads), "frames": found}
        (arguments.json / "receptive_field.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
