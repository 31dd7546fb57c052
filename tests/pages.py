"""Recordings for pages, and what is asked of pages again and again."""

from dataclasses import replace

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
