"""Write the tables of the README and of the lifters' model card from benchmarks/results and the manifest.

python benchmarks/report.py           rewrites the tables between their markers
python benchmarks/report.py --check   fails when they are not the ones the files give
"""

import argparse
import json
import math
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from table_rows import TABLE

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def table() -> str:
    """The Markdown table of all results that there are."""
    lines = ["| what | measured | by `benchmarks/` |", "|---|---|---|"]
    for name, rows in TABLE.items():
        path = RESULTS / f"{name}.json"
        if path.exists():
            lines += [f"| {what} | {value} | {script} |" for what, value, script in rows(json.loads(path.read_text()))]
    return "\n".join(lines)


def shipped_lifters() -> dict[str, dict[str, Any]]:
    """The manifest's tables of the lifters that are part of the package, by name."""
    assets = tomllib.loads((ROOT / "weights" / "manifest.toml").read_text("utf-8"))["asset"]
    return {
        name: asset
        for name, asset in assets.items()
        if asset["kind"] == "lifter" and any("package" in source for source in asset["sources"])
    }


def lifter_figures(lifters: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The evaluations of each shipped lifter that was measured, by name and data."""
    figures = {}
    for name, asset in lifters.items():
        path = RESULTS / f"lifter_{name}.json"
        if not path.exists():
            continue
        data = json.loads(path.read_text("utf-8"))
        if data["lifter"]["sha256"] != asset["sha256"]:
            sys.exit(f"{path.name} tells of other weights than those shipped: run python benchmarks/lifters.py")
        figures[name] = data["evaluations"]
    return figures


def variants() -> str:
    """What sets the shipped lifters apart."""
    lines = ["| lifter | sees | weights |", "|---|---|---|"]
    for name, asset in shipped_lifters().items():
        about = asset["lifter"]
        frames, rate = about["receptive_field"], about["frame_rate"]
        where = "up to the frame itself (live)" if about.get("causal") else "around the frame"
        lines.append(
            f"| {name} | {frames} frames ({frames / rate:.1f} s) {where}, at {rate:g} frames/s "
            f"| {asset['size'] / 1e6:.1f} MB, {asset['licence']} |"
        )
    return "\n".join(lines)


def figures() -> str:
    """A table for each kind of data: a column for each lifter, a row for each action and band of view."""
    lifters = lifter_figures(shipped_lifters())
    names = list(dict.fromkeys(data for found in lifters.values() for data in found if not data.endswith(":clean")))
    parts = []
    for data in names:
        measured = {lifter: found[data] for lifter, found in lifters.items() if data in found}
        exact = {lifter: found[f"{data}:clean"] for lifter, found in lifters.items() if f"{data}:clean" in found}
        lines = [f"`{data}`", "", f"| mm | frames | {' | '.join(measured)} |", "|---|---|" + "---|" * len(measured)]
        for label, path in _groups(next(iter(measured.values()))):
            lines.append(_figure_row(label, path, measured))
        if exact.keys() == measured.keys():
            lines.append(_figure_row("all, exact 2D", ("average",), exact))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _groups(evaluation: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Label and way into the JSON of each group."""
    yield "all", ("average",)
    for name in evaluation["actions"]:
        yield f"action: {name}", ("actions", name)
    for kind, bands in evaluation["views"].items():
        for band in bands:
            yield f"{kind}: {band}", ("views", kind, band)


def _figure_row(label: str, path: tuple[str, ...], measured: dict[str, Any]) -> str:
    cells = []
    frames = 0
    for evaluation in measured.values():
        errors, count = evaluation, evaluation["frames"]
        for key in path:
            errors = errors[key]
        for key in path if path[0] == "actions" else path[1:] or ("all",):
            count = count[key]
        frames = count
        numbers = (errors["mpjpe_mm"], errors["p_mpjpe_mm"], errors["acceleration_mm"])
        cells.append(" / ".join("-" if number is None else f"{number:.1f}" for number in numbers))
    return f"| {label} | {frames} | {' | '.join(cells)} |"


def recipes() -> str:
    """Every recipe for archives, and what the paper reports for it."""
    lines = ["| recipe | keypoints | frames | labelled | MPJPE, P-MPJPE in the paper |", "|---|---|---|---|---|"]
    for path in sorted((ROOT / "pipelines").glob("*.toml")):
        recipe = tomllib.loads(path.read_text("utf-8"))
        if "stages" in recipe:
            continue
        expected = recipe.get("expected_error_mm", {})
        figures = [f"{expected[key]:.1f}" for key in ("mpjpe", "p_mpjpe") if key in expected]
        share = f"{100 * recipe['subset']:g} % of " if "subset" in recipe else ""
        labelled = share + ", ".join(recipe.get("train_subjects", ["the training subjects"]))
        if others := recipe.get("unlabelled_subjects"):
            labelled += f"; {', '.join(others)} without"
        frames = f"{math.prod(recipe['filter_widths'])}{', causal' if recipe.get('causal') else ''}"
        lines.append(
            f"| {recipe['name']} | {recipe['keypoints']} | {frames} | {labelled} | {', '.join(figures) or '-'} |"
        )
    return "\n".join(lines)


DOCUMENTS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"benchmarks": table},
    "weights/MODEL_CARD.md": {"variants": variants, "figures": figures},
    "pipelines/README.md": {"recipes": recipes},
}
"""What is written between `<!-- NAME:begin -->` and `<!-- NAME:end -->`."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when a table is out of date")
    arguments = parser.parse_args()
    for document, tables in DOCUMENTS.items():
        path = ROOT / document
        text = new = path.read_text("utf-8")
        for name, write in tables.items():
            begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
            before, rest = new.split(begin)
            _, after = rest.split(end)
            new = f"{before}{begin}\n{write()}\n{end}{after}"
        if not arguments.check:
            path.write_text(new, "utf-8")
        elif new != text:
            sys.exit(f"{document} is out of date: run python benchmarks/report.py")


if __name__ == "__main__":
    main()
