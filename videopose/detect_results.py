"""What was found in a video or in pictures, arranged as the formats of keypoint files want it, and written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from videopose.data.custom import VideoKeypoints, write_custom
from videopose.detect import DetectorSettings
from videopose.export import KEYPOINT_KEYS, write_json, write_npz
from videopose.following import Seen
from videopose.keypoint_files import KeypointFrames
from videopose.keypoint_files.output import OutputFormat
from videopose.keypoint_files.write_alphapose import write_alphapose, write_motionbert
from videopose.keypoint_files.write_coco import write_coco
from videopose.keypoint_files.write_detectron import write_detectron
from videopose.keypoint_files.write_mmpose import write_mmpose
from videopose.keypoint_files.write_openpose import write_openpose
from videopose.keypoint_files.writing import PictureLabels
from videopose.progress import Stages
from videopose.types import Detections, Recording, Track


@dataclass(frozen=True, slots=True)
class Found:
    """What one run gives to the writers."""

    recording: Recording
    """The frames, and the tracks of people if they are followed."""
    frames: KeypointFrames
    """The same people frame by frame."""
    stem: str
    """What files and sequences of a video are called."""
    labels: PictureLabels | None = None
    """What the frames are called where they are pictures."""


def best(found: Detections, settings: DetectorSettings) -> Detections:
    """Those that are sure enough, and of these at most as many as wanted: the ones with the highest scores."""
    rows = np.flatnonzero(found.scores >= (settings.score_threshold or 0.0))
    if settings.max_people is not None and len(rows) > settings.max_people:
        order = np.argsort(-found.scores[rows], kind="stable")
        rows = np.sort(rows[order[: settings.max_people]])
    return found.chosen(rows)


def of_detections(seen: Seen, settings: DetectorSettings) -> KeypointFrames:
    """Frame by frame what the detector gave."""
    found = tuple(best(one, settings) for one in seen.detections)
    return _frames(seen, found, None)


def of_tracks(tracks: Sequence[Track], seen: Seen) -> KeypointFrames:
    """Frame by frame what tracks hold; the score of a person is the mean of the keypoints' scores."""
    first = int(seen.frame_index[0])
    rows: list[list[tuple[Track, int]]] = [[] for _ in seen.frame_index]
    for track in tracks:
        for row, index in enumerate(track.frame_index.tolist()):
            rows[index - first].append((track, row))
    found, ids = [], []
    for people in rows:
        if not people:
            found.append(Detections.empty())
        else:
            boxes = np.stack([track.boxes[row] for track, row in people])
            keypoints = np.stack([track.keypoints[row] for track, row in people])
            scores = np.nan_to_num(keypoints[..., 2]).mean(1)
            found.append(Detections(boxes, scores.astype(np.float32), keypoints))
        ids.append(np.array([track.person_id for track, _ in people], np.int64))
    return _frames(seen, tuple(found), tuple(ids))


def _frames(seen: Seen, found: tuple[Detections, ...], ids: tuple[np.ndarray, ...] | None) -> KeypointFrames:
    size, fps = (seen.video.width, seen.video.height), float(seen.video.fps)
    return KeypointFrames(seen.video.path, "videopose", seen.frame_index, found, ids, size, fps, every_frame=True)


def still(found: Detections) -> tuple[Track, ...]:
    """The people of one picture, numbered from left to right."""
    order = np.argsort(found.boxes[:, 0] + found.boxes[:, 2], kind="stable")
    one, seen = np.zeros(1, np.int64), np.ones(1, bool)
    return tuple(
        Track(number, one, found.keypoints[row][None], found.boxes[row][None], seen)
        for number, row in enumerate(order.tolist(), 1)
    )


def counts(frames: KeypointFrames) -> np.ndarray:
    """(T,) int64: people in each frame."""
    return np.array([len(found) for found in frames.detections], np.int64)


def remarks(chosen: OutputFormat, output: Path, frames: KeypointFrames, people: int, glimpsed: int = 0) -> list[str]:
    """What a user should know of the result: `people` were followed, in `glimpsed` frames the detector saw somebody."""
    if not counts(frames).any():
        if glimpsed:
            return [
                f"Nobody could be followed: people were seen in {glimpsed} frames only, too small or too uncertain. "
                "The result holds no people."
            ]
        return ["Nobody was found: the result holds no people."]
    if chosen.name == "motionbert" and people > 1:
        ids = ", ".join(str(number) for number in sorted({int(i) for row in frames.person_ids or () for i in row}))
        return [f"MotionBERT takes one person at a time: choose one of {ids} with its --focus."]
    if chosen.name == "videopose3d" and not output.name.startswith("data_2d_custom_"):
        return [f"VideoPose3D looks for data_2d_custom_NAME.npz: rename {output.name} for it."]
    return []


def write_found(found: Found, output: Path, chosen: OutputFormat, stages: Stages) -> None:
    """Write the file, or the folder, in the chosen format.

    Raises:
        OutputError: it cannot be written.
    """
    recording, frames, labels = found.recording, found.frames, found.labels
    with stages.stage("write file", None, "files"):
        if chosen.name == "npz":
            write_npz(recording, output, KEYPOINT_KEYS)
        elif chosen.name == "json":
            write_json(recording, output, KEYPOINT_KEYS)
        elif chosen.name == "videopose3d":
            write_custom(output, _sequences(recording, found.stem))
        elif chosen.name == "motionbert":
            write_motionbert(output, frames)
        elif chosen.name == "detectron":
            write_detectron(output, frames)
        elif chosen.name == "openpose":
            write_openpose(output, frames, found.stem, labels)
        else:
            {"coco": write_coco, "alphapose": write_alphapose, "mmpose": write_mmpose}[chosen.name](
                output, frames, labels
            )


def _sequences(recording: Recording, stem: str) -> list[VideoKeypoints]:
    """A sequence for each person, from the first frame to the last, named as `videopose prepare custom` does."""
    size = recording.video.width, recording.video.height
    several = len(recording.tracks) > 1
    return [
        VideoKeypoints(
            f"{stem}.person{track.person_id}" if several else stem,
            np.nan_to_num(track.keypoints[..., :2]),
            size,
            float(recording.video.fps),
        )
        for track in recording.tracks
    ]
