"""`videopose lift`: 2D keypoints of a file to 3D joints."""

import os
import re
from pathlib import Path

import click

from videopose.errors import OutputError, UsageError


def parse_size(text: str | None) -> tuple[int, int] | None:
    """`1920x1080` as width and height.

    Raises:
        UsageError: it is not of that form.
    """
    if text is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,5})[xX]([1-9]\d{0,5})", text.strip())
    if not found:
        raise UsageError(f"--image-size {text!r} is no size. Give width and height in pixels, like 1920x1080.")
    return int(found[1]), int(found[2])


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, metavar="OUT.npz", type=click.Path(path_type=Path), help="Result file.")
@click.option(
    "--lifter", default="wild-243", show_default=True, metavar="NAME|FILE", help="Name of the weights, or a file."
)
@click.option(
    "--focal", type=click.FloatRange(min=1.0), metavar="PX", help="Focal length in pixels.  [default: as in the file]"
)
@click.option(
    "--fov",
    type=click.FloatRange(1.0, 179.0),
    metavar="DEG",
    help="Field of view along the longer side in degrees.  [default: 55, when the file has no focal_px]",
)
@click.option(
    "--height", type=click.FloatRange(0.3, 3.0), metavar="M", help="The person's height in metres; sets the scale."
)
@click.option("--tta/--no-tta", default=True, show_default=True, help="Average with the mirrored input.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16"]),
    default="auto",
    show_default=True,
    help="Arithmetic of the lifter; auto takes bfloat16 where the processor has it.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
@click.option(
    "--smooth/--no-smooth",
    default=True,
    show_default=True,
    help="Limbs fitted to the 2D keypoints; zero-phase smoothing.",
)
@click.option(
    "--image-size", metavar="WxH", help="Width and height of the pictures in pixels.  [default: as in the file]"
)
@click.option("--fps", metavar="RATE", help="Frames per second.  [default: as in the file]")
@click.option(
    "--format",
    "name_of_format",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="npz, json, videopose3d, detectron, coco, openpose, alphapose or mmpose.",
)
@click.option("--name", metavar="NAME", help="Which video, if IN holds several.")
@click.option("--overwrite", is_flag=True, help="Replace OUT.npz if it exists.")
def command(
    source: Path, output: Path, lifter: str, focal: float | None, fov: float | None, height: float | None, tta: bool,
    precision: str, device: str, smooth: bool, image_size: str | None, fps: str | None, name_of_format: str,
    name: str | None, overwrite: bool,
) -> None:  # fmt: skip
    """Lift the 2D keypoints in IN to 3D joints in OUT.npz, one row for every frame.

    IN is an NPZ with keypoints_2d (P, T, 17, 3), image_size, and time_s or fps (focal_px is used when it is there), or
    a file or folder of another program. People are followed where the file does not say who is who; frames missing
    between a person's first and last are filled in.
    """
    if focal is not None and fov is not None:
        raise UsageError("--focal and --fov say the same thing. Give one of them.")
    if output.exists() and not overwrite:
        raise OutputError(f"{output}: already exists. Use --overwrite, or another file with -o.")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from videopose.cli.infer_options import parse_fps
    from videopose.lift_file import lift_file
    from videopose.settings import MotionSettings

    settings = MotionSettings(height_m=height, smooth=smooth, tta=tta)
    recording = lift_file(
        source, output, lifter, settings, focal_px=focal, fov_degrees=fov, image_size=parse_size(image_size),
        fps=parse_fps(fps), format=name_of_format, name=name, device=device, precision=precision,
    )  # fmt: skip
    people = ", ".join(f"person {m.person_id} in {len(m)} frames" for m in recording.motions) or "nobody"
    click.echo(f"{output}: {people}")
