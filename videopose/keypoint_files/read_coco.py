"""COCO's results and datasets of keypoints.

Source of the form: cocodataset.org, data format and results format.
"""

from collections.abc import Mapping
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
    as_triples,
    as_whole,
    first_twice,
    last_number,
)
from videopose.keypoint_files.layouts import LAYOUTS, CocoMapping, layout_by_count, mapping_of
from videopose.keypoint_files.people import People

FORMAT = "coco"
PERSON = 1
"""COCO's category of people."""
_LAYOUTS = ("coco17", "halpe26", "wholebody133", "halpe136")
_FLAGS = (0.0, 0.5, 1.0)
"""Scores for what annotations call not labelled, labelled but hidden, and visible."""


def read_coco_results(path: Path, content: Any) -> KeypointFrames:
    """Read a list of results: `image_id`, `category_id`, `keypoints`, `score` and, if there, `bbox` and `track_id`.

    `image_id` is the frame's number from 0. A keypoint's third number is its score; where every one in the file is 0, 1
    or 2 and one is 2 they are flags of visibility, see `read_coco_dataset`. If a person's score exceeds 1, all are
    divided by the highest in the file. Other categories than 1 (person) are left aside. `track_id` says who it is if
    every entry has one. Coordinates are taken as they are.

    Args:
        path: the file, for messages.
        content: its JSON.

    Raises:
        InputError: the content is not of this form.
    """
    people = People(str(path), FORMAT)
    for index, entry in enumerate(as_list(f"{path}: its content", content)):
        _add(people, f"{path}: entry {index}", entry, None)
    return _finish(people, None)


def read_coco_dataset(path: Path, content: Any) -> KeypointFrames:
    """Read `images` and `annotations`.

    The pictures are the frames, from 0, in the order of the numbers in their file names, or of their ids where a name
    has no number or two have the same. A keypoint's third number is COCO's flag: 0 is not known, 1 (hidden) a score of
    0.5, 2 one of 1. Numbers that are no flags are scores. The names of the keypoints are taken from `categories` if
    they are there; for the rest see `read_coco_results`.

    Raises:
        InputError: the content is not of this form, or an annotation is of a picture that is not listed.
    """
    content = as_dict(f"{path}: its content", content)
    images = [
        as_dict(f"{path}: image {i}", one) for i, one in enumerate(as_list(f"{path}: 'images'", content["images"]))
    ]
    frames = _order(path, images)
    people = People(str(path), FORMAT)
    for index, entry in enumerate(as_list(f"{path}: 'annotations'", content.get("annotations"))):
        _add(people, f"{path}: annotation {index}", entry, frames)
    return _finish(
        people,
        frames,
        mapping=_named_joints(path, content.get("categories")),
        image_size=_image_size(path, images),
    )


def _add(people: People, place: str, entry: Any, frames: Mapping[int, int] | None) -> None:
    entry = as_dict(place, entry)
    if "category_id" in entry and as_whole(f"{place}: 'category_id'", entry["category_id"]) != PERSON:
        return
    for key in ("image_id", "keypoints"):
        if key not in entry:
            raise InputError(f"{place} has no {key!r}. Give COCO's results or annotations of keypoints.")
    if frames is None:
        number = as_frame(f"{place}: 'image_id'", entry["image_id"])
    else:
        image = as_whole(f"{place}: 'image_id'", entry["image_id"])
        if image not in frames:
            raise InputError(f"{place} is of the picture {image}, which 'images' does not have. Write the file anew.")
        number = frames[image]
    people.add(
        place,
        number,
        as_triples(f"{place}: 'keypoints'", entry["keypoints"]),
        as_number(f"{place}: 'score'", entry.get("score")),
        as_numbers(f"{place}: 'bbox'", entry["bbox"], 4) if entry.get("bbox") is not None else None,
        as_whole(f"{place}: 'track_id'", entry["track_id"]) if entry.get("track_id") is not None else None,
    )


def _finish(
    people: People,
    frames: Mapping[int, int] | None,
    mapping: CocoMapping | None = None,
    image_size: tuple[int, int] | None = None,
) -> KeypointFrames:
    joints = len(people.keypoints[0]) if people.keypoints else len(LAYOUTS["coco17"])
    if mapping is None or (mapping.joints != joints and people.keypoints):
        mapping = mapping_of(people.source, LAYOUTS[layout_by_count(people.source, joints, _LAYOUTS)])
    _flags_to_scores(people.keypoints, always=frames is not None)
    highest = max((score for score in people.scores if score is not None), default=0.0)
    if highest > 1:
        people.scores = [None if score is None else score / highest for score in people.scores]
    spoken_of = None if frames is None else frames.values()
    return people.frames(mapping, spoken_of, image_size=image_size, every_frame=frames is not None)


def _flags_to_scores(keypoints: list[np.ndarray], always: bool) -> None:
    """Replace the third numbers of all, if they are flags of visibility."""
    found: set[float] = set()
    for points in keypoints:
        found.update(points[:, 2].tolist())
        if not found <= {0.0, 1.0, 2.0}:
            return
    if not (always or 2.0 in found):
        return
    for points in keypoints:
        flags = points[:, 2].astype(np.int64)
        points[flags == 0] = np.nan
        points[:, 2] = np.take(_FLAGS, flags)


def _order(path: Path, images: list[dict[str, Any]]) -> dict[int, int]:
    """Frame number by the picture's id."""
    ids, numbers = [], []
    for index, image in enumerate(images):
        ids.append(as_whole(f"{path}: 'id' of image {index}", image.get("id")))
        name = image.get("file_name")
        numbers.append(last_number(name) if isinstance(name, str) else None)
    twice = first_twice(ids)
    if twice is not None:
        raise InputError(f"{path}: 'images' has the id {twice} twice. Write the file anew.")
    named = [number for number in numbers if number is not None]
    keys = named if len(set(named)) == len(ids) else ids
    return {image: frame for frame, (_, image) in enumerate(sorted(zip(keys, ids, strict=True)))}


def _image_size(path: Path, images: list[dict[str, Any]]) -> tuple[int, int] | None:
    """Width and height, where all pictures have the same."""
    sizes = set()
    for index, image in enumerate(images):
        if image.get("width") is None or image.get("height") is None:
            return None
        size = tuple(as_whole(f"{path}: {key!r} of image {index}", image[key]) for key in ("width", "height"))
        if min(size) < 1:
            raise InputError(f"{path}: image {index} has {size[0]}x{size[1]} pixels. Write the file anew.")
        sizes.add((size[0], size[1]))
    return sizes.pop() if len(sizes) == 1 else None


def _named_joints(path: Path, categories: Any) -> CocoMapping | None:
    for category in categories if isinstance(categories, list) else ():
        names = category.get("keypoints") if isinstance(category, dict) and category.get("id") == PERSON else None
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            return mapping_of(str(path), names)
    return None
