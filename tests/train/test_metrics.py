"""Metrics against the values that the reference program recorded, closed forms, and other implementations."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes
from scipy.spatial.transform import Rotation

from videopose.skeletons import H36M17, HUMANEVA15
from videopose.train import metrics


@pytest.fixture(scope="module")
def golden(shared_dir: Path) -> dict[str, np.ndarray]:
    with np.load(shared_dir / "golden" / "lifter.npz") as content:
        return {name: content[name].astype(float) for name in content.files if name.startswith("metric_")}


@pytest.mark.shared
@pytest.mark.parametrize("name", ["mpjpe", "weighted_mpjpe", "p_mpjpe", "n_mpjpe", "mpjve"])
def test_equals_reference(shared_dir: Path, golden: dict[str, np.ndarray], name: str) -> None:
    expected = json.loads((shared_dir / "golden" / "metrics.json").read_text())[name]
    weight = [golden["metric_weight"]] if name == "weighted_mpjpe" else []
    found = getattr(metrics, name)(golden["metric_predicted"], golden["metric_target"], *weight)
    assert found == pytest.approx(expected, rel=1e-6)


def poses(seed: int, count: int = 6, joints: int = 17) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and true ones, alike enough that no mirroring would help."""
    rng = np.random.default_rng(seed)
    target = rng.normal(size=(count, joints, 3))
    return target + 0.3 * rng.normal(size=target.shape), target


def moved(joints: np.ndarray, seed: int, scale: float) -> np.ndarray:
    """Each pose turned and moved somewhere else."""
    rotation = Rotation.random(len(joints), rng=seed).as_matrix()
    shift = np.random.default_rng(seed).normal(size=(len(joints), 1, 3))
    return scale * np.einsum("nab,njb->nja", rotation, joints) + shift


def test_alignment_equals_scipy() -> None:
    predicted, target = poses(0)
    aligned = metrics.procrustes_align(predicted, target)
    for p, t, a in zip(predicted, target, aligned, strict=True):
        centred, middle = p - p.mean(0), t.mean(0)
        rotation, score = orthogonal_procrustes(centred, t - middle)
        np.testing.assert_allclose(a, score / (centred**2).sum() * centred @ rotation + middle, atol=1e-12)
        fitted, _ = Rotation.align_vectors(t - middle, centred)
        turned = fitted.apply(centred)
        scale = (turned * (t - middle)).sum() / (centred**2).sum()
        np.testing.assert_allclose(a, scale * turned + middle, atol=1e-7)
        # SciPy measures the squared distance of poses of size 1
        disparity = ((a - t) ** 2).sum() / ((t - middle) ** 2).sum()
        assert disparity == pytest.approx(procrustes(t, p)[2], rel=1e-9)


def test_a_mirrored_pose_is_turned_as_scipy_turns_it() -> None:
    target = poses(1)[1]
    mirrored = target * [-1, 1, 1]
    aligned = metrics.procrustes_align(mirrored, target)
    for p, t, a in zip(mirrored, target, aligned, strict=True):
        centred, middle = p - p.mean(0), t.mean(0)
        turned = Rotation.align_vectors(t - middle, centred)[0].apply(centred)
        scale = (turned * (t - middle)).sum() / (centred**2).sum()
        np.testing.assert_allclose(a, scale * turned + middle, atol=1e-7)
    assert metrics.p_mpjpe(mirrored, target) > 0.1


seeds = st.integers(0, 2**31)


@settings(max_examples=40)
@given(seeds, st.floats(0.01, 100.0))
def test_p_mpjpe_does_not_see_a_similarity(seed: int, scale: float) -> None:
    predicted, target = poses(seed)
    expected = metrics.p_mpjpe(predicted, target)
    assert metrics.p_mpjpe(moved(predicted, seed, scale), target) == pytest.approx(expected, rel=1e-7)
    assert metrics.p_mpjpe(moved(target, seed, scale), target) < 1e-9
    assert metrics.pa_mpjpe_14(moved(predicted, seed, scale), target) == pytest.approx(
        metrics.pa_mpjpe_14(predicted, target), rel=1e-7
    )


@settings(max_examples=40)
@given(seeds, st.floats(0.01, 100.0))
def test_n_mpjpe_sees_all_but_the_scale(seed: int, scale: float) -> None:
    predicted, target = poses(seed)
    expected = metrics.n_mpjpe(predicted, target)
    assert metrics.n_mpjpe(scale * predicted, target) == pytest.approx(expected, rel=1e-7)
    assert metrics.n_mpjpe(scale * target, target) < 1e-9
    assert metrics.n_mpjpe(predicted + 1.0, target) != pytest.approx(expected, rel=1e-3)


@settings(max_examples=40)
@given(seeds)
def test_the_scale_is_the_best(seed: int) -> None:
    predicted, target = poses(seed)
    best = ((metrics.scale_align(predicted, target) - target) ** 2).sum((1, 2))
    for factor in (0.99, 1.01):
        assert (((factor * metrics.scale_align(predicted, target) - target) ** 2).sum((1, 2)) > best).all()


