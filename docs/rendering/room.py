"""An empty room, perhaps with furniture: what each pixel of a camera that stands still sees of it."""

from dataclasses import dataclass

import numpy as np

from rendering.looks import Colour, linear, wave


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of furniture, its sides along the room's walls."""

    low: tuple[float, float, float]
    """Metres: x, y (height) and z."""
    high: tuple[float, float, float]
    colour: Colour = (0.55, 0.38, 0.24)


@dataclass(frozen=True, slots=True)
class Room:
    """Walls, floor at height 0, ceiling."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    wall: Colour = (0.80, 0.79, 0.75)
    furniture: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rays meet first in a room."""

    points: np.ndarray
    """(N, 3) float32 metres, world axes."""
    normals: np.ndarray
    """(N, 3) float32."""
    colours: np.ndarray
    """(N, 3) float32 linear."""
    distance: np.ndarray
    """(N,) float32: lengths of the rays, in units of their directions."""


def look(room: Room, origin: np.ndarray, directions: np.ndarray) -> Surroundings:
    """Follow rays from one point.

    Args:
        room: with furniture.
        origin: (3,) metres, inside the room.
        directions: (N, 3).
    """
    directions = np.where(np.abs(directions) < 1e-6, 1e-6, directions).astype(np.float32)
    far = np.where(directions > 0, np.array(room.high), np.array(room.low)).astype(np.float32)
    lengths = (far - origin.astype(np.float32)) / directions
    axis = lengths.argmin(axis=1)
    rows = np.arange(len(directions))
    distance = lengths[rows, axis]
    normals = np.zeros_like(directions)
    normals[rows, axis] = -np.sign(directions[rows, axis])
    colours = _paint(room, origin + distance[:, None] * directions, axis, normals)
    for box in room.furniture:
        entry, side = _enter(box, origin, directions)
        hit = entry < distance
        distance = np.where(hit, entry, distance)
        normals[hit] = 0.0
        normals[hit, side[hit]] = -np.sign(directions[hit, side[hit]])
        points = origin + distance[hit, None] * directions[hit]
        grain = 1 + 0.12 * wave(points * np.array([0.15, 1, 1], np.float32), 20.0, 5)
        colours[hit] = linear(box.colour) * grain[:, None]
    points = (origin + distance[:, None] * directions).astype(np.float32)
    return Surroundings(points, normals, colours, distance)


def _enter(box: Box, origin: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where rays enter a box (infinite: they miss it), and through which pair of sides."""
    one = (np.array(box.low) - origin) / directions
    other = (np.array(box.high) - origin) / directions
    entries = np.minimum(one, other)
    entry, leave = entries.max(axis=-1), np.maximum(one, other).min(axis=-1)
    return np.where((entry < leave) & (entry > 1e-4), entry, np.inf).astype(np.float32), entries.argmax(axis=-1)


def hidden_from(room: Room, points: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """(N,) bool: furniture stands between the points and a light in a direction (3,)."""
    hidden = np.zeros(len(points), bool)
    towards = np.where(np.abs(direction) < 1e-6, 1e-6, direction)
    for box in room.furniture:
        hidden |= np.isfinite(_enter(box, points, towards)[0])
    return hidden


def _paint(room: Room, points: np.ndarray, axis: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Planks on the floor; walls with skirting boards and pictures; a white ceiling."""
    points = points.astype(np.float32)
    colours = np.broadcast_to(linear(room.wall), points.shape) * (1 + 0.03 * wave(points, 1.5, 6))[:, None]
    along = np.where(axis == 0, points[:, 2], points[:, 0])
    wall, height = axis != 1, points[:, 1]
    colours[wall & (height < 0.1)] = linear((0.9, 0.9, 0.88))
    colours[wall & (np.abs(height - 0.1) < 0.006)] = linear((0.6, 0.6, 0.58))
    for centre, size, low, colour in ((-1.9, 0.5, 1.1, (0.45, 0.55, 0.50)), (2.3, 0.35, 1.25, (0.68, 0.50, 0.35))):
        across = np.abs(along - centre)
        inside = wall & (across < size) & (height > low) & (height < low + 1.1 * size)
        rim = inside & ((across > size - 0.03) | (height < low + 0.03) | (height > low + 1.1 * size - 0.03))
        colours[inside] = linear(colour) * (1 + 0.4 * wave(points[inside], 3.0, 7))[:, None]
        colours[rim] = linear((0.22, 0.17, 0.13))
    floor = (axis == 1) & (normals[:, 1] > 0)
    plank = np.floor(points[floor, 2] / 0.16)
    shift = points[floor, 0] + 0.61 * plank
    board = np.floor(shift / 1.4)
    shade = np.modf(np.abs(np.sin(plank * 12.9898 + board * 78.233) * 43758.5453))[0]
    grain = wave(points[floor] * np.array([0.08, 1, 1], np.float32) + plank[:, None] * 3.1, 18.0, 8)
    wood = linear((0.66, 0.50, 0.36)) * (0.82 + 0.3 * shade + 0.1 * grain)[:, None]
    edge = np.abs(points[floor, 2] / 0.16 - plank - 0.5) > 0.485
    wood[edge | (np.abs(shift / 1.4 - board - 0.5) > 0.498)] *= 0.6
    colours[floor] = wood
    return colours.astype(np.float32)
