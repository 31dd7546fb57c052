"""From pixels to a lifter's input and back."""

import numpy as np
import pytest

from videopose.lift.normalisation import normalise_keypoints
from videopose.skeletons import COCO17


def person(count: int = 80, shift: float = 0.0) -> np.ndarray:
    """(T, 17, 3) points of a moving person in metres, 5 m away, `shift` metres to the side."""
    random = np.random.default_rng(0)
    base = random.normal(size=(17, 3)) * np.array([0.25, 0.5, 0.2])
    points = base + 0.1 * np.sin(np.arange(count)[:, None, None] / 7 + random.uniform(0, 6, (17, 3)))
    return points + np.array([shift, 0.2, 5.0])


def seen(points: np.ndarray, focal_px: float, size: tuple[int, int]) -> np.ndarray:
    return focal_px * points[..., :2] / points[..., 2:] + np.array(size) / 2


def test_screen_is_the_papers():
    keypoints = np.array([[[0.0, 0.0, 1.0], [1280.0, 720.0, 0.5]]])
    prepared = normalise_keypoints(keypoints, (1280, 720), 1000.0, "screen")
    np.testing.assert_allclose(prepared.inputs, [[[-1, -0.5625], [1, 0.5625]]])
    np.testing.assert_allclose(prepared.to_camera(np.ones((1, 2, 3))), 1.0)


@pytest.mark.parametrize(
    "other", [{"focal_px": 2400.0}, {"size": (1080, 1920)}, {"size": (640, 360), "focal_px": 500.0}]
)
def test_the_camera_does_not_matter_to_person(other):
    options = {"focal_px": 1200.0, "size": (1920, 1080)}
    first, second = (
        normalise_keypoints(seen(person(), **o), o["size"], o["focal_px"], "person")
        for o in (options, {**options, **other})
    )
    np.testing.assert_allclose(first.inputs, second.inputs, atol=1e-5)


def test_person_looks_straight_at_the_person():
    points = person(shift=2.5)
    prepared = normalise_keypoints(seen(points, 1200.0, (1920, 1080)), (1920, 1080), 1200.0, "person")
    turned = np.einsum("tab,tjb->tja", prepared.rotation, points)
    picture = turned[..., :2] / turned[..., 2:]
    # the input is the picture of the turned camera, up to one size for each frame
    size = np.linalg.norm(picture, axis=(1, 2)) / np.linalg.norm(prepared.inputs, axis=(1, 2))
    np.testing.assert_allclose(picture, prepared.inputs * size[:, None, None], atol=1e-5)
    middle = points[:, [COCO17.index(f"{s}_{p}") for s in ("left", "right") for p in ("hip", "shoulder")]]
    middle = (middle[..., :2] / middle[..., 2:]).mean(1)
    straight = np.einsum("tab,tb->ta", prepared.rotation, np.concatenate([middle, np.ones((80, 1))], 1))
    np.testing.assert_allclose(straight[:, :2], 0.0, atol=1e-9)


def test_to_camera_turns_back():
    points = person(shift=-1.5)
    prepared = normalise_keypoints(seen(points, 1200.0, (1920, 1080)), (1920, 1080), 1200.0, "person")
    squared = prepared.rotation @ prepared.rotation.transpose(0, 2, 1)
    np.testing.assert_allclose(squared, np.broadcast_to(np.eye(3), (80, 3, 3)), atol=1e-12)
    turned = np.einsum("tab,tjb->tja", prepared.rotation, points)
    np.testing.assert_allclose(prepared.to_camera(turned), points, atol=1e-5)


@pytest.mark.parametrize("kind", ["screen", "person"])
@pytest.mark.parametrize("count", [1, 2, 61])
def test_any_length(kind, count):
    prepared = normalise_keypoints(seen(person(count), 1200.0, (1920, 1080)), (1920, 1080), 1200.0, kind)
    assert prepared.inputs.shape == (count, 17, 2) and prepared.inputs.dtype == np.float32
    assert np.isfinite(prepared.inputs).all()


def test_nonsense_stays_bounded():
    keypoints = np.random.default_rng(0).uniform(-1e6, 1e6, (30, 17, 2))
    keypoints[10] = 5.0
    inputs = normalise_keypoints(keypoints, (1920, 1080), 1200.0, "person").inputs
    assert np.isfinite(inputs).all() and np.abs(inputs).max() <= 8.0


def test_unknown_kind():
    with pytest.raises(ValueError, match="unknown normalisation 'window', choose from screen, person"):
        normalise_keypoints(np.zeros((1, 17, 2)), (10, 10), 10.0, "window")


def test_person_needs_coco():
    with pytest.raises(ValueError, match="keypoints must be"):
        normalise_keypoints(np.zeros((1, 15, 2)), (10, 10), 10.0, "person")
