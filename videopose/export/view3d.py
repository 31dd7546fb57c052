"""One drawn view of a 3D scene: people with shadows and trails on a ground grid, from any side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
from videopose.export.ground3d import GROUND, Ground
from videopose.export.scene3d import PERSON_M, Scene
from videopose.export.trails import Trail, draw_trail
from videopose.skeletons import Skeleton

BACKGROUND: Colour = (46, 40, 36)
"""Colour of the panels."""
SHADOW: Colour = (40, 35, 32)
CAPTION: Colour = (205, 200, 196)

_BONE_M = 0.055
_TRAIL_M = 0.04
_LEAST_TRAIL_M = 0.2  # shorter ones are hidden by the shadow, and tell more of the noise than of the way
_FOLLOW_BELOW = 0.33  # a standing person smaller than this share of the view's height makes the view go along
_FOLLOW_GAIN = 1.3  # but only where going along makes people this much bigger


@dataclass(frozen=True, slots=True)
class Actor:
    """A person at one moment."""

    person_id: int
    joints: np.ndarray
    """(J, 3) float64 metres in the scene; NaN where unknown."""
    skeleton: Skeleton
    observed: bool
    """False is drawn faint."""
    trail: Trail
    """Where the person has just been on the ground, metres in the scene."""


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

    def __init__(
        self,
        scene: Scene,
        azimuth_degrees: float,
        elevation_degrees: float,
        caption: str,
        size: tuple[int, int],
        text_px: int,
    ) -> None:
        """Fit a view.

        Args:
            scene: what to show.
            azimuth_degrees: 0 looks from the camera, 90 from the picture's right.
            elevation_degrees: how far from above it looks; 0 is level.
            caption: written into the upper left corner.
            size: width and height in pixels.
            text_px: height of a line of text.
        """
        self._scene = scene
        self._width, self._height = size
        azimuth, elevation = np.deg2rad(azimuth_degrees), np.deg2rad(elevation_degrees)
        across = np.array([np.cos(azimuth), 0.0, np.sin(azimuth)])
        along = np.array([-np.sin(azimuth), 0.0, np.cos(azimuth)])
        away = np.cos(elevation) * along + np.array([0.0, np.sin(elevation), 0.0])
        self._axes = np.stack([across, np.cross(away, across), away])
        self._path, self._lens = self._fit()
        self._ground = Ground(scene, azimuth_degrees, size, self._lens.scale, moving=len(self._path) > 1)
        self._caption = text_image(f"{caption} (grid {self._ground.cell_m:g} m)", text_px, CAPTION, BACKGROUND)
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
            self._draw_trail(image, actor, centre)
        for actor in actors:
            self._draw_shadow(image, actor, centre)
        turned = [(actor, (actor.joints - centre) @ self._axes.T) for actor in actors]
        turned.sort(key=lambda one: one[1][0, 2], reverse=True)
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
            still = np.array([[0.0, -0.5 * PERSON_M, 0.0]])
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

    def _draw_ground(self, image: np.ndarray, centre: np.ndarray) -> None:
        """Fill the view with its background, ground and caption."""
        image[:] = BACKGROUND
        self._ground.draw(image, centre, lambda points: self._to_pixels((points - centre) @ self._axes.T))
        margin = self._caption.shape[0] // 3
        paste(image, self._caption, margin, margin)

    def _draw_trail(self, image: np.ndarray, actor: Actor, centre: np.ndarray) -> None:
        """Draw where the person has just been."""
        trail = actor.trail.if_longer(_LEAST_TRAIL_M)
        if trail is None:
            return
        trail = replace(trail, points=self._to_pixels((trail.points - centre) @ self._axes.T))
        thickness = max(1, round(_TRAIL_M * self._lens.scale))
        draw_trail(image, trail, person_colour(actor.person_id), GROUND, thickness)

    def _draw_shadow(self, image: np.ndarray, actor: Actor, centre: np.ndarray) -> None:
        """Draw what a lamp straight above throws on the ground: it meets the feet when they stand on it."""
        flat = actor.joints - centre
        flat[:, 1] = -centre[1]
        points = fixed_points(self._to_pixels(flat @ self._axes.T))
        bones = [(points[parent], points[child]) for parent, child in actor.skeleton.bones]
        lines: Sequence[np.ndarray] = [np.array(bone, np.int32) for bone in bones if None not in bone]
        thickness = max(1, round(0.8 * _BONE_M * self._lens.scale))
        # without smooth edges, which take twice the time and hardly show on the dark ground
        cv2.polylines(image, lines, False, SHADOW, thickness, cv2.LINE_8, SHIFT)

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
            draw_halo(image, start, end, stroke, smooth=False)
            draw_stroke(image, start, end, stroke)

    def _draw_label(self, image: np.ndarray, person_id: int, pixels: np.ndarray) -> None:
        """Put the person's number above the highest joint, where there are several people."""
        label = self._labels.get(person_id)
        heights = np.where(np.isfinite(pixels).all(axis=1), pixels[:, 1], np.inf)
        top = fixed_points(pixels[np.argmin(heights)][None])[0]
        if label is not None and top is not None:
            x, y = top[0] >> SHIFT, top[1] >> SHIFT
            paste(image, label, x - label.shape[1] // 2, y - round(1.5 * label.shape[0]))
