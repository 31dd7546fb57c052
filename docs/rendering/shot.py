"""A camera in a room, its light, and the pictures it takes of a person."""

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter

from rendering.body import Body, posed
from rendering.looks import Palette, colours, wave
from rendering.raster import Seen, rasterise
from rendering.room import Room, hidden_from, look
from videopose.camera import focal_from_fov
from videopose.data.asfamc import Pose

_FINE = 2
"""Samples a pixel along each side."""
_SHADOW_PX = 384
_BRIGHTEST = 4.0
"""Light that is as white as any more."""
_TO_LIGHT = (0.45, 0.85, 0.5)
"""Direction of the lamp: to the right of the camera, up, behind the camera."""
_SKY, _BOUNCE, _KEY = np.array([0.50, 0.53, 0.58]), np.array([0.26, 0.22, 0.18]), np.array([1.0, 0.94, 0.84]) * 0.85


@dataclass(frozen=True, slots=True)
class Camera:
    """An ideal camera that stands still and level: no lens errors, the horizon straight."""

    position: tuple[float, float, float]
    """Metres, world axes (Y up)."""
    target: tuple[float, float, float]
    """What the middle of the picture shows."""
    fov_degrees: float = 55.0
    """Along the longer side."""
    size: tuple[int, int] = (1280, 720)
    """Width and height."""

    @property
    def axes(self) -> np.ndarray:
        """(3, 3) rows: right, down, away, in world axes."""
        away = np.subtract(self.target, self.position)
        away = away / np.linalg.norm(away)
        right = np.cross(away, [0.0, 1.0, 0.0])
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(away, right), away])

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return focal_from_fov(self.fov_degrees, self.size)

    def see(self, points: np.ndarray) -> np.ndarray:
        """World to camera axes (x right, y down, z away): (..., 3) metres."""
        seen: np.ndarray = (points - np.array(self.position)) @ self.axes.T
        return seen

    def project(self, points: np.ndarray) -> np.ndarray:
        """(..., 2) pixels of (..., 3) world points."""
        seen = self.see(points)
        place: np.ndarray = seen[..., :2] / seen[..., 2:] * self.focal_px + np.array(self.size) / 2
        return place


@dataclass(frozen=True, slots=True)
class Film:
    """What the light becomes."""

    exposure: float = 1.0
    """1 is right, 0.1 is very dark."""
    noise: float = 0.006
    """Standard deviation of a pixel's value, 0..1."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything but the person's movement."""

    camera: Camera
    room: Room
    body: Body
    palette: Palette = field(default_factory=Palette)
    film: Film = field(default_factory=Film)


