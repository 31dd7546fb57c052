"""A frame of the overlay, with the pose that was found laid over the true one beside it."""

import subprocess
from pathlib import Path

import cv2
import numpy as np

from showcase.measuring import Found
from videopose.export.drawing import text_image
from videopose.export.view3d import BACKGROUND, CAPTION
from videopose.skeletons import H36M17
from videopose.video import VideoReader, ffmpeg_path

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
    image = _frame(overlay, frame)
    height = image.shape[0]
    half, width = height // 2, 5 * height // 12
    panels = [
        _panel((width, half), axes, caption, found.joints[frame], truth[frame] - truth[frame, 0])
        for axes, caption in (([0, 1], "found, truth (green)"), ([2, 1], "the same from the side"))
    ]
    whole = np.hstack([image[: 2 * half], np.full((2 * half, 2, 3), CAPTION, np.uint8), np.vstack(panels)])
    _write(path, whole)


def save_animation(path: Path, overlay: Path, fps: int, width: int) -> None:
    """Write all of an overlay as a GIF that repeats."""
    colours = "split[a][b];[a]palettegen=max_colors=128:stats_mode=diff[p];[b][p]paletteuse=dither=none"
    chain = f"fps={fps},scale={width}:-2:flags=area,{colours}"
    command = [
        ffmpeg_path(),
        "-v",
        "error",
        "-threads",
        "1",
        "-i",
        str(overlay),
        "-filter_complex",
        chain,
        "-y",
        str(path),
    ]
    subprocess.run(command, check=True)


def _frame(overlay: Path, number: int) -> np.ndarray:
    with VideoReader(str(overlay)) as reader:
        for frame in reader:
            if frame.index == number:
                return frame.image
    raise SystemExit(f"{overlay}: no frame {number}")


def _write(path: Path, image: np.ndarray) -> None:
    size = (_WIDTH_PX, round(image.shape[0] * _WIDTH_PX / image.shape[1]))
    path.parent.mkdir(exist_ok=True)
    smaller = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), smaller, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])


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
