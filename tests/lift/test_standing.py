"""Feet that stand: closed forms, a walker, and cameras that move."""

import numpy as np
import pytest

from videopose.lift import standing as module
from videopose.lift.depth import DepthMeasurements, likeliest_depth
from videopose.lift.standing import Feet, hold_feet, standing

FPS = 30.0
STEP_S = 0.5


def steady(velocity: tuple[float, float, float], count: int = 40) -> np.ndarray:
    """(T, 1, 3) one foot that moves evenly."""
    return np.broadcast_to(np.array(velocity), (count, 1, 3))


@pytest.mark.parametrize(
    ("velocity", "expected"),
    [
        ((0.0, 0.0, 0.0), 1.0),
        ((module.STANDING_SPEED, 0.0, 0.0), 0.25),
        ((0.0, 2 * module.STANDING_SPEED, 0.0), 1 / 25),
        ((0.0, 0.0, 0.1), 0.64),
    ],
    ids=["at rest", "at the standing speed", "twice as fast", "slowly in depth"],
)
def test_standing_closed_form(velocity, expected):
    np.testing.assert_allclose(standing(steady(velocity), np.full(40, 1 / FPS)), expected)


def test_turning_back_in_the_air_is_no_standing():
    velocity = np.zeros((61, 1, 3))
    velocity[:, 0, 1] = np.linspace(-3, 3, 61)
    # at rest for one frame, 0.1 m/s before and after it: the mean of 0.01, 0 and 0.01 counts
    most = 1 / (1 + 0.02 / 3 / module.STANDING_SPEED**2) ** 2
    assert standing(velocity, np.full(61, 1 / FPS)).max() == pytest.approx(most)


def test_a_camera_that_travels_makes_no_foot_stand():
    # every foot of a standing person recedes at 0.8 m/s, but for some frames that look like standstill
    velocity = np.zeros((90, 2, 3))
    velocity[..., 2] = 0.8
    velocity[40:50] = 0.0
    assert standing(velocity, np.full(90, 1 / FPS)).max() < 1e-3
    assert standing(velocity - [0, 0, 0.8], np.full(90, 1 / FPS))[:30].min() > 0.9


def test_the_camera_of_a_glimpse_is_taken_to_stand():
    # slower than a step, but alike in all frames: over a second that may be the measured depth's own error
    velocity = np.zeros((90, 2, 3))
    velocity[..., 2] = 0.3
    alone = 1 / (1 + (0.3 / module.STANDING_SPEED) ** 2) ** 2
    np.testing.assert_allclose(standing(velocity[:30], np.full(30, 1 / FPS)), alone)
    assert standing(velocity, np.full(90, 1 / FPS)).max() < 0.1 * alone


def walker(count: int, speed: float = 1.0) -> tuple[np.ndarray, Feet]:
    """Depth of the root and the feet of somebody who walks away; a foot stands half of the time, then swings."""
    time_s = np.arange(count) / FPS
    depth = 4.0 + speed * time_s
    offset = np.zeros((count, 2, 3))
    for foot in range(2):
        phase = time_s / (2 * STEP_S) + foot / 2
        whole, part = np.floor(phase), phase % 1
        stride = 2 * STEP_S * speed
        place = stride * (whole - foot / 2 + np.maximum(2 * part - 1, 0))
        offset[:, foot] = np.stack([np.full(count, 0.1 - 0.2 * foot), np.full(count, 0.9), 4 + place - depth], -1)
    ray = np.tile([0.0, 0.0, 1.0], (count, 1))
    return depth, Feet(offset, ray, np.ones(count, bool))


def measurements(depth: np.ndarray, noise: float = 0.03) -> DepthMeasurements:
    count = len(depth)
    return DepthMeasurements(depth, np.full(count, noise), np.full(count, 20.0), np.arange(count) / FPS)


def no_feet(feet: Feet) -> Feet:
    return Feet(feet.offset[:, :0], feet.ray, feet.seen)


def test_standing_feet_take_the_swimming_out_of_the_path():
    depth, feet = walker(150)
    swimming = depth * (1 + 0.03 * np.sin(2 * np.pi * 0.6 * np.arange(150) / FPS))
    with_feet = likeliest_depth(measurements(swimming), feet) - depth
    without = likeliest_depth(measurements(swimming), no_feet(feet)) - depth
    assert np.abs(with_feet).mean() < 0.5 * np.abs(without).mean()
    assert np.abs(np.diff(with_feet)).max() * FPS < 0.08


def test_a_retreating_camera_is_followed():
    depth, feet = walker(150)
    retreat = 0.8 * np.arange(150) / FPS
    path = likeliest_depth(measurements(depth + retreat), feet)
    np.testing.assert_allclose(path, depth + retreat, atol=0.05)


@pytest.mark.parametrize("lost", ["not seen", "far apart"])
def test_feet_that_say_nothing_change_nothing(lost):
    depth, feet = walker(60)
    swimming = depth * (1 + 0.02 * np.sin(np.arange(60) / 5))
    given = measurements(swimming)
    if lost == "not seen":
        feet = Feet(feet.offset, feet.ray, np.zeros(60, bool))
    else:
        given = DepthMeasurements(given.depth, given.noise, np.ones(60), np.arange(60) * 0.5)
    np.testing.assert_array_equal(likeliest_depth(given, feet), likeliest_depth(given, no_feet(feet)))


def test_equations_are_those_of_the_distances_that_feet_move():
    """The matrix and right-hand side against the dense quadratic form."""
    random = np.random.default_rng(0)
    count = 12
    feet = Feet(random.normal(size=(count, 2, 3)) * 0.003, np.tile([0.1, -0.2, 1.0], (count, 1)), np.ones(count, bool))
    time_s = np.cumsum(random.uniform(0.02, 0.05, count))
    depth = np.full(count, 5.0)
    banded, right = np.zeros((3, count)), np.zeros(count)
    hold_feet(banded, right, feet, depth, time_s)
    step = np.diff(time_s)
    weight = standing(np.diff(feet.offset, axis=0) / step[:, None, None], step) / (module.SLIP * step)[:, None]
    rows, values = [], []
    for foot in range(2):
        for t in range(count - 1):
            for axis in range(3):
                row = np.zeros(count)
                row[t], row[t + 1] = -feet.ray[t, axis], feet.ray[t + 1, axis]
                rows.append(np.sqrt(weight[t, foot]) * row)
                values.append(-np.sqrt(weight[t, foot]) * (feet.offset[t + 1, foot] - feet.offset[t, foot])[axis])
    matrix = np.array(rows)
    dense = matrix.T @ matrix
    np.testing.assert_allclose(banded[0], np.diag(dense))
    np.testing.assert_allclose(banded[1, :-1], np.diag(dense, -1))
    assert not banded[2].any()
    np.testing.assert_allclose(right, matrix.T @ np.array(values), atol=1e-9)
