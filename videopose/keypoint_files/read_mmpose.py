"""MMPose's predictions: of its inferencer, of videos and of pictures, and of its demo scripts.

Source of the form: MMPose 1.x, what its inferencer's `pred_out_dir` and its demos' `--save-predictions` write.
"""

from pathlib import Path
from typing import Any

import numpy as np

from videopose.errors import InputError
from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.json_values import (
    as_dict,
    as_frame,
    as_list,
    as_number,
    as_numbers,
    as_whole,
    first_twice,
)
from videopose.keypoint_files.layouts import LAYOUTS, CocoMapping, layout_by_count, mapping_of
from videopose.keypoint_files.people import People

FORMAT = "mmpose"
_LAYOUTS = ("coco17", "halpe26", "wholebody133", "halpe136")


def read_mmpose(path: Path, content: Any) -> KeypointFrames:
    """Read frames with `frame_id` and `instances`, one picture's list of instances, or an object of both with names.

    Every frame must have an entry. The inferencer counts them from 0, the demo scripts from 1: if the smallest
    `frame_id` is 1, it is the first frame. A list of instances alone is frame 0. The joints' names are taken from
    `meta_info` if they are there; else COCO (17), Halpe (26, 136) and COCO whole-body (133) are told by the number of
    keypoints. Scores above 1, which some of its networks give, count as 1. `track_id` says who it is if everybody has
    one.

    Args:
        path: the file, for messages.
        content: its JSON.

    Raises:
        InputError: the content is not of this form, or a frame is missing or there twice.
    """
    mapping = None
    if isinstance(content, dict):
        mapping = _named_joints(path, content.get("meta_info"))
        content = content.get("instance_info")
    entries = as_list(f"{path}: its frames or instances", content)
    people = People(str(path), FORMAT)
    if entries and all(isinstance(entry, dict) and "instances" in entry for entry in entries):
        numbers = _numbers(path, entries)
        for number, entry in zip(numbers, entries, strict=True):
            _add_all(people, f"{path}: frame_id {entry['frame_id']}", entry["instances"], number)
    else:
        numbers = [0]
        _add_all(people, str(path), entries, 0)
    joints = len(people.keypoints[0]) if people.keypoints else 17
    if mapping is None:
        mapping = mapping_of(people.source, LAYOUTS[layout_by_count(people.source, joints, _LAYOUTS)])
    elif people.keypoints and mapping.joints != joints:
        raise InputError(f"{path}: 'meta_info' names {mapping.joints} keypoints, people have {joints}. Write it anew.")
    return people.frames(mapping, numbers, every_frame=True)


def _numbers(path: Path, entries: list[dict[str, Any]]) -> list[int]:
    given = [as_frame(f"{path}: 'frame_id' of entry {i}", one.get("frame_id")) for i, one in enumerate(entries)]
    twice = first_twice(given)
    if twice is not None:
        raise InputError(f"{path}: has the 'frame_id' {twice} twice. Write the file anew.")
    offset = 1 if min(given) == 1 else 0
    return [number - offset for number in given]


def _add_all(people: People, place: str, instances: Any, number: int) -> None:
    for index, one in enumerate(as_list(f"{place}: 'instances'", instances)):
        where = f"{place}: instance {index}"
        one = as_dict(where, one)
        if "keypoints" not in one:
            raise InputError(f"{where} has no 'keypoints'. Give MMPose's predictions of 2D keypoints.")
        points = _points(where, one)
        people.add(
            where,
            number,
            points,
            as_number(f"{where}: 'bbox_score'", one.get("bbox_score")),
            _box(where, one.get("bbox")),
            as_whole(f"{where}: 'track_id'", one["track_id"]) if one.get("track_id") is not None else None,
        )


def _points(where: str, instance: dict[str, Any]) -> np.ndarray:
    rows = as_list(f"{where}: 'keypoints'", instance["keypoints"])
    if not rows:
        raise InputError(f"{where} has no keypoints. Write the file anew.")
    for index, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != 2:
            as_numbers(f"{where}: keypoint {index}", row, 2)
    numbers = as_numbers(f"{where}: 'keypoints'", [number for row in rows for number in row])
    scores = np.ones(len(rows))
    if instance.get("keypoint_scores") is not None:
        scores = as_numbers(f"{where}: 'keypoint_scores'", instance["keypoint_scores"], len(rows))
    return np.concatenate([numbers.reshape(-1, 2), scores[:, None]], 1)


def _box(where: str, value: Any) -> np.ndarray | None:
    """Position and size of a box that is given by its corners, as a list or in one of its own."""
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    corners = as_numbers(f"{where}: 'bbox'", value, 4)
    return np.concatenate([corners[:2], corners[2:] - corners[:2]])


def _named_joints(path: Path, meta: Any) -> CocoMapping | None:
    names = meta.get("keypoint_id2name") if isinstance(meta, dict) else None
    if not isinstance(names, dict) or not names:
        return None
    numbered = {as_whole(f"{path}: a key of 'keypoint_id2name'", key): name for key, name in names.items()}
    if sorted(numbered) != list(range(len(names))) or not all(isinstance(name, str) for name in numbered.values()):
        raise InputError(f"{path}: 'keypoint_id2name' does not name the keypoints from 0 on. Write the file anew.")
    return mapping_of(str(path), [numbered[index] for index in range(len(names))])
