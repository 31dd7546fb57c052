"""2D keypoints that come from a file instead of a detector: do they fit the video, and who is who in them."""

from dataclasses import replace

import numpy as np

from videopose.detect import DetectorSettings
from videopose.errors import InputError
from videopose.export import KeypointArrays
from videopose.following import Seen, follow_people, most_prominent, sure
from videopose.keypoint_files import KeypointFrames
from videopose.motion import tracks_from_keypoints
from videopose.types import Detections, Track

_OUTSIDE = 0.1
"""Share of the picture's size by which a keypoint may lie beside it: people reach out of the picture."""
_UNNUMBERED = ("detectron", "videopose3d")
"""Formats whose frames have no numbers of their own."""


def check_size(given: KeypointArrays | KeypointFrames, name: str, size: tuple[int, int]) -> None:
    """Refuse keypoints that were found in pictures of another size.

    Args:
        given: the file's content.
        name: of the video, for messages.
        size: its width and height, pixels.

    Raises:
        InputError: the file names another size, or most keypoints lie outside of the picture.
    """
    if given.image_size is not None and tuple(int(side) for side in given.image_size) != size:
        width, height = given.image_size
        raise InputError(
            f"{name}: the video is {size[0]}x{size[1]}, the detections are for {width}x{height}. "
            "Give the detections of this video."
        )
    if isinstance(given, KeypointFrames) and given.image_size is None:
        found = [one.keypoints[..., :2].reshape(-1, 2) for one in given.detections]
        points = np.concatenate([np.zeros((0, 2)), *found])
        points = points[np.isfinite(points).all(axis=1)]
        limit = np.array(size)
        outside = ((points < -_OUTSIDE * limit) | (points > (1 + _OUTSIDE) * limit)).any(axis=1)
        if len(points) and outside.mean() > 0.5:
            raise InputError(
                f"{name}: the video is {size[0]}x{size[1]}, and most keypoints in {given.source} lie outside of it "
                f"(x up to {points[:, 0].max():.0f}, y up to {points[:, 1].max():.0f}). "
                "Give the detections of this video, in pixels."
            )


def tracks_of_file(
    given: KeypointArrays | KeypointFrames, seen: Seen, settings: DetectorSettings, *, whole: bool
) -> tuple[tuple[Track, ...], list[str]]:
    """The people of a file on the frames of its video.

    Files that say who is who are taken as they are, gaps filled in; in others people are followed, and left and right
    repaired, as if a detector had just seen them.

    Args:
        given: the file's content.
        seen: frames and times of the video.
        settings: `max_people` counts, and `score_threshold` where the file has scores of people.
        whole: `seen` is the whole video, so that frames behind its end can be told.

    Returns:
        Tracks, and sentences the user should read.

    Raises:
        InputError: the frames of the file are not those of the video.
    """
    notes: list[str] = []
    if isinstance(given, KeypointFrames):
        given, notes = _aligned(given, seen, whole)
        given = _without_unsure(given, settings.score_threshold)
        given, more = _of_the_range(given, seen)
        notes += more
    if isinstance(given, KeypointArrays) or given.every_frame:
        _check_covered(given.frame_index, seen)
    if isinstance(given, KeypointArrays):
        tracks = tracks_from_keypoints(given, seen.frame_index)
    elif given.person_ids is not None:
        tracks = tracks_from_keypoints(_by_person(given, seen), seen.frame_index)
    else:
        found = dict(zip(given.frame_index.tolist(), given.detections, strict=True))
        nobody = Detections.empty()
        rows = tuple(found.get(index, nobody) for index in seen.frame_index.tolist())
        return follow_people(replace(seen, detections=rows), settings), notes
    return most_prominent(tracks, settings.max_people), notes


def _aligned(given: KeypointFrames, seen: Seen, whole: bool) -> tuple[KeypointFrames, list[str]]:
    """The same with frames counted from 0, checked against the end of the video."""
    last = int(seen.frame_index[-1])
    if not whole or not len(given.frame_index) or given.frame_index[-1] <= last:
        return given, []
    if given.frame_index[-1] == last + 1 and given.frame_index[0] >= 1:
        note = f"{given.source} has frames {given.frame_index[0]} to {last + 1}: taken as counted from 1."
        return replace(given, frame_index=given.frame_index - 1), [note]
    raise InputError(
        f"{seen.video.path}: the video ends with frame {last}, the detections in {given.source} reach frame "
        f"{given.frame_index[-1]} (counted from 0). Give the detections of this video."
    )


def _of_the_range(given: KeypointFrames, seen: Seen) -> tuple[KeypointFrames, list[str]]:
    """Archives do not number their frames: one as long as the range, that cannot reach it, was made of the range."""
    first, count = int(seen.frame_index[0]), len(seen.frame_index)
    if given.format not in _UNNUMBERED or len(given.frame_index) != count or not first:
        return given, []
    note = f"{given.source} has {count} frames without numbers: taken as frames {first} to {first + count - 1}."
    return replace(given, frame_index=given.frame_index + first), [note]


def _without_unsure(given: KeypointFrames, threshold: float | None) -> KeypointFrames:
    if threshold is None:
        return given
    ids = given.person_ids
    if ids is not None:
        ids = tuple(who[one.scores >= threshold] for who, one in zip(ids, given.detections, strict=True))
    return replace(given, detections=tuple(sure(one, threshold) for one in given.detections), person_ids=ids)


def _check_covered(held: np.ndarray, seen: Seen) -> None:
    if not np.isin(seen.frame_index, held).all():
        holds = f"hold {held[0]} to {held[-1]}" if len(held) else "hold none"
        raise InputError(
            f"{seen.video.path}: frames {seen.frame_index[0]} to {seen.frame_index[-1]} are wanted, the detections "
            f"{holds}. Give those of this video, or --start and --end."
        )


def _by_person(given: KeypointFrames, seen: Seen) -> KeypointArrays:
    """The detections sorted by who they are, on the video's frames; ids start at 1."""
    assert given.person_ids is not None
    ids = np.unique(np.concatenate([np.zeros(0, np.int64), *given.person_ids]))
    keypoints = np.full((len(ids), len(seen.frame_index), 17, 3), np.nan, np.float32)
    rows = given.frame_index - seen.frame_index[0]
    for row, found, who in zip(rows.tolist(), given.detections, given.person_ids, strict=True):
        if 0 <= row < len(seen.frame_index):
            keypoints[np.searchsorted(ids, who), row] = found.keypoints
    observed = np.isfinite(keypoints[..., :2]).all(axis=-1).any(axis=-1)
    return KeypointArrays(
        keypoints_2d=keypoints,
        image_size=np.array([seen.video.width, seen.video.height]),
        time_s=seen.time_s,
        fps=float(seen.video.fps),
        person_id=ids + max(0, 1 - int(ids[0])) if len(ids) else ids,
        frame_index=seen.frame_index,
        observed=np.asarray(observed),
        focal_px=None,
    )
