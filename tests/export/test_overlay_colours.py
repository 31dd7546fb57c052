"""The limbs' colours can be told apart by everybody, on anything.

Colour blindness is simulated by the matrices of Machado, Oliveira and Fernandes (A physiologically-based model for
simulation of color vision deficiency, 2009, severity 1.0), which act on linear RGB; distances are CIE 1976 Delta E.
"""

from itertools import combinations

import numpy as np
import pytest

from videopose.export.drawing import HALO, LEFT, MIDDLE, PERSON_COLOURS, RIGHT, Colour, letter_colour, mixed
from videopose.export.ground3d import GROUND
from videopose.export.view3d import BACKGROUND

MATRICES = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
GREY: Colour = (120, 120, 120)
APART = 30.0
"""Ten times what the eye just notices side by side."""


def seen(colour: Colour, vision: str) -> np.ndarray:
    """(3,) CIE Lab of a BGR colour as somebody with that vision sees it."""
    rgb = np.array(colour[::-1]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(MATRICES[vision] @ linear, 0, 1) / XYZ.sum(axis=1)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(first: Colour, second: Colour, vision: str) -> float:
    return float(np.linalg.norm(seen(first, vision) - seen(second, vision)))


def test_the_simulation_is_one() -> None:
    assert np.allclose(seen((255, 255, 255), "full"), (100, 0, 0), atol=0.02)
    assert np.allclose(seen((0, 0, 255), "full"), (53.2, 80.1, 67.2), atol=0.2)  # sRGB's red, by every textbook
    red, green = (40, 40, 200), (40, 130, 40)
    assert distance(red, green, "deuteranopia") < 0.35 * distance(red, green, "full")
    blue, teal = (200, 120, 30), (130, 130, 20)
    assert distance(blue, teal, "tritanopia") < 0.5 * distance(blue, teal, "full")


@pytest.mark.parametrize("vision", MATRICES)
def test_left_right_and_middle_are_apart(vision: str) -> None:
    for first, second in combinations((LEFT, RIGHT, MIDDLE), 2):
        assert distance(first, second, vision) > APART


@pytest.mark.parametrize("vision", MATRICES)
@pytest.mark.parametrize(("other", "share"), [(GREY, 0.5), (GROUND, 0.45)], ids=["picture", "view"])
def test_faint_limbs_are_apart_too(vision: str, other: Colour, share: float) -> None:
    faint = [mixed(colour, other, share) for colour in (LEFT, RIGHT, MIDDLE)]
    for first, second in combinations(faint, 2):
        assert distance(first, second, vision) > 20


@pytest.mark.parametrize("vision", MATRICES)
@pytest.mark.parametrize("behind", [BACKGROUND, GROUND, (0, 0, 0), (128, 128, 128), (255, 255, 255)], ids=str)
def test_limbs_or_their_rims_stand_out_from_what_is_behind(vision: str, behind: Colour) -> None:
    for colour in (LEFT, RIGHT, MIDDLE):
        assert max(distance(colour, behind, vision), distance(HALO, behind, vision)) > APART
        assert distance(colour, HALO, vision) > APART


@pytest.mark.parametrize("vision", MATRICES)
def test_people_are_apart_from_each_other_and_from_limbs(vision: str) -> None:
    for first, second in combinations(PERSON_COLOURS[:4], 2):
        assert distance(first, second, vision) > 28
    for first, second in combinations(PERSON_COLOURS, 2):
        assert distance(first, second, vision) > 18
    for colour in PERSON_COLOURS:
        assert min(distance(colour, limb, vision) for limb in (LEFT, RIGHT)) > 15


PAGES: tuple[Colour, ...] = ((246, 244, 243), (32, 27, 23))
"""Behind the page's scene, light and dark."""


@pytest.mark.parametrize("colour", PERSON_COLOURS, ids=str)
def test_people_are_seen_on_light_and_dark_and_their_numbers_read(colour: Colour) -> None:
    def contrast(other: Colour) -> float:  # WCAG 2.1, from the lightness L* of both
        light, dark = sorted((((seen(one, "full")[0] + 16) / 116) ** 3 for one in (colour, other)), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    for behind in PAGES:
        assert contrast(behind) > 2.4
    assert contrast(letter_colour(colour)) > 4.5
