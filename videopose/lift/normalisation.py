"""From pixels to what a lifter takes in, and its answer back to camera axes.

Two ways, named in the manifest of the weights:

* `screen`: the paper's, width to [-1, 1]. All published checkpoints expect it.
* `person`: a virtual camera is turned to look straight at the person in every frame, and the picture is scaled by the
  person's size over about two seconds. Crop, focal length, aspect and place in the image then hardly matter.
  Source: the idea of Yu et al., PCLs: geometry-aware neural reconstruction of 3D pose with perspective crop layers,
  CVPR 2021.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from videopose.camera import normalize_screen
from videopose.skeletons import COCO17
from videopose.types import check_shape

NORMALISATIONS = ("screen", "person")

SIZE_WINDOW_FRAMES = 61
"""Frames of the lifter's rate over which a person's size is averaged: long enough to bridge a crouch, short enough to
follow someone who walks towards the camera."""

_CENTRE = [COCO17.index(n) for n in ("left_hip", "right_hip", "left_shoulder", "right_shoulder")]
_LIMIT = 8.0
"""Inputs lie mostly within 2; what is farther off is a wild detection and held here."""


@dataclass(frozen=True, slots=True)
class NormalisedKeypoints:
    """Input of a lifter, and how to undo it."""

    inputs: np.ndarray
    """(T, J, 2) float32, without unit."""
    rotation: np.ndarray
    """(T, 3, 3) float64: camera axes to the axes in which the lifter answers."""

    def to_camera(self, joints: np.ndarray) -> np.ndarray:
        """Turn the lifter's answer, (T, J, 3) metres, back to camera axes (same shape, float32)."""
        turned: np.ndarray = np.einsum("tba,tjb->tja", self.rotation, joints)
        return turned.astype(np.float32)


def normalise_keypoints(
    keypoints: np.ndarray, image_size: tuple[int, int], focal_px: float, kind: str, causal: bool = False
) -> NormalisedKeypoints:
    """Prepare one person's keypoints for a lifter.

    Args:
        keypoints: (T, J, 2 or more) pixels; columns after x, y are ignored. `person` needs the COCO-17 layout.
        image_size: width and height in pixels.
        focal_px: focal length, known or assumed; only `person` uses it.
        kind: one of NORMALISATIONS.
        causal: no frame may depend on a later one.

    Raises:
        ValueError: unknown kind, wrong shape.
    """
    xy = keypoints[..., :2].astype(np.float64)
    if kind == "screen":
        upright = np.broadcast_to(np.eye(3), (len(xy), 3, 3)).copy()
        return NormalisedKeypoints(normalize_screen(xy, image_size).astype(np.float32), upright)
    if kind != "person":
        raise ValueError(f"unknown normalisation {kind!r}, choose from {', '.join(NORMALISATIONS)}")
    check_shape("keypoints", xy, (None, len(COCO17), 2))
    plane = torch.from_numpy((xy - np.array(image_size) / 2.0) / focal_px)
    inputs, rotation = person_view(plane[None], causal)
    return NormalisedKeypoints(inputs[0].float().numpy(), rotation[0].numpy())


def ray_rotation(plane: Tensor) -> Tensor:
    """The least rotation that turns each viewing ray (x, y, 1) onto the optical axis.

    A person off the image centre is seen under an angle; in the axes of a virtual camera that looks straight at the
    person the same posture always gives the same picture.

    Args:
        plane: (..., 2) x, y on the plane at distance 1.

    Returns:
        (..., 3, 3) rotations R with R @ (x, y, 1) along +z.
    """
    length = torch.sqrt(1.0 + plane.square().sum(-1))
    x, y, z = plane[..., 0] / length, plane[..., 1] / length, 1.0 / length
    k = 1.0 / (1.0 + z)
    rows = (1.0 - k * x * x, -k * x * y, -x, -k * x * y, 1.0 - k * y * y, -y, x, y, z)
    return torch.stack(rows, dim=-1).reshape(*plane.shape[:-1], 3, 3)


def view_centre(points: Tensor) -> Tensor:
    """Where the virtual camera looks: the middle of hips and shoulders, (..., 17, D) COCO keypoints to (..., D)."""
    return points[..., _CENTRE, :].mean(-2)


def person_view(plane: Tensor, causal: bool = False) -> tuple[Tensor, Tensor]:
    """Look straight at the person and scale by the person's size.

    Args:
        plane: (N, T, 17, 2) COCO keypoints on the plane at distance 1 from the camera.
        causal: average the size over the frames before, instead of those around.

    Returns:
        (N, T, 17, 2) inputs, and the (N, T, 3, 3) rotations from camera axes to the virtual camera's.
    """
    rotation = ray_rotation(view_centre(plane))
    rays = functional.pad(plane, (0, 1), value=1.0)
    turned = rays @ rotation.transpose(-1, -2)
    # A point seen from behind the virtual camera (90 degrees off) has no picture: hold it at the edge.
    local = turned[..., :2] / turned[..., 2:].clamp(min=0.1)
    spread = local.square().sum(-1).mean(-1).sqrt()
    reach = SIZE_WINDOW_FRAMES // 2
    padding = (2 * reach, 0) if causal else (reach, reach)
    padded = functional.pad(spread[:, None], padding, mode="replicate")
    size = functional.avg_pool1d(padded, SIZE_WINDOW_FRAMES, stride=1)[:, 0]
    inputs = local / size.clamp(min=1e-6)[..., None, None]
    return inputs.clamp(-_LIMIT, _LIMIT), rotation
