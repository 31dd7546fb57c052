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
from scipy.ndimage import uniform_filter1d

from videopose.camera import normalize_screen, ray_rotation
from videopose.skeletons import COCO17
from videopose.types import check_shape

NORMALISATIONS = ("screen", "person")

SIZE_WINDOW_FRAMES = 61
"""Frames of the lifter's rate over which a person's size is averaged: long enough to bridge a crouch, short enough to
follow someone who walks towards the camera."""

_CENTRE = [COCO17.index(n) for n in ("left_hip", "right_hip", "left_shoulder", "right_shoulder")]


@dataclass(frozen=True, slots=True)
class NormalisedKeypoints:
    """Input of a lifter, and how to undo it."""

    inputs: np.ndarray
    """(T, J, 2) float32, without unit."""
    rotation: np.ndarray
    """(T, 3, 3) float64: camera axes to the axes in which the lifter answers."""

    def to_camera(self, joints: np.ndarray) -> np.ndarray:
        """Turn the lifter's answer, (T, J, 3) metres, back to camera axes (same shape, float32)."""
        return np.einsum("tba,tjb->tja", self.rotation, joints).astype(np.float32)


def normalise_keypoints(
    keypoints: np.ndarray, image_size: tuple[int, int], focal_px: float, kind: str
) -> NormalisedKeypoints:
    """Prepare one person's keypoints for a lifter.

    Args:
        keypoints: (T, J, 2 or more) pixels; columns after x, y are ignored. `person` needs the COCO-17 layout.
        image_size: width and height in pixels.
        focal_px: focal length, known or assumed; only `person` uses it.
        kind: one of NORMALISATIONS.

    Raises:
        ValueError: unknown kind, wrong shape.
    """
    xy = keypoints[..., :2].astype(np.float64)
    if kind == "screen":
        return NormalisedKeypoints(
            normalize_screen(xy, image_size).astype(np.float32), np.broadcast_to(np.eye(3), (len(xy), 3, 3)).copy()
        )
    if kind != "person":
        raise ValueError(f"unknown normalisation {kind!r}, choose from {', '.join(NORMALISATIONS)}")
    check_shape("keypoints", xy, (None, len(COCO17), 2))
    plane = (xy - np.array(image_size) / 2.0) / focal_px
    rays = np.concatenate([plane, np.ones_like(plane[..., :1])], axis=-1)
    centre = rays[:, _CENTRE].mean(axis=1)
    rotation = ray_rotation(centre)
    turned = np.einsum("tab,tjb->tja", rotation, rays)
    # A point seen from behind the virtual camera (90 degrees off) has no picture: hold it at the edge.
    local = turned[..., :2] / np.maximum(turned[..., 2:], 0.1)
    spread = np.sqrt(np.mean(np.sum(local**2, axis=-1), axis=-1))
    size = (
        uniform_filter1d(spread, min(SIZE_WINDOW_FRAMES, 2 * len(spread) - 1), mode="nearest")
        if len(spread)
        else spread
    )
    inputs = local / np.maximum(size, 1e-6)[:, None, None]
    return NormalisedKeypoints(np.clip(inputs, -8.0, 8.0).astype(np.float32), rotation)
