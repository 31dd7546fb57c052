"""Strokes, colours and labels: what both the skeleton on the video and the 3D views are drawn with."""

import functools
from dataclasses import dataclass

import cv2
import numpy as np

Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""
Point = tuple[int, int]
"""Pixels times 16: what OpenCV takes for lines that start and end between pixels."""

SHIFT = 4
"""Binary digits after the point in a `Point`."""
LEFT: Colour = (240, 180, 60)
"""The person's left: sky blue."""
RIGHT: Colour = (30, 130, 245)
"""The person's right: orange, which no common colour blindness confuses with the blue."""
MIDDLE: Colour = (225, 225, 225)
"""Spine, neck and head: neutral."""
HALO: Colour = (24, 22, 20)
"""Thin rim that keeps bright limbs readable on a bright video."""

_REACH_PX = 1 << 20  # farther points are nonsense, and near the end of OpenCV's fixed-point range
# Found by search: as far apart as can be for all kinds of colour vision, the first four most of all, away from the
# colours of the limbs, and to be seen on light and on dark ground, for the viewer's page has both.
PERSON_COLOURS: tuple[Colour, ...] = (
    (102, 170, 102),
    (153, 68, 153),
    (0, 68, 187),
    (170, 153, 170),
    (68, 119, 0),
    (119, 102, 119),
)
"""Of labels and trails."""


def side_colour(joint_name: str) -> Colour:
    """Colour of a joint by the side its name starts with: `left_`, `right_`, or neither."""
    if joint_name.startswith("left_"):
        return LEFT
    return RIGHT if joint_name.startswith("right_") else MIDDLE


def person_colour(person_id: int) -> Colour:
    """Colour of a person's label: distinct for six people in a row, then again from the first."""
    return PERSON_COLOURS[(person_id - 1) % len(PERSON_COLOURS)]


def letter_colour(box: Colour) -> Colour:
    """Dark or light letters, by the brightness of the box they are on."""
    brightness = 0.114 * box[0] + 0.587 * box[1] + 0.299 * box[2]
    return (16, 16, 16) if brightness > 110 else (250, 250, 250)


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with a `share` (0..1) of `other` in it."""
    blue, green, red = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return blue, green, red


def fixed_points(points: np.ndarray) -> list[Point | None]:
    """Points for OpenCV: (N, 2) pixels -> N `Point`s, None where a coordinate is not finite or absurdly far away."""
    drawable = (np.abs(points) < _REACH_PX).all(axis=1)  # False for NaN
    if drawable.all():
        return [(x, y) for x, y in np.rint(points * (1 << SHIFT)).astype(np.int64).tolist()]
    scaled = np.rint(np.where(drawable[:, None], points, 0.0) * (1 << SHIFT)).astype(np.int64)
    return [(x, y) if good else None for (x, y), good in zip(scaled.tolist(), drawable.tolist(), strict=True)]


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a line looks."""

    colour: Colour
    thickness: int
    """Pixels, at least 1."""
    dashed: bool = False
    halo: int = 0
    """Width of the dark rim in pixels, 0 for none; it is drawn by `draw_halo`, below all strokes."""


def draw_halo(image: np.ndarray, start: Point, end: Point, stroke: Stroke, smooth: bool = True) -> None:
    """Draw the dark rim of a stroke into `image`; nothing when it has none.

    Without smooth edges, which hardly show where it is dark all around, it takes half the time.
    """
    if stroke.halo:
        kind = cv2.LINE_AA if smooth else cv2.LINE_8
        cv2.line(image, start, end, HALO, stroke.thickness + 2 * stroke.halo, kind, SHIFT)


def draw_stroke(image: np.ndarray, start: Point, end: Point, stroke: Stroke) -> None:
    """Draw one smooth line into `image`, clipped at its edges."""
    if not stroke.dashed:
        cv2.line(image, start, end, stroke.colour, stroke.thickness, cv2.LINE_AA, SHIFT)
        return
    period = (4 * stroke.thickness + 4) << SHIFT
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    dashes = min(max(round(length / period), 1), 64)
    step_x, step_y = (end[0] - start[0]) / dashes, (end[1] - start[1]) / dashes
    for i in range(dashes):
        first = (round(start[0] + (i + 0.2) * step_x), round(start[1] + (i + 0.2) * step_y))
        last = (round(start[0] + (i + 0.7) * step_x), round(start[1] + (i + 0.7) * step_y))
        cv2.line(image, first, last, stroke.colour, stroke.thickness, cv2.LINE_AA, SHIFT)


def draw_dot(image: np.ndarray, centre: Point, radius_px: float, colour: Colour) -> None:
    """Draw a filled circle into `image`, clipped at its edges."""
    cv2.circle(image, centre, round(radius_px * (1 << SHIFT)), colour, -1, cv2.LINE_AA, SHIFT)


@functools.lru_cache(maxsize=512)
def text_image(text: str, height_px: int, colour: Colour, background: Colour) -> np.ndarray:
    """A text in a filled box: (height_px, W, 3) uint8 picture, to be pasted and not written to."""
    font, thickness = cv2.FONT_HERSHEY_SIMPLEX, max(1, round(height_px / 20))
    (_, unit), _ = cv2.getTextSize("H", font, 1.0, 1)
    scale = 0.55 * height_px / unit
    (width, _), _ = cv2.getTextSize(text, font, scale, thickness)
    margin = max(2, round(0.25 * height_px))
    box = np.full((height_px, width + 2 * margin, 3), background, np.uint8)
    baseline = round(0.5 * height_px + 0.5 * unit * scale)
    cv2.putText(box, text, (margin, baseline), font, scale, colour, thickness, cv2.LINE_AA)
    box.setflags(write=False)
    return box


def label_image(text: str, height_px: int, colour: Colour) -> np.ndarray:
    """A text in a box of the given colour, in letters that can be read on it."""
    return text_image(text, height_px, letter_colour(colour), colour)


def paste(image: np.ndarray, picture: np.ndarray, left: int, top: int) -> None:
    """Copy `picture` into `image` at (left, top); what would lie outside is cut off."""
    x0, y0 = max(left, 0), max(top, 0)
    x1 = min(left + picture.shape[1], image.shape[1])
    y1 = min(top + picture.shape[0], image.shape[0])
    if x0 < x1 and y0 < y1:
        image[y0:y1, x0:x1] = picture[y0 - top : y1 - top, x0 - left : x1 - left]
