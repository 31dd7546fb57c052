"""`videopose view`: results as one page for the browser."""

from pathlib import Path

import click

from videopose.errors import OutputError, UsageError


@click.command()
@click.argument("source", metavar="IN.npz", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="OUT.html",
    type=click.Path(path_type=Path),
    help="The page.  [default: IN.html, beside IN.npz]",
)
@click.option("--video", metavar="FILE", help="The video of the results.  [default: the one they were made from]")
@click.option("--no-video", is_flag=True, help="Leave the video out: the page gets smaller, and shows no faces.")
@click.option("--open/--no-open", "show", default=True, show_default=True, help="Open the page in the browser.")
@click.option("--overwrite", is_flag=True, help="Replace OUT.html if it exists.")
def command(source: Path, output: Path | None, video: str | None, no_video: bool, show: bool, overwrite: bool) -> None:
    """Show the results in IN.npz in the browser: video beside a 3D scene, time line, angles and speeds.

    Everything is in one file, OUT.html, which needs no server and no network, and may be copied anywhere. The video is
    put in at reduced size, without sound.
    """
    if video is not None and no_video:
        raise UsageError("--video and --no-video contradict each other. Give one of them.")
    output = source.with_suffix(".html") if output is None else output
    if output.is_dir():
        raise OutputError(f"{output}: is a folder. Give the name of a file with -o.")
    if output.exists() and not overwrite:
        raise OutputError(f"{output}: already exists. Use --overwrite, or another file with -o.")
    from videopose.errors import InputError, one_line
    from videopose.export import read_recording
    from videopose.viewer import default_video, open_page, write_view

    recording = read_recording(source)
    chosen = None if no_video else video or default_video(recording)
    try:
        write_view(recording, output, video=chosen, title=source.stem)
    except InputError as error:
        if chosen is None or video is not None:
            raise
        # nobody asked for this video: it may be another one under the old name
        click.echo(f"videopose: {one_line(str(error))} The page is without it.", err=True)
        chosen = None
        write_view(recording, output, video=None, title=source.stem)
    if chosen is None and not no_video:
        click.echo("videopose: without the video, which is not where it was. Give it with --video.", err=True)
    click.echo(str(output))
    if show:
        open_page(output)
