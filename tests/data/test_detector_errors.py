"""Errors of detectors: sizes as in closed form, for any layout."""

import dataclasses

import numpy as np
import pytest
import torch

from videopose.data.detector_errors import DetectorErrors, hidden_parts
from videopose.skeletons import COCO17, H36M17, Skeleton

QUIET = DetectorErrors(H36M17, (1e-12, 1e-12), (1e-12, 1e-12), hidden_probability=0.0, swap_probability=0.0)
STILL = torch.zeros(40, 600, 17, 2)
DEPTH = torch.full((40, 600, 1, 1), 0.004)


def drawn(errors: DetectorErrors, keypoints: torch.Tensor = STILL, depth: torch.Tensor = DEPTH) -> torch.Tensor:
    torch.manual_seed(5)
    return errors.apply(keypoints, depth)


def test_white_noise_has_the_stated_size() -> None:
    found = drawn(dataclasses.replace(QUIET, jitter_m_range=(0.008, 0.008)))
    # 8 mm are 2 units; the levels of the joints are spread by a log-normal factor of deviation 0.4.
    expected = 2.0 * np.exp(0.4**2)
    assert float(found.pow(2).mean().sqrt()) == pytest.approx(expected, rel=0.05)
    lagged = (found[:, 1:] * found[:, :-1]).mean() / found.pow(2).mean()
    assert abs(float(lagged)) < 0.02


def test_drift_is_slow() -> None:
    found = drawn(dataclasses.replace(QUIET, drift_m_range=(0.008, 0.008), slow_frames=67, middle_frames=12))
    assert float(found.pow(2).mean().sqrt()) == pytest.approx(2.0 * np.exp(0.4**2), rel=0.15)
    assert float((found[:, 1:] * found[:, :-1]).mean() / found.pow(2).mean()) > 0.95


def test_errors_shrink_with_distance() -> None:
    errors = dataclasses.replace(QUIET, jitter_m_range=(0.004, 0.02), drift_m_range=(0.004, 0.02), hidden_probability=1)
    torch.testing.assert_close(drawn(errors), 2 * drawn(errors, depth=2 * DEPTH))


@pytest.mark.parametrize("skeleton", [H36M17, COCO17], ids=lambda skeleton: skeleton.name)
def test_only_parts_are_hidden(skeleton: Skeleton) -> None:
    errors = dataclasses.replace(QUIET, skeleton=skeleton, hidden_probability=1.0)
    moved = drawn(errors).abs().amax((1, 3)) > 1e-6
    parts = {frozenset(part) for part in hidden_parts(skeleton)}
    assert {frozenset(row.nonzero()[:, 0].tolist()) for row in moved} == parts
    names = {skeleton.joint_names[joint].split("_")[1] for part in parts for joint in part}
    assert names == {"knee", "ankle", "elbow", "wrist"}


def test_swaps_exchange_left_and_right_for_a_while() -> None:
    keypoints = torch.arange(17.0)[:, None].expand(40, 600, 17, 2).contiguous()
    found = drawn(dataclasses.replace(QUIET, swap_probability=1.0), keypoints)
    swapped = (found - keypoints[:, :, H36M17.mirror]).abs().amax((2, 3)) < 1e-6
    kept = (found - keypoints).abs().amax((2, 3)) < 1e-6
    assert bool((swapped ^ kept).all())
    assert 0 < int(swapped.sum(1).max()) <= 0.15 * 600 + 1
    assert float(swapped.any(1).float().mean()) > 0.9


def test_long_sequences_have_stretches_in_every_piece() -> None:
    errors = dataclasses.replace(QUIET, hidden_probability=1.0, stretch_frames=100)
    moved = drawn(errors, STILL[:, :550], DEPTH[:, :550]).abs().amax(3) > 1e-6
    pieces = [moved[:, start : start + 100].any(1).any(1) for start in range(0, 500, 100)]
    assert float(torch.stack(pieces).float().mean()) > 0.9
    assert drawn(errors, STILL[:, :550], DEPTH[:, :550]).shape == (40, 550, 17, 2)
