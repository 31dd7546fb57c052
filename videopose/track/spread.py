"""Tracks of every N-th frame on all frames."""

import numpy as np

from videopose.track.cleaning import fill_gaps
from videopose.track.times import strictly_increasing
from videopose.types import Track


def spread(track: Track, rows: np.ndarray, frame_index: np.ndarray, time_s: np.ndarray) -> Track:
    """Interpolate a track between the frames that were looked at.

    Args:
        track: its frame_index counts the frames looked at.
        rows: (K,) int64, increasing: where in `frame_index` each of those lies.
        frame_index: (T,) consecutive numbers of all frames.
        time_s: (T,) seconds.

    Returns:
        The track from its first to its last frame. What lies between is not `observed`; between two frames that were,
        it has the smaller of their scores, elsewhere 0.
    """
    time_s = strictly_increasing(time_s)
    place = rows[track.frame_index]
    first, last = int(place[0]), int(place[-1])
    count = last - first + 1
    place = place - first
    seen = np.zeros(count, bool)
    seen[place] = True
    keypoints = np.full((count, *track.keypoints.shape[1:]), np.nan)
    boxes = np.zeros((count, 4))
    keypoints[place], boxes[place] = track.keypoints, track.boxes
    keypoints, boxes = fill_gaps(keypoints, boxes, seen, time_s[first : last + 1])
    before = np.searchsorted(place, np.arange(count), side="right") - 1
    after = np.minimum(before + ~seen, len(place) - 1)
    both = track.observed[before] & track.observed[after]
    scores = np.minimum(track.keypoints[before, :, 2], track.keypoints[after, :, 2])
    keypoints[..., 2] = np.where(both[:, None], scores, 0.0)
    observed = np.zeros(count, bool)
    observed[place] = track.observed
    return Track(
        track.person_id,
        frame_index[first : last + 1],
        keypoints.astype(np.float32),
        boxes.astype(np.float32),
        observed,
    )
