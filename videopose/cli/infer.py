"""`videopose infer`: from a video to 3D motion files."""

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from videopose.cli.detector_options import detector_options, detector_settings, machine_options
from videopose.errors import UsageError


def parse_fps(text: str | None) -> Fraction | None:
    """`30`, `29.97` or `30000/1001` as an exact fraction.

    Raises:
        UsageError: not a number above zero.
    """
    if text is None:
        return None
    try:
        fps = Fraction(text)
    except (ValueError, ZeroDivisionError):
        fps = Fraction(0)
    if fps <= 0:
        raise UsageError(f"--fps {text!r} is not a rate. Give a number above 0 like 240 or 30000/1001.")
    # 29.97 and 23.976 stand for the NTSC rates.
    ntsc = Fraction(round(fps * 1001 / 1000) * 1000, 1001)
    return ntsc if fps.denominator != 1 and ntsc and abs(fps - ntsc) < Fraction(1, 500) else fps


@click.command()
@click.argument("video")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Folder for the results.",
)
@click.option("--formats", default="npz,json,bvh,mp4", show_default=True, help="What to write, separated by commas.")
@detector_options
@click.option(
    "--detections",
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE|FOLDER",
    help="2D keypoints of this video from another program, instead of a detector.",
)
@click.option(
    "--detections-format",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="npz, json, videopose3d, detectron, coco, openpose, alphapose or mmpose.",
)
@click.option(
    "--detections-name", metavar="NAME", help="Which video of several in them.  [default: the one called like VIDEO]"
)
@click.option("--lifter", default="wild-243", show_default=True, help="Name of the weights, or a file.")
@click.option("--person", default="all", show_default=True, help="all, largest, longest, or an id.")
@click.option("--start", type=click.FloatRange(min=0), help="First second of the video to process.")
@click.option("--end", type=click.FloatRange(min=0), help="Second at which to stop.")
@click.option("--fps", help="Rate the scene was filmed at, if the video plays slower (240 for slow motion).")
@click.option("--height", type=click.FloatRange(0.3, 3.0), help="The person's height in metres; sets the scale.")
@click.option("--focal", type=click.FloatRange(min=1.0), help="Focal length in pixels, if known.")
@click.option(
    "--fov", type=click.FloatRange(1.0, 179.0), help="Field of view along the longer side in degrees.  [default: 55]"
)
@click.option(
    "--smooth/--no-smooth",
    default=True,
    show_default=True,
    help="Limbs fitted to the 2D keypoints; zero-phase smoothing.",
)
@click.option("--tta/--no-tta", default=True, show_default=True, help="Average with the mirrored input.")
@machine_options
@click.option("--overwrite", is_flag=True, help="Replace results that exist.")
def command(
    video: str, output: Path, formats: str, detections: Path | None, detections_format: str,
    detections_name: str | None, lifter: str, person: str,
    start: float | None, end: float | None, fps: str | None, height: float | None, focal: float | None,
    fov: float | None, smooth: bool, tta: bool, device: str, precision: str, threads: int | None,
    overwrite: bool, **detector: Any,
) -> None:  # fmt: skip
    """Turn VIDEO (a file or URL) into 3D motion: NPZ, JSON, one BVH per person, and an overlay video."""
    if focal is not None and fov is not None:
        raise UsageError("--focal and --fov say the same thing. Give one of them.")
    if start is not None and end is not None and end <= start:
        raise UsageError(f"--end {end:g} must come after --start {start:g}.")
    # Idle worker threads that spin would take the processor from decoding and encoding.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from videopose.cli.console import ConsoleProgress
    from videopose.cli.summary import print_summary
    from videopose.following import available_threads
    from videopose.motion import MotionSettings
    from videopose.pipeline import InferSettings, infer

    settings = InferSettings(
        detector=detector_settings(**detector), detections=detections, detections_format=detections_format,
        detections_name=detections_name, lifter=lifter,
        formats=tuple(dict.fromkeys(name.strip() for name in formats.split(",") if name.strip())),
        person=person, start_s=start, end_s=end, fps=parse_fps(fps),
        focal_px=focal, fov_degrees=fov, motion=MotionSettings(height_m=height, smooth=smooth, tta=tta),
        device=device, precision=precision, threads=threads or available_threads(), overwrite=overwrite,
    )  # fmt: skip
    print_summary(infer(video, output, settings, ConsoleProgress()))
