"""What Detectron's inference scripts write of a video: boxes and keypoints of everybody, frame by frame.

Source of the form: VideoPose3D's scripts for Detectron and Detectron2.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videopose.data.archive import read_objects
from videopose.errors import InputError
from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.layouts import mapping_of
from videopose.keypoint_files.people import People
from videopose.skeletons import COCO17

FORMAT = "detectron"


@dataclass(frozen=True, slots=True, repr=False)
class DetectronVideo:
    """One video."""

    boxes: list[np.ndarray]
    """Per frame (N, 5) float32: x0, y0, x1, y1 in pixels, score."""
    keypoints: list[np.ndarray]
    """Per frame (N, 4, 17) float32: x, y in pixels, logit, probability; COCO order."""
    image_size: tuple[int, int]
    """Width and height, pixels."""
    fps: float | None
    """Frames per second; None where the file does not say."""


def read_detectron(path: Path) -> KeypointFrames:
    """Read everybody in a video; a keypoint's score is its probability, which may exceed 1 and is clipped.

    Args:
        path: .npz with `boxes`, `keypoints` and `metadata`, from anywhere: nothing in it is run.

    Raises:
        InputError: the archive is damaged or holds something else.
    """
    video = read_detectron_video(path)
    people = People(str(path), FORMAT)
    for number, (boxes, keypoints) in enumerate(zip(video.boxes, video.keypoints, strict=True)):
        for index, (box, rows) in enumerate(zip(boxes.astype(np.float64), keypoints, strict=True)):
            place = f"{path}: person {index} of frame {number}"
            if np.isinf(box).any():
                raise InputError(f"{place} has a box with infinite numbers. Detect the people again.")
            corner, size = box[:2], box[2:4] - box[:2]
            score = None if np.isnan(box[4]) else float(box[4])
            people.add(place, number, rows[[0, 1, 3]].T, score, np.concatenate([corner, size]))
    mapping = mapping_of(str(path), COCO17.joint_names)
    spoken_of = range(len(video.boxes))
    return people.frames(mapping, spoken_of, image_size=video.image_size, fps=video.fps, every_frame=True)


def read_detectron_video(path: Path) -> DetectronVideo:
    """Read the numbers as they are.

    Raises:
        InputError: the archive is damaged or holds something else.
    """
    content = read_objects(path, ("boxes", "keypoints", "metadata"))
    boxes, keypoints = content["boxes"], content["keypoints"]
    size, fps = _facts(path, content["metadata"])
    if not (_is_list(boxes) and _is_list(keypoints)) or len(boxes) != len(keypoints):
        raise InputError(f"{path}: 'boxes' and 'keypoints' are no lists of one length. Detect the people again.")
    video = DetectronVideo([], [], size, fps)
    for index in range(len(boxes)):
        try:
            # The classes are background and person.
            scored = np.asarray(boxes[index][1], np.float32).reshape(-1, 5)
            people = np.asarray(keypoints[index][1], np.float32).reshape(len(scored), 4, len(COCO17))
        except (TypeError, ValueError, IndexError, KeyError) as error:
            raise InputError(
                f"{path}: 'boxes' and 'keypoints' of frame {index} are not [[], (n, 5)] and [[], (n, 4, 17)]. "
                "Detect the people again."
            ) from error
        video.boxes.append(scored)
        video.keypoints.append(people)
    return video


def _is_list(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _facts(path: Path, metadata: Any) -> tuple[tuple[int, int], float | None]:
    try:
        size = int(metadata["w"]), int(metadata["h"])
        fps = float(metadata["fps"]) if metadata.get("fps") else None
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError) as error:
        raise InputError(f"{path}: 'metadata' has no numbers 'w' and 'h'. Detect the people again.") from error
    if min(size) < 1:
        raise InputError(f"{path}: 'metadata' says {size[0]}x{size[1]} pixels. Detect the people again.")
    if fps is not None and not 0 < fps < float("inf"):
        raise InputError(f"{path}: 'metadata' says {fps} frames per second. Detect the people again.")
    return size, fps