class Shot:
    """Takes pictures of one scene; what does not move is worked out once."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        camera = scene.camera
        width, height = self._size = camera.size[0] * _FINE, camera.size[1] * _FINE
        columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        plane = np.stack([columns - width / 2, rows - height / 2], axis=-1).reshape(-1, 2) / (camera.focal_px * _FINE)
        # Directions have length 1 along the camera's axis, so that a ray's length is the depth.
        rays = np.concatenate([plane, np.ones((len(plane), 1))], axis=1) @ camera.axes
        seen = look(scene.room, np.array(camera.position), rays)
        right = camera.axes[0]
        behind = np.cross(right, [0.0, 1.0, 0.0])
        towards = np.array(_TO_LIGHT) @ np.stack([right, [0.0, 1.0, 0.0], behind])
        self._light = towards / np.linalg.norm(towards)
        aside = np.cross(self._light, [0.0, 0.0, 1.0])
        aside /= np.linalg.norm(aside)
        self._light_axes = np.stack([aside, np.cross(self._light, aside), -self._light]).astype(np.float32)
        lit = ~hidden_from(scene.room, seen.points + 1e-3 * seen.normals, self._light)
        ambient, key = self._lights(seen.normals, seen.colours)
        ambient *= self._corners(seen.points)[:, None]
        key *= lit[:, None]
        self._depth = seen.distance.reshape(height, width)
        shrink = (camera.size[1], _FINE, camera.size[0], _FINE)
        self._ambient, self._key = (part.reshape(*shrink, 3).mean(axis=(1, 3)) for part in (ambient, key))
        self._points = seen.points.reshape(*shrink, 3)[:, 0, :, 0].reshape(-1, 3)
        self._floor = np.flatnonzero(self._points[:, 1] < 0.01)
        self._by_light = np.ascontiguousarray((self._points @ self._light_axes.T).astype(np.float32).T)
        self._ambient, self._key = (part.reshape(-1, 3).astype(np.float32) for part in (self._ambient, self._key))

    def _lights(self, normals: np.ndarray, colour: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, 3) light from all around, and from the lamp where nothing is in its way."""
        up = normals[:, 1:2] * 0.5 + 0.5
        around = colour * (up * _SKY + (1 - up) * _BOUNCE)
        lamp = colour * _KEY * np.clip(normals @ self._light, 0.0, None)[:, None]
        return around.astype(np.float32), lamp.astype(np.float32)

    def _corners(self, points: np.ndarray) -> np.ndarray:
        """Less light gets into the corners of a room."""
        low, high = np.array(self.scene.room.low), np.array(self.scene.room.high)
        gaps = np.sort(np.minimum(points - low, high - points), axis=1)[:, 1]
        open_share: np.ndarray = 1 - 0.35 * np.exp(-gaps / 0.35)
        return open_share

    def take(self, pose: Pose, frame: int, others: tuple[int, ...] = ()) -> np.ndarray:
        """One picture.

        Args:
            pose: the motion.
            frame: of the motion.
            others: further frames of it during which the shutter is open.

        Returns:
            (H, W, 3) uint8 BGR.
        """
        light = self._expose(pose, frame)
        for number in others:
            light += self._expose(pose, number)
        light /= 1 + len(others)
        film = self.scene.film
        steps = np.linspace(0.0, _BRIGHTEST, 4096)
        curve = (1 - np.exp(-1.25 * film.exposure * steps)) ** (1 / 2.2)
        value = curve.astype(np.float32)[np.clip(light * (4095 / _BRIGHTEST), 0, 4095).astype(np.int16)]
        # Noise of a sensor, the same in all three colours; a strip that is shifted about, so that it costs little.
        rng = np.random.default_rng(frame)
        grain = np.tile(rng.standard_normal((256, value.shape[1]), dtype=np.float32), (-(-len(value) // 256), 1))
        value += film.noise * grain[: len(value), :, None]
        return (np.clip(value[..., ::-1], 0.0, 1.0) * 255 + 0.5).astype(np.uint8)

    def cover(self, pose: Pose, frame: int) -> np.ndarray:
        """(H, W) float32 in 0..1: how much of each pixel the person covers."""
        seen = self._silhouette(posed(self.scene.body, pose, frame)[0])
        cover = np.zeros(self._size[0] * self._size[1], np.float32)
        cover[seen.pixel] = 1.0
        width, height = self.scene.camera.size
        covered: np.ndarray = cover.reshape(height, _FINE, width, _FINE).mean(axis=(1, 3))
        return covered

    def _silhouette(self, corners: np.ndarray) -> Seen:
        camera = self.scene.camera
        depth = camera.see(corners)[:, 2:]
        points = np.concatenate([camera.project(corners) * _FINE, depth], axis=1).astype(np.float32)
        return rasterise(points, self.scene.body.triangles, self._size, self._depth)

    def _expose(self, pose: Pose, frame: int) -> np.ndarray:
        """(H, W, 3) float32 light."""
        body = self.scene.body
        corners, normals = posed(body, pose, frame)
        shadow = _Shadow(corners @ self._light_axes.T, body.triangles)
        picture = self._ambient + self._key
        near = shadow.reaches(self._by_light)
        picture[near] -= self._key[near] * shadow.at(self._by_light[:, near].T, 5, 0.012)[:, None]
        low, high = corners.min(axis=0) - 0.3, corners.max(axis=0) + 0.3
        x, _, z = self._points[self._floor].T
        near = self._floor[(x > low[0]) & (x < high[0]) & (z > low[2]) & (z < high[2])]
        picture[near] -= self._ambient[near] * 0.55 * _contact(corners, self._points[near])[:, None]
        seen = self._silhouette(corners)
        if len(seen.pixel):
            picture = self._put(picture, seen, self._person(seen, corners, normals, shadow))
        width, height = self.scene.camera.size
        whole: np.ndarray = picture.reshape(height, width, 3)
        return whole

    def _person(self, seen: Seen, corners: np.ndarray, normals: np.ndarray, shadow: "_Shadow") -> np.ndarray:
        """(N, 3) light of the pixels where the person is seen."""
        body = self.scene.body
        table = np.concatenate([body.corners, corners, normals, body.openness[:, None], body.nearness], axis=1)
        mixed = seen.mix(table.astype(np.float32), body.triangles)
        rest, places, normal, openness, nearness = np.split(mixed, (3, 6, 9, 10), axis=1)
        cloth = np.isin(nearness.argmin(axis=1), (2, 3))[:, None]
        folds = np.stack([wave(rest, 14.0, seed) for seed in (11, 12, 13)], axis=-1)
        normal = normal + cloth * 0.22 * folds
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        colour = colours(body, rest, nearness, self.scene.palette)
        ambient, key = self._lights(normal, colour)
        blocked = shadow.at((places + 0.012 * normal) @ self._light_axes.T, 3, 0.006)
        key *= (1 - blocked)[:, None]
        if self.scene.room.furniture:
            key *= ~hidden_from(self.scene.room, places, self._light)[:, None]
        view = np.array(self.scene.camera.position) - places
        view /= np.linalg.norm(view, axis=-1, keepdims=True)
        half = view + self._light
        half /= np.linalg.norm(half, axis=-1, keepdims=True)
        gloss = np.where(cloth[:, 0], 0.0, 0.12) * np.clip((normal * half).sum(axis=-1), 0, None) ** 24 * (1 - blocked)
        near_floor = 1 - 0.35 * np.exp(-np.clip(places[:, 1:2], 0, None) / 0.12)
        lit: np.ndarray = (
            ambient * (0.25 + 0.75 * openness) * near_floor + key * (0.5 + 0.5 * openness) + gloss[:, None]
        )
        return lit

    def _put(self, picture: np.ndarray, seen: Seen, light: np.ndarray) -> np.ndarray:
        """Lay the fine pixels of the person over the picture's."""
        row, column = np.divmod(seen.pixel, self._size[0])
        width = self.scene.camera.size[0]
        coarse = row // _FINE * width + column // _FINE
        touched, where = np.unique(coarse, return_inverse=True)
        share = np.bincount(where) / _FINE**2
        added = np.stack([np.bincount(where, light[:, k]) for k in range(3)], axis=-1) / _FINE**2
        picture[touched] = picture[touched] * (1 - share[:, None]) + added
        return picture


class _Shadow:
    """What the lamp sees of a person."""

    def __init__(self, corners: np.ndarray, triangles: np.ndarray) -> None:
        self._low = corners.min(axis=0) - 0.05
        self._per_metre = (_SHADOW_PX - 1) / float((corners.max(axis=0) - self._low)[:2].max() + 0.05)
        points = (corners - self._low) * np.array([self._per_metre, self._per_metre, 1.0], np.float32)
        seen = rasterise(points + np.array([0, 0, 0.1], np.float32), triangles, (_SHADOW_PX, _SHADOW_PX))
        depth = np.full(_SHADOW_PX**2, np.inf, np.float32)
        depth[seen.pixel] = seen.depth - 0.1
        self._depth = depth.reshape(_SHADOW_PX, _SHADOW_PX)

    def reaches(self, points: np.ndarray) -> np.ndarray:
        """Indices of (3, N) points, in the lamp's axes, on which a shadow might fall."""
        x, y, depth = points
        wide = (_SHADOW_PX - 1) / self._per_metre
        inside = (x > self._low[0]) & (x < self._low[0] + wide) & (y > self._low[1]) & (y < self._low[1] + wide)
        return np.flatnonzero(inside & (depth > self._low[2]))

    def at(self, points: np.ndarray, taps: int, spread_m: float) -> np.ndarray:
        """(N,) in 0..1: how much of the lamp is hidden from (N, 3) points."""
        place, depth = (points[:, :2] - self._low[:2]) * self._per_metre, points[:, 2] - self._low[2]
        total = np.zeros(len(points), np.float32)
        steps = (np.arange(taps) - (taps - 1) / 2) * spread_m * self._per_metre / (taps - 1) * 2
        for across in steps:
            for down in steps:
                column, row = (
                    np.clip(place[:, k] + move, 0, _SHADOW_PX - 1).astype(np.int64)
                    for k, move in ((0, across), (1, down))
                )
                total += self._depth[row, column] < depth - 0.01
        return total / taps**2


def _contact(corners: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """(N,) in 0..1: how much of the sky what stands on or close above the floor hides from its points."""
    cell = 0.02
    low = corners.min(axis=0) - 0.4
    size = np.ceil((corners.max(axis=0) + 0.4 - low) / cell).astype(int)[[0, 2]]
    place = ((corners - low) / cell).astype(int)[:, [0, 2]]
    close = np.zeros(size, np.float32)
    np.maximum.at(close, tuple(place.T), np.exp(-np.clip(corners[:, 1], 0, None) / 0.09))
    close = gaussian_filter(close, 2.5)
    where = ((floor - low) / cell)[:, [0, 2]]
    inside = ((where >= 0) & (where < size - 1)).all(axis=1)
    found = np.zeros(len(floor), np.float32)
    found[inside] = close[tuple(where[inside].astype(int).T)]
    return np.clip(found, 0.0, 1.0)
