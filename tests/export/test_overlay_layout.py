"""How the overlay's canvas is divided for videos of any size."""

import numpy as np
import pytest

from videopose.export.layout import plan_layout


@pytest.mark.parametrize(
    ("size", "zoom"),
    [
        ((1920, 1080), 1),
        ((1080, 1920), 1),
        ((1277, 719), 1),
        ((64, 48), 4),
        ((1, 1), 240),
        ((2, 2000), 1),
        ((2000, 2), 1),
        ((3840, 2160), 1 / 2),
        ((2160, 3840), 1 / 2),
        ((7680, 4320), 1 / 3),
    ],
    ids=lambda value: str(value),
)
def test_layout_is_even_complete_and_without_overlap(size: tuple[int, int], zoom: float) -> None:
    layout = plan_layout(*size)
    width, height = layout.canvas
    assert width % 2 == height % 2 == 0
    assert 240 <= height <= 4096
    assert width <= 4096 and width * height <= 4096 * 2304
    assert layout.zoom == zoom
    assert layout.picture[2:] == tuple(max(1, int(side * zoom)) for side in size)
    covered = np.zeros((height, width), int)
    for x, y, w, h in (layout.picture, *layout.panels):
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
        covered[y : y + h, x : x + w] += 1
    assert covered.max() == 1
    assert (covered[:, layout.picture[2] :] == 1).all()
