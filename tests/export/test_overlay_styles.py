"""What users can choose about the overlay: layouts, and drawing on black."""

from itertools import product

import numpy as np
import pytest
from standing import GREY, SIZE, frame, person, recording, where

from videopose.errors import UsageError
from videopose.export.drawing import LEFT, RIGHT
from videopose.export.layout import LAYOUTS, OverlayStyle, plan_layout
from videopose.export.overlay import OverlayRenderer
from videopose.types import Frame


def canvas(layout: str, black: bool = False, size: tuple[int, int] = SIZE, most_px: int | None = None) -> np.ndarray:
    whole = recording(person(size=size), size=size)
    return OverlayRenderer(whole, OverlayStyle(layout, black), most_px).draw(frame(3, size))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 360), (640, 360)),
        ((333, 215), (334, 216)),
        ((160, 96), (160, 96)),
        ((720, 1280), (720, 1280)),
        ((7680, 4320), (3840, 2160)),
    ],
    ids=str,
)
def test_overlay_only_has_the_size_of_the_video(size: tuple[int, int], expected: tuple[int, int]) -> None:
    drawn = canvas("overlay-only", size=size)
    assert drawn.shape == (*expected[::-1], 3)
    assert len(where(drawn, LEFT)) and len(where(drawn, RIGHT))


@pytest.mark.parametrize(
    ("size", "expected"),
    [((640, 360), (1000, 360)), ((1920, 1080), (3000, 1080)), ((720, 1280), (1440, 1280)), ((400, 1280), (1040, 1280))],
    ids=str,
)
def test_side_by_side_adds_one_view_as_high_as_the_picture(size: tuple[int, int], expected: tuple[int, int]) -> None:
    drawn = canvas("side-by-side", size=size)
    assert drawn.shape == (*expected[::-1], 3)
    for half in (drawn[:, : size[0]], drawn[:, size[0] :]):
        points = np.concatenate([where(half, LEFT), where(half, RIGHT)])
        assert np.ptp(points[:, 1]) > 0.3 * size[1]
    # the person faces the camera, and the camera stands at the left of the view
    assert where(drawn[:, size[0] :], RIGHT)[:, 0].mean() < where(drawn[:, size[0] :], LEFT)[:, 0].mean()


def test_the_picture_is_the_same_in_every_layout() -> None:
    width, height = SIZE
    pictures = [canvas(layout)[:height, :width] for layout in LAYOUTS]
    assert all(np.array_equal(picture, pictures[0]) for picture in pictures)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [SIZE, (160, 96), (5000, 2000)], ids=str)
def test_black_shows_nothing_of_the_video(layout: str, size: tuple[int, int]) -> None:
    renderer = OverlayRenderer(recording(person(size=size), size=size), OverlayStyle(layout, black=True))
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    empty = np.broadcast_to(np.uint8(0), noise.shape)
    drawn = [renderer.draw(Frame(3, 0.1, image)) for image in (noise, 255 - noise, empty)]
    assert np.array_equal(drawn[0], drawn[1]) and np.array_equal(drawn[0], drawn[2])
    left, top, width, height = plan_layout(*size, layout).picture
    picture = drawn[0][top : top + height, left : left + width]
    assert len(where(picture, LEFT)) and len(where(picture, (0, 0, 0))) > 0.5 * width * height


def test_on_black_head_and_body_hang_together() -> None:
    def white(black: bool) -> int:
        return len(where(canvas("overlay-only", black), (225, 225, 225)))

    assert white(True) > white(False) + 20


@pytest.mark.parametrize(
    ("layout", "size"), list(product(LAYOUTS, [(1920, 1080), (720, 1280), (160, 96), (1500, 200)])), ids=str
)
def test_a_longest_side_is_kept_to(layout: str, size: tuple[int, int]) -> None:
    drawn = canvas(layout, size=size, most_px=480)
    assert max(drawn.shape) <= 480 and drawn.shape[0] % 2 == drawn.shape[1] % 2 == 0
    assert max(drawn.shape) >= 470 or (max(drawn.shape[:2]) < 480 and max(size) <= 240)
    assert len(where(drawn, LEFT)) and (drawn == GREY).all(axis=2).any()


def test_an_unknown_layout_is_refused() -> None:
    with pytest.raises(UsageError, match=r"unknown layout 'split'\. Choose from inset, overlay-only, side-by-side"):
        OverlayStyle("split")
