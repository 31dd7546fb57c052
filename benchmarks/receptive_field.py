"""What the length of the receptive field gives: 1, 27, 81 and 243 frames, on real motion with a detector's errors.

    videopose prepare mocap cmu_asfamc_subset.zip dance_bvh.zip --rate salsa=60 --as human36m -o data \
        --subject S1=49 --subject S5=14 --subject S6=29,127,09 --subject S7=salsa --subject S8=01,indian,135 \
        --subject S9=16 --subject S11=03,17
    python benchmarks/receptive_field.py --data data --runs runs --json benchmarks/results

Trains the recipe mocap-243 with 1 and with 27 frames from random weights; then, with fewer epochs, all lengths: 1 from
1, the others from 27, the longer ones with blocks added that change nothing at first. So all have seen the same number
of examples. Judged by the paper's protocols on subjects that nothing was trained on (they walk, run and jump, which
others do in training too). Half an hour on two cores; goes on where it stopped.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch
from runs import machine, train_and_evaluate

from videopose.train.archive_recipe import read_archive_recipe

RECIPE = "mocap-243"
WIDTHS = {1: (1,) * 5, 27: (3,) * 3, 81: (3,) * 4, 243: (3,) * 5}
"""One frame: the network for 243 with filters one frame wide, as the paper does it."""
FURTHER = {"epochs": 8, "learning_rate": 3e-4, "learning_rate_decay": 0.75}


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
        first = 1 if frames == 1 else 27
        begun = arguments.runs / f"field-{first}"
        train_and_evaluate(read_archive_recipe(RECIPE, filter_widths=WIDTHS[first]), arguments.data, begun)
        recipe = read_archive_recipe(RECIPE, filter_widths=WIDTHS[frames], **FURTHER)
        recipe = replace(recipe, start=str(begun / "best.safetensors"))
        result = train_and_evaluate(recipe, arguments.data, arguments.runs / f"further-{frames}")
        result["recipe"]["start"] = begun.name
        found[str(frames)] = result
        print(frames, result["result"]["average"], flush=True)
    if arguments.json:
        content = {"machine": machine(arguments.threads), "frames": found}
        (arguments.json / "receptive_field.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
