"""One drawn view of a 3D scene: people with shadows on a ground grid, from the front or from the side."""

from dataclasses import dataclass

import cv2
import numpy as np

from videopose.export.drawing import (
    SHIFT,
    Colour,
    Stroke,
    draw_halo,
    draw_stroke,
    fixed_points,
    label_image,
    mixed,
    paste,
    person_colour,
    side_colour,
    text_image,
)
from videopose.export.scene3d import PERSON_M, Scene
from videopose.skeletons import Skeleton

BACKGROUND: Colour = (46, 40, 36)
"""Colour of the panels."""
GROUND: Colour = (72, 65, 60)
GRID: Colour = (108, 99, 92)
SHADOW: Colour = (40, 35, 32)
CAPTION: Colour = (205, 200, 196)

_ELEVATION = np.deg2rad(12.0)  # enough to see the ground as a plane, little enough for a front and a side view
_GROUND_MARGIN_M = 1.0
_BONE_M = 0.055
_FOLLOW_BELOW = 0.33  # a standing person smaller than this share of the view's height makes the view go along
_FOLLOW_GAIN = 1.3  # but only where going along makes people this much bigger


@dataclass(frozen=True, slots=True)
class Actor:
    """A person at one moment."""

    person_id: int
    joints: np.ndarray
    """(J, 3) float64 metres in camera axes; NaN where unknown."""
    skeleton: Skeleton
    observed: bool
    """False is drawn faint."""


@dataclass(frozen=True, slots=True)
class _Lens:
    """How metres become pixels: scale, offset, and the distance that makes near things bigger."""

    scale: float
    offset: np.ndarray
    distance_m: float

    def flatten(self, turned: np.ndarray) -> np.ndarray:
        """(..., 3) metres right, down, away -> (..., 2) metres in the picture plane."""
        nearness = self.distance_m / (self.distance_m + np.maximum(turned[..., 2:], -0.7 * self.distance_m))
        flat: np.ndarray = turned[..., :2] * nearness
        return flat


