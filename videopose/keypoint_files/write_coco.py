"""COCO's results format for keypoints, as pycocotools' `loadRes` reads it.

Source: cocodataset.org, "Results Format"; Detectron2's evaluator writes the same keys.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.writing import PictureLabels, box, flat, score, write_rows, xywh


def write_coco(path: Path, frames: KeypointFrames, pictures: PictureLabels | None = None) -> None:
    """Write one entry for each person: image_id, category_id (1), keypoints (51), score, bbox (x, y, width, height).

    `image_id` is the frame's number, or the picture's, whose name then stands beside it as `file_name`. People that
    are followed have a `track_id`. COCOeval ignores both further keys. Coordinates are continuous, as everywhere in
    this program: (0.5, 0.5) is the centre of the first pixel.

    Args:
        path: .json file; replaced if it exists.
        frames: of a video, or one for each picture.
        pictures: how these are called.

    Raises:
        OutputError: the file cannot be written.
    """
    write_rows(path, _rows(frames, pictures))


def _rows(frames: KeypointFrames, pictures: PictureLabels | None) -> Iterator[dict[str, Any]]:
    for place, (index, found) in enumerate(zip(frames.frame_index.tolist(), frames.detections, strict=True)):
        for row in range(len(found)):
            entry: dict[str, Any] = {"image_id": index if pictures is None else pictures.ids[place]}
            if pictures is not None:
                entry["file_name"] = pictures.names[place]
            entry |= {
                "category_id": 1,
                "keypoints": flat(found.keypoints[row]),
                "score": score(found, row),
                "bbox": xywh(box(found, row)),
            }
            if frames.person_ids is not None:
                entry["track_id"] = int(frames.person_ids[place][row])
            yield entry
