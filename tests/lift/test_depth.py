"""The path of depth without feet: closed forms, outliers, frames without a measurement."""

import numpy as np
import pytest

from videopose.lift.depth import DepthMeasurements, likeliest_depth
from videopose.lift.standing import Feet


def solve(depth: np.ndarray, noise: np.ndarray | float = 0.03, time_s: np.ndarray | None = None) -> np.ndarray:
    count = len(depth)
    time_s = np.arange(count) / 30 if time_s is None else time_s
    feet = Feet(np.zeros((count, 0, 3)), np.zeros((count, 3)), np.zeros(count, bool))
    return likeliest_depth(
        DepthMeasurements(depth, np.broadcast_to(noise, (count,)).astype(float), np.ones(count), time_s), feet
    )


@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_even_movement_comes_back_as_it_is(count):
    time_s = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.08, count))
    depth = 6 - 0.4 * time_s
    np.testing.assert_allclose(solve(depth, time_s=time_s), depth, atol=1e-6)


def test_wild_measurements_lose_their_say():
    depth = np.full(90, 5.0)
    depth[40:44] = 9.0
    np.testing.assert_allclose(solve(depth), 5.0, atol=0.05)


def test_frames_without_a_measurement_lie_on_the_line_between_the_others():
    depth = np.linspace(3.0, 6.0, 60)
    given, noise = depth.copy(), np.full(60, 0.02)
    given[20:30], noise[20:30] = 1.0, np.inf
    np.testing.assert_allclose(solve(given, noise), depth, atol=0.01)


def test_nothing_measured_comes_back_as_it_is():
    depth = np.random.default_rng(0).uniform(2, 5, 20)
    np.testing.assert_array_equal(solve(depth, np.inf), depth)


def test_less_noise_means_less_smoothing():
    depth = 5 + 0.2 * np.sin(np.arange(90) / 3)
    sizes = [np.ptp(solve(depth, noise)[20:70]) for noise in (0.001, 0.03, 0.3)]
    assert sizes[0] > 0.39 and sizes[0] > 2 * sizes[1] > 4 * sizes[2]
