"""Losses: recorded numbers, closed forms, joints matched by name."""

from pathlib import Path

import numpy as np
import pytest
import torch

from videopose.errors import InputError
from videopose.skeletons import COCO17, H36M17
from videopose.train.losses import bone_loss, position_loss, project, shared_joints, trajectory_loss


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
