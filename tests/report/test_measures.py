"""Faults of known size, put into movement that has none, come out as large as they were put in."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from known_recordings import FOCAL_PX, standing, with_motion, with_track

from videopose.report.measures import Measures, measure
from videopose.skeletons import COCO17, H36M17
from videopose.types import Recording
from videopose.world import CAMERA_WORLD


def measured(recording: Recording) -> Measures:
    return measure(recording, 0, CAMERA_WORLD)


def test_a_body_that_stands_has_no_fault() -> None:
    measures = measured(standing())
    assert measures.bones.variation.max() < 1e-6
    assert measures.bones.asymmetry < 1e-6
    assert measures.fit.median_px < 0.01
    assert measures.jitter.rms_mm < 1e-3
    assert measures.swaps.number == 0
    assert not measures.swaps.twisted.any()
    assert measures.sliding.median_m_s < 1e-6
    assert measures.sliding.standing_share == 1.0
    assert measures.path.length_m < 1e-6
    assert measures.path.distance_m == pytest.approx((4.0, 4.0))


@pytest.mark.parametrize("amplitude_mm", [0.5, 3.0, 20.0])
def test_jitter_is_the_rms_of_what_trembles(amplitude_mm: float) -> None:
    recording = standing(count=500)
    motion = recording.motions[0]
    trembling = motion.joints.astype(np.float64)
    # at 12 Hz the smoothing keeps 1 / (1 + 2^6) of it; all joints but the root tremble along x
    trembling[:, 1:, 0] += 1e-3 * amplitude_mm * np.sin(2 * np.pi * 12.0 * motion.time_s)[:, None]
    expected = amplitude_mm / np.sqrt(2) * (1 - 1 / 65)
    assert measured(with_motion(recording, trembling)).jitter.rms_mm == pytest.approx(expected, rel=0.02)


def test_slow_movement_is_no_jitter() -> None:
    recording = standing(count=500)
    motion = recording.motions[0]
    swinging = motion.joints.astype(np.float64)
    swinging[:, 1:, 0] += 0.1 * np.sin(2 * np.pi * 1.0 * motion.time_s)[:, None]
    assert measured(with_motion(recording, swinging)).jitter.rms_mm < 0.1


@pytest.mark.parametrize(("count", "rate"), [(65, 5.0), (200, 15.0), (1, 30.0), (5, 50.0)])
def test_jitter_is_not_told_from_too_few_frames(count: int, rate: float) -> None:
    assert np.isnan(measured(standing(count, rate)).jitter.rms_mm)


def test_variation_of_a_bone_is_what_was_put_in() -> None:
    recording = standing(count=400)
    joints = recording.motions[0].joints.astype(np.float64)
    elbow, wrist = H36M17.index("left_elbow"), H36M17.index("left_wrist")
    factor = 1 + 0.1 * np.sin(np.linspace(0, 40 * np.pi, 400, endpoint=False))
    joints[:, wrist] = joints[:, elbow] + factor[:, None] * (joints[:, wrist] - joints[:, elbow])
    bones = measured(with_motion(recording, joints)).bones
    by_name = dict(zip(bones.names, bones.variation, strict=True))
    assert by_name["left_elbow", "left_wrist"] == pytest.approx(0.1 / np.sqrt(2), rel=1e-3)
    assert by_name["right_elbow", "right_wrist"] < 1e-6
    assert bones.limbs == pytest.approx(0.1 / np.sqrt(2) / 8, rel=1e-3)
    column = bones.names.index(("left_elbow", "left_wrist"))
    assert bones.relative[:, column] == pytest.approx(factor, rel=1e-5)


def test_asymmetry_is_the_difference_of_the_sides() -> None:
    recording = standing()
    joints = recording.motions[0].joints.astype(np.float64)
    # a shank 10 % longer than the other: 2 * 0.1 / 2.1 of the mean, one of four pairs
    knee, ankle = H36M17.index("left_knee"), H36M17.index("left_ankle")
    joints[:, ankle] = joints[:, knee] + 1.1 * (joints[:, ankle] - joints[:, knee])
    assert measured(with_motion(recording, joints)).bones.asymmetry == pytest.approx(0.2 / 2.1 / 4, rel=1e-4)


def test_reprojection_error_is_the_offset_in_pixels() -> None:
    recording = standing()
    keypoints = recording.tracks[0].keypoints.astype(np.float64)
    keypoints[..., :2] += [3.0, 4.0]
    measures = measured(with_track(recording, keypoints))
    assert measures.fit.median_px == pytest.approx(5.0, abs=1e-3)
    height_px = FOCAL_PX * (0.88 + 0.72) / 4.0
    assert measures.fit.median_relative == pytest.approx(5.0 / height_px, rel=1e-4)
    assert measures.fit.by_joint_px == pytest.approx(np.full(12, 5.0), abs=1e-3)


def test_what_was_not_seen_does_not_count_for_the_fit() -> None:
    recording = standing()
    keypoints = recording.tracks[0].keypoints.astype(np.float64)
    wrist = COCO17.index("left_wrist")
    keypoints[:, wrist, :2] += 500.0
    keypoints[:, wrist, 2] = 0.29
    keypoints[100:, :, :2] += 50.0
    observed = np.arange(200) < 100
    fit = measured(with_track(recording, keypoints, observed)).fit
    assert fit.median_px < 0.01
    assert np.isnan(fit.error_px[100:]).all()
    assert np.isnan(fit.by_joint_px[4])


def test_without_a_focal_length_there_is_no_fit() -> None:
    measures = measured(replace(standing(), provenance={}))
    assert np.isnan(measures.fit.median_px)
    assert not measures.person.focal_known


def test_shares_are_exact() -> None:
    recording = standing(count=200)
    keypoints = recording.tracks[0].keypoints.astype(np.float64)
    keypoints[:118, COCO17.index("left_wrist"), 2] = 0.1
    observed = np.ones(200, bool)
    observed[180:] = False
    measures = measured(with_track(recording, keypoints, observed))
    shares = dict(zip(COCO17.joint_names, measures.seen_share, strict=True))
    assert shares["left_wrist"] == (180 - 118) / 200
    assert shares["right_wrist"] == 180 / 200
    assert measures.filled_share == 20 / 200


@pytest.mark.parametrize("group", ["arms", "legs"])
def test_exchanged_sides_are_suspected_where_they_change(group: str) -> None:
    recording = standing()
    keypoints = recording.tracks[0].keypoints.astype(np.float64)
    parts = {"arms": ("shoulder", "elbow", "wrist"), "legs": ("hip", "knee", "ankle")}[group]
    left, right = ([COCO17.index(f"{side}_{part}") for part in parts] for side in ("left", "right"))
    keypoints[80:120, left + right] = keypoints[80:120, right + left]
    swaps = measured(with_track(recording, keypoints)).swaps
    assert np.flatnonzero(swaps.suspects[group]).tolist() == [80, 120]
    assert swaps.number == 2


def test_a_trunk_turned_upon_itself_is_seen() -> None:
    recording = standing()
    joints = recording.motions[0].joints.astype(np.float64)
    hips = [H36M17.index(f"{side}_hip") for side in ("left", "right")]
    joints[50:60, hips] = joints[50:60, hips[::-1]]
    assert np.flatnonzero(measured(with_motion(recording, joints)).swaps.twisted).tolist() == list(range(50, 60))


def test_standing_feet_slide_as_fast_as_the_body_is_moved() -> None:
    recording = standing()
    motion = recording.motions[0]
    root = motion.root.astype(np.float64)
    root[:, 0] += 0.4 * motion.time_s
    sliding = measured(with_motion(recording, root=root)).sliding
    assert sliding.median_m_s == pytest.approx(0.4, rel=1e-3)


def test_feet_in_the_air_do_not_stand() -> None:
    recording = standing()
    motion = recording.motions[0]
    root = motion.root.astype(np.float64)
    flying = (motion.time_s > 1.0) & (motion.time_s < 1.6)
    root[flying, 1] -= 0.3
    stands = measured(with_motion(recording, root=root)).sliding.standing
    assert not stands[flying].any()
    assert stands[motion.time_s < 0.9].all()


def test_path_is_as_long_as_the_walk() -> None:
    recording = standing()
    motion = recording.motions[0]
    turn = np.linspace(0, np.pi, len(motion))
    root = motion.root + np.stack([np.cos(turn), 0 * turn, np.sin(turn)], axis=-1)
    path = measured(with_motion(recording, root=root)).path
    assert path.length_m == pytest.approx(np.pi, rel=1e-3)
    assert path.distance_m[1] == pytest.approx(5.0, rel=1e-3)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["09_01_view0", "135_04_view1"])
def test_true_movement_has_no_fault(recorded: Callable[[str], Recording], name: str) -> None:
    measures = measured(recorded(name))
    assert measures.bones.limbs < 1e-3
    assert measures.fit.median_relative < 1e-3
    assert measures.swaps.number == 0
    assert measures.jitter.rms_mm < 4.0
    assert measures.path.share == 1.0


@pytest.mark.shared
@pytest.mark.parametrize("noise_mm", [5.0, 10.0])
def test_noise_in_true_movement_is_found_as_large(recorded: Callable[[str], Recording], noise_mm: float) -> None:
    recording = recorded("135_04_view1")
    motion = recording.motions[0]
    noise = np.random.default_rng(1).normal(0, 1e-3 * noise_mm, motion.joints.shape)
    noise[:, 0] = 0.0
    without = measured(recording).jitter.rms_mm
    found = measured(with_motion(recording, motion.joints + noise)).jitter.rms_mm
    rate = measured(recording).person.rate_hz
    # white noise: what the smoothing leaves out, frequency by frequency; it penalises differences, not derivatives
    frequencies = np.linspace(0, rate / 2, 2000)
    differences = rate / np.pi * np.sin(np.pi * frequencies / rate)
    passed = np.mean((1 - 1 / (1 + (differences / 6.0) ** 6)) ** 2)
    expected = np.hypot(without, np.sqrt(3 * passed) * noise_mm)
    assert found == pytest.approx(expected, rel=0.05)
