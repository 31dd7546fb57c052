"""The archive of detections that VideoPose3D's scripts for Detectron write of a video, and its preparation reads.

Source: VideoPose3D's documentation of inference in the wild, and the form its preparation asks for.
"""

from pathlib import Path

import numpy as np

from videopose.data.archive import write_objects
from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.writing import known


def write_detectron(path: Path, frames: KeypointFrames) -> None:
    """Write `boxes`, `segments`, `keypoints` and `metadata` (w, h, fps); load it with `allow_pickle=True`.

    `boxes[t][1]` is (N, 5): corners and score; `keypoints[t][1]` is (N, 4, 17): x, y, a logit (here 0), score. What is
    at `[0]` belongs to the background: nothing. `segments[t]` is None.

    Args:
        path: .npz file; replaced if it exists.
        frames: of a video; its size must be known.

    Raises:
        OutputError: the file cannot be written.
        ValueError: the size of the frames is not known.
    """
    if frames.image_size is None:
        raise ValueError("the size of the frames is not known")
    count = len(frames.detections)
    boxes, keypoints = np.empty((count, 2), object), np.empty((count, 2), object)
    for index, found in enumerate(frames.detections):
        points = known(found.keypoints)
        logits = np.zeros_like(points[..., 0])
        boxes[index, 0], keypoints[index, 0] = [], []
        boxes[index, 1] = np.concatenate([found.boxes, found.scores[:, None]], axis=1)
        keypoints[index, 1] = np.stack([points[..., 0], points[..., 1], logits, points[..., 2]], axis=1)
    metadata: dict[str, int | float] = {"w": frames.image_size[0], "h": frames.image_size[1]}
    if frames.fps is not None:
        metadata["fps"] = frames.fps
    write_objects(path, boxes=boxes, segments=np.full(count, None, object), keypoints=keypoints, metadata=metadata)
