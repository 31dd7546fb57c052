"""`videopose evaluate --dataset human36m|humaneva15`: a lifter by the protocols of the paper."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from videopose.errors import UsageError

if TYPE_CHECKING:
    from videopose.data.poses import PoseData
    from videopose.train.protocol import ProtocolResult

TOLERANCE = 0.02
"""Share by which an error may lie above the expected one and still count as reached."""

_COLUMNS = {
    "mpjpe_mm": ("MPJPE", 1),
    "p_mpjpe_mm": ("P-MPJPE", 1),
    "n_mpjpe_mm": ("N-MPJPE", 1),
    "mpjve_mm": ("MPJVE", 2),
    "acceleration_mm": ("accel.", 2),
    "acceleration_mm_s2": ("accel.\nmm/s^2", 0),
    "mpjpe_14_mm": ("MPJPE\n14", 1),
    "pa_mpjpe_14_mm": ("PA-MPJPE\n14", 1),
    "acceleration_14_mm": ("accel.\n14", 2),
    "acceleration_14_mm_s2": ("accel. 14\nmm/s^2", 0),
    "pck_150_percent": ("PCK\n%", 1),
    "auc_150_percent": ("AUC\n%", 1),
}
"""Title and decimals of each measure."""


@dataclass(frozen=True, slots=True)
class ArchiveOptions:
    """The command's options."""

    data: Path
    """Folder of the archives."""
    dataset: str
    """`human36m` or `humaneva15`."""
    keypoints: str | None
    """None: those of the recipe, or `gt`."""
    lifter: str
    """Name or file."""
    causal: bool
    dense: bool
    subjects: tuple[str, ...] | None
    """None: those of the recipe, or that the paper tests on."""
    actions: tuple[str, ...] | None
    """None: those of the recipe, or all."""
    recipe: str | None
    """Whose expected error to compare with."""
    tta: bool
    precision: str
    device: str
    by_subject: bool
    all_measures: bool
    output: Path | None
    """JSON file to write."""


def run(options: ArchiveOptions) -> None:
    """Measure, print, write.

    Raises:
        VideoposeError: the data, the lifter or the recipe cannot be had, or do not fit together.
    """
    from videopose import __version__
    from videopose.cli.console import ConsoleProgress
    from videopose.data.open_archives import open_poses
    from videopose.files import atomic_path
    from videopose.lift import resolve_lifter
    from videopose.train.archive_recipe import read_archive_recipe
    from videopose.train.frame_errors import BASIC
    from videopose.train.protocol import evaluate_poses

    recipe = None if options.recipe is None else read_archive_recipe(options.recipe)
    if recipe and recipe.dataset != options.dataset:
        raise UsageError(f"--recipe {options.recipe} is for {recipe.dataset}. Give its --dataset, or another.")
    weights = resolve_lifter(options.lifter, causal=options.causal, dense=options.dense)
    everything = open_poses(options.data, options.dataset, options.keypoints or (recipe.keypoints if recipe else "gt"))
    subjects = recipe.test_subjects if recipe else tested_subjects(options.dataset, everything)
    actions = (recipe.actions or None) if recipe else None
    data = everything.select(
        options.subjects or subjects, options.actions or actions, downsample=recipe.downsample if recipe else 1
    )
    expected, whose = (recipe.expected_error_mm, f"recipe {options.recipe}") if recipe else ({}, options.lifter)
    if recipe is None and options.subjects is None and options.actions is None and options.tta:
        expected = _expected_by_manifest(options.lifter, data.name)
    progress = ConsoleProgress()
    progress.begin("evaluate", len(data.sequences), "sequences")
    # Published numbers are compared to a tenth of a millimetre, so speed does not decide unless asked for.
    precision = "float32" if options.precision == "auto" else options.precision
    try:
        result = evaluate_poses(
            weights, data, tta=options.tta, device=options.device, precision=precision,
            common=options.all_measures, report=progress.advance,
        )  # fmt: skip
    finally:
        progress.end()
    names = [name for name in _COLUMNS if name in result.average] if options.all_measures else list(BASIC)
    verdict = compare_expected(expected, result.average)
    if options.output:
        content = result.to_json(options.by_subject, names) | {
            "data": {"name": data.name, "path": str(options.data)},
            "settings": {"tta": options.tta, "precision": precision},
            "lifter": asdict(weights.info)
            | {"sha256": weights.sha256, "receptive_field": weights.model.receptive_field},
            "videopose": __version__,
        }
        if expected:
            content["expected"] = {"by": whose, **expected, "reached": all(reached for _, reached in verdict)}
        with atomic_path(options.output) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    click.echo(f"{options.lifter} on {data.name}: {result.sequences} sequences, {result.frames} frames")
    _print_table(result, names, options.by_subject)
    for sentence, _ in verdict:
        click.echo(f"{whose}: {sentence}")
    if options.output:
        click.echo(f"{options.output}: the same as JSON")


def tested_subjects(dataset: str, data: "PoseData") -> tuple[str, ...]:
    """Those that the paper tests on: S9 and S11 of Human3.6M, the validation part of HumanEva."""
    if dataset == "human36m":
        return ("S9", "S11")
    return tuple(sorted({one.subject for one in data.sequences if one.subject.startswith("Validate/")}))


def compare_expected(expected: Mapping[str, float], measured: Mapping[str, float]) -> list[tuple[str, bool]]:
    """A sentence on each expected error, and whether it is reached: at most `TOLERANCE` above.

    Args:
        expected: mm by name, `mpjpe` and `p_mpjpe` for example (`mpjpe_mm` means the same).
        measured: mm by name with unit, `mpjpe_mm`.
    """
    verdict = []
    for name, value in expected.items():
        key = name if name in measured else f"{name}_mm"
        if key not in measured:
            continue
        reached = measured[key] <= value * (1 + TOLERANCE)
        title = _COLUMNS[key][0].replace("\n", " ")
        words = "reached" if reached else "not reached"
        verdict.append(
            (f"{title} expected {value:.1f} mm, measured {measured[key]:.1f} mm: {words} (within 2 %)", reached)
        )
    return verdict


def _expected_by_manifest(lifter: str, data: str) -> dict[str, float]:
    from videopose.assets import load_manifest

    asset = load_manifest().get(lifter)
    value = asset.expected_error_mm.get(data) if asset else None
    return {} if value is None else {"mpjpe": value}


def _print_table(result: "ProtocolResult", names: list[str], by_subject: bool) -> None:
    """To stdout: the average, each action, and the same of each subject."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("mm", no_wrap=True)
    table.add_column("frames", justify="right", no_wrap=True)
    for name in names:
        table.add_column(_COLUMNS[name][0], justify="right", no_wrap=True)

    def add(label: str, frames: int, errors: Mapping[str, float], last: bool) -> None:
        numbers = [f"{errors[name]:.{_COLUMNS[name][1]}f}".replace("nan", "-") for name in names]
        table.add_row(label, str(frames), *numbers, end_section=last)

    groups = {"": result.together} | (result.subjects if by_subject else {})
    for subject, group in groups.items():
        prefix = f"{subject}: " if subject else ""
        add(f"{prefix}average", sum(group.frames.values()), group.average, False)
        for place, (action, errors) in enumerate(group.actions.items(), 1):
            add(f"{prefix}{action}", group.frames[action], errors, place == len(group.actions))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 140
    console.print(table, markup=False)
