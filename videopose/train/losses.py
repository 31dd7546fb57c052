"""What training makes small; in metres and screen coordinates, on tensors through which gradients flow.

Source: Pavllo et al., CVPR 2019, sections 3 and 4 (supervised and semi-supervised training).
"""

import torch
from torch import Tensor

from videopose.errors import InputError
from videopose.skeletons import SKELETONS
from videopose.train.distributed import added_up

MIN_SHARED_JOINTS = 8
"""Projecting fewer than these says too little of a pose."""


def position_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean distance of (..., D) points."""
    loss: Tensor = (predicted - target).norm(dim=-1).mean()
    return loss


def trajectory_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean distance of (..., 3) points, each weighted by the inverse of its true depth.

    Far away a mistake moves the picture less, and cannot be told from the picture as well.
    """
    loss: Tensor = ((predicted - target).norm(dim=-1) / target[..., 2]).mean()
    return loss


def project(points: Tensor, intrinsics: Tensor, linear: bool = False) -> Tensor:
    """Project joints to the image; `camera.project` for batches of cameras.

    Args:
        points: (N, ..., 3) metres, camera axes.
        intrinsics: (N, 9) focal lengths, centre, radial and tangential terms, see `data.poses.INTRINSICS`.
        linear: without the radial and tangential terms.

    Returns:
        (N, ..., 2) in the unit of focal lengths and centre.
    """
    camera = intrinsics.view(len(intrinsics), *([1] * (points.ndim - 2)), -1)
    # Beyond one focal length the polynomial is not valid: it would fold points back in.
    plane = (points[..., :2] / points[..., 2:]).clamp(-1, 1)
    focal, centre, radial, tangential = torch.split(camera, [2, 2, 3, 2], dim=-1)
    if not linear:
        r2 = plane.square().sum(-1, keepdim=True)
        powers = torch.cat([r2, r2.square(), r2**3], dim=-1)
        gain = 1 + (radial * powers).sum(-1, keepdim=True) + (tangential * plane).sum(-1, keepdim=True)
        plane = plane * gain + tangential * r2
    image: Tensor = focal * plane + centre
    return image


def unproject(image: Tensor, intrinsics: Tensor, linear: bool = False) -> Tensor:
    """The inverse of `project`: points of the picture to the plane at distance 1 from the camera.

    Args:
        image: (N, ..., 2) in the unit of focal lengths and centre.
        intrinsics: (N, 9), as for `project`.
        linear: without the radial and tangential terms.
    """
    camera = intrinsics.view(len(intrinsics), *([1] * (image.ndim - 2)), -1)
    focal, centre, radial, tangential = torch.split(camera, [2, 2, 3, 2], dim=-1)
    distorted = (image - centre) / focal
    plane = distorted
    # A fixed point: each round takes off the distortion that the last one's points have.
    for _ in range(0 if linear else 8):
        plane = plane.clamp(-1, 1)
        r2 = plane.square().sum(-1, keepdim=True)
        powers = torch.cat([r2, r2.square(), r2**3], dim=-1)
        gain = 1 + (radial * powers).sum(-1, keepdim=True) + (tangential * plane).sum(-1, keepdim=True)
        plane = (distorted - tangential * r2) / gain
    return plane


def best_place(joints: Tensor, plane: Tensor) -> Tensor:
    """Where poses must stand so that they look most like the keypoints; least squares, in metres at their depth.

    Args:
        joints: (..., K, 3) metres relative to the root, camera axes.
        plane: (..., K, 2) keypoints on the plane at distance 1.

    Returns:
        (..., 3) metres from the camera.
    """
    # (joint + place).xy = plane * (joint + place).z for both axes: two equations a joint, linear in the place.
    missing = plane * joints[..., 2:] - joints[..., :2]
    count = joints.shape[-2]
    middle = plane.mean(-2)
    spread = (plane - middle.unsqueeze(-2)).square().sum((-1, -2)).clamp(min=1e-6)
    depth = -((plane - middle.unsqueeze(-2)) * missing).sum((-1, -2)) / spread
    sideways = missing.sum(-2) / count + middle * depth.unsqueeze(-1)
    return torch.cat([sideways, depth.unsqueeze(-1)], dim=-1)


def shared_joints(layout_in: str, layout_out: str) -> tuple[list[int], list[int]]:
    """Which keypoints show which joints, by name.

    Args:
        layout_in: of keypoints, a key of `skeletons.SKELETONS`.
        layout_out: of 3D joints.

    Returns:
        Indices of keypoints and, at the same places, of the joints they show.

    Raises:
        InputError: the layouts share too few.
    """
    keypoints, joints = SKELETONS[layout_in], SKELETONS[layout_out]
    names = [name for name in joints.joint_names if name in keypoints.joint_names]
    if len(names) < MIN_SHARED_JOINTS:
        raise InputError(
            f"{layout_in} keypoints show only {len(names)} of the joints of {layout_out}, too few to compare a "
            f"projection with. Choose keypoints of {layout_out}."
        )
    return [keypoints.index(name) for name in names], [joints.index(name) for name in names]


def bone_loss(
    labelled: Tensor, unlabelled: Tensor, parents: tuple[int, ...], total: int, *, each: bool = False
) -> Tensor:
    """How far bone lengths of unlabelled people are from the labelled ones' means: mean over bones, metres.

    Args:
        labelled: (N, S, K, 3) predicted joints of this process's labelled examples.
        unlabelled: (N, S, K, 3) predicted joints of its unlabelled ones.
        parents: of each joint, -1 for the root.
        total: how many of each all processes have.
        each: compare every single bone; otherwise the means over the unlabelled examples, as the paper does.
    """
    children = [child for child, parent in enumerate(parents) if parent >= 0]
    above = [parents[child] for child in children]
    lengths, other = ((joints[:, :, children] - joints[:, :, above]).norm(dim=-1) for joints in (labelled, unlabelled))
    answers = total * labelled.shape[1]
    mean = added_up(lengths.sum((0, 1))) / answers
    compared = other if each else added_up(other.sum((0, 1))) / answers
    loss: Tensor = (compared - mean).abs().mean()
    return loss