class View:
    """A view of fixed scale over the whole clip.

    The whole clip's motion is fitted into it; where people move so far that they would become small, the view goes
    along with them.
    """

    def __init__(self, scene: Scene, azimuth_degrees: float, caption: str, size: tuple[int, int]) -> None:
        """Fit a view.

        Args:
            scene: what to show.
            azimuth_degrees: 0 looks from the camera, 90 from the picture's right.
            caption: written into the upper left corner.
            size: width and height in pixels.
        """
        self._scene = scene
        self._width, self._height = size
        azimuth = np.deg2rad(azimuth_degrees)
        self._across = np.array([np.cos(azimuth), 0.0, np.sin(azimuth)])
        self._along = np.array([-np.sin(azimuth), 0.0, np.cos(azimuth)])
        away = np.cos(_ELEVATION) * self._along + np.array([0.0, np.sin(_ELEVATION), 0.0])
        self._axes = np.stack([self._across, np.cross(away, self._across), away])
        self._path, self._lens = self._fit()
        self._near_m, self._far_m, self._cell_m = self._ground_extent()
        text_px = int(np.clip(self._height // 20, 10, 40))
        self._caption = text_image(f"{caption} (grid {self._cell_m:g} m)", text_px, CAPTION, BACKGROUND)
        ids = [person.motion.person_id for person in scene.people]
        self._labels = {i: label_image(str(i), text_px, person_colour(i)) for i in ids} if len(ids) > 1 else {}
        self._background: np.ndarray | None = None
        if len(self._path) == 1:
            background = np.empty((self._height, self._width, 3), np.uint8)
            self._draw_ground(background, self._path[0])
            self._background = background

    def draw(self, image: np.ndarray, row: int, actors: list[Actor]) -> None:
        """Draw the view over all of `image`.

        Args:
            image: (H, W, 3) uint8 of the view's size.
            row: row of the recording; rows outside are taken as the first or last.
            actors: the people of this moment.
        """
        centre = self._path[min(max(row, 0), len(self._path) - 1)]
        if self._background is None:
            self._draw_ground(image, centre)
        else:
            np.copyto(image, self._background)
        for actor in actors:
            self._draw_shadow(image, actor, centre)
        turned = [(actor, (actor.joints - centre) @ self._axes.T) for actor in actors]
        turned.sort(key=lambda one: -float(np.nan_to_num(one[1][0, 2])))
        placed = [(actor, self._to_pixels(joints), joints[:, 2]) for actor, joints in turned]
        for actor, points, depths in placed:
            self._draw_person(image, actor, points, depths)
        for actor, points, _ in placed:
            self._draw_label(image, actor.person_id, points)

    def _to_pixels(self, turned: np.ndarray) -> np.ndarray:
        """(N, 3) metres right, down, away -> (N, 2) pixels."""
        pixels: np.ndarray = self._lens.scale * self._lens.flatten(turned) + self._lens.offset
        return pixels

    def _fit(self) -> tuple[np.ndarray, _Lens]:
        """The path (T or 1, 3) of the point the view looks at, and its lens."""
        scene = self._scene
        if not np.isfinite(scene.samples).all(axis=-1).any():
            still = np.array([[0.0, scene.floor_m - 0.5 * PERSON_M, 0.0]])
            return still, self._lens_for(np.zeros((1, 3)))
        still = np.median(scene.centre, axis=0, keepdims=True)
        lens = self._lens_for((scene.samples - still).reshape(-1, 3))
        if lens.scale * PERSON_M < _FOLLOW_BELOW * self._height:
            along = self._lens_for((scene.samples - scene.centre[scene.sample_rows][:, None]).reshape(-1, 3))
            if along.scale > _FOLLOW_GAIN * lens.scale:
                return scene.centre, along
        return still, lens

    def _lens_for(self, points: np.ndarray) -> _Lens:
        """A lens that shows nearly all of the points (N, 3), and the ground below them."""
        points = points[np.isfinite(points).all(axis=1)]
        ground = points.copy()
        ground[:, 1] = 0.5 * PERSON_M  # a jump must be seen above the ground
        turned = np.concatenate([points, ground]) @ self._axes.T
        distance = max(8.0, 4.0 * float(np.percentile(np.abs(turned[:, 2]), 99)))
        flat = _Lens(1.0, np.zeros(2), distance).flatten(turned)
        low, high = np.percentile(flat, [0.5, 99.5], axis=0)
        span = np.maximum(high - low, [1.4, 2.0])
        scale = float(min(0.86 * self._width / span[0], 0.76 * self._height / span[1]))
        offset = np.array([0.5 * self._width, 0.54 * self._height]) - scale * (low + high) / 2
        return _Lens(scale, offset, distance)

    def _ground_extent(self) -> tuple[float, float, float]:
        """Nearest and farthest edge of the ground (m, along the view's direction) and the size of its squares (m)."""
        along = (self._scene.samples @ self._along).ravel()
        along = along[np.isfinite(along)]
        near, far = np.percentile(along, [1, 99]) if along.size else (0.0, 0.0)
        least = max(1.0, 0.05 * self._height / self._lens.scale)  # smaller squares would be a grey mist
        decade = 10.0 ** np.floor(np.log10(least))
        cell = next(step * decade for step in (1.0, 2.0, 5.0, 10.0) if step * decade >= least)
        return float(near) - _GROUND_MARGIN_M, float(far) + _GROUND_MARGIN_M, float(cell)

    def _on_ground(self, across: np.ndarray, along: np.ndarray, centre: np.ndarray) -> np.ndarray:
        """(N,) and (N,) metres on the ground -> (N, 2) pixels."""
        points = across[:, None] * self._across + along[:, None] * self._along
        points[:, 1] = self._scene.floor_m
        return self._to_pixels((points - centre) @ self._axes.T)

    def _draw_ground(self, image: np.ndarray, centre: np.ndarray) -> None:
        """Fill the view with its background, ground, grid and caption."""
        image[:] = BACKGROUND
        cell = self._cell_m
        middle, depth = float(centre @ self._across), float(centre @ self._along)
        # Going along, only the ground around the people: far ends of a long way would fill the view.
        near, far = max(self._near_m, depth - 4 * cell), min(self._far_m, depth + 4 * cell)
        if len(self._path) == 1:
            near, far = self._near_m, self._far_m
        reach = 2.5 * self._width / self._lens.scale  # far ground is smaller, and must fill the view too
        left, right = np.floor((middle - reach) / cell) * cell, np.ceil((middle + reach) / cell) * cell
        corners = self._on_ground(np.array([left, right, right, left]), np.array([near, near, far, far]), centre)
        cv2.fillPoly(image, [np.rint(corners * (1 << SHIFT)).astype(np.int32)], GROUND, cv2.LINE_AA, SHIFT)
        columns = np.arange(left, right + cell / 2, cell)
        rows = np.concatenate([[near, far], np.arange(np.ceil(near / cell) * cell, far, cell)])
        from_across = np.concatenate([columns, np.full_like(rows, left)])
        to_across = np.concatenate([columns, np.full_like(rows, right)])
        from_along = np.concatenate([np.full_like(columns, near), rows])
        to_along = np.concatenate([np.full_like(columns, far), rows])
        starts = fixed_points(self._on_ground(from_across, from_along, centre))
        ends = fixed_points(self._on_ground(to_across, to_along, centre))
        stroke = Stroke(GRID, max(1, self._height // 500))
        for start, end in zip(starts, ends, strict=True):
            if start is not None and end is not None:
                draw_stroke(image, start, end, stroke)
        margin = self._caption.shape[0] // 3
        paste(image, self._caption, margin, margin)

    def _draw_shadow(self, image: np.ndarray, actor: Actor, centre: np.ndarray) -> None:
        """Draw what a lamp straight above throws on the ground: it meets the feet when they stand on it."""
        flat = actor.joints - centre
        flat[:, 1] = self._scene.floor_m - centre[1]
        points = fixed_points(self._to_pixels(flat @ self._axes.T))
        stroke = Stroke(SHADOW, max(1, round(0.8 * _BONE_M * self._lens.scale)))
        for parent, child in actor.skeleton.bones:
            start, end = points[parent], points[child]
            if start is not None and end is not None:
                draw_stroke(image, start, end, stroke)

    def _draw_person(self, image: np.ndarray, actor: Actor, pixels: np.ndarray, depths: np.ndarray) -> None:
        """Draw the bones, the far ones first."""
        points = fixed_points(pixels)
        thickness = max(1, round(_BONE_M * self._lens.scale * (1.0 if actor.observed else 0.5)))
        halo = 1 if thickness > 2 else 0
        bones = [(p, c) for p, c in actor.skeleton.bones if points[p] is not None and points[c] is not None]
        bones.sort(key=lambda bone: -float(depths[bone[0]] + depths[bone[1]]))
        for parent, child in bones:
            colour = side_colour(actor.skeleton.joint_names[child])
            stroke = Stroke(colour if actor.observed else mixed(colour, GROUND, 0.45), thickness, halo=halo)
            start, end = points[parent], points[child]
            assert start is not None and end is not None
            draw_halo(image, start, end, stroke)
            draw_stroke(image, start, end, stroke)

    def _draw_label(self, image: np.ndarray, person_id: int, pixels: np.ndarray) -> None:
        """Put the person's number above the highest joint, where there are several people."""
        label = self._labels.get(person_id)
        heights = np.where(np.isfinite(pixels).all(axis=1), pixels[:, 1], np.inf)
        top = fixed_points(pixels[np.argmin(heights)][None])[0]
        if label is not None and top is not None:
            x, y = top[0] >> SHIFT, top[1] >> SHIFT
            paste(image, label, x - label.shape[1] // 2, y - round(1.5 * label.shape[0]))
