"""`videopose infer`: from a video to 3D motion files."""

import os
from pathlib import Path
from typing import Any

import click

from videopose.cli.grouped import GroupedCommand, option_in
from videopose.cli.infer_options import infer_options, infer_settings

_given_option = option_in("2D keypoints from elsewhere")


@click.command(cls=GroupedCommand)
@click.argument("video")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Folder for the results.",
)
@_given_option(
    "--detections",
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE|FOLDER",
    help="2D keypoints of this video from another program, instead of a detector.",
)
@_given_option(
    "--detections-format",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="npz, json, videopose3d, detectron, coco, openpose, alphapose or mmpose.",
)
@_given_option(
    "--detections-name", metavar="NAME", help="Which video of several in them.  [default: the one called like VIDEO]"
)
@infer_options
@click.option("--overwrite", is_flag=True, help="Replace results that exist.")
def command(video: str, output: Path, **values: Any) -> None:
    """Turn VIDEO (a file or URL) into 3D motion: NPZ, JSON, one BVH per person, and an overlay video."""
    # Idle worker threads that spin would take the processor from decoding and encoding.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    settings = infer_settings(**values)
    from videopose.cli.console import ConsoleProgress
    from videopose.cli.summary import print_summary
    from videopose.pipeline import infer

    print_summary(infer(video, output, settings, ConsoleProgress()))
