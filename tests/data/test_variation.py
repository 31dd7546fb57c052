"""Varied movement: bodies stay bodies."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor

from videopose.data.mocap import CAPTURE_JOINTS, read_recordings
from videopose.data.variation import VariationSettings, chest_axes, join, pelvis_axes, turn, vary
from videopose.skeletons import H36M17

EVERYBODY = VariationSettings(joined=1.0, turned=1.0)
ARM = [H36M17.index(f"left_{joint}") for joint in ("shoulder", "elbow", "wrist")]
LEG = [H36M17.index(f"left_{joint}") for joint in ("hip", "knee", "ankle")]


@pytest.fixture(scope="module")
def recorded(shared_dir: Path) -> Tensor:
    """(8, 60, 22, 3) metres of real movement, Y up."""
    clips = read_recordings(shared_dir / "mocap" / "cmu_asfamc_subset.zip")
    parts = []
    for clip in clips:
        if len(clip.positions) >= 60:
            parts.append(torch.from_numpy(clip.positions[:60]))
        if len(parts) == 8:
            break
    return torch.stack(parts)


def bone_lengths(positions: Tensor) -> Tensor:
    pairs = [(i, parent) for i, parent in enumerate(H36M17.parents) if parent >= 0]
    return torch.stack([(positions[:, :, a] - positions[:, :, b]).norm(dim=-1) for a, b in pairs], -1)


def directions(positions: Tensor, axes: Tensor, limb: list[int]) -> Tensor:
    bones = torch.stack([positions[:, :, b] - positions[:, :, a] for a, b in pairwise(limb)], 2)
    return torch.nn.functional.normalize(bones, dim=-1) @ axes.transpose(-1, -2)


@pytest.mark.shared
def test_bones_keep_their_lengths(recorded: Tensor) -> None:
    torch.manual_seed(0)
    varied = vary(recorded, recorded.flip(0), EVERYBODY)
    assert varied.isfinite().all()
    torch.testing.assert_close(bone_lengths(varied), bone_lengths(recorded), atol=1e-5, rtol=0)
    # The face goes where the head goes.
    nose, head = CAPTURE_JOINTS.index("nose"), CAPTURE_JOINTS.index("head")
    gap = (varied[:, :, nose] - varied[:, :, head]).norm(dim=-1)
    torch.testing.assert_close(gap, (recorded[:, :, nose] - recorded[:, :, head]).norm(dim=-1), atol=1e-5, rtol=0)
    assert (varied - recorded).norm(dim=-1).mean() > 0.05


@pytest.mark.shared
def test_a_joined_limb_points_as_in_the_other_recording(recorded: Tensor) -> None:
    torch.manual_seed(1)
    other = recorded.flip(0)
    joined = join(recorded, other)
    taken = []
    for limb, axes in ((ARM, chest_axes), (LEG, pelvis_axes)):
        own = directions(recorded, axes(recorded), limb)
        new = directions(joined, axes(recorded), limb)
        theirs = directions(other, axes(other), limb)
        for mine, result, foreign in zip(own, new, theirs, strict=True):
            near = [torch.allclose(result, source, atol=1e-4) for source in (mine, foreign)]
            assert any(near)
            taken.append(near[1])
    assert any(taken)
    torch.testing.assert_close(join(recorded, recorded), recorded, atol=1e-5, rtol=0)


@pytest.mark.shared
def test_shares_are_kept(recorded: Tensor) -> None:
    torch.manual_seed(2)
    many = recorded[:1, :4].expand(2000, -1, -1, -1)
    torch.testing.assert_close(vary(many, many, VariationSettings(joined=0.0, turned=0.0)), many)
    changed = (vary(many, many, VariationSettings(joined=0.0, turned=0.3)) - many).abs().amax((1, 2, 3)) > 1e-4
    assert changed.float().mean().item() == pytest.approx(0.3, abs=0.04)


@pytest.mark.shared
def test_knees_keep_their_hinge(recorded: Tensor) -> None:
    """However bent, a knee stays in the plane and sense in which the whole clip bends it, and within its limits."""
    torch.manual_seed(3)
    only_bends = VariationSettings(
        joined=0.0, turned=1.0, limb_radians=(1e-9, 1e-9), trunk_radians=(1e-9, 1e-9), bend_radians=(0.4, 0.4)
    )
    varied = turn(recorded, only_bends)

    def hinge(positions: Tensor) -> tuple[Tensor, Tensor]:
        hip, knee, ankle = (positions[:, :, joint] for joint in LEG)
        upper, lower = (torch.nn.functional.normalize(v, dim=-1) for v in (knee - hip, ankle - knee))
        return torch.linalg.cross(upper, lower), (upper * lower).sum(-1).clamp(-1, 1).acos()

    axis, angle = hinge(recorded)
    new_axis, new_angle = hinge(varied)
    bent = (angle > 0.5) & (new_angle > 0.5)
    agreement = torch.nn.functional.cosine_similarity(axis[bent], new_axis[bent], dim=-1)
    assert bent.sum() > 20
    assert agreement.min() > 0.8
    assert new_angle.max() <= 2.6 + 1e-3
    assert (new_angle - angle).abs().mean() > math.radians(5)
