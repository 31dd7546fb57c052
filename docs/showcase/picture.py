"""A frame of the overlay, with the pose that was found laid over the true one beside it."""

from pathlib import Path

import cv2
import numpy as np

from showcase.measuring import Found
from videopose.export.drawing import text_image
from videopose.export.view3d import BACKGROUND, CAPTION
from videopose.skeletons import H36M17

_WIDTH_PX = 1280
_QUALITY = 84
_TRUE, _LEFT, _RIGHT, _MIDDLE = (120, 200, 120), (236, 164, 64), (40, 128, 250), (225, 225, 225)
"""BGR. The found pose in the overlay's colours, the true one in green."""
_METRES = 2.15
"""Height of a panel."""


def save_picture(path: Path, overlay: Path, frame: int, found: Found, truth: np.ndarray) -> None:
    """Write a JPEG.

    Args:
        path: of the picture.
        overlay: the video that `infer` drew.
        frame: of it.
        found: what `infer` found.
        truth: (T, 17, 3) metres, camera axes.
    """
    reader = cv2.VideoCapture(str(overlay))
    image = None
    for _ in range(frame + 1):
        taken, image = reader.read()
        if not taken:
            raise SystemExit(f"{overlay}: no frame {frame}")
    reader.release()
    assert image is not None
    height = image.shape[0]
    half, width = height // 2, 5 * height // 12
    panels = [
        _panel((width, half), axes, caption, found.joints[frame], truth[frame] - truth[frame, 0])
        for axes, caption in (([0, 1], "found, truth (green)"), ([2, 1], "the same from the side"))
    ]
    whole = np.hstack([image[: 2 * half], np.full((2 * half, 2, 3), CAPTION, np.uint8), np.vstack(panels)])
    size = (_WIDTH_PX, round(whole.shape[0] * _WIDTH_PX / whole.shape[1]))
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), cv2.resize(whole, size, interpolation=cv2.INTER_AREA), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])


def _panel(size: tuple[int, int], axes: list[int], caption: str, found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Both poses as seen along one of the camera's axes, hips together; joints (17, 3) metres, NaN for nobody."""
    width, height = size
    image = np.full((height, width, 3), BACKGROUND, np.uint8)
    middle = (truth.min(axis=0) + truth.max(axis=0))[axes] / 2
    for joints, thickness in ((truth, 0.028), (found, 0.016)):
        if not np.isfinite(joints).all():
            continue
        places = (joints[:, axes] - middle) * height / _METRES + np.array([width / 2, height / 2])
        points = np.round(places * 16).astype(int)
        for parent, child in H36M17.bones:
            name = H36M17.joint_names[child]
            side = _LEFT if "left" in name else _RIGHT if "right" in name else _MIDDLE
            colour = _TRUE if joints is truth else side
            stroke = max(2, round(thickness * height))
            cv2.line(image, points[parent].tolist(), points[child].tolist(), colour, stroke, cv2.LINE_AA, 4)
    label = text_image(caption, height // 18, CAPTION, BACKGROUND)[:, :width]
    image[6 : 6 + label.shape[0], 6 : 6 + label.shape[1]] = label[:, : width - 6]
    return image
