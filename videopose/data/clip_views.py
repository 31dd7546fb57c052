"""Recorded movement as a camera and a detector would hand it to the lifter: pixels and times, with the truth."""

from dataclasses import dataclass

import numpy as np
import torch

from videopose.camera import DEFAULT_FOV_DEGREES, focal_from_fov
from videopose.data.mocap import COCO_FROM_CAPTURE
from videopose.data.views import ViewSettings, random_body, random_camera, random_detections
from videopose.skeletons import H36M17

IMAGE_SIZE = (1920, 1080)
"""Width and height of the rendered pictures, pixels."""


@dataclass(frozen=True, slots=True)
class ClipView:
    """One person before one camera."""

    keypoints: np.ndarray
    """(T, 17, 2) float64 pixels, COCO-17."""
    time_s: np.ndarray
    """(T,) float64 seconds from the first frame."""
    focal_px: float
    """What is said of the focal length, pixels: a usual one. The camera's own differs by the settings' focal error."""
    joints: np.ndarray
    """(T, 17, 3) float64 metres, relative to joint 0, camera axes."""
    root: np.ndarray
    """(T, 3) float64 metres from the camera, camera axes."""
    up: np.ndarray
    """(3,) float64: the world's vertical in camera axes, of length 1."""


def render_clip(positions: np.ndarray, settings: ViewSettings, seed: int, clean: bool = False) -> ClipView:
    """Give a movement a random body, camera and detector; nothing but the seed and the settings decides on them.

    Args:
        positions: (T, 22, 3) metres, world axes (Y up), at the settings' frame rate; neither cut nor changed in speed.
        settings: what bodies, cameras and errors are drawn from.
        seed: the same seed gives the same view; torch's global random numbers are left as they are.
        clean: exact projections of the joints instead of detections, from the same body and camera.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        body = random_body(torch.from_numpy(positions)[None], settings)
        camera, turn = random_camera(body, settings)
        if clean:
            points = camera[:, :, torch.as_tensor(COCO_FROM_CAPTURE)]
            plane = points[..., :2] / points[..., 2:]
        else:
            plane = random_detections(camera, settings)
    focal_px = focal_from_fov(DEFAULT_FOV_DEGREES, IMAGE_SIZE)
    joints = camera[0, :, : len(H36M17)].double().numpy()
    return ClipView(
        keypoints=focal_px * plane[0].double().numpy() + np.array(IMAGE_SIZE) / 2,
        time_s=np.arange(len(positions)) / settings.frame_rate,
        focal_px=focal_px,
        joints=joints - joints[:, :1],
        root=joints[:, 0],
        up=turn[0, :, 1].double().numpy(),
    )
