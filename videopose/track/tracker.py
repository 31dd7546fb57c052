"""From the detections of a whole video to one clean track per person."""

from collections.abc import Sequence

import numpy as np

from videopose.skeletons import SKELETONS
from videopose.track.association import associate
from videopose.track.bodies import Bodies, gather, pose_distance
from videopose.track.cleaning import DUPLICATE_DISTANCE, DUPLICATE_SHARE, fill_gaps, remove_spikes
from videopose.track.flips import repair_flips
from videopose.track.linking import link
from videopose.track.settings import TrackSettings
from videopose.track.times import strictly_increasing
from videopose.types import Detections, Track


def build_tracks(
    detections: Sequence[Detections],
    frame_index: np.ndarray,
    time_s: np.ndarray,
    image_size: tuple[int, int],
    settings: TrackSettings = TrackSettings(),  # noqa: B008 (frozen)
) -> tuple[Track, ...]:
    """Follow every person through a video, offline: what comes after a frame decides too.

    A person who is gone for up to `max_gap_s` keeps the id, the frames between are filled in (`observed` False, scores
    0). After a longer absence a new track with a new id starts. Left and right are repaired, spikes of single joints
    replaced, false detections and people too small to be lifted dropped.

    Args:
        detections: one per frame, any number of people in each; a missing keypoint is NaN.
        frame_index: (T,) consecutive frame numbers.
        time_s: (T,) presentation times, seconds, in any rhythm.
        image_size: width and height, pixels.
        settings: limits, in seconds, body heights and pixels.

    Returns:
        Tracks with person_id 1, 2, ... in order of first appearance, then from left to right. The same input gives
        the same tracks. Nobody in the video: an empty tuple.

    Raises:
        ValueError: lengths differ, frames are not consecutive, or detections have no common known layout.
    """
    frame_index, time_s = np.asarray(frame_index, np.int64), np.asarray(time_s, np.float64)
    if not len(detections) == len(frame_index) == len(time_s):
        raise ValueError(f"{len(detections)} detections, {len(frame_index)} frames and {len(time_s)} times differ")
    if (np.diff(frame_index) != 1).any():
        raise ValueError("frame_index must be consecutive")
    time_s = strictly_increasing(time_s)
    bodies = gather(detections, time_s, settings)
    if bodies is None:
        return ()
    layout = next(item.layout for item in detections if len(item))
    persons = link(bodies, associate(bodies, time_s, settings), image_size, settings)
    persons = _drop_ghosts(bodies, persons, time_s, settings)
    persons.sort(key=lambda rows: (int(bodies.frame[rows[0]]), float(bodies.boxes[rows[0], 0])))
    return tuple(
        _track(bodies, rows, number, frame_index, time_s, layout, settings) for number, rows in enumerate(persons, 1)
    )


def _drop_ghosts(
    bodies: Bodies, persons: list[np.ndarray], time_s: np.ndarray, settings: TrackSettings
) -> list[np.ndarray]:
    """Without tracks too short, too small, never confident, or lying on a longer one for most of their life."""
    frame_s = (time_s[-1] - time_s[0]) / (len(time_s) - 1) if len(time_s) > 1 else 0.0
    least_s = min(settings.min_duration_s, len(time_s) * frame_s / 4)
    weight = bodies.scores * bodies.keypoints[..., 2].mean(axis=1)
    kept: list[np.ndarray] = []
    for rows in sorted(persons, key=lambda r: (-len(r), int(r[0]))):
        confident = np.percentile(bodies.scores[rows], 90) >= settings.min_confidence
        tiny = np.median(bodies.size[rows]) < settings.min_stature_px
        if weight[rows].sum() * frame_s < least_s or tiny or not confident or any(_same(bodies, rows, k) for k in kept):
            continue
        kept.append(rows)
    return kept


def _same(bodies: Bodies, rows: np.ndarray, longer: np.ndarray) -> bool:
    """True when the poses of `rows` lie on those of `longer` for most of its frames."""
    _, i, j = np.intersect1d(bodies.frame[rows], bodies.frame[longer], assume_unique=True, return_indices=True)
    if len(i) < DUPLICATE_SHARE * len(rows):
        return False
    on = [
        pose_distance(bodies.keypoints[[a]], bodies.keypoints[[b]], bodies.size[[b]], bodies.mirror)[0, 0]
        < DUPLICATE_DISTANCE
        for a, b in zip(rows[i], longer[j], strict=True)
    ]
    return bool(np.sum(on) >= DUPLICATE_SHARE * len(rows))


def _track(
    bodies: Bodies,
    rows: np.ndarray,
    person_id: int,
    frame_index: np.ndarray,
    time_s: np.ndarray,
    layout: str,
    settings: TrackSettings,
) -> Track:
    """One person's detections, cleaned, on consecutive frames."""
    seen_s, size = bodies.time_s[rows], float(np.median(bodies.size[rows]))
    keypoints, _ = repair_flips(
        bodies.keypoints[rows], seen_s, size, SKELETONS[layout], settings.flip_cost, settings.flip_prior
    )
    keypoints, _ = remove_spikes(keypoints, seen_s, size, settings)
    first, last = int(bodies.frame[rows[0]]), int(bodies.frame[rows[-1]])
    count = last - first + 1
    all_keypoints = np.full((count, *keypoints.shape[1:]), np.nan)
    all_boxes = np.zeros((count, 4))
    seen = np.zeros(count, bool)
    place = bodies.frame[rows] - first
    all_keypoints[place], all_boxes[place], seen[place] = keypoints, bodies.boxes[rows], True
    all_keypoints, all_boxes = fill_gaps(all_keypoints, all_boxes, seen, time_s[first : last + 1])
    return Track(
        person_id,
        frame_index[first : last + 1],
        all_keypoints.astype(np.float32),
        all_boxes.astype(np.float32),
        seen,
    )
