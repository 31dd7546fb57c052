"""From tracks to motions: lift each person, smooth, place the root."""

import math
from collections.abc import Sequence

import numpy as np

from videopose.camera import DEFAULT_FOV_DEGREES, focal_from_fov
from videopose.errors import UsageError
from videopose.export import KeypointArrays
from videopose.lift import Lifter, solve_root
from videopose.limbs import refine_limbs
from videopose.settings import MotionSettings
from videopose.skeletons import COCO17
from videopose.track import smooth
from videopose.types import Motion, Track


def assumed_focal_px(
    image_size: tuple[int, int], focal_px: float | None = None, fov_degrees: float | None = None
) -> float:
    """The focal length in pixels: as given, else from the field of view, else from a usual one.

    Args:
        image_size: width and height, pixels.
        focal_px: known focal length.
        fov_degrees: known field of view along the longer side.

    Raises:
        UsageError: a number that no camera has.
    """
    if focal_px is not None:
        if not 0 < focal_px < math.inf:
            raise UsageError(f"the focal length must be a positive number of pixels, got {focal_px:g}.")
        return focal_px
    try:
        return focal_from_fov(DEFAULT_FOV_DEGREES if fov_degrees is None else fov_degrees, image_size)
    except ValueError as error:
        raise UsageError(f"{error}.") from error


def tracks_from_keypoints(given: KeypointArrays, frame_index: np.ndarray) -> tuple[Track, ...]:
    """Keypoints of a file as tracks, for the given frames.

    A track reaches from a person's first to last frame; keypoints missing between (NaN) are interpolated with score 0.
    Who is in none of the frames is left out.

    Args:
        given: from `read_keypoints`.
        frame_index: (T,) consecutive frames of the recording; the file's frames outside are cut off.
    """
    kept = np.isin(given.frame_index, frame_index)
    index = given.frame_index[kept]
    tracks = []
    for person_id, all_keypoints, observed in zip(given.person_id, given.keypoints_2d, given.observed, strict=True):
        keypoints = all_keypoints[kept]
        present = np.flatnonzero(np.isfinite(keypoints[..., :2]).all(-1).any(-1))
        if not len(present):
            continue
        rows = slice(int(present[0]), int(present[-1]) + 1)
        filled = _fill(keypoints[rows], given.time_s[kept][rows])
        boxes = np.concatenate([filled[..., :2].min(1), filled[..., :2].max(1)], axis=-1)
        tracks.append(Track(int(person_id), index[rows], filled, boxes, observed[kept][rows]))
    return tuple(tracks)


def _fill(keypoints: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """(T, J, 3) with gaps of each joint interpolated; a joint never seen sits at the middle of the others."""
    filled = keypoints.copy()
    known = np.isfinite(keypoints[..., :2]).all(-1)
    filled[..., 2] = np.where(known, np.nan_to_num(keypoints[..., 2]), 0.0)
    for joint in np.flatnonzero(known.any(0) & ~known.all(0)):
        seen = known[:, joint]
        for axis in range(2):
            filled[:, joint, axis] = np.interp(time_s, time_s[seen], keypoints[seen, joint, axis])
    never = ~known.any(0)
    filled[:, never, :2] = filled[:, ~never, :2].mean(1, keepdims=True)
    return filled


def build_motions(
    tracks: Sequence[Track],
    frame_index: np.ndarray,
    time_s: np.ndarray,
    image_size: tuple[int, int],
    focal_px: float,
    lifter: Lifter,
    settings: MotionSettings | None = None,
) -> tuple[Motion, ...]:
    """Lift every track.

    Args:
        tracks: with finite keypoints in the lifter's layout; their frames lie within `frame_index`.
        frame_index: (T,) consecutive frame numbers of the recording.
        time_s: (T,) their presentation times, seconds.
        image_size: width and height, pixels.
        focal_px: focal length, pixels; see `assumed_focal_px`.
        lifter: the network.
        settings: height, smoothing; by default `MotionSettings()`. (`tta` is the lifter's own.)

    Returns:
        One motion per track, in the same order.
    """
    settings = settings or MotionSettings()
    first = int(frame_index[0]) if len(frame_index) else 0
    return tuple(
        _build_motion(track, time_s[track.frame_index - first], image_size, focal_px, lifter, settings)
        for track in tracks
    )


def _build_motion(
    track: Track,
    time_s: np.ndarray,
    image_size: tuple[int, int],
    focal_px: float,
    lifter: Lifter,
    settings: MotionSettings,
) -> Motion:
    joints = lift_joints(
        lifter, track.keypoints, time_s, image_size, focal_px, observed=track.supported, smoothed=settings.smooth
    )
    result = solve_root(
        track.keypoints,
        joints,
        time_s,
        image_size,
        focal_px,
        height_m=settings.height_m,
        observed=track.supported,
    )
    root = smooth(result.root, time_s).astype(np.float32) if settings.smooth else result.root
    return Motion(
        person_id=track.person_id,
        frame_index=track.frame_index,
        time_s=time_s,
        joints=result.joints,
        root=root,
        reprojection_error_px=result.reprojection_error_px,
    )


def lift_joints(
    lifter: Lifter,
    keypoints: np.ndarray,
    time_s: np.ndarray,
    image_size: tuple[int, int],
    focal_px: float,
    *,
    observed: np.ndarray | None = None,
    smoothed: bool = True,
) -> np.ndarray:
    """One person's joints: the network's answer, smoothed, with limbs made to agree with the picture.

    Args:
        lifter: the network.
        keypoints: (T, J, 2 or 3) finite pixels in the lifter's layout, and scores (without: 1).
        time_s: (T,) seconds, strictly increasing.
        image_size: width and height, pixels.
        focal_px: focal length, pixels.
        observed: (T,) bool; of frames that are not, limbs do not follow the picture.
        smoothed: False gives the network's own answer, neither smoothed nor refined: both look at the whole track.

    Returns:
        (T, 17, 3) float32 metres, root-relative, camera axes.

    Raises:
        InputError: the keypoints have another number of joints than the lifter takes.
    """
    joints = lifter.lift(keypoints, time_s, image_size, focal_px)
    if not smoothed:
        return joints
    joints = smooth(joints, time_s).astype(np.float32)
    if lifter.weights.info.layout_in != COCO17.name:
        return joints
    if keypoints.shape[-1] == 2:
        keypoints = np.concatenate([keypoints, np.ones_like(keypoints[..., :1])], axis=-1)
    return refine_limbs(keypoints, joints, time_s, image_size, focal_px, observed=observed)
