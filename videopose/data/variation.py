"""Movement nobody recorded: limbs of two recordings joined in one body, limbs turned and bent otherwise.

A few hours of motion capture hold few kinds of movement, and a lifter that knows only those answers an unknown posture
with a known one. Parts of bodies are known in far more combinations than whole bodies are.
Source: the idea of Li et al., Cascaded deep monocular 3D human pose estimation with evolutionary training data,
CVPR 2020, carried over from single postures to movement.

World axes here: Y up; all functions take and give (N, T, J, 3) metres, joints in the order of CAPTURE_JOINTS.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from videopose.data.draws import log_uniform, wandering
from videopose.skeletons import H36M17

_MOST_BENT = 2.6
"""Radians: knees and elbows bend no further."""


def _joints(*names: str) -> list[int]:
    return [H36M17.index(name) for name in names]


@dataclass(frozen=True, slots=True)
class _Limb:
    """Three joints from the trunk outwards."""

    root: int
    middle: int
    end: int
    is_arm: bool


def _limb(side: str, root: str, middle: str, end: str) -> _Limb:
    index = H36M17.index
    return _Limb(index(f"{side}_{root}"), index(f"{side}_{middle}"), index(f"{side}_{end}"), root == "shoulder")


_LIMBS = tuple(
    _limb(side, *joints)
    for joints in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
    for side in ("left", "right")
)
"""Left arm, right arm, left leg, right leg."""
_EXCHANGED = (
    (True, False, False, False), (False, True, False, False), (True, True, False, False),
    (False, False, True, False), (False, False, False, True), (False, False, True, True),
)  # fmt: skip
"""Which limbs a joined body has from another recording: one row is drawn."""
_ABOVE_SPINE = slice(H36M17.index("thorax"), None)
"""Everything that a turn of the chest moves: thorax, head, arms and face."""


@dataclass(frozen=True, slots=True)
class VariationSettings:
    """How far movement departs from what was recorded; a recipe's table `[variation]`."""

    joined: float = 0.6
    """Share of sequences that take limbs from another recording."""
    turned: float = 0.6
    """Share of sequences whose limbs and trunk are turned and bent."""
    limb_radians: tuple[float, float] = (0.05, 0.5)
    """Deviation of the turns of arms and thighs, a level drawn per sequence."""
    bend_radians: tuple[float, float] = (0.05, 0.6)
    """Deviation of the change of bends in knees and elbows."""
    trunk_radians: tuple[float, float] = (0.03, 0.35)
    """Deviation of the turns of the chest, and of both legs together."""


def vary(positions: Tensor, other: Tensor, settings: VariationSettings) -> Tensor:
    """Join limbs of `other` to `positions`, then turn and bend, each in its share of the sequences."""
    result = positions.clone()
    joined = _share(settings.joined, positions)
    result[joined] = join(positions[joined], other[joined])
    turned = _share(settings.turned, positions)
    result[turned] = turn(result[turned], settings)
    return result


def _share(share: float, like: Tensor) -> Tensor:
    """Indices of the sequences that belong to a random share of them."""
    return (torch.rand(len(like), device=like.device) < share).nonzero()[:, 0]


def pelvis_axes(positions: Tensor) -> Tensor:
    """(..., 3, 3) rows left, up, forward of the pelvis, from (..., J, 3) joints."""
    return _axes(positions, "hip", "left_hip", "right_hip", "thorax")


def chest_axes(positions: Tensor) -> Tensor:
    """(..., 3, 3) rows left, up, forward of the chest, from (..., J, 3) joints."""
    return _axes(positions, "spine", "left_shoulder", "right_shoulder", "thorax")


def _axes(positions: Tensor, low: str, left: str, right: str, high: str) -> Tensor:
    low_at, left_at, right_at, high_at = _joints(low, left, right, high)
    across = functional.normalize(positions[..., left_at, :] - positions[..., right_at, :], dim=-1)
    up = positions[..., high_at, :] - positions[..., low_at, :]
    up = functional.normalize(up - (up * across).sum(-1, keepdim=True) * across, dim=-1)
    return torch.stack([across, up, torch.linalg.cross(across, up)], dim=-2)


