"""Left and right, spikes and gaps of one person's keypoints, on real motion."""

from pathlib import Path

import numpy as np
import pytest

from videopose.skeletons import COCO17
from videopose.track import TrackSettings
from videopose.track.cleaning import fill_gaps, remove_spikes
from videopose.track.flips import repair_flips

SETTINGS = TrackSettings()
LEGS = [11, 12, 13, 14, 15, 16]


@pytest.fixture(scope="module")
def real_motions(shared_dir: Path) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """(keypoints with detector-like noise, times, stature in pixels); without the first frames, which jump in three."""
    motions = []
    for path in sorted((shared_dir / "mocap" / "validation_views").glob("*.npz"))[::4]:
        with np.load(path, allow_pickle=False) as data:
            keypoints = data["keypoints_2d"][0][2:].astype(np.float64)
            motions.append((keypoints, data["time_s"][2:], 1.1 * float(np.median(np.ptp(keypoints[..., 1], axis=1)))))
    return motions


def repair(keypoints, time_s, size):
    return repair_flips(keypoints, time_s, size, COCO17, SETTINGS.flip_cost, SETTINGS.flip_prior)


def runs(count, share, longest, rng):
    """(count,) bool, `share` of it True in runs of up to `longest`."""
    return np.repeat(rng.random(count) < share, rng.integers(1, longest + 1, count))[:count]


def swap(keypoints, frames, joints=range(17)):
    joints = list(joints)
    result = keypoints.copy()
    result[np.ix_(frames, joints)] = keypoints[np.ix_(frames, COCO17.mirror[joints])]
    return result


@pytest.mark.shared
@pytest.mark.parametrize(
    ("share", "longest", "joints", "left_over"),
    [
        pytest.param(0.15, 1, range(17), 0.02, id="single frames"),
        pytest.param(0.33, 1, range(17), 0.03, id="a third, single frames"),
        pytest.param(0.15, 10, range(17), 0.10, id="runs"),
        pytest.param(0.33, 10, range(17), 0.25, id="a third, runs"),
        pytest.param(0.25, 10, LEGS, 0.05, id="legs alone"),
        pytest.param(0.25, 10, range(5, 11), 0.08, id="arms alone"),
    ],
)
def test_flips_are_repaired(real_motions, share, longest, joints, left_over):
    """At most `left_over` of the flipped frames stay flipped (counting good frames that are spoiled)."""
    rng = np.random.default_rng(0)
    flipped, wrong = 0, 0
    for keypoints, time_s, size in real_motions:
        frames = np.flatnonzero(runs(len(time_s), share, longest, rng))
        repaired, changed = repair(swap(keypoints, frames, joints), time_s, size)
        truth = np.zeros_like(changed)
        truth[np.ix_(frames, [j for j in joints if j != 0])] = True
        flipped += truth.any(axis=1).sum()
        wrong += (changed != truth).any(axis=1).sum()
        same = (changed == truth).all(axis=1)
        np.testing.assert_array_equal(repaired[same], keypoints[same])
    assert wrong <= left_over * flipped


@pytest.mark.shared
def test_nothing_is_flipped_in_good_motion(real_motions):
    for keypoints, time_s, size in real_motions:
        assert not repair(keypoints, time_s, size)[1].any()


@pytest.mark.shared
def test_low_rates_are_left_to_the_detector(real_motions):
    """At 5 fps legs swing past each other between frames: hardly a good frame may be touched."""
    changed = np.concatenate([repair(k[::6], t[::6], size)[1].any(axis=1) for k, t, size in real_motions])
    assert changed.mean() < 0.02


def test_the_majority_decides_which_side_is_left(scenes):
    time_s = np.arange(90) / 30
    pose = scenes["walker"](time_s, 500 + 100 * time_s)
    pose[:, 5:17:2, 0] += 40  # seen half from the front
    frames = np.arange(20, 50)
    repaired, _ = repair(swap(pose, frames), time_s, 500.0)
    np.testing.assert_array_equal(repaired, pose)
    frames = np.arange(20, 85)
    repaired, _ = repair(swap(pose, frames), time_s, 500.0)
    np.testing.assert_array_equal(repaired, swap(pose, np.arange(90)))


