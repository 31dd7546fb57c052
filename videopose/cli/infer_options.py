"""Options of the whole way from a video to its files, the same for one video and for many."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from videopose.cli.detector_options import detector_options, detector_settings, machine_options
from videopose.cli.export_options import EXPORT_KEYS, export_options, parse_formats
from videopose.cli.grouped import with_options
from videopose.cli.overlay_options import OVERLAY_KEYS, overlay_options, overlay_style
from videopose.errors import UsageError

if TYPE_CHECKING:
    from videopose.settings import InferSettings

_FORMATS = click.option(
    "--formats", default="npz,json,bvh,mp4", show_default=True, metavar="NAMES",
    help="What to write, separated by commas; also gif, html, report, glb, fbx, trc, c3d, csv, openpose, smpl.",
)  # fmt: skip
_OPTIONS = (
    click.option("--lifter", default="wild-243", show_default=True, help="Name of the weights, or a file."),
    click.option("--person", default="all", show_default=True, help="all, largest, longest, or an id."),
    click.option("--start", type=click.FloatRange(min=0), help="First second of the video to process."),
    click.option("--end", type=click.FloatRange(min=0), help="Second at which to stop."),
    click.option("--fps", help="Rate the scene was filmed at, if the video plays slower (240 for slow motion)."),
    click.option("--height", type=click.FloatRange(0.3, 3.0), help="The person's height in metres; sets the scale."),
    click.option("--focal", type=click.FloatRange(min=1.0), help="Focal length in pixels, if known."),
    click.option(
        "--fov", type=click.FloatRange(1.0, 179.0),
        help="Field of view along the longer side in degrees.  [default: 55]",
    ),
    click.option(
        "--smooth/--no-smooth", default=True, show_default=True,
        help="Limbs fitted to the 2D keypoints; zero-phase smoothing.",
    ),
    click.option("--tta/--no-tta", default=True, show_default=True, help="Average with the mirrored input."),
)  # fmt: skip


def infer_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `infer_settings` takes."""
    function = export_options(overlay_options(machine_options(function)))
    return _FORMATS(with_options(detector_options(function), _OPTIONS))


def infer_settings(
    *, formats: str, lifter: str, person: str, start: float | None, end: float | None, fps: str | None,
    height: float | None, focal: float | None, fov: float | None, smooth: bool, tta: bool,
    device: str, precision: str, threads: int | None, overwrite: bool,
    detections: Path | None = None, detections_format: str = "auto", detections_name: str | None = None,
    **others: Any,
) -> "InferSettings":  # fmt: skip
    """What the options of `infer_options` say; those of detections and `--overwrite` are each command's own.

    Raises:
        UsageError: a value makes no sense, or does not go with another.
    """
    if focal is not None and fov is not None:
        raise UsageError("--focal and --fov say the same thing. Give one of them.")
    if start is not None and end is not None and end <= start:
        raise UsageError(f"--end {end:g} must come after --start {start:g}.")
    from videopose.export.settings import ExportSettings
    from videopose.processors import available_threads
    from videopose.settings import InferSettings, MotionSettings

    style = overlay_style(**{name: others.pop(name) for name in OVERLAY_KEYS})
    export = ExportSettings(**{name: others.pop(name) for name in EXPORT_KEYS})
    return InferSettings(
        detector=detector_settings(**others), detections=detections, detections_format=detections_format,
        detections_name=detections_name, lifter=lifter, formats=parse_formats(formats), export=export, overlay=style,
        person=person, start_s=start, end_s=end, fps=parse_fps(fps),
        focal_px=focal, fov_degrees=fov, motion=MotionSettings(height_m=height, smooth=smooth, tta=tta),
        device=device, precision=precision, threads=threads or available_threads(), overwrite=overwrite,
    )  # fmt: skip


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
