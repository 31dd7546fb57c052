"""What the tracker measures of single detections."""

import numpy as np
import pytest

from videopose.skeletons import H36M17
from videopose.track import TrackSettings, build_tracks
from videopose.track.bodies import box_overlap, gather, pose_distance
from videopose.types import Detections

SETTINGS = TrackSettings()


def one(scenes, **change):
    return scenes["walker"](np.zeros(1), np.array([900.0]), **change)[0]


def size_of(scenes, pose):
    return gather([scenes["detections_of"]([pose])], np.zeros(1), SETTINGS).size[0]


def test_size_is_the_stature(scenes):
    assert size_of(scenes, one(scenes, height_px=500.0)) == pytest.approx(500, rel=0.02)


def test_size_survives_the_edge_of_the_picture(scenes):
    """Only the upper body is in the picture."""
    pose = one(scenes, height_px=500.0)
    pose[11:] = (np.nan, np.nan, 0)
    assert size_of(scenes, pose) == pytest.approx(500, rel=0.1)


def test_invisible_limbs_do_not_count(scenes):
    """A detector makes up legs that it does not see."""
    pose = one(scenes, height_px=500.0)
    pose[13:, :2] = pose[11, :2] + (300.0, 900.0)
    pose[13:, 2] = 0.05
    limbs = gather([scenes["detections_of"]([pose])], np.zeros(1), SETTINGS).limbs[0]
    assert np.nanmax(limbs) < 1.2


def test_distance_is_in_statures_and_saturates(scenes):
    pose = one(scenes)[None]
    mirror = np.arange(17)
    for shift, expected in ((0.0, 0.0), (50.0, 0.1), (5000.0, 0.5)):
        moved = pose + np.array([shift, 0, 0])
        assert pose_distance(pose, moved, np.array([[500.0]]), mirror)[0, 0] == pytest.approx(expected)


def test_exchanged_sides_are_nearly_the_same_pose(scenes):
    pose = one(scenes, phase=1.5)[None]
    pose[:, 5:17:2, 0] += 80
    bodies = gather([scenes["detections_of"](pose)], np.zeros(1), SETTINGS)
    swapped = pose[:, bodies.mirror]
    assert pose_distance(pose, swapped, np.array([[500.0]]), np.arange(17))[0, 0] > 0.1
    assert 0 < pose_distance(pose, swapped, np.array([[500.0]]), bodies.mirror)[0, 0] <= 0.02


def test_box_overlap():
    a = np.array([[0, 0, 10, 10], [0, 0, 0, 0]], float)
    b = np.array([[5, 0, 15, 10], [20, 20, 30, 30], [0, 0, 10, 10]], float)
    np.testing.assert_allclose(box_overlap(a, b), [[1 / 3, 0, 1], [0, 0, 0]])


def test_other_layouts_are_followed_too():
    """Seventeen H36M joints, anyhow arranged, moving to the right."""
    rng = np.random.default_rng(0)
    pose = rng.uniform(0, 300, (17, 2))
    detections = []
    for t in range(60):
        xy = pose + np.array([10.0 * t, 100.0]) + rng.normal(scale=2, size=(17, 2))
        keypoints = np.concatenate([xy, np.ones((17, 1))], axis=1)[None].astype(np.float32)
        box = np.concatenate([xy.min(axis=0), xy.max(axis=0)])[None].astype(np.float32)
        detections.append(Detections(box, np.ones(1, np.float32), keypoints, layout=H36M17.name))
    (track,) = build_tracks(detections, np.arange(60), np.arange(60) / 30, (1920, 1080))
    assert track.observed.all()
