"""`videopose infer`: from a video to 3D motion files."""

import os
from fractions import Fraction
from pathlib import Path

import click

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
@click.option("--detector", default="auto", show_default=True, help="auto or blazepose.")
@click.option(
    "--detections",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="NPZ with keypoints_2d of this video, instead of a detector.",
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
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps, for the lifter.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16"]),
    default="auto",
    show_default=True,
    help="Arithmetic of the lifter.",
)
@click.option("--threads", type=click.IntRange(min=1), help="Processor threads.  [default: all]")
@click.option("--overwrite", is_flag=True, help="Replace results that exist.")
def command(
    video: str, output: Path, formats: str, detector: str, detections: Path | None, lifter: str, person: str,
    start: float | None, end: float | None, fps: str | None, height: float | None, focal: float | None,
    fov: float | None, smooth: bool, tta: bool, device: str, precision: str, threads: int | None,
    overwrite: bool,
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
    from videopose.detect import DetectorSettings
    from videopose.following import available_threads
    from videopose.motion import MotionSettings
    from videopose.pipeline import InferSettings, infer

    settings = InferSettings(
        detector=DetectorSettings(detector), detections=detections, lifter=lifter,
        formats=tuple(dict.fromkeys(name.strip() for name in formats.split(",") if name.strip())),
        person=person, start_s=start, end_s=end, fps=parse_fps(fps),
        focal_px=focal, fov_degrees=fov, motion=MotionSettings(height_m=height, smooth=smooth, tta=tta),
        device=device, precision=precision, threads=threads or available_threads(), overwrite=overwrite,
    )  # fmt: skip
    print_summary(infer(video, output, settings, ConsoleProgress()))
