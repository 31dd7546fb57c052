"""Options of the files that other programs open, the same for every command that writes them."""

from collections.abc import Callable
from typing import Any

import click

from videopose.cli.grouped import option_in, with_options
from videopose.errors import UsageError

_option = option_in("Motion files")
_OPTIONS = (
    _option(
        "--world", type=click.Choice(["camera", "ground"]), default="camera", show_default=True,
        help="Axes of motion files: the camera's, taken as level, or gravity and floor as the feet tell them.",
    ),
    _option(
        "--up", type=click.Choice(["y", "z"]),
        help="Axis that points up in BVH, FBX, TRC, C3D, CSV, OpenPose, SMPL.  [default: as usual in each]",
    ),
    _option(
        "--units", type=click.Choice(["m", "mm"]),
        help="Of lengths in the same formats.  [default: as usual in each]",
    ),
    _option(
        "--rest-pose", type=click.Choice(["t", "a", "first"]), default="t", show_default=True,
        help="Rest pose of skeletons: T-pose, A-pose, or the first frame's.",
    ),
    _option(
        "--names", type=click.Choice(["videopose", "h36m", "mixamo", "cmu", "rigify"]), default="videopose",
        show_default=True, help="Joint names of skeletons, for retargeting.",
    ),
)  # fmt: skip
EXPORT_KEYS = ("world", "up", "units", "rest_pose", "names")
"""What they are called as values of a command."""


def export_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `ExportSettings` takes."""
    return with_options(function, _OPTIONS)


def parse_formats(text: str) -> tuple[str, ...]:
    """`npz,bvh` as names, each once.

    Raises:
        UsageError: none at all, or one that there is not.
    """
    from videopose.formats import FORMATS

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        what = f"unknown format {unknown[0]!r}" if unknown else "no format given"
        raise UsageError(f"{what}. Choose from {', '.join(FORMATS)}.")
    return names
