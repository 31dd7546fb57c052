"""That the fast path and bfloat16 train as the plain network does, and one seed always the same.

    python benchmarks/fast_path.py --data data --runs runs --json benchmarks/results

The recipe mocap-27 (real motion, a detector's errors), shortened, without dropout (whose draws differ), four times: the
plain network of Conv1d modules in float32, the fast path in float32, the same once more, and the fast path in bfloat16;
the same examples in the same order.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch
from runs import machine, train_and_evaluate

from videopose.train.archive_recipe import read_archive_recipe

WAYS = {
    "plain": (False, "float32"),
    "fast": (True, "float32"),
    "again": (True, "float32"),
    "bfloat16": (True, "bfloat16"),
}
"""Fast or not, and in which precision."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the archives")
    parser.add_argument("--runs", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FOLDER", help="write fast_path.json there")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    recipe = replace(
        read_archive_recipe("mocap-27"),
        epochs=arguments.epochs,
        steps_per_epoch=arguments.steps,
        learning_rate_decay=0.6,
        dropout=0.0,
    )
    found = {}
    for name, (fast, precision) in WAYS.items():
        changed = replace(recipe, fast=fast, precision=precision)
        found[name] = train_and_evaluate(changed, arguments.data, arguments.runs / f"way-{name}")
        print(name, found[name]["result"]["average"], flush=True)
    if arguments.json:
        content = {"machine": machine(arguments.threads), "ways": found}
        (arguments.json / "fast_path.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
