"""The JSON that MMPose's inferencer writes of a video.

Source: MMPose 1.x, `MMPoseInferencer(pred_out_dir=...)`: a list of frames, each with its instances; of the box it
makes a list of one box.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.writing import PictureLabels, box, known, numbers, score, write_rows


def write_mmpose(path: Path, frames: KeypointFrames, pictures: PictureLabels | None = None) -> None:
    """Write one entry for each frame: `frame_id` and its `instances`.

    An instance has keypoints (17, 2), keypoint_scores (17), bbox (corners, in a list of one) and bbox_score; `track_id`
    when people are followed. Pictures are the frames 0, 1, ... with a `file_name`.

    Args:
        path: .json file; replaced if it exists.
        frames: of a video, or one for each picture.
        pictures: how these are called.

    Raises:
        OutputError: the file cannot be written.
    """
    write_rows(path, _rows(frames, pictures))


def _rows(frames: KeypointFrames, pictures: PictureLabels | None) -> Iterator[dict[str, Any]]:
    for place, index in enumerate(frames.frame_index.tolist()):
        entry: dict[str, Any] = {"frame_id": index}
        if pictures is not None:
            entry["file_name"] = pictures.names[place]
        yield entry | {"instances": [_instance(frames, place, row) for row in range(len(frames.detections[place]))]}


def _instance(frames: KeypointFrames, place: int, row: int) -> dict[str, Any]:
    found = frames.detections[place]
    keypoints = known(found.keypoints[row])
    instance = {
        "keypoints": numbers(keypoints[:, :2]),
        "keypoint_scores": numbers(keypoints[:, 2], decimals=7),
        "bbox": [numbers(box(found, row))],
        "bbox_score": score(found, row),
    }
    if frames.person_ids is not None:
        instance["track_id"] = int(frames.person_ids[place][row])
    return instance
