"""Recordings for pages, and what is asked of pages again and again."""

from dataclasses import replace

import numpy as np

from videopose.types import Motion, Recording, Track

READY = "() => window.videopose.ready || window.videopose.failure"
"""JavaScript: the page has read its data, or has given up."""


def in_part(recording: Recording, person: int, rows: slice, filled: slice = slice(0, 0)) -> Recording:
    """The recording with one of its people there only in some rows, and not seen in some of these."""
    tracks, motions = list(recording.tracks), list(recording.motions)
    track, motion = tracks[person], motions[person]
    observed, keypoints = track.observed[rows].copy(), track.keypoints[rows].copy()
    observed[filled], keypoints[filled, :, 2] = False, 0
    tracks[person] = Track(track.person_id, track.frame_index[rows], keypoints, track.boxes[rows], observed)
    motions[person] = Motion(
        motion.person_id, motion.frame_index[rows], motion.time_s[rows], motion.joints[rows], motion.root[rows]
    )
    return replace(recording, tracks=tuple(tracks), motions=tuple(motions))


def lengthened(values: np.ndarray, frames: int, noise: float) -> np.ndarray:
    """(frames, ...) rows: the first ones of `values`, or there and back at changing speed, no round like another.

    Packing could save most of a movement that repeats itself exactly: `noise` (standard deviation) keeps it from that.
    """
    last = len(values) - 1
    if frames <= last:
        return values[:frames]
    place = np.cumsum(1 + 0.3 * np.sin(0.0137 * np.arange(frames)))
    place = np.abs((place + last) % (2 * last) - last)
    if values.dtype == bool:
        return np.asarray(values[np.rint(place).astype(int)])
    before = np.minimum(place.astype(int), last - 1)
    share = (place - before).reshape(-1, *[1] * (values.ndim - 1))
    smooth = values[before] * (1 - share) + values[before + 1] * share
    return np.asarray(smooth + np.random.default_rng(1).normal(0, noise, smooth.shape), np.float32)