def join(positions: Tensor, other: Tensor) -> Tensor:
    """Replace an arm, a leg, both arms or both legs by those of `other`.

    A limb keeps its direction against chest or pelvis and takes over the lengths of its new body.
    """
    kind = torch.randint(len(_EXCHANGED), (len(positions),), device=positions.device)
    which = torch.tensor(_EXCHANGED, device=positions.device)[kind]
    turns = {
        True: chest_axes(positions).transpose(-1, -2) @ chest_axes(other),
        False: pelvis_axes(positions).transpose(-1, -2) @ pelvis_axes(other),
    }
    result = positions.clone()
    for number, limb in enumerate(_LIMBS):
        chosen = which[:, number, None, None]
        at = positions[:, :, limb.root]
        for start, end in ((limb.root, limb.middle), (limb.middle, limb.end)):
            own = positions[:, :, end] - positions[:, :, start]
            new = (turns[limb.is_arm] @ (other[:, :, end] - other[:, :, start])[..., None])[..., 0]
            new = functional.normalize(new, dim=-1) * own.norm(dim=-1, keepdim=True)
            at = at + torch.where(chosen, new, own)
            result[:, :, end] = at
    return result


def turn(positions: Tensor, settings: VariationSettings) -> Tensor:
    """Turn trunk and limbs by slowly changing angles, and bend knees and elbows."""
    count, length = positions.shape[:2]

    def angles(bounds: tuple[float, float], parts: int, axes: int) -> Tensor:
        # Most of a turn lasts as long as the sequence: another posture rather than a shake.
        steady = torch.randn(count, 1, parts, axes, device=positions.device)
        slow = wandering((count, length, parts, axes), 30, positions)
        level = log_uniform(bounds, (count, 1, 1), positions)
        return level[..., None] * (0.8 * steady + 0.6 * slow)

    result = positions.clone()
    pelvis = pelvis_axes(positions)
    trunk = _rotations(angles(settings.trunk_radians, 2, 3), pelvis)
    result[:, :, _ABOVE_SPINE] = _about(
        result[:, :, _ABOVE_SPINE], result[:, :, [H36M17.index("spine")]], trunk[:, :, 0]
    )
    limbs = _rotations(angles(settings.limb_radians, len(_LIMBS), 3), pelvis)
    bends = angles(settings.bend_radians, len(_LIMBS), 1)
    for number, limb in enumerate(_LIMBS):
        below = [limb.middle, limb.end]
        rotation = limbs[:, :, number] if limb.is_arm else limbs[:, :, number] @ trunk[:, :, 1]
        result[:, :, below] = _about(result[:, :, below], result[:, :, [limb.root]], rotation)
        result[:, :, limb.end] = _bent(result, limb, bends[:, :, number], pelvis)
    return result


def _rotations(vectors: Tensor, axes: Tensor) -> Tensor:
    """(N, T, P, 3, 3) rotations by the (N, T, P, 3) rotation vectors given in the body's `axes` (N, T, 3, 3)."""
    world = vectors @ axes
    angle = world.norm(dim=-1, keepdim=True).clamp(min=1e-6)[..., None]
    x, y, z = (world / angle[..., 0]).unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).reshape(*x.shape, 3, 3)
    rotation: Tensor = torch.eye(3, device=world.device) + angle.sin() * cross + (1 - angle.cos()) * (cross @ cross)
    return rotation


def _about(points: Tensor, pivot: Tensor, rotation: Tensor) -> Tensor:
    """Turn (N, T, K, 3) points about (N, T, 1, 3) by (N, T, 3, 3)."""
    return (points - pivot) @ rotation.transpose(-1, -2) + pivot


def _bent(positions: Tensor, limb: _Limb, change: Tensor, axes: Tensor) -> Tensor:
    """(N, T, 3) end of a limb whose bend is changed by (N, T, 1) radians, the same way round as it bends already."""
    upper = functional.normalize(positions[:, :, limb.middle] - positions[:, :, limb.root], dim=-1)
    lower = positions[:, :, limb.end] - positions[:, :, limb.middle]
    size = lower.norm(dim=-1, keepdim=True)
    lower = lower / size
    hinge = torch.linalg.cross(upper, lower)
    angle = torch.atan2(hinge.norm(dim=-1, keepdim=True), (upper * lower).sum(-1, keepdim=True))
    # A straight limb says little about its hinge: what the whole sequence says helps out.
    usual = functional.normalize((axes @ hinge[..., None]).mean(1, keepdim=True), dim=-2)
    hinge = hinge + 0.1 * (axes.transpose(-1, -2) @ usual)[..., 0]
    hinge = functional.normalize(hinge - (hinge * upper).sum(-1, keepdim=True) * upper, dim=-1)
    bent = (angle + change).clamp(0.0, _MOST_BENT)
    lower = bent.cos() * upper + bent.sin() * torch.linalg.cross(hinge, upper)
    end: Tensor = positions[:, :, limb.middle] + size * lower
    return end
