"""`videopose prepare`: raw data to training archives."""

from pathlib import Path

import click


@click.group()
def command() -> None:
    """Turn raw datasets into training archives."""


@command.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Archive to write (.npz).")
@click.option(
    "--fps",
    type=click.FloatRange(min=1),
    default=120.0,
    show_default=True,
    help="Rate of the recordings, which ASF/AMC files do not state.",
)
@click.option("--overwrite", is_flag=True, help="Replace an archive that exists.")
def mocap(sources: tuple[Path, ...], output: Path, fps: float, overwrite: bool) -> None:
    """Read motion capture in ASF/AMC form from SOURCES (folders or zip archives laid out like the CMU database)."""
    from videopose.cli.console import ConsoleProgress
    from videopose.data.mocap import read_asfamc, write_archive
    from videopose.errors import OutputError

    if output.exists() and not overwrite:
        raise OutputError(f"{output}: already exists. Use --overwrite, or another name with -o.")
    progress = ConsoleProgress()
    clips = []
    progress.begin("read motion capture", None, "trials")
    try:
        for source in sources:
            for clip in read_asfamc(source, fps):
                clips.append(clip)
                progress.advance(len(clips))
    finally:
        progress.end()
    write_archive(output, clips)
    frames = sum(len(clip.positions) for clip in clips)
    subjects = ", ".join(sorted({clip.subject for clip in clips}))
    click.echo(f"{output}: {len(clips)} trials, {frames} frames at {clips[0].fps:g} frames/s, subjects {subjects}")
