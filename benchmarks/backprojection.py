"""What back-projection of unlabelled people gives where little is labelled: a tenth of one subject, on real motion.

    videopose prepare mocap cmu_asfamc_subset.zip dance_bvh.zip --rate salsa=60 --as human36m -o data
    python benchmarks/backprojection.py --data data --runs runs --json benchmarks/results --division "runs and fights"

Trains mocap-semi-27 and its supervised twin mocap-supervised-27, which sees the labelled part alone (a tenth of a
dancer's and gymnast's data), and judges both on subjects that neither saw, by the paper's protocols. Other divisions of
the people are measured with other --subject options of the first line; for "walks and jumps" those were S1=49 S5=14
S6=29,127,09 S7=salsa S8=01,indian,135 S9=16 S11=03,17. Goes on where it was stopped.
"""

import argparse
import json
from pathlib import Path

import torch
from runs import machine, train_and_evaluate

from videopose.train.archive_recipe import read_archive_recipe

RECIPES = {"supervised": "mocap-supervised-27", "semi_supervised": "mocap-semi-27"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the archives")
    parser.add_argument("--runs", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--only", choices=RECIPES, nargs="+", default=list(RECIPES))
    parser.add_argument("--division", required=True, help="what the tested people do, by the division of subjects")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FOLDER", help="write backprojection.json there")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    found = {}
    for kind in arguments.only:
        recipe = read_archive_recipe(RECIPES[kind])
        found[kind] = train_and_evaluate(recipe, arguments.data, arguments.runs / recipe.name)
        print(kind, found[kind]["result"]["average"], flush=True)
    if arguments.json:
        path = arguments.json / "backprojection.json"
        content = json.loads(path.read_text("utf-8")) if path.exists() else {"divisions": {}}
        content["machine"] = machine(arguments.threads)
        content["divisions"][arguments.division] = found
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
