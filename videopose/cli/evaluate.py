"""`videopose evaluate`: how far a lifter is from known 3D."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from videopose.errors import OutputError, UsageError

if TYPE_CHECKING:
    from videopose.train.evaluate import Errors, Evaluation

ARCHIVES = ("human36m", "humaneva15")
"""Datasets that are measured by their papers' protocols."""
_NOT_FOR_ARCHIVES = ("clean", "cameras", "seed", "smooth", "by_view")
_ONLY_FOR_ARCHIVES = ("keypoints", "actions", "measures")
_EXAMPLES = {"--subjects": "09,135", "--actions": "Walking,Eating"}


@click.command()
@click.option(
    "--data",
    required=True,
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="Folder of views (NPZ files with keypoints_2d and target_joints_3d), archive made by `videopose prepare`, "
    "or folder with the archives data_3d_* and data_2d_* of Human3.6M or HumanEva.",
)
@click.option(
    "--dataset",
    type=click.Choice(["views", "mocap", *ARCHIVES]),
    help="What PATH holds.  [default: a folder views, a file mocap]",
)
@click.option("--keypoints", metavar="NAME", help="Archives: which 2D, data_2d_..._NAME.npz.  [default: gt]")
@click.option(
    "--lifter", default="wild-243", show_default=True, metavar="NAME|FILE", help="Name of the weights, or a file."
)
@click.option("--causal", is_flag=True, help="A .bin checkpoint, which does not say it, looks at the past alone.")
@click.option("--dense", is_flag=True, help="A .bin checkpoint has full kernels instead of dilated ones.")
@click.option(
    "--subjects",
    metavar="A,B",
    help="Only these.  [default: all of views; of mocap those kept out of training; S9,S11 of Human3.6M; Validate/* of "
    "HumanEva]",
)
@click.option("--actions", metavar="A,B", help="Archives: only actions whose names begin so.  [default: all]")
@click.option("--clean", is_flag=True, help="Exact keypoints instead of those with a detector's errors.")
@click.option(
    "--recipe",
    metavar="NAME|FILE",
    help="mocap: bodies, cameras and detector of this recipe [default: a usual mix]; archives: a recipe whose "
    "keypoints, tested subjects and actions are the defaults, and whose expected error is compared with.",
)
@click.option("--cameras", type=click.IntRange(min=1), help="mocap: views of each 10 seconds.  [default: 4]")
@click.option("--seed", type=click.IntRange(min=0), help="mocap: another seed draws other views.  [default: 0]")
@click.option("--tta/--no-tta", default=True, show_default=True, help="Average with the mirrored input.")
@click.option(
    "--smooth/--no-smooth",
    default=True,
    show_default=True,
    help="Limbs fitted to the 2D keypoints; zero-phase smoothing.",
)
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16"]),
    default="auto",
    show_default=True,
    help="Arithmetic of the lifter; auto takes bfloat16 where the processor has it, and float32 for archives.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
