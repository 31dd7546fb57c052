"""A person's keypoints made whole: spikes replaced, gaps filled, boxes interpolated; ghosts dropped."""

import numpy as np
from scipy.interpolate import PchipInterpolator

from videopose.track.settings import TrackSettings

# A filled-in or replaced keypoint keeps this share of its neighbours' score.
REPLACED_SCORE = 0.5
# An excursion must stand out from the joint's own jitter by this many times its median, ...
SPIKE_NOISE = 6.0
# ... and reach this many body heights.
SPIKE_SIZE = 0.08
# Two tracks are one body when they lie on each other for this share of the shorter one.
DUPLICATE_SHARE = 0.6
# ... as near as this, body heights of mean keypoint distance.
DUPLICATE_DISTANCE = 0.12


def remove_spikes(
    keypoints: np.ndarray, time_s: np.ndarray, size: float, settings: TrackSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Replace joints that leave their path for at most `spike_s` faster than any body does.

    Each run of one to three frames is compared with the straight line between the frames around it (a Hampel test by
    time): it goes when it is off by more than the jitter, and left and came back faster than `max_joint_speed`.

    Args:
        keypoints: (T, J, 3) pixels and score, NaN where missing.
        time_s: (T,) seconds, increasing.
        size: body height, pixels.
        settings: `spike_s`, `max_joint_speed`.

    Returns:
        (T, J, 3) keypoints, scores of replaced ones halved, and (T, J) bool, True where replaced.

    Source: Hampel, The influence curve and its role in robust estimation, 1974.
    """
    result = keypoints.copy()
    replaced = np.zeros(keypoints.shape[:2], bool)
    for joint in range(keypoints.shape[1]):
        _clean_path(result[:, joint], replaced[:, joint], time_s, size, settings)
    return result, replaced


def _clean_path(
    path: np.ndarray, replaced: np.ndarray, time_s: np.ndarray, size: float, settings: TrackSettings
) -> None:
    """Clean one joint's (T, 3) path in place."""
    found = [item for run in (1, 2, 3) for item in _excursions(path[:, :2], time_s, size, run, settings)]
    taken = np.zeros(len(path), bool)
    # the largest first: good neighbours look off too when the line starts at a spike, but by less
    for _, before, after in sorted(found, key=lambda item: (-item[0], item[1])):
        if taken[before : after + 1].any():
            continue
        taken[before : after + 1] = True
        inside = np.arange(before + 1, after)
        share = ((time_s[inside] - time_s[before]) / (time_s[after] - time_s[before]))[:, None]
        path[inside, :2] = path[before, :2] * (1 - share) + path[after, :2] * share
        path[inside, 2] = REPLACED_SCORE * np.minimum(path[before, 2], path[after, 2])
        replaced[inside] = True


def _excursions(
    xy: np.ndarray, time_s: np.ndarray, size: float, run: int, settings: TrackSettings
) -> list[tuple[float, int, int]]:
    """(how far off, frame before, frame after) of every run of that many frames that no body does."""
    before = np.arange(len(xy) - run - 1)
    after = before + run + 1
    if not len(before):
        return []
    inside = before[:, None] + 1 + np.arange(run)
    share = ((time_s[inside] - time_s[before, None]) / (time_s[after] - time_s[before])[:, None])[..., None]
    line = xy[before, None] * (1 - share) + xy[after, None] * share
    off = np.nan_to_num(np.linalg.norm(xy[inside] - line, axis=-1) / size)
    speed = np.minimum(
        off[:, 0] / (time_s[before + 1] - time_s[before]), off[:, -1] / (time_s[after] - time_s[after - 1])
    )
    least = off.min(axis=1)
    odd = (least > max(SPIKE_SIZE, SPIKE_NOISE * float(np.median(off)))) & (speed > settings.max_joint_speed)
    odd &= time_s[after - 1] - time_s[before + 1] <= settings.spike_s
    return [(float(least[k]), int(before[k]), int(after[k])) for k in np.flatnonzero(odd)]


def fill_gaps(
    keypoints: np.ndarray, boxes: np.ndarray, seen: np.ndarray, time_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fill frames without a detection and missing keypoints, by monotone cubics over time that never overshoot.

    A keypoint missing at an end keeps its nearest value; one that was never seen lies in the middle of the others.

    Args:
        keypoints: (T, J, 3); rows not `seen` are ignored.
        boxes: (T, 4).
        seen: (T,) bool, at least one True, the first and the last among them.
        time_s: (T,) seconds, increasing.

    Returns:
        (T, J, 3) and (T, 4), finite everywhere; score 0 where filled in.

    Source: Fritsch and Carlson, Monotone piecewise cubic interpolation, 1980.
    """
    result = keypoints.copy()
    known = seen[:, None] & np.isfinite(keypoints[..., :2]).all(axis=-1)
    for joint in range(keypoints.shape[1]):
        here = known[:, joint]
        if here.any():
            result[:, joint, :2] = _interpolate(time_s, time_s[here], keypoints[here, joint, :2])
    never = ~known.any(axis=0)
    result[:, never, :2] = result[:, ~never, :2].mean(axis=1, keepdims=True)
    result[..., 2] = np.where(known, keypoints[..., 2], 0.0)
    return result, _interpolate(time_s, time_s[seen], boxes[seen])


def _interpolate(wanted_s: np.ndarray, time_s: np.ndarray, values: np.ndarray) -> np.ndarray:
    if len(time_s) == 1:
        return np.repeat(values, len(wanted_s), axis=0)
    filled: np.ndarray = PchipInterpolator(time_s, values, axis=0)(np.clip(wanted_s, time_s[0], time_s[-1]))
    return filled
