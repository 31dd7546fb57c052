"""How the overlay is arranged: what a user may choose, and where the parts lie on the canvas."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from videopose.errors import UsageError

LAYOUTS = ("inset", "overlay-only", "side-by-side")

_LEAST_PX = 240  # smaller videos are enlarged, or no stroke could be told from another
_MOST_PX, _MOST_AREA_PX = 4096, 4096 * 2304  # H.264 level 5.1, the most that decoders in hardware take

Rectangle = tuple[int, int, int, int]
"""Left, top, width, height in pixels."""


@dataclass(frozen=True, slots=True)
class OverlayStyle:
    """What a user can choose about the overlay.

    Raises:
        UsageError: there is no such layout.
    """

    layout: str = "inset"
    """`inset`: the picture, and small views from the front and from the side right of it. `overlay-only`: the picture
    alone. `side-by-side`: the picture, and one large 3D view of the same height right of it."""
    black: bool = False
    """Skeletons on black: nothing of the video is shown or heard."""

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise UsageError(f"unknown layout {self.layout!r}. Choose from {', '.join(LAYOUTS)}.")


DEFAULT_STYLE = OverlayStyle()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts lie on the canvas: the picture left, the views right of it."""

    canvas: tuple[int, int]
    """Width and height in pixels, both even (H.264 wants that)."""
    picture: Rectangle
    zoom: float
    """Pixels of the canvas per pixel of the video."""
    panels: tuple[Rectangle, ...]
    """`inset`: the front view above the side view; `side-by-side`: the one view; `overlay-only`: none."""


def plan_layout(width: int, height: int, layout: str = "inset", most_px: int | None = None) -> Layout:
    """Arrange the canvas for a video of that size in pixels.

    The inset views take a third of the width of a landscape video and somewhat more beside a portrait one; the large
    view is as wide as the picture, at most square and at least half as wide as it is high. Videos below 240 pixels are
    enlarged by a whole factor, but not in `overlay-only`, whose canvas is of the video's size; videos that make the
    canvas too large for H.264 players (4096 pixels a side, 9.4 million in all) are reduced by one.

    Args:
        width: of the video.
        height: of the video.
        layout: of `LAYOUTS`.
        most_px: longest side of the canvas; the picture is reduced by any factor to keep to it.
    """
    for zoom in _zooms(width, height, layout, most_px):
        size = max(1, int(width * zoom)), max(1, int(height * zoom))
        canvas, panels = _arrange(*size, layout)
        within = max(canvas) <= _MOST_PX and canvas[0] * canvas[1] <= _MOST_AREA_PX
        if within and (most_px is None or max(canvas) <= most_px):
            break
    return Layout(canvas, (0, (canvas[1] - size[1]) // 2, *size), float(zoom), panels)


def _zooms(width: int, height: int, layout: str, most_px: int | None) -> Iterator[Fraction]:
    """Factors to try, from the largest: without `most_px` whole numbers and their inverses, which keep pixels sharp."""
    longest = max(width, height)
    grow = 1 if layout == "overlay-only" else max(1, -(-_LEAST_PX // longest))
    if most_px is None:
        yield from (Fraction(grow, shrink) for shrink in itertools.count(1))
    else:
        yield from (Fraction(pixels, longest) for pixels in range(min(most_px, grow * longest), 0, -1))


def _arrange(width: int, height: int, layout: str) -> tuple[tuple[int, int], tuple[Rectangle, ...]]:
    """The canvas around a picture of that size, and the views on it."""
    if layout == "overlay-only":
        return (width + width % 2, height + height % 2), ()
    canvas_height = max(height + height % 2, _LEAST_PX)
    if layout == "inset":
        wanted = min(max(width / 3, canvas_height / 4), 0.8 * canvas_height)
    else:
        wanted = min(max(width, canvas_height / 2), canvas_height)
    canvas_width = width + round(wanted)
    canvas_width += canvas_width % 2
    panel_width = canvas_width - width
    if layout == "side-by-side":
        return (canvas_width, canvas_height), ((width, 0, panel_width, canvas_height),)
    half = canvas_height // 2
    panels = ((width, 0, panel_width, half), (width, half, panel_width, canvas_height - half))
    return (canvas_width, canvas_height), panels