@click.option("--by-subject", is_flag=True, help="Errors of each subject too.")
@click.option("--by-view", is_flag=True, help="Errors by where the person faces, height of the camera, distance too.")
@click.option(
    "--measures",
    type=click.Choice(["paper", "all"]),
    help="Archives: the paper's five, or 3DPW's, HMMR's and 3DHP's on 14 joints and acceleration per s^2 too.  "
    "[default: paper]",
)
@click.option(
    "--json", "output", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path), help="Write them here."
)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@click.pass_context
def command(
    context: click.Context, data: Path, dataset: str | None, keypoints: str | None, lifter: str, causal: bool,
    dense: bool, subjects: str | None, actions: str | None, clean: bool, recipe: str | None, cameras: int | None,
    seed: int | None, tta: bool, smooth: bool, precision: str, device: str, by_subject: bool, by_view: bool,
    measures: str | None, output: Path | None, overwrite: bool,
) -> None:  # fmt: skip
    """Lift 2D keypoints whose true 3D joints are known, and print how far off the result is.

    Errors are in millimetres: MPJPE of the root-relative joints, P-MPJPE after the best similarity and N-MPJPE after
    the best scale of each pose, MPJVE of the velocity (per frame), and of the acceleration (per frame^2).

    Views and motion capture go the whole way of `videopose infer`, and errors are means over frames. Motion capture is
    seen by random cameras and a random detector, the same ones every time. Human3.6M and HumanEva are measured by the
    protocols of their papers, and the average is that of the actions' means.
    """
    if output and output.exists() and not overwrite:
        raise OutputError(f"{output}: already exists. Use --overwrite, or another file with --json.")
    _refuse_options(context, dataset)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from videopose.lift import resolve_lifter

    chosen = _names("--subjects", subjects)
    if dataset in ARCHIVES:
        from videopose.cli.evaluate_archive import ArchiveOptions, run

        options = ArchiveOptions(
            data, dataset, keypoints, lifter, causal, dense, chosen, _names("--actions", actions), recipe, tta,
            precision, device, by_subject, measures == "all", output,
        )  # fmt: skip
        run(options)
        return
    from videopose import __version__
    from videopose.assets import load_manifest
    from videopose.cli.console import ConsoleProgress
    from videopose.files import atomic_path
    from videopose.lift import Lifter
    from videopose.train.datasets import open_data
    from videopose.train.evaluate import evaluate

    sequences = open_data(
        data, dataset, None if chosen is None else set(chosen), clean=clean, recipe=recipe, cameras=cameras, seed=seed
    )
    engine = Lifter(resolve_lifter(lifter, causal=causal, dense=dense), device=device, precision=precision, tta=tta)
    progress = ConsoleProgress()
    progress.begin("evaluate", len(sequences), "sequences")
    try:
        result = evaluate(engine, sequences, smooth=smooth, report=progress.advance)
    finally:
        progress.end()
    if output:
        content = result.to_json(by_subject, by_view) | {
            "data": {"name": sequences.name, "path": str(data)},
            "settings": {"smooth": smooth, "tta": tta},
            "lifter": engine.provenance(),
            "videopose": __version__,
        }
        with atomic_path(output) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    click.echo(f"{lifter} on {sequences.name}: {result.sequences} sequences, {result.frames} frames")
    _print_table(result, by_subject, by_view)
    asset = load_manifest().get(lifter)
    expected = asset.expected_error_mm.get(sequences.name) if asset and smooth and tta else None
    if expected is not None:
        click.echo(f"MPJPE: expected {expected:.1f} mm, measured {result.average.mpjpe_mm:.1f} mm")
    if output:
        click.echo(f"{output}: the same as JSON")


def _refuse_options(context: click.Context, dataset: str | None) -> None:
    """Options that were given and mean nothing for this kind of data."""
    useless = _NOT_FOR_ARCHIVES if dataset in ARCHIVES else _ONLY_FOR_ARCHIVES
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in useless and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            flags = "/".join([*parameter.opts, *parameter.secondary_opts])
            if dataset in ARCHIVES:
                raise UsageError(f"{flags} has no meaning for {dataset}, measured as published. Leave it out.")
            raise UsageError(f"{flags} is for archives. Leave it out, or add --dataset {' or '.join(ARCHIVES)}.")


def _names(option: str, text: str | None) -> tuple[str, ...] | None:
    """The names of a list with commas; None where it was not given."""
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    if "" in names:
        raise UsageError(f"{option} {text!r}: an empty name. Give names like {_EXAMPLES[option]}.")
    return names


def _print_table(result: "Evaluation", by_subject: bool, by_view: bool) -> None:
    """To stdout, a section for each way of grouping."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    sections = [("action", "actions", result.actions)]
    if by_subject:
        sections.append(("subject", "subjects", result.subjects))
    if by_view:
        sections += [(kind, kind, bands) for kind, bands in result.views.items()]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("mm", no_wrap=True)
    for name in ("frames", "MPJPE", "P-MPJPE", "N-MPJPE", "MPJVE", "accel."):
        table.add_column(name, justify="right", no_wrap=True)

    def add(label: str, frames: int, errors: "Errors", last: bool) -> None:
        numbers = ["-" if value is None else f"{value:.1f}" for value in errors.to_json().values()]
        table.add_row(label, str(frames), *numbers, end_section=last)

    add("all", result.frames, result.average, True)
    for title, kind, groups in sections:
        for place, (name, errors) in enumerate(groups.items(), 1):
            add(f"{title}: {name}", result.group_frames[kind, name], errors, place == len(groups))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 120
    console.print(table, markup=False)
