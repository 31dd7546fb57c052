"""Losses: recorded numbers, closed forms, joints matched by name."""

from pathlib import Path

import numpy as np
import pytest
import torch

from videopose.errors import InputError
from videopose.skeletons import COCO17, H36M17
from videopose.train.losses import (
    best_place,
    bone_loss,
    position_loss,
    project,
    shared_joints,
    trajectory_loss,
    unproject,
)


@pytest.mark.shared
def test_projection_equals_the_recorded_one(shared_dir: Path) -> None:
    recorded = np.load(shared_dir / "golden" / "lifter.npz")
    points, camera = (torch.from_numpy(recorded[key]) for key in ("project_points", "project_camera"))
    torch.testing.assert_close(project(points, camera), torch.from_numpy(recorded["project"]))
    torch.testing.assert_close(project(points, camera, linear=True), torch.from_numpy(recorded["project_linear"]))


def test_position_and_trajectory_losses_are_their_closed_forms() -> None:
    target = torch.tensor([[0.0, 0.0, 2.0], [1.0, 1.0, 4.0]])
    predicted = target + torch.tensor([[0.3, 0.4, 0.0], [0.0, 0.0, 2.0]])
    assert float(position_loss(predicted, target)) == pytest.approx((0.5 + 2.0) / 2)
    assert float(trajectory_loss(predicted, target)) == pytest.approx((0.5 / 2 + 2.0 / 4) / 2)


def test_bone_loss_compares_mean_lengths() -> None:
    rng = torch.Generator().manual_seed(0)
    pose = torch.randn(6, 1, 17, 3, generator=rng)
    assert float(bone_loss(pose, pose.flip(0), H36M17.parents, 6)) == pytest.approx(0.0, abs=1e-6)
    lengths = torch.stack([(pose[:, 0, c] - pose[:, 0, p]).norm(dim=-1).mean() for p, c in H36M17.bones])
    assert float(bone_loss(pose, 1.5 * pose, H36M17.parents, 6)) == pytest.approx(0.5 * float(lengths.mean()), rel=1e-5)
    # Two halves that are too long and too short have the right mean, and yet no bone is right.
    uneven = torch.cat([0.5 * pose, 1.5 * pose])
    assert float(bone_loss(pose.repeat(2, 1, 1, 1), uneven, H36M17.parents, 12)) == pytest.approx(0.0, abs=1e-6)
    assert float(bone_loss(pose.repeat(2, 1, 1, 1), uneven, H36M17.parents, 12, each=True)) > 0.1


CAMERA = torch.tensor([[2.29, 2.28, 0.02, 0.03, -0.207, 0.248, -0.003, -0.001, -0.0014]])


def standing(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """(5, 2, 17, 3) poses and (5, 2, 3) places within the picture, metres."""
    rng = torch.Generator().manual_seed(seed)
    poses = 0.3 * torch.randn(5, 2, 17, 3, generator=rng)
    return poses, torch.tensor([0.3, -0.2, 5.0]) + 0.3 * torch.randn(5, 2, 3, generator=rng)


@pytest.mark.parametrize("linear", [False, True])
def test_unprojection_undoes_projection(linear: bool) -> None:
    poses, places = standing()
    points = poses + places[:, :, None]
    cameras = CAMERA.expand(5, 9)
    plane = unproject(project(points, cameras, linear), cameras, linear)
    torch.testing.assert_close(plane, points[..., :2] / points[..., 2:], rtol=0, atol=1e-6)


def test_best_place_is_the_least_squares_solution() -> None:
    poses, places = standing()
    points = poses + places[:, :, None]
    plane = points[..., :2] / points[..., 2:]
    torch.testing.assert_close(best_place(poses, plane), places, rtol=0, atol=1e-4)
    noisy = plane + 0.02 * torch.randn(plane.shape, generator=torch.Generator().manual_seed(1))
    found = best_place(poses, noisy)
    for example in range(5):
        pose, image = poses[example, 0].double().numpy(), noisy[example, 0].double().numpy()
        rows = np.zeros((34, 3))
        rows[0::2, 0], rows[1::2, 1], rows[0::2, 2], rows[1::2, 2] = 1, 1, -image[:, 0], -image[:, 1]
        wanted = (image * pose[:, 2:] - pose[:, :2]).reshape(-1)
        expected = np.linalg.lstsq(rows, wanted, rcond=None)[0]
        np.testing.assert_allclose(found[example, 0].numpy(), expected, atol=1e-4)


def test_joints_are_matched_by_name_or_refused() -> None:
    seen, shown = shared_joints("coco17", "h36m17")
    assert [COCO17.joint_names[i] for i in seen] == [H36M17.joint_names[i] for i in shown]
    assert len(seen) == 12 and "nose" not in {H36M17.joint_names[i] for i in shown}
    assert shared_joints("h36m17", "h36m17") == (list(range(17)), list(range(17)))
    seen, shown = shared_joints("mpii16", "h36m17")
    assert len(seen) == 15


def test_layouts_with_nothing_in_common_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("videopose.train.losses.MIN_SHARED_JOINTS", 13)
    with pytest.raises(InputError, match="coco17 keypoints show only 12 of the joints of h36m17"):
        shared_joints("coco17", "h36m17")
