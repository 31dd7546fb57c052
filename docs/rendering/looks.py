"""Colours of skin, hair and clothes, by where a point lies on the body at rest."""

from dataclasses import dataclass

import numpy as np

from rendering.body import Body
from rendering.figure import MATERIALS

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Palette:
    """Red, green and blue, 0..1, as a screen shows them."""

    skin: Colour = (0.80, 0.58, 0.46)
    hair: Colour = (0.16, 0.10, 0.07)
    shirt: Colour = (0.36, 0.46, 0.56)
    trousers: Colour = (0.20, 0.20, 0.24)
    shoe: Colour = (0.88, 0.88, 0.86)


def linear(colour: Colour | np.ndarray) -> np.ndarray:
    """Amount of light that a screen's value stands for."""
    light: np.ndarray = np.asarray(colour, np.float32) ** np.float32(2.2)
    return light


def wave(points: np.ndarray, per_metre: float, seed: int) -> np.ndarray:
    """(...) smooth irregular values in -1..1 for (..., 3) points in metres: six waves of random directions."""
    rng = np.random.default_rng(seed)
    total = np.zeros(points.shape[:-1], np.float32)
    for _ in range(6):
        direction = rng.normal(size=3)
        direction *= per_metre * 2 * np.pi * rng.uniform(0.6, 1.4) / np.linalg.norm(direction)
        total += np.sin(points @ direction.astype(np.float32) + np.float32(rng.uniform(0, 6.3)))
    return total / 6


def _spot(x: np.ndarray, y: np.ndarray, centre: tuple[float, float], radii: tuple[float, float]) -> np.ndarray:
    """1 inside an ellipse, 0 outside, soft over its last fifth."""
    far = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1])
    inside: np.ndarray = np.clip((1.1 - far) / 0.2, 0.0, 1.0)
    return inside


def colours(body: Body, points: np.ndarray, nearness: np.ndarray, palette: Palette) -> np.ndarray:
    """(N, 3) float32 linear light that points of the surface give back.

    Args:
        body: whose surface.
        points: (N, 3) float32 metres, where they lie at rest.
        nearness: (N, M) metres to each material.
        palette: the colours.
    """
    material = nearness.argmin(axis=1)
    table = linear(np.array([getattr(palette, name) for name in MATERIALS], np.float32))
    colour = table[material]
    cloth = np.isin(material, [MATERIALS.index("shirt"), MATERIALS.index("trousers")])
    colour[cloth] *= (1 + 0.10 * wave(points[cloth], 9.0, 1) + 0.06 * wave(points[cloth], 45.0, 2))[:, None]
    hair = material == MATERIALS.index("hair")
    colour[hair] *= (1 + 0.5 * wave(points[hair] * np.array([1, 0.15, 1], np.float32), 90.0, 3))[:, None]
    shoe = material == MATERIALS.index("shoe")
    if shoe.any():
        sole = points[:, 1] < body.corners[:, 1].min() + 0.02
        colour[shoe & sole] = linear((0.30, 0.30, 0.32))
    face = (material == MATERIALS.index("skin")) & (np.abs(points - body.head) < 0.14).all(axis=1)
    colour[face] = _face(points[face] - body.head, colour[face], palette)
    light: np.ndarray = colour.astype(np.float32)
    return light


def _face(local: np.ndarray, colour: np.ndarray, palette: Palette) -> np.ndarray:
    """Draw eyes, brows and a mouth: metres to the left, up and forward from the middle of the head."""
    x, y, z = local.T
    front = z > 0.03
    side = np.abs(x)

    def paint(amount: np.ndarray, paint_colour: Colour | np.ndarray, colour: np.ndarray) -> np.ndarray:
        share = (amount * front)[:, None]
        mixed: np.ndarray = colour * (1 - share) + share * linear(paint_colour)
        return mixed

    red = np.asarray(palette.skin) * np.array([1.0, 0.80, 0.78])
    colour = paint(0.5 * _spot(side, y, (0.042, -0.012), (0.024, 0.02)), red, colour)
    # sockets, whites, irises, lashes
    colour = paint(0.45 * _spot(side, y, (0.030, 0.030), (0.021, 0.014)), np.asarray(palette.skin) * 0.7, colour)
    colour = paint(_spot(side, y, (0.030, 0.029), (0.0135, 0.0065)), (0.93, 0.92, 0.9), colour)
    colour = paint(_spot(side, y, (0.030, 0.0295), (0.0062, 0.0065)), (0.16, 0.10, 0.07), colour)
    lid = _spot(side, y, (0.030, 0.0345), (0.0155, 0.0035))
    colour = paint(lid, (0.12, 0.08, 0.07), colour)
    brow = 0.0485 - 2.5 * (side - 0.030) ** 2 / 0.05
    colour = paint(0.85 * _spot(side, y - brow, (0.031, 0.0), (0.0195, 0.0045)), palette.hair, colour)
    # nostrils, lips and the line between them
    colour = paint(0.7 * _spot(side, y, (0.0075, -0.0165), (0.0045, 0.003)), (0.3, 0.15, 0.12), colour)
    colour = paint(0.8 * _spot(x, y, (0.0, -0.041), (0.025, 0.0085)), (0.70, 0.36, 0.33), colour)
    return paint(0.8 * _spot(x, y, (0.0, -0.0405), (0.023, 0.0016)), (0.30, 0.12, 0.11), colour)
