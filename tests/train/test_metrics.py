"""Metrics against the values that the reference program recorded, and closed forms."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from videopose.train import metrics


@pytest.mark.shared
@pytest.mark.parametrize("name", ["mpjpe", "p_mpjpe", "n_mpjpe", "mpjve"])
def test_equals_reference(shared_dir: Path, name: str) -> None:
    expected = json.loads((shared_dir / "golden" / "metrics.json").read_text())[name]
    with np.load(shared_dir / "golden" / "lifter.npz") as golden:
        predicted, target = golden["metric_predicted"].astype(float), golden["metric_target"].astype(float)
    assert getattr(metrics, name)(predicted, target) == pytest.approx(expected, rel=1e-6)


def test_alignment_undoes_a_similarity_but_no_mirroring() -> None:
    rng = np.random.default_rng(0)
    target = rng.normal(size=(5, 17, 3))
    moved = 2.5 * Rotation.random(5, rng=1).as_matrix() @ target.transpose(0, 2, 1)
    moved = moved.transpose(0, 2, 1) + rng.normal(size=(5, 1, 3))
    np.testing.assert_allclose(metrics.procrustes_align(moved, target), target, atol=1e-12)
    assert metrics.p_mpjpe(moved * [-1, 1, 1], target) > 0.1


def test_acceleration_of_a_parabola() -> None:
    time = np.arange(10.0)[:, None, None]
    parabola = np.broadcast_to(0.5 * 3.0 * time**2, (10, 2, 3)) * [1.0, 0.0, 0.0]
    assert metrics.acceleration_error(parabola, np.zeros_like(parabola)) == pytest.approx(3.0)


def test_bad_shapes() -> None:
    with pytest.raises(ValueError, match="same shape"):
        metrics.mpjpe(np.zeros((2, 17, 3)), np.zeros((3, 17, 3)))
    with pytest.raises(ValueError, match="zero extent"):
        metrics.p_mpjpe(np.zeros((2, 17, 3)), np.ones((2, 17, 3)))
