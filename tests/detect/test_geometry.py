import math

import numpy as np
import pytest

from videopose.detect.blazepose.geometry import Region, crop

REGIONS = {
    "upright": Region(50.0, 40.0, 30.0),
    "turned": Region(120.5, 60.25, 80.0, 0.7),
    "upside down": Region(-10.0, 300.0, 200.0, math.pi),
}


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
def test_points_come_back_from_the_region(region: Region) -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.3, 0.8], [-0.5, 1.5]])
    np.testing.assert_allclose(region.from_frame(region.to_frame(points)), points, atol=1e-12)


@pytest.mark.parametrize(
    ("top", "angle"), [((10, 0), 0.0), ((20, 10), math.pi / 2), ((10, 20), math.pi), ((0, 10), -math.pi / 2)]
)
def test_region_around_points_up(top: tuple[int, int], angle: float) -> None:
    region = Region.around(np.array([10.0, 10.0]), np.array(top, float), 2.0)
    assert (region.side, math.remainder(region.angle - angle, math.tau)) == pytest.approx((20.0, 0.0))
    np.testing.assert_allclose(region.top, top, atol=1e-9)


def test_blending_takes_the_short_way_round() -> None:
    blended = Region(0, 0, 10, 3.0).blended(Region(10, 20, 30, -3.0), 0.5)
    assert (blended.x, blended.y, blended.side) == pytest.approx((5, 10, 20))
    assert abs(math.remainder(blended.angle, math.tau)) == pytest.approx(math.pi)


def test_change_is_relative_to_the_side() -> None:
    region = Region(0, 0, 100)
    assert region.change_to(region) == 0
    assert region.change_to(Region(20, 0, 100)) == pytest.approx(0.2)
    assert region.change_to(Region(0, 0, 130)) == pytest.approx(0.3)
    assert region.change_to(Region(0, 0, 100, math.pi / 2)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("region", "size"),
    [
        (Region(200, 150, 64), 64),
        (Region(200, 150, 100, 0.4), 64),
        (Region(201.3, 149.1, 200, -0.9), 50),
        (Region(190, 140, 220, math.pi), 32),
    ],
    ids=["one to one", "turned", "shrunk and turned", "upside down"],
)
def test_crop_shows_what_lies_at_the_mapped_place(region: Region, size: int) -> None:
    # x in one channel, y in another: every crop pixel tells where it came from
    y, x = np.mgrid[0:300, 0:400] + 0.5
    image = np.stack([x * 0.5, y * 0.5, 0 * x + 77], axis=-1).astype(np.uint8)
    picture = crop(image, region, size, replicate=False)
    grid = (np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1).reshape(-1, 2) + 0.5) / size
    expected = region.to_frame(grid).reshape(size, size, 2) * 0.5
    inside = slice(2, -2), slice(2, -2)
    assert np.abs(picture[inside][..., :2] + 0.25 - expected[inside]).max() < 1.2
    assert (picture[inside][..., 2] == 77).all()


@pytest.mark.parametrize("side", [200, 512, 800])
def test_crop_averages_fine_detail_instead_of_aliasing(side: int) -> None:
    y, x = np.mgrid[0:900, 0:900]
    image = np.repeat(((x + y) % 2 * 255).astype(np.uint8)[..., None], 3, axis=-1)
    picture = crop(image, Region(450, 450, side, 0.2), 64, replicate=True)
    assert np.abs(picture.astype(int) - 127).max() <= 2


def test_crop_beyond_the_frame() -> None:
    image = np.full((40, 60, 3), 200, np.uint8)
    assert not crop(image, Region(500, 500, 30), 16, replicate=False).any()
    half = crop(image, Region(60, 20, 32), 32, replicate=False)
    assert (half[:, :15] == 200).all()
    assert not half[:, 17:].any()
    assert (crop(image, Region(60, 20, 32), 32, replicate=True) == 200).all()
