"""The datasets' cameras."""

import json
from pathlib import Path

import numpy as np
import pytest

from videopose.camera import normalize_screen, project
from videopose.data.rig import camera_facts, cameras, frame_rate, image_sizes
from videopose.errors import InputError


@pytest.mark.shared
def test_the_numbers_are_the_published_ones(shared_dir: Path) -> None:
    assert camera_facts() == json.loads((shared_dir / "spec" / "cameras.json").read_text())


def test_every_camera_of_human36m_is_known() -> None:
    for subject in ("S1", "S5", "S6", "S7", "S8", "S9", "S11"):
        found = cameras("human36m", subject)
        assert [camera.id for camera in found] == ["54138969", "55011271", "58860488", "60457274"]
        assert [camera.image_size for camera in found] == [(1000, 1002), (1000, 1000), (1000, 1000), (1000, 1002)]
        for camera in found:
            assert np.linalg.norm(camera.orientation) == pytest.approx(1, abs=1e-5)
            assert 3 < np.linalg.norm(camera.position_m[:2]) < 7
            assert 1 < camera.position_m[2] < 2
    assert frame_rate("human36m") == 50
    assert image_sizes("human36m")[3] == (1000, 1002)


def test_intrinsics_give_the_pixels_in_screen_coordinates() -> None:
    points = np.random.default_rng(0).normal([0, 0, 4], 0.5, (100, 3))
    for camera in cameras("human36m", "S1"):
        inner = camera.intrinsics()
        assert inner is not None
        assert (inner.shape, inner.dtype) == ((9,), np.float32)
        assert camera.focal_px is not None
        assert camera.center_px is not None
        pixels = project(points, camera.focal_px, camera.center_px, camera.radial, camera.tangential)
        screen = project(points, inner[:2], inner[2:4], inner[4:7], inner[7:])
        np.testing.assert_allclose(screen, normalize_screen(pixels, camera.image_size), atol=1e-6)


@pytest.mark.parametrize("subject", ["S1", "Train/S1", "Validate/S3", "Unlabeled/S2"])
def test_humaneva_has_three_cameras_without_intrinsics(subject: str) -> None:
    found = cameras("humaneva15", subject)
    assert [camera.id for camera in found] == ["C1", "C2", "C3"]
    assert all(camera.intrinsics() is None and camera.image_size == (640, 480) for camera in found)
    assert frame_rate("humaneva15") == 60


@pytest.mark.parametrize(("dataset", "subject"), [("human36m", "S2"), ("human36m", "S12"), ("humaneva15", "Train/S4")])
def test_other_subjects_are_refused(dataset: str, subject: str) -> None:
    with pytest.raises(
        InputError, match=rf"{dataset}: no cameras are known for the subject '{subject}'. Known are S1, "
    ):
        cameras(dataset, subject)
