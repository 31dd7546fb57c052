"""Between the frames of a video and the rhythm of a lifter."""

import numpy as np
import pytest

from videopose.lift.resample import Timeline


def swing(time_s: np.ndarray, frequency_hz: float = 1.0) -> np.ndarray:
    """(T, 1): one coordinate."""
    return np.sin(2 * np.pi * frequency_hz * np.asarray(time_s))[:, None]


@pytest.mark.parametrize(
    "time_s",
    [
        pytest.param(np.arange(100) / 30, id="30"),
        pytest.param(7.5 + np.arange(100) * 1001 / 30000, id="29.97"),
        pytest.param(np.round(np.arange(100) / 30, 3), id="milliseconds"),
        pytest.param(np.zeros(1), id="one frame"),
        pytest.param(np.zeros(0), id="no frame"),
    ],
)
def test_equal_rates_are_left_alone(time_s):
    timeline = Timeline.between(time_s, 30.0)
    values = np.random.default_rng(0).normal(size=(len(time_s), 2))
    assert timeline.to_grid(values) is values
    assert timeline.to_frames(values) is values


@pytest.mark.parametrize("fps", [5, 12, 15, 24, 25, 50, 59.94, 60, 120, 240])
def test_slow_movements_come_through(fps):
    time_s = np.arange(int(6 * fps)) / fps
    timeline = Timeline.between(time_s, 30.0)
    assert (timeline.grid_s[0], timeline.grid_s[-1]) == (time_s[0], time_s[-1])
    np.testing.assert_allclose(np.diff(timeline.grid_s), 1 / 30, rtol=0.5 / (6 * 30 - 30))
    grid = timeline.to_grid(swing(time_s, 0.4))
    tolerance = {5: 0.06, 12: 0.006}.get(fps, 0.003)
    np.testing.assert_allclose(grid, swing(timeline.grid_s, 0.4), atol=tolerance)
    np.testing.assert_allclose(timeline.to_frames(grid), swing(time_s, 0.4), atol=tolerance)


@pytest.mark.parametrize("fps", [5, 25, 60, 120])
@pytest.mark.parametrize("count", [2, 3, 4, 5, 40])
def test_straight_lines_stay_straight(fps, count):
    time_s = 3.0 + np.arange(count) / fps
    timeline = Timeline.between(time_s, 30.0)
    grid = timeline.to_grid(2 * time_s[:, None])
    np.testing.assert_allclose(grid[:, 0], 2 * timeline.grid_s, atol=1e-9)
    np.testing.assert_allclose(timeline.to_frames(grid), 2 * time_s[:, None], atol=1e-9)


@pytest.mark.parametrize("fps", [60, 120])
def test_what_the_slower_rate_cannot_hold_is_averaged_away(fps):
    time_s = np.arange(4 * fps) / fps
    # 25 Hz would fold to 5 Hz if every second or fourth frame were taken
    flicker = swing(time_s, 25.0)
    grid = Timeline.between(time_s, 30.0).to_grid(flicker)
    assert np.abs(flicker[:: fps // 30]).max() > 0.8
    assert np.abs(grid[5:-5]).max() < 0.02


def test_uneven_times():
    random = np.random.default_rng(0)
    time_s = np.cumsum(random.uniform(0.01, 0.06, 200))
    timeline = Timeline.between(time_s, 30.0)
    assert not timeline.same
    grid = timeline.to_grid(swing(time_s, 0.5))
    np.testing.assert_allclose(grid[2:-2], swing(timeline.grid_s, 0.5)[2:-2], atol=0.01)


def test_dropped_frames_are_not_taken_for_jitter():
    time_s = np.delete(np.arange(100) / 30, [40, 41])
    assert not Timeline.between(time_s, 30.0).same


@pytest.mark.parametrize("time_s", [[0.0, 0.0], [1.0, 0.5], [0.0, np.nan]])
def test_times_that_do_not_increase(time_s):
    with pytest.raises(ValueError, match="strictly increasing"):
        Timeline.between(np.array(time_s), 30.0)


@pytest.mark.parametrize("gap_s", [60.0, 1e4, 1e9])
def test_a_long_gap_costs_no_memory_and_the_frames_around_it_keep_their_values(gap_s):
    near_s = np.arange(40) / 25
    time_s = np.concatenate([near_s, near_s + gap_s])
    timeline = Timeline.between(time_s, 50.0)
    assert len(timeline.grid_s) < 20 * 50
    values = np.concatenate([swing(near_s), 3 + swing(near_s)])
    np.testing.assert_allclose(timeline.to_frames(timeline.to_grid(values)), values, atol=0.05)
