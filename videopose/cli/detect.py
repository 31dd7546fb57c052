"""`videopose detect`: people and their 2D keypoints, in the file formats of many programs."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from videopose.cli.detector_options import detector_options, detector_settings, machine_options
from videopose.cli.grouped import GroupedCommand
from videopose.cli.infer_options import parse_fps
from videopose.errors import InputError, UsageError

if TYPE_CHECKING:
    from videopose.detect_files import DetectResult


_SHOWN = 5
"""Names of damaged pictures that the sentence about them holds."""


@click.command(cls=GroupedCommand)
@click.argument("sources", nargs=-1, required=True, metavar="VIDEO|PICTURES...")
@click.option(
    "-o", "--output", required=True, metavar="OUT", type=click.Path(path_type=Path),
    help="Result file; for openpose a folder.",
)  # fmt: skip
@click.option(
    "--format", "name", metavar="NAME",
    help="npz, json, coco, openpose, alphapose, mmpose, detectron, videopose3d or motionbert.  "
    "[default: .npz npz, .json json, of several pictures coco]",
)  # fmt: skip
@click.option(
    "--follow/--no-follow", default=None,
    help="Follow people and fill gaps in, or give what the detector saw.  [default: as the format needs it]",
)  # fmt: skip
@click.option("--start", type=click.FloatRange(min=0), metavar="S", help="First second of the video to process.")
@click.option("--end", type=click.FloatRange(min=0), metavar="S", help="Second at which to stop.")
@click.option(
    "--fps", metavar="RATE",
    help="Pictures: they are the frames of a film at this rate. Video: the rate it was filmed at (slow motion).",
)  # fmt: skip
@detector_options
@machine_options
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
def command(
    sources: tuple[str, ...], output: Path, name: str | None, follow: bool | None, start: float | None,
    end: float | None, fps: str | None, device: str, precision: str, threads: int | None, overwrite: bool,
    **detector: Any,
) -> None:  # fmt: skip
    """Find people and their 17 COCO keypoints, and write them to OUT.

    Give one video (a file or URL), or pictures (PNG, JPEG, BMP, WebP, TIFF) and folders of pictures. Pictures are
    looked at one by one, unless --fps says that they are a film.

    \b
    npz, json    videopose's own, for `videopose lift` and `infer --detections`
    coco         COCO results, for pycocotools
    openpose     a folder of BODY_25 JSON files
    alphapose    AlphaPose's JSON
    mmpose       JSON of MMPose's inferencer
    detectron    archive of VideoPose3D's scripts for Detectron
    videopose3d  VideoPose3D's archive of custom videos, a sequence a person
    motionbert   AlphaPose's JSON with Halpe's 26 keypoints, for MotionBERT
    """  # noqa: D301 (click wants the character)
    if start is not None and end is not None and end <= start:
        raise UsageError(f"--end {end:g} must come after --start {start:g}.")
    # Idle worker threads that spin would take the processor from decoding.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from videopose.cli.console import ConsoleProgress
    from videopose.detect_files import DetectSettings, detect
    from videopose.processors import available_threads

    settings = DetectSettings(
        detector=detector_settings(**detector), format=name, follow=follow, start_s=start, end_s=end,
        fps=parse_fps(fps), device=device, precision=precision, threads=threads or available_threads(),
        overwrite=overwrite,
    )  # fmt: skip
    result = detect(sources, output, settings, ConsoleProgress())
    _print_summary(result)
    if result.damaged:
        total = len(result.people) + (len(result.damaged) if result.video is None else 0)
        shown = ", ".join(list(result.damaged)[:_SHOWN]) + (", ..." if len(result.damaged) > _SHOWN else "")
        raise InputError(
            f"{len(result.damaged)} of {total} pictures could not be read: {shown}. {output} holds the others; "
            "mend these, or leave them out."
        )


def _print_summary(result: "DetectResult") -> None:
    count, people, video = len(result.people), result.people, result.video
    if video is None:
        click.echo(f"\n{count} picture{'s' if count > 1 else ''}")
    else:
        size = f"{video.width}x{video.height}, {float(video.fps):.6g} frames/s"
        click.echo(f"\n{video.path}: {count} frames, {size}")
    for note in result.notes:
        click.echo(f"  note: {note}")
    if people.any():
        spread = f"{people.min()} to {people.max()}" if people.min() < people.max() else f"{people.max()}"
        what = "picture" if video is None else "frame"
        followed = "" if result.followed is None else f", {result.followed} followed"
        click.echo(f"  people: {spread} in a {what}, {int(people.sum())} in all{followed}")
    click.echo(f"  detector: {result.detector}")
    click.echo(f"{result.format} file:" if result.output.is_file() else f"{result.format} folder:")
    click.echo(f"  {result.output}")
    total = sum(result.seconds.values())
    click.echo(f"time: {total:.1f} s, {count / max(total, 1e-9):.1f} {'pictures' if video is None else 'frames'}/s")