@settings(max_examples=40)
@given(seeds)
def test_velocity_and_acceleration_do_not_see_where_and_how_fast(seed: int) -> None:
    predicted, target = poses(seed, 9)
    time = np.arange(9.0)[:, None, None]
    velocity, acceleration = metrics.mpjve(predicted, target), metrics.acceleration_error(predicted, target)
    assert metrics.mpjve(predicted + 5, target) == pytest.approx(velocity)
    assert metrics.acceleration_error(predicted + 5 + 3 * time, target) == pytest.approx(acceleration)
    turned = Rotation.random(rng=seed).as_matrix().T
    assert metrics.acceleration_error(predicted @ turned, target @ turned) == pytest.approx(acceleration)


def test_acceleration_of_a_parabola() -> None:
    time = np.arange(10.0)[:, None, None]
    parabola = np.broadcast_to(0.5 * 3.0 * time**2, (10, 2, 3)) * [1.0, 0.0, 0.0]
    assert metrics.acceleration_error(parabola, np.zeros_like(parabola)) == pytest.approx(3.0)
    assert metrics.acceleration_error(parabola, 0 * parabola, frame_rate=50.0) == pytest.approx(3.0 * 2500)


def test_acceleration_counts_where_three_frames_are_valid() -> None:
    joints = np.zeros((8, 2, 3))
    joints[2] = 1000.0
    valid = np.ones(8, bool)
    valid[2] = False
    assert metrics.acceleration_error(joints, np.zeros_like(joints), valid) == 0.0
    joints[6, :, 0] = 1.0  # second differences 1, -2, (1 beyond the end) at frames 5, 6 of 4 .. 6
    assert metrics.acceleration_error(joints, np.zeros_like(joints), valid) == pytest.approx((0 + 1 + 2) / 3)
    assert np.isnan(metrics.acceleration_error(joints, 0 * joints, np.arange(8) % 3 > 0))
    assert np.isnan(metrics.acceleration_error(joints[:2], joints[:2]))


@pytest.mark.parametrize("skeleton", [H36M17, HUMANEVA15], ids=lambda one: one.name)
def test_common_joints_by_name(skeleton) -> None:
    found = [skeleton.joint_names[i] for i in metrics.common_joints(skeleton.name)]
    sides = [name.split("_")[0] for name in found[:12]]
    parts = [name.split("_")[1] for name in found[:12]]
    assert parts == [
        "ankle",
        "knee",
        "hip",
        "hip",
        "knee",
        "ankle",
        "wrist",
        "elbow",
        "shoulder",
        "shoulder",
        "elbow",
        "wrist",
    ]
    assert sides == ["right"] * 3 + ["left"] * 3 + ["right"] * 3 + ["left"] * 3
    assert found[12:] == ["thorax", "head"]


def test_14_joints_are_relative_to_the_middle_of_the_hips() -> None:
    predicted, target = poses(3)
    hips = [H36M17.index("left_hip"), H36M17.index("right_hip")]
    common = metrics.to_common14(target, "h36m17")
    assert common.shape == (6, 14, 3)
    np.testing.assert_allclose(common[:, 3], target[:, hips[0]] - target[:, hips].mean(1))
    assert metrics.mpjpe_14(predicted + 7, target - 2) == pytest.approx(metrics.mpjpe_14(predicted, target))
    far = predicted.copy()
    far[:, [H36M17.index(name) for name in ("hip", "spine", "neck")]] += 100
    assert metrics.mpjpe_14(far, target) == metrics.mpjpe_14(predicted, target)
    with pytest.raises(ValueError, match="coco17 has no thorax"):
        metrics.common_joints("coco17")


def test_pck_and_auc_of_known_distances() -> None:
    target = np.zeros((1, 4, 3))
    predicted = target.copy()
    predicted[0, :, 1] = [0.0, 60.0, 149.0, 151.0]
    assert metrics.pck(predicted, target, 150.0) == 0.75
    # of the thresholds 0, 5 .. 150 there are 30, 18, 1, 0 above these distances
    assert metrics.auc(predicted, target, 150.0) == pytest.approx((30 + 18 + 1 + 0) / (4 * 31))


def test_weights_pick_joints() -> None:
    predicted, target = poses(4)
    weight = np.zeros((6, 17))
    weight[2, 5] = 6 * 17
    expected = np.linalg.norm(predicted[2, 5] - target[2, 5])
    assert metrics.weighted_mpjpe(predicted, target, weight) == pytest.approx(expected)
    assert metrics.weighted_mpjpe(predicted, target, 1.0) == pytest.approx(metrics.mpjpe(predicted, target))


def test_bad_shapes() -> None:
    with pytest.raises(ValueError, match="same shape"):
        metrics.mpjpe(np.zeros((2, 17, 3)), np.zeros((3, 17, 3)))
    with pytest.raises(ValueError, match="zero extent"):
        metrics.p_mpjpe(np.zeros((2, 17, 3)), np.ones((2, 17, 3)))
    with pytest.raises(ValueError, match=r"valid must be \(4\)"):
        metrics.acceleration_error(np.zeros((4, 17, 3)), np.zeros((4, 17, 3)), np.ones(5, bool))