def test_missing_keypoints_do_not_hinder_the_repair(scenes):
    time_s = np.arange(90) / 30
    pose = scenes["walker"](time_s, 500 + 100 * time_s)
    pose[:, 5:17:2, 0] += 40
    pose[::7, 9:11] = np.nan
    repaired, _ = repair(swap(pose, np.arange(30, 40)), time_s, 500.0)
    np.testing.assert_array_equal(repaired, pose)


@pytest.mark.shared
def test_spikes_are_replaced(real_motions):
    rng = np.random.default_rng(0)
    hit, found, spoiled, good = 0, 0, 0, 0
    for keypoints, time_s, size in real_motions:
        given, struck = keypoints.copy(), np.zeros(keypoints.shape[:2], bool)
        for start in range(4, len(time_s) - 6, 6):
            joint, length, angle = rng.integers(17), rng.integers(1, 4), rng.uniform(0, 2 * np.pi)
            inside = slice(start, start + length)
            given[inside, joint, :2] += size * rng.uniform(0.35, 0.8) * np.array([np.cos(angle), np.sin(angle)])
            struck[inside, joint] = True
        cleaned, replaced = remove_spikes(given, time_s, size, SETTINGS)
        off = np.linalg.norm(cleaned[..., :2] - keypoints[..., :2], axis=-1) / size
        hit, found = hit + struck.sum(), found + (off[struck] < 0.1).sum()
        spoiled, good = spoiled + replaced[~struck].sum(), good + (~struck).sum()
        assert (cleaned[replaced][:, 2] < keypoints[replaced][:, 2]).all()
        np.testing.assert_array_equal(cleaned[~replaced], given[~replaced])
    assert found > 0.95 * hit
    assert spoiled < 0.001 * good


@pytest.mark.shared
def test_fast_motion_is_no_spike(real_motions):
    """Running and martial arts with a detector's jitter: fewer than one joint in a thousand is touched."""
    replaced = [remove_spikes(k, t, size, SETTINGS)[1] for k, t, size in real_motions]
    assert np.concatenate([r.ravel() for r in replaced]).mean() < 0.001


def test_gaps_follow_the_motion():
    time_s = np.array([0.0, 0.1, 0.2, 0.5, 0.55, 0.7, 0.8])
    keypoints = np.ones((7, 2, 3))
    keypoints[..., 0] = 10 * time_s[:, None]
    boxes = np.tile(time_s[:, None], (1, 4))
    seen = np.array([1, 1, 0, 0, 0, 1, 1], bool)
    given = np.where(seen[:, None, None], keypoints, np.nan)
    given[-1, 1] = np.nan
    filled, filled_boxes = fill_gaps(given, boxes * seen[:, None], seen, time_s)
    np.testing.assert_allclose(filled[:, 0, 0], keypoints[:, 0, 0])
    np.testing.assert_allclose(filled_boxes, boxes)
    np.testing.assert_array_equal(filled[:, 0, 2], seen)
    assert filled[-1, 1].tolist() == [7.0, 1.0, 0.0]  # the nearest known, without a score


def test_gaps_never_overshoot():
    time_s = np.arange(20) / 30
    keypoints = np.zeros((20, 1, 3))
    keypoints[:, 0, 0] = np.where(np.arange(20) < 6, 30.0 * np.arange(20), 100.0)
    seen = (np.arange(20) < 4) | (np.arange(20) > 15)
    filled, _ = fill_gaps(keypoints, np.zeros((20, 4)), seen, time_s)
    assert filled[:, 0, 0].max() <= 100.0
    assert (np.diff(filled[:, 0, 0]) >= -1e-9).all()


def test_a_keypoint_that_was_never_seen_lies_among_the_others():
    keypoints = np.ones((3, 3, 3))
    keypoints[:, 0, 0], keypoints[:, 1, 0] = 10, 20
    keypoints[:, 2] = np.nan
    filled, _ = fill_gaps(keypoints, np.zeros((3, 4)), np.ones(3, bool), np.arange(3) / 30)
    assert filled[:, 2].tolist() == [[15.0, 1.0, 0.0]] * 3
