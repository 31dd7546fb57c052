"""Options for how the overlay looks, the same wherever one is drawn."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from videopose.cli.grouped import option_in, with_options
from videopose.errors import UsageError

if TYPE_CHECKING:
    from videopose.export.layout import OverlayStyle

_option = option_in("Overlay")
_OPTIONS = (
    _option("--overlay-only", is_flag=True, help="The picture with skeletons alone, in the video's size."),
    _option("--side-by-side", is_flag=True, help="The picture left, one large 3D view right."),
    _option("--black", is_flag=True, help="Skeletons on black, nothing of the video is seen or heard."),
)
OVERLAY_KEYS = ("overlay_only", "side_by_side", "black")
"""What they are called as values of a command."""


def overlay_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `overlay_style` takes."""
    return with_options(function, _OPTIONS)


def overlay_style(*, overlay_only: bool, side_by_side: bool, black: bool) -> "OverlayStyle":
    """What the options of `overlay_options` say.

    Raises:
        UsageError: two layouts are asked for.
    """
    if overlay_only and side_by_side:
        raise UsageError("--overlay-only and --side-by-side exclude each other. Give one of them.")
    from videopose.export.layout import OverlayStyle

    layout = "overlay-only" if overlay_only else "side-by-side" if side_by_side else "inset"
    return OverlayStyle(layout, black)
