"""`videopose export`: from an NPZ file to the formats that other programs open."""

from pathlib import Path
from typing import Any

import click

from videopose.cli.export_options import export_options, parse_formats
from videopose.cli.grouped import GroupedCommand
from videopose.errors import UsageError


@click.command(cls=GroupedCommand)
@click.argument("source", metavar="IN.npz", type=click.Path(path_type=Path))
@click.option(
    "--formats", required=True, metavar="NAMES",
    help="What to write, separated by commas: json, bvh, glb, fbx, trc, c3d, csv, openpose, smpl.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Folder for the files.  [default: where IN.npz lies]"
)
@click.option("--person", default="all", show_default=True, help="all, largest, longest, or an id.")
@export_options
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
def command(source: Path, formats: str, output: Path | None, person: str, overwrite: bool, **values: Any) -> None:
    """Write the motion of IN.npz, a result of `infer` or `lift`, in the formats of other programs."""
    from videopose.choosing import choose_from
    from videopose.export import ExportSettings, read_recording
    from videopose.formats import MOTION_FORMATS
    from videopose.progress import SilentProgress, Stages
    from videopose.results import ResultFiles

    names = parse_formats(formats)
    other = next((name for name in names if name not in MOTION_FORMATS), None)
    if other is not None:
        hint = {"html": "videopose view", "report": "videopose report", "npz": "IN.npz itself"}
        raise UsageError(
            f"--formats {other}: is made by {hint.get(other, 'videopose render')}. Choose from "
            f"{', '.join(MOTION_FORMATS)}."
        )
    recording = choose_from(read_recording(source), person)
    files = ResultFiles(
        source.parent if output is None else output, source.stem, names, overwrite, ExportSettings(**values)
    )
    files.prepare()
    for path in files.write(recording, "", Stages(SilentProgress())):
        click.echo(path)
    if not recording.motions:
        click.echo(f"{source}: nobody is in it.")
