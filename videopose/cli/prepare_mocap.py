"""`videopose prepare mocap`: motion capture to an archive."""

from pathlib import Path

import click


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Archive to write (.npz).")
@click.option(
    "--rate",
    "rates",
    multiple=True,
    metavar="PART=FPS",
    help="Frames/s of files whose path contains PART, where the rate is not 120 (ASF/AMC) or the header's (BVH).",
)
@click.option("--overwrite", is_flag=True, help="Replace an archive that exists.")
def mocap(sources: tuple[Path, ...], output: Path, rates: tuple[str, ...], overwrite: bool) -> None:
    """Read motion capture from SOURCES: folders or zip archives.

    Known are ASF/AMC files laid out like the CMU database, and BVH files of the dance figure with 43 joints.
    """
    from videopose.cli.console import ConsoleProgress
    from videopose.data.mocap import read_recordings, write_archive
    from videopose.errors import OutputError, UsageError

    if output.exists() and not overwrite:
        raise OutputError(f"{output}: already exists. Use --overwrite, or another name with -o.")
    known = {}
    for text in rates:
        part, _, number = text.rpartition("=")
        try:
            known[part] = float(number)
        except ValueError:
            known[part] = 0.0
        if not part or not 1 <= known[part] <= 1000:
            raise UsageError(f"--rate {text!r} is not a part of a path and a rate. Give for example salsa=60.")
    progress = ConsoleProgress()
    clips = []
    progress.begin("read motion capture", None, "trials")
    try:
        for source in sources:
            for clip in read_recordings(source, known):
                clips.append(clip)
                progress.advance(len(clips))
    finally:
        progress.end()
    write_archive(output, clips)
    frames = sum(len(clip.positions) for clip in clips)
    subjects = ", ".join(sorted({clip.subject for clip in clips}))
    click.echo(f"{output}: {len(clips)} trials, {frames} frames at {clips[0].fps:g} frames/s, subjects {subjects}")
