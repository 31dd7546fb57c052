"""`videopose render`: draw the overlay of results again, without running the networks."""

from pathlib import Path
from typing import Any

import click

from videopose.cli.grouped import GroupedCommand
from videopose.cli.overlay_options import overlay_options, overlay_style
from videopose.errors import OutputError


@click.command(cls=GroupedCommand)
@click.argument("source", metavar="IN.npz", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, metavar="OUT.mp4|OUT.gif", type=click.Path(path_type=Path), help="Result file."
)
@click.option(
    "--video", metavar="FILE|URL", help="The video that IN.npz was made from.  [default: the one that it names]"
)
@overlay_options
@click.option("--overwrite", is_flag=True, help="Replace the result if it exists.")
def command(source: Path, output: Path, video: str | None, overwrite: bool, **style: Any) -> None:
    """Draw the results in IN.npz on their video again, without running the networks.

    The sound is kept in an MP4. With --black no video is needed. A GIF has at most 480 pixels a side, 15 frames/s and
    the first 3 minutes.
    """
    chosen = overlay_style(**style)
    if output.exists() and not overwrite:
        raise OutputError(f"{output}: already exists. Use --overwrite, or another file with -o.")
    from videopose.cli.console import ConsoleProgress
    from videopose.progress import Stages
    from videopose.rendering import render

    recording, drawn = render(source, output, video, chosen, Stages(ConsoleProgress()))
    frames = len(recording.frame_index)
    click.echo(f"{output}: {drawn} frames")
    if drawn < frames:
        click.echo(f"  note: the video ended before the results did, which have {frames} frames.")
