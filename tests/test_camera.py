"""Cameras against the reference's recordings and closed forms."""

import json
from pathlib import Path

import numpy as np
import pytest

from videopose.camera import (
    camera_to_world,
    denormalize_screen,
    focal_from_fov,
    normalize_screen,
    project,
    rotate,
    world_to_camera,
)

ABOUT_Z = np.array([np.cos(np.pi / 4), 0.0, 0.0, np.sin(np.pi / 4)])
"""A quarter turn that takes x to y."""


@pytest.mark.shared
@pytest.mark.parametrize("distorted", [True, False])
def test_projection_equals_the_reference(distorted, shared_dir: Path):
    with np.load(shared_dir / "golden" / "lifter.npz") as content:
        points, cameras = content["project_points"], content["project_camera"]
        expected = content["project" if distorted else "project_linear"]
    assert len(cameras) == 4
    for point, camera, image in zip(points, cameras, expected, strict=True):
        terms = (camera[4:7], camera[7:9]) if distorted else ()
        np.testing.assert_allclose(project(point, camera[:2], camera[2:4], *terms), image, atol=1e-6)


def test_pinhole_closed_form():
    points = np.array([[1.0, -2.0, 4.0], [0.0, 0.0, 3.0]])
    image = project(points, np.array([800.0, 400.0]), np.array([320.0, 240.0]))
    np.testing.assert_allclose(image, [[520.0, 40.0], [320.0, 240.0]])


def test_distortion_closed_form():
    # x = y = 0.5, r2 = 0.5: gain 1 + 0.05 + 0.05 + 0.0375 and p.x = 0.015; then p r2 = 0.01, 0.005
    image = project(
        np.array([1.0, 1.0, 2.0]), np.ones(2), np.zeros(2), np.array([0.1, 0.2, 0.3]), np.array([0.02, 0.01])
    )
    np.testing.assert_allclose(image, 0.5 * (1.1375 + 0.015) + np.array([0.01, 0.005]))


def test_distortion_is_held_at_the_edge_of_its_range():
    terms = (np.array([-0.2, 0.0, 0.0]), np.zeros(2))
    far, farther = (project(np.array([x, 0.0, 1.0]), np.ones(2), np.zeros(2), *terms) for x in (1.0, 5.0))
    np.testing.assert_array_equal(far, farther)


def test_rotation_closed_form():
    turned = rotate(ABOUT_Z, np.eye(3))
    np.testing.assert_allclose(turned, [[0, 1, 0], [-1, 0, 0], [0, 0, 1]], atol=1e-15)


def test_world_to_camera_closed_form():
    camera = world_to_camera(np.array([1.0, 3.0, 5.0]), ABOUT_Z, np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(camera, [1.0, 0.0, 2.0], atol=1e-15)


@pytest.mark.shared
def test_there_and_back_through_the_dataset_cameras(shared_dir: Path):
    points = np.random.default_rng(0).normal(size=(7, 17, 3))
    subjects = json.loads((shared_dir / "spec" / "cameras.json").read_text())
    found = list(cameras_in(subjects))
    assert len(found) >= 20
    for camera in found:
        orientation, position = np.array(camera["orientation"]), np.array(camera["translation"]) / 1000
        there = world_to_camera(points, orientation, position)
        np.testing.assert_allclose(camera_to_world(there, orientation, position), points, atol=1e-5)


def cameras_in(value):
    """Every object with an orientation and a translation, however deep."""
    if isinstance(value, dict) and {"orientation", "translation"} <= set(value):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from cameras_in(item)


@pytest.mark.parametrize(
    ("pixel", "screen"), [((0, 0), (-1, -0.5625)), ((1920, 1080), (1, 0.5625)), ((960, 540), (0, 0))]
)
def test_screen_coordinates(pixel, screen):
    np.testing.assert_allclose(normalize_screen(np.array(pixel, float), (1920, 1080)), screen)
    np.testing.assert_allclose(denormalize_screen(np.array(screen, float), (1920, 1080)), pixel)


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920)])
def test_field_of_view_counts_along_the_longer_side(size):
    assert focal_from_fov(90.0, size) == pytest.approx(960.0)


@pytest.mark.parametrize("fov", [0.0, 180.0, -10.0, float("nan")])
def test_impossible_field_of_view(fov):
    with pytest.raises(ValueError, match="between 0 and 180"):
        focal_from_fov(fov, (640, 480))
