"""AlphaPose's JSON, in COCO's 17 keypoints, or in Halpe's 26 as MotionBERT takes them.

Source: AlphaPose's documentation of its output; the Halpe dataset's list of keypoints; MotionBERT's loader of videos
in the wild, which reads `keypoints` (26 of them) and `idx`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from videopose.keypoint_files.extending import in_layout
from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.layouts import HALPE26
from videopose.keypoint_files.writing import PictureLabels, box, flat, score, write_rows, xywh
from videopose.skeletons import COCO17


def write_alphapose(path: Path, frames: KeypointFrames, pictures: PictureLabels | None = None) -> None:
    """Write one entry for each person: image_id, category_id (1), keypoints (51), score, box (x, y, width, height).

    `image_id` is the picture's name, for a video `NUMBER.jpg` with the number of the frame. People that are followed
    have an `idx`. Scores of people lie in 0..1, AlphaPose's own reach 3.25.

    Args:
        path: .json file; replaced if it exists.
        frames: of a video, or one for each picture.
        pictures: how these are called.

    Raises:
        OutputError: the file cannot be written.
    """
    write_rows(path, _rows(frames, pictures, COCO17.joint_names))


def write_motionbert(path: Path, frames: KeypointFrames) -> None:
    """Write AlphaPose's entries with the 26 keypoints of Halpe (see `in_layout`).

    MotionBERT strings the entries of one person together as consecutive frames; of several people, `--focus IDX`
    chooses one.

    Args:
        path: .json file; replaced if it exists.
        frames: of a video whose people are followed.

    Raises:
        OutputError: the file cannot be written.
    """
    write_rows(path, _rows(frames, None, HALPE26))


def _rows(frames: KeypointFrames, pictures: PictureLabels | None, joints: Sequence[str]) -> Iterator[dict[str, Any]]:
    for place, (index, found) in enumerate(zip(frames.frame_index.tolist(), frames.detections, strict=True)):
        for row in range(len(found)):
            entry: dict[str, Any] = {
                "image_id": f"{index}.jpg" if pictures is None else pictures.names[place],
                "category_id": 1,
                "keypoints": flat(in_layout(found.keypoints[row], joints)),
                "score": score(found, row),
                "box": xywh(box(found, row)),
            }
            if frames.person_ids is not None:
                entry["idx"] = int(frames.person_ids[place][row])
            yield entry
