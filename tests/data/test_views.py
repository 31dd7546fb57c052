"""Synthetic views: geometry that must hold whatever is drawn."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from videopose.data.mocap import CAPTURE_JOINTS, Clip
from videopose.data.views import STANDARD_SIZE_M, ViewSampler, ViewSettings
from videopose.skeletons import COCO17, H36M17

EXACT = ViewSettings(
    limb_spread=0.0, jitter_m_range=(1e-12, 1e-12), drift_m_range=(1e-12, 1e-12), offset_m=0.0, hip_drop_m=0.0,
    hip_spread_m=0.0, face_rise_m=0.0, forearm_stretch=0.0,
    hidden_probability=0.0, swap_probability=0.0, edge_probability=0.0, focal_error=0.0, off_axis_degrees=0.0,
)  # fmt: skip

STANDING = {
    "hip": (0, 0.95, 0), "right_hip": (-0.1, 0.95, 0), "right_knee": (-0.1, 0.5, 0.02), "right_ankle": (-0.1, 0.08, 0),
    "left_hip": (0.1, 0.95, 0), "left_knee": (0.1, 0.5, 0.02), "left_ankle": (0.1, 0.08, 0), "spine": (0, 1.2, 0),
    "thorax": (0, 1.45, 0), "neck": (0, 1.55, 0.08), "head": (0, 1.72, 0), "left_shoulder": (0.18, 1.42, 0),
    "left_elbow": (0.2, 1.13, 0), "left_wrist": (0.2, 0.88, 0.05), "right_shoulder": (-0.18, 1.42, 0),
    "right_elbow": (-0.2, 1.13, 0), "right_wrist": (-0.2, 0.88, 0.05), "nose": (0, 1.58, 0.11),
    "left_eye": (0.03, 1.61, 0.09), "right_eye": (-0.03, 1.61, 0.09), "left_ear": (0.075, 1.58, 0),
    "right_ear": (-0.075, 1.58, 0),
}  # fmt: skip


def walker(frames: int = 200) -> Clip:
    """Somebody who stands upright, sways, and moves the left wrist."""
    pose = np.array([STANDING[name] for name in CAPTURE_JOINTS])
    positions = np.repeat(pose[None], frames, axis=0)
    phase = np.linspace(0, 12, frames)[:, None]
    positions += np.concatenate([0.3 * np.sin(phase), 0 * phase, 0.2 * np.cos(phase)], axis=1)[:, None]
    positions[:, CAPTURE_JOINTS.index("left_wrist"), 2] += 0.2 * np.sin(3 * phase[:, 0])
    return Clip("1", "1_01", positions.astype(np.float32), 60.0)


def sampler(settings: ViewSettings, frames: int = 200) -> ViewSampler:
    return ViewSampler([walker(frames)], receptive_field=27, length=40, settings=settings)


def test_targets_project_onto_inputs() -> None:
    """Without noise some place in front of the camera explains all keypoints that both layouts share, to the digit."""
    torch.manual_seed(0)
    batch = sampler(EXACT).draw(16)
    shared = [name for name in H36M17.joint_names if name in COCO17.joint_names]
    joints = batch.targets[:, :, [H36M17.index(n) for n in shared]].double().numpy()
    inputs = batch.inputs[:, 13:-13].unflatten(-1, (17, 2))[:, :, [COCO17.index(n) for n in shared]].double().numpy()
    for sequence, picture in zip(joints, inputs, strict=True):
        for pose, points in zip(sequence[::10], picture[::10], strict=True):
            # u = f (X + tx) / (Z + tz) is linear in f X + f tx - u Z - u tz = 0 for unknown f, f tx, f ty, tz.
            zero, one = np.zeros(len(pose)), np.ones(len(pose))
            rows = [
                np.stack([pose[:, 0], one, zero, -points[:, 0]], 1),
                np.stack([pose[:, 1], zero, one, -points[:, 1]], 1),
            ]
            right = np.concatenate([points[:, 0] * pose[:, 2], points[:, 1] * pose[:, 2]])
            solution, *_ = np.linalg.lstsq(np.concatenate(rows), right, rcond=None)
            assert np.abs(np.concatenate(rows) @ solution - right).max() < 2e-4
            assert solution[0] > 0
            assert solution[3] > 0


def test_targets_have_the_standard_size_and_are_upright() -> None:
    torch.manual_seed(1)
    batch = sampler(replace(ViewSettings(), forearm_stretch=0.0)).draw(64)
    parents = list(H36M17.parents[1:])
    bones = (batch.targets[:, :, 1:] - batch.targets[:, :, parents]).norm(dim=-1).sum(-1).mean(1)
    np.testing.assert_allclose(bones.numpy(), STANDARD_SIZE_M, rtol=0.02)
    up = batch.targets[:, :, H36M17.index("head"), 1] - batch.targets[:, :, H36M17.index("left_ankle"), 1]
    assert (up < -0.5).float().mean() > 0.95  # y points down
    assert torch.isfinite(batch.inputs).all()


def test_camera_that_looks_down_sees_the_head_nearer() -> None:
    torch.manual_seed(2)
    batch = sampler(replace(EXACT, pitch_degrees_mean=40.0, pitch_degrees_spread=0.0, roll_degrees_spread=0.0)).draw(32)
    depth = batch.targets[..., 2]
    assert (depth[..., H36M17.index("head")] < depth[..., H36M17.index("left_ankle")]).all()


def test_left_stays_left_when_mirrored() -> None:
    """The waving wrist is the left one in half of the sequences and the right one in the others."""
    torch.manual_seed(3)
    batch = sampler(EXACT, 2000).draw(64)
    wave = [
        (batch.targets[:, :, H36M17.index(f"{s}_wrist")] - batch.targets[:, :, H36M17.index(f"{s}_elbow")])
        .std(1)
        .sum(-1)
        for s in ("left", "right")
    ]
    joint = {name: batch.targets[:, :, i] for i, name in enumerate(H36M17.joint_names)}
    across, up = joint["left_hip"] - joint["right_hip"], joint["thorax"] - joint["hip"]
    face = joint["neck"] - (joint["thorax"] + joint["head"]) / 2
    # Sides swapped without mirroring would leave a body that looks backwards.
    assert ((torch.linalg.cross(across, up) * face).sum(-1) > 0).all()
    left = int((wave[0] > wave[1]).sum())
    assert 16 <= left <= 48


def test_short_clip_is_masked_and_repeated_at_its_ends() -> None:
    torch.manual_seed(4)
    batch = sampler(replace(ViewSettings(), edge_probability=0.0, speed_range=(1.0, 1.0)), frames=21).draw(8)
    assert ((batch.valid.sum(1) >= 10) & (batch.valid.sum(1) <= 11)).all()  # 21 frames at 60 are 10.5 at 30
    inputs = batch.inputs
    assert torch.equal(inputs[:, 0], inputs[:, 10])
    assert torch.equal(inputs[:, -1], inputs[:, -11])


def test_same_seed_same_batch() -> None:
    torch.manual_seed(5)
    one = sampler(ViewSettings()).draw(4)
    torch.manual_seed(5)
    other = sampler(ViewSettings()).draw(4)
    assert torch.equal(one.inputs, other.inputs)


@pytest.mark.parametrize(("setting", "least"), [("hidden_probability", 0.01), ("swap_probability", 0.01)])
def test_errors_reach_the_inputs(setting: str, least: float) -> None:
    torch.manual_seed(6)
    clean = sampler(EXACT).draw(32).inputs
    torch.manual_seed(6)
    # The same random numbers are drawn whatever the probabilities, so that the rest stays the same.
    noisy = sampler(replace(EXACT, **{setting: 1.0})).draw(32).inputs
    assert (noisy - clean).abs().mean() > least * clean.abs().mean()
