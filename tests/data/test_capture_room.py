"""Cutting and placing movement before a rig, with projection and linear programming as oracles."""

import numpy as np
import pytest
from scipy.optimize import linprog

from videopose.camera import project, world_to_camera
from videopose.data.capture_room import CaptureRoom, Part
from videopose.data.rig import Camera, cameras

MARGIN_PX = 10.0


def pictures(points: np.ndarray, rig: tuple[Camera, ...], distorted: bool) -> tuple[np.ndarray, np.ndarray]:
    """(C, ..., 2) pixels less half a picture, and (C, ...) depths."""
    found, depths = [], []
    for camera in rig:
        seen = world_to_camera(points, camera.orientation.astype(float), camera.position_m)
        lens = (camera.radial, camera.tangential) if distorted else (None, None)
        found.append(project(seen, camera.focal_px, camera.center_px, *lens) - np.array(camera.image_size) / 2)
        depths.append(seen[..., 2])
    return np.stack(found), np.stack(depths)


def inside(points: np.ndarray, rig: tuple[Camera, ...], margin_px: float, distorted: bool) -> np.ndarray:
    pixels, depths = pictures(points, rig, distorted)
    half = np.array([camera.image_size for camera in rig]) / 2 - margin_px
    return ((np.abs(pixels) <= half[:, None]).all(-1) & (depths > 0)).all(0)


@pytest.mark.parametrize("subject", ["S1", "S9"])
def test_points_in_sight_are_in_every_picture(subject: str) -> None:
    rig = cameras("human36m", subject)
    points = np.random.default_rng(0).uniform((-4, -5, -1), (4, 5, 4), (20000, 3))
    seen = CaptureRoom(rig).sees(points)
    assert 500 < seen.sum() < 10000
    np.testing.assert_array_equal(seen, inside(points, rig, MARGIN_PX, distorted=False))
    assert inside(points[seen], rig, 0.0, distorted=True).all()


def feasible(points: np.ndarray, turn_rad: float, rig: tuple[Camera, ...]) -> bool:
    """Some shift brings all points, turned, into all pictures: a linear program over the shift."""
    cos, sin = np.cos(turn_rad), np.sin(turn_rad)
    turned = points.reshape(-1, 3) @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]]).T
    rows, bounds = [], []
    for camera in rig:
        assert camera.focal_px is not None
        assert camera.center_px is not None
        origin, *axes = world_to_camera(np.vstack([np.zeros(3), np.eye(3)]), camera.orientation, camera.position_m)
        along = np.array(axes) - origin
        seen = turned @ along + origin
        for axis in (0, 1):
            low = (MARGIN_PX - camera.center_px[axis]) / camera.focal_px[axis]
            high = (camera.image_size[axis] - MARGIN_PX - camera.center_px[axis]) / camera.focal_px[axis]
            # low z <= x <= high z, with x and z moved by the shift
            for sign, slope in ((1, high), (-1, low)):
                rows.append(np.tile(sign * (along[:2, axis] - slope * along[:2, 2]), (1, 1)))
                bounds.append((-sign * (seen[:, axis] - slope * seen[:, 2])).min())
    return bool(linprog([0, 0], np.vstack(rows), bounds, bounds=(None, None)).status == 0)


def stroll(frames: int, speed_m: float) -> np.ndarray:
    """(T, 4, 3) a post of a person's height that goes astray."""
    generator = np.random.default_rng(1)
    heading = np.cumsum(generator.normal(0, 0.05, frames))
    path = np.cumsum(speed_m * np.stack([np.cos(heading), np.sin(heading)], -1), axis=0)
    post = np.array([[0.2, 0, 0.05], [-0.2, 0, 0.05], [0, 0.3, 1.2], [0, 0, 1.75]])
    return post + np.concatenate([path, np.zeros((frames, 1))], -1)[:, None]


def test_parts_are_as_long_as_can_be() -> None:
    rig, positions = cameras("human36m", "S5"), stroll(2500, 0.02)
    room = CaptureRoom(rig)
    parts = room.parts(positions, 50, seed=3)
    assert len(parts) > 3
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == 2500
    for part in parts:
        assert part.stop - part.start >= 50
        assert room.sees(part.apply(positions)).all()
        assert feasible(positions[part.start : part.stop], part.turn_rad, rig)
    # The last but one may have given frames to the last.
    for part in parts[:-2]:
        assert not feasible(positions[part.start : part.stop + 1], part.turn_rad, rig)


def test_movement_stays_as_it_is() -> None:
    positions = stroll(300, 0.005)
    (part,) = CaptureRoom(cameras("human36m", "S7")).parts(positions, 50, seed=3)
    placed = part.apply(positions)
    np.testing.assert_allclose(placed[..., 2], positions[..., 2], atol=1e-12)
    steps, other = np.diff(placed.reshape(-1, 3), axis=0), np.diff(positions.reshape(-1, 3), axis=0)
    np.testing.assert_allclose(np.linalg.norm(steps, axis=1), np.linalg.norm(other, axis=1), atol=1e-12)
    # Turned, not mirrored.
    np.testing.assert_allclose(np.cross(steps[:-1], steps[1:])[:, 2], np.cross(other[:-1], other[1:])[:, 2], atol=1e-9)


def test_places_differ_by_seed_alone() -> None:
    positions, room = stroll(200, 0.005), CaptureRoom(cameras("human36m", "S6"))
    assert room.parts(positions, 50, seed=1) == room.parts(positions, 50, seed=1)
    middles = np.array([room.parts(positions, 50, seed)[0].apply(positions).mean((0, 1)) for seed in range(8)])
    assert (middles[:, :2].std(0) > 0.1).all()


@pytest.mark.parametrize(
    ("high", "expected"),
    [
        ((100, 160), [(0, 100), (160, 400)]),
        ((0, 160), [(160, 400)]),
        ((30, 400), []),
        ((370, 400), [(0, 370)]),
        ((0, 400), []),
    ],
    ids=["between", "first", "too short", "last", "all"],
)
def test_whoever_climbs_out_of_sight_is_left_out(high: tuple[int, int], expected: list[tuple[int, int]]) -> None:
    positions = stroll(400, 0.001)
    positions[high[0] : high[1], :, 2] += 3.0
    parts: list[Part] = CaptureRoom(cameras("human36m", "S11")).parts(positions, 50, seed=0)
    assert [(part.start, part.stop) for part in parts] == expected
