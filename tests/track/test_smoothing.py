"""The zero-phase smoother: closed forms, and real motion under a lifter's error."""

from pathlib import Path

import numpy as np
import pytest

from videopose.track import smooth

IRREGULAR_S = np.cumsum(np.random.default_rng(0).uniform(1 / 90, 1 / 8, 80))
CLOCKS = {
    "5 fps": np.arange(40) / 5,
    "30 fps": np.arange(90) / 30,
    "120 fps": np.arange(400) / 120,
    "irregular": IRREGULAR_S,
    "an hour in": np.arange(90) / 30 + 3600,
}


@pytest.mark.parametrize("time_s", CLOCKS.values(), ids=CLOCKS.keys())
@pytest.mark.parametrize("degree", [0, 1, 2])
def test_constants_lines_and_parabolas_stay(time_s, degree):
    t = time_s - time_s[0]
    values = np.stack([2.5 * t**degree, -0.7 * t**degree + 1], axis=1)
    tolerance = 1e-12 if degree < 2 else 1e-8
    np.testing.assert_allclose(smooth(values, time_s), values, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("time_s", CLOCKS.values(), ids=CLOCKS.keys())
def test_backwards_is_the_same(time_s):
    values = np.random.default_rng(1).normal(size=(len(time_s), 3))
    np.testing.assert_allclose(smooth(values[::-1], -time_s[::-1])[::-1], smooth(values, time_s), atol=1e-9)


def test_a_pulse_stays_where_it_is():
    time_s = np.arange(121) / 60
    pulse = np.exp(-0.5 * ((time_s - 1) / 0.05) ** 2)
    smoothed = smooth(pulse, time_s)
    assert smoothed.argmax() == 60
    np.testing.assert_allclose(smoothed, smoothed[::-1], atol=1e-12)
    assert smoothed.sum() == pytest.approx(pulse.sum(), rel=1e-6)


@pytest.mark.parametrize("fps", [30, 60, 120])
@pytest.mark.parametrize("frequency_hz", [1.5, 3.0, 6.0, 12.0])
def test_gain(fps, frequency_hz):
    """1 / (1 + (f / 6 Hz)^6), with f as differences between frames show it."""
    seen_hz = fps / np.pi * np.sin(np.pi * frequency_hz / fps)
    gain = 1 / (1 + (seen_hz / 6.0) ** 6)
    time_s = np.arange(6 * fps) / fps
    wave = np.sin(2 * np.pi * frequency_hz * time_s)
    middle = slice(2 * fps, 4 * fps)
    smoothed = smooth(wave, time_s)
    found = (smoothed[middle] @ wave[middle]) / (wave[middle] @ wave[middle])
    assert found == pytest.approx(gain, rel=1e-2)


def test_no_delay():
    time_s = np.arange(240) / 60
    wave = np.sin(2 * np.pi * 2 * time_s)
    smoothed = smooth(wave, time_s)[60:180]
    quadrature = np.cos(2 * np.pi * 2 * time_s)[60:180]
    assert abs(smoothed @ quadrature) < 1e-4 * len(smoothed)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_frames_are_left_alone(count):
    values = np.random.default_rng(0).normal(size=(count, 17, 3))
    np.testing.assert_array_equal(smooth(values, np.arange(count) / 30), values)


def test_five_frames_a_second_are_hardly_touched():
    values = np.random.default_rng(0).normal(size=(50, 2))
    assert np.abs(smooth(values, np.arange(50) / 5) - values).max() < 0.001


def test_infinite_cutoff_changes_nothing():
    values = np.random.default_rng(0).normal(size=(50, 2))
    np.testing.assert_array_equal(smooth(values, np.arange(50) / 30, np.inf), values)


def test_each_finite_stretch_on_its_own():
    time_s = np.arange(60) / 30
    values = np.random.default_rng(0).normal(size=(60, 2, 3))
    values[:5] = np.nan
    values[20:30, 0] = np.nan
    result = smooth(values, time_s)
    np.testing.assert_array_equal(np.isnan(result), np.isnan(values))
    np.testing.assert_allclose(result[5:20, 0], smooth(values[5:20, 0], time_s[5:20]), atol=1e-12)
    np.testing.assert_allclose(result[30:, 0], smooth(values[30:, 0], time_s[30:]), atol=1e-12)
    np.testing.assert_allclose(result[5:, 1], smooth(values[5:, 1], time_s[5:]), atol=1e-12)


def test_input_is_not_changed_and_float32_is_taken():
    values = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
    before = values.copy()
    assert smooth(values, np.arange(30) / 30).dtype == np.float64
    np.testing.assert_array_equal(values, before)


def test_repeated_time_stamps():
    values = np.random.default_rng(0).normal(size=(30, 3))
    assert np.isfinite(smooth(values, np.repeat(np.arange(10) / 10, 3))).all()


def test_against_the_matrix_written_out():
    time_s, values = IRREGULAR_S, np.random.default_rng(0).normal(size=len(IRREGULAR_S))
    difference = np.eye(len(time_s))
    for order in (1, 2, 3):
        difference = np.diff(difference, axis=0) * (order / (time_s[order:] - time_s[:-order]))[:, None]
    span = (time_s[3:] - time_s[:-3]) / 3
    weight = np.diag(np.gradient(time_s))
    penalty = difference.T @ np.diag(span) @ difference / (2 * np.pi * 6.0) ** 6
    np.testing.assert_allclose(smooth(values, time_s), np.linalg.solve(weight + penalty, weight @ values), atol=1e-10)


@pytest.mark.parametrize(
    ("values", "time_s", "cutoff_hz", "message"),
    [
        (np.zeros((3, 2)), np.arange(4.0), 6.0, r"\(4, \.\.\.\)"),
        (np.zeros(4), np.array([0, 1, np.inf, 3]), 6.0, "finite"),
        (np.zeros(4), np.arange(4.0), 0.0, "positive"),
    ],
)
def test_bad_arguments(values, time_s, cutoff_hz, message):
    with pytest.raises(ValueError, match=message):
        smooth(values, time_s, cutoff_hz)


@pytest.mark.shared
@pytest.mark.parametrize("subject", ["09", "135"])
@pytest.mark.parametrize("jitter_m", [0.004, 0.008])
def test_real_motion_under_a_lifters_error(shared_dir: Path, subject, jitter_m):
    """Running and martial arts: acceleration error falls by more than half, MPJPE does not rise."""
    rng = np.random.default_rng(0)
    sums = np.zeros(4)
    for path in sorted((shared_dir / "mocap" / "validation_views").glob(f"{subject}_*.npz"))[::3]:
        with np.load(path, allow_pickle=False) as data:
            target, time_s = data["target_joints_3d"][0].astype(float), data["time_s"]
        kernel = np.exp(-0.5 * ((time_s[:, None] - time_s) / 0.25) ** 2) + 1e-6 * np.eye(len(time_s))
        slow = np.linalg.cholesky(kernel) @ rng.normal(scale=0.03, size=(len(time_s), 51))
        lifted = target + slow.reshape(target.shape) + rng.normal(scale=jitter_m, size=target.shape)
        for k, predicted in enumerate((lifted, smooth(lifted, time_s))):
            sums[k] += np.linalg.norm(predicted - target, axis=-1).sum()
            sums[2 + k] += np.linalg.norm(np.diff(predicted - target, n=2, axis=0), axis=-1).sum()
    assert sums[1] < sums[0]
    assert sums[3] < 0.5 * sums[2]
