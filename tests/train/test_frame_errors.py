"""The errors of many sequences at once against the plain formulas, and rotations against SciPy's."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from videopose.train import frame_errors, metrics
from videopose.train.frame_errors import BASIC, COMMON, best_rotation, sequence_errors, similarity_align

LAYOUT = metrics.common_joints("h36m17")


def plain(predicted: np.ndarray, target: np.ndarray) -> list[float]:
    """The errors of one sequence (T, 17, 3) in metres, by the plain formulas, in the order of BASIC and COMMON."""
    p, t = 1000 * predicted, 1000 * target
    p14, t14 = metrics.to_common14(p, "h36m17"), metrics.to_common14(t, "h36m17")
    rooted = [(joints - joints[:, :1])[:, LAYOUT] for joints in (p, t)]
    return [
        metrics.mpjpe(p, t),
        metrics.p_mpjpe(p, t),
        metrics.n_mpjpe(p, t),
        metrics.mpjve(p, t),
        metrics.acceleration_error(p, t),
        metrics.mpjpe_14(p, t),
        metrics.pa_mpjpe_14(p, t),
        metrics.acceleration_error(p14, t14),
        100 * metrics.pck(*rooted, metrics.PCK_MM),
        100 * metrics.auc(*rooted, metrics.PCK_MM),
    ]


def motion(sequences: int, frames: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Predicted and true joints of the size of people."""
    rng = torch.Generator().manual_seed(seed)
    target = 0.4 * torch.randn(sequences, frames, 17, 3, generator=rng, dtype=torch.float64)
    return target + 0.07 * torch.randn(target.shape, generator=rng, dtype=torch.float64), target


@pytest.mark.parametrize("at_once", [8, 21, 100000])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_equal_the_plain_formulas(
    monkeypatch: pytest.MonkeyPatch, at_once: int, dtype: torch.dtype, tolerance: float
) -> None:
    monkeypatch.setattr(frame_errors, "_CACHED_FRAMES", at_once)
    predicted, target = motion(3, 40)
    valid = torch.ones(3, 40, dtype=torch.bool)
    found = sequence_errors(predicted.to(dtype), target.to(dtype), valid, LAYOUT)
    assert found.shape == (3, len(BASIC) + len(COMMON))
    expected = [plain(p.numpy(), t.numpy()) for p, t in zip(predicted, target, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=tolerance)
    np.testing.assert_array_equal(sequence_errors(predicted.to(dtype), target.to(dtype), valid), found[:, : len(BASIC)])


@pytest.mark.parametrize("at_once", [4, 100000])
def test_frames_that_do_not_count(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(frame_errors, "_CACHED_FRAMES", at_once)
    predicted, target = motion(3, 30)
    valid = torch.ones(3, 30, dtype=torch.bool)
    valid[0, 20:] = False  # a shorter sequence
    valid[1, 10] = False  # a hole
    valid[2, 2:] = False  # no acceleration
    target[~valid] = torch.nan
    found = sequence_errors(predicted, target, valid, LAYOUT).numpy()
    np.testing.assert_allclose(found[0], plain(predicted[0, :20].numpy(), target[0, :20].numpy()), rtol=1e-9)
    p, t, known = 1000 * predicted[1].numpy(), 1000 * target[1].numpy(), valid[1].numpy()
    assert found[1, 0] == pytest.approx(metrics.mpjpe(p[known], t[known]))
    halves = [metrics.mpjve(p[half], t[half]) for half in (slice(0, 10), slice(11, 30))]
    assert found[1, 3] == pytest.approx(np.average(halves, weights=[9, 18]))
    assert found[1, 4] == pytest.approx(metrics.acceleration_error(p, t, known))
    names = [*BASIC, *COMMON]
    missing = {name for name, value in zip(names, found[2], strict=True) if np.isnan(value)}
    assert missing == {"acceleration_mm", "acceleration_14_mm"}


def covariances(seed: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of vectors (3, J, 3), some of them awkward."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(3, 9, 3))
    if kind == "flat":
        a[..., 2] = 0
    b = Rotation.random(rng=seed).apply(a.reshape(-1, 3)).reshape(a.shape) + 0.1 * rng.normal(size=a.shape)
    if kind == "mirrored":
        b[..., 0] *= -1
    if kind == "turned by half":
        b = a * [-1, -1, 1]
    if kind == "the same":
        b = a
    return a, b


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.sampled_from(["any", "flat", "mirrored", "turned by half", "the same"]))
def test_the_rotation_is_the_best(seed: int, kind: str) -> None:
    a, b = covariances(seed, kind)
    rotation, score = best_rotation(torch.from_numpy(np.swapaxes(a, 1, 2) @ b))
    identity = rotation @ rotation.transpose(-1, -2)
    np.testing.assert_allclose(identity, np.broadcast_to(np.eye(3), (3, 3, 3)), atol=1e-12)
    np.testing.assert_allclose(torch.linalg.det(rotation), 1.0, atol=1e-12)
    for one_a, one_b, r, s in zip(a, b, rotation.numpy(), score.numpy(), strict=True):
        assert s == pytest.approx((one_b * (one_a @ r.T)).sum(), rel=1e-9)
        best = Rotation.align_vectors(one_b, one_a)[0]
        assert s == pytest.approx((one_b * best.apply(one_a)).sum(), rel=1e-9)


def test_poses_without_extent_move_to_the_middle() -> None:
    target = motion(1, 2)[1]
    predicted = torch.full_like(target, 3.0)
    expected = target.mean(-2, keepdim=True).expand_as(target)
    torch.testing.assert_close(similarity_align(predicted, target), expected)
    # a pose onto a point, and in one line
    assert similarity_align(target, torch.zeros_like(target)).abs().max() < 1e-12
    line = target * torch.tensor([1.0, 0.0, 0.0])
    torch.testing.assert_close(similarity_align(line[..., [1, 0, 2]], line), line)
