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
    for run in (1, 2, 3):
        for joint in range(keypoints.shape[1]):
            _remove_runs(result[:, joint], replaced[:, joint], time_s, size, run, settings)
    return result, replaced


def _remove_runs(
    path: np.ndarray, replaced: np.ndarray, time_s: np.ndarray, size: float, run: int, settings: TrackSettings
) -> None:
    """Clean one joint's (T, 3) path in place."""
    count = len(path)
    if count < run + 2:
        return
    xy = path[:, :2]
    a, b = np.arange(count - run - 1), np.arange(run + 1, count)
    span = time_s[b] - time_s[a]
    off = np.zeros((count - run - 1, run))
    speed = np.full(len(a), np.inf)
    for k in range(run):
        share = ((time_s[a + 1 + k] - time_s[a]) / span)[:, None]
        off[:, k] = np.linalg.norm(xy[a + 1 + k] - (xy[a] * (1 - share) + xy[b] * share), axis=1) / size
    off = np.nan_to_num(off)
    for k, edge in ((0, time_s[a + 1] - time_s[a]), (run - 1, time_s[b] - time_s[b - 1])):
        speed = np.minimum(speed, off[:, k] / edge)
    least = off.min(axis=1)
    jitter = np.median(off[:, 0])
    found = (least > max(SPIKE_SIZE, SPIKE_NOISE * jitter)) & (speed > settings.max_joint_speed)
    found &= time_s[b - 1] - time_s[a + 1] <= settings.spike_s
    # the largest first: a neighbour looks off too as long as the spike stands beside it
    order = np.flatnonzero(found)
    order = order[np.argsort(-least[order], kind="stable")]
    taken = np.zeros(count, bool)
    for start in order:
        if taken[start : start + run + 2].any():
            continue
        inside = np.arange(start + 1, start + 1 + run)
        taken[start : start + run + 2] = True
        share = ((time_s[inside] - time_s[start]) / span[start])[:, None]
        path[inside, :2] = xy[start] * (1 - share) + xy[start + run + 1] * share
        path[inside, 2] = REPLACED_SCORE * np.minimum(path[start, 2], path[start + run + 1, 2])
        replaced[inside] = True


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
