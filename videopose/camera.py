"""Cameras: intrinsics, projection, changes of axes, keypoint normalisation.

Camera axes are x right, y down, z away from the camera. Focal lengths and centres are in pixels of the upright frame
unless a name says otherwise.
"""

import math

import numpy as np

DEFAULT_FOV_DEGREES = 55.0
"""Assumed field of view along the longer side: phones and action cameras lie between 45 and 75, tele shots below."""


def focal_from_fov(fov_degrees: float, image_size: tuple[int, int]) -> float:
    """Focal length in pixels of a camera that sees `fov_degrees` along the longer side of (width, height).

    Raises:
        ValueError: the angle is not between 0 and 180 degrees.
    """
    if not 0.0 < fov_degrees < 180.0:
        raise ValueError(f"field of view must lie between 0 and 180 degrees, got {fov_degrees:g}")
    return max(image_size) / (2.0 * math.tan(math.radians(fov_degrees) / 2.0))


def normalize_screen(points: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """Pixels to screen coordinates: width to [-1, 1], aspect kept.

    Args:
        points: (..., 2) pixels.
        image_size: width and height in pixels.

    Returns:
        (..., 2) screen coordinates, the dtype of `points` (floating).

    Source: Pavllo et al., CVPR 2019.
    """
    width, height = image_size
    screen: np.ndarray = points * (2.0 / width) - np.array([1.0, height / width], dtype=points.dtype)
    return screen


def denormalize_screen(points: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """The inverse of `normalize_screen`: (..., 2) screen coordinates to pixels."""
    width, height = image_size
    pixels: np.ndarray = (points + np.array([1.0, height / width], dtype=points.dtype)) * (width / 2.0)
    return pixels


def rotate(quaternion: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Turn (..., 3) points by a unit quaternion (4,) given as w, x, y, z."""
    w, axis = quaternion[0], quaternion[1:]
    cross = np.cross(axis, points)
    turned: np.ndarray = points + 2.0 * (w * cross + np.cross(axis, cross))
    return turned


def world_to_camera(points: np.ndarray, orientation: np.ndarray, position: np.ndarray) -> np.ndarray:
    """World to camera axes: R^-1 (X - t).

    Args:
        points: (..., 3) metres, world axes.
        orientation: (4,) unit quaternion w, x, y, z of the camera in the world.
        position: (3,) metres, the camera in the world.

    Returns:
        (..., 3) metres, camera axes.
    """
    return rotate(orientation * np.array([1, -1, -1, -1], dtype=orientation.dtype), points - position)


def camera_to_world(points: np.ndarray, orientation: np.ndarray, position: np.ndarray) -> np.ndarray:
    """The inverse of `world_to_camera`: camera axes to world axes, (..., 3) metres."""
    moved: np.ndarray = rotate(orientation, points) + position
    return moved


def project(
    points: np.ndarray,
    focal: np.ndarray,
    center: np.ndarray,
    radial: np.ndarray | None = None,
    tangential: np.ndarray | None = None,
) -> np.ndarray:
    """Project camera-space points to the image; without `radial` and `tangential` as an ideal pinhole.

    Args:
        points: (..., 3) metres, camera axes, z > 0.
        focal: (2,) focal lengths in the unit of the result (pixels or screen coordinates).
        center: (2,) principal point, same unit.
        radial: (3,) coefficients k1, k2, k3.
        tangential: (2,) coefficients p1, p2.

    Returns:
        (..., 2) image points.

    Source: the Human3.6M camera model (Brown's radial and tangential terms), as in Pavllo et al., CVPR 2019.
    """
    plane = (
        np.clip(points[..., :2] / points[..., 2:], -1.0, 1.0)
        if radial is not None
        else points[..., :2] / points[..., 2:]
    )
    if radial is not None and tangential is not None:
        # The polynomial is only valid near the image: far outside it would fold points back in.
        plane = np.clip(plane, -1.0, 1.0)
        r2 = np.sum(plane**2, axis=-1, keepdims=True)
        gain = 1.0 + radial[0] * r2 + radial[1] * r2**2 + radial[2] * r2**3
        plane = plane * (gain + np.sum(tangential * plane, axis=-1, keepdims=True)) + tangential * r2
    image: np.ndarray = focal * plane + center
    return image
