"""Speeds: closed forms at uneven times, and what is unknown."""

import numpy as np
import pytest

from videopose.kinematics import joint_speeds, relative_to_hip
from videopose.types import Motion

TIMES = np.cumsum([0.0, 0.02, 0.05, 0.01, 0.033, 0.2, 0.04])
UNKNOWN = np.full(3, np.nan)


def moving(joints: np.ndarray, root: np.ndarray, times: np.ndarray = TIMES) -> Motion:
    """(T, 3) places of all joints relative to the root, and of the root."""
    whole = np.repeat(joints[:, None], 17, axis=1).astype(np.float32)
    return Motion(1, np.arange(len(times)), times, whole, root.astype(np.float32))


def test_a_throw_at_uneven_times() -> None:
    # places in space: 2 m/s along x, from rest down with 9.81 m/s^2; root and joint share them
    place = np.stack([2 * TIMES, 4.905 * TIMES**2, 3 + 0 * TIMES], axis=-1)
    found = joint_speeds(moving(0.3 * place, 0.7 * place))
    assert found.shape == (len(TIMES), 17) and found.dtype == np.float32
    np.testing.assert_allclose(found[1:-1, 5], np.hypot(2, 9.81 * TIMES[1:-1]), rtol=1e-4)
    # at the ends a line through two: the speed half way
    halves = (TIMES[:2].mean(), TIMES[-2:].mean())
    np.testing.assert_allclose(found[[0, -1], 5], [np.hypot(2, 9.81 * half) for half in halves], rtol=1e-4)


def test_beside_the_unknown_a_line_through_two() -> None:
    place = np.stack([2 * TIMES, 0 * TIMES, 0 * TIMES], axis=-1)
    root = place.copy()
    root[[2, 4]] = np.nan
    found = joint_speeds(moving(0 * place, root))[:, 0]
    np.testing.assert_allclose(found, [2, 2, np.nan, np.nan, np.nan, 2, 2], rtol=1e-5)


def test_without_any_root_relative_to_the_hip() -> None:
    place = np.stack([0 * TIMES, 3 * TIMES, 0 * TIMES], axis=-1)
    motion = moving(place, np.full_like(place, np.nan))
    assert relative_to_hip(motion) and not relative_to_hip(moving(place, 0 * place))
    np.testing.assert_allclose(joint_speeds(motion), 3, rtol=1e-5)


@pytest.mark.parametrize("frames", [0, 1])
def test_one_frame_has_no_speed(frames: int) -> None:
    place = np.zeros((frames, 3))
    found = joint_speeds(moving(place, place, TIMES[:frames]))
    assert found.shape == (frames, 17) and np.isnan(found).all()


def test_nothing_known() -> None:
    place = np.full((len(TIMES), 3), np.nan)
    assert np.isnan(joint_speeds(moving(place, place))).all()
