"""AlphaPose's results: one JSON file for all pictures.

Source of the form: AlphaPose's doc/output.md and what its `write_json` writes.
"""

from pathlib import Path
from typing import Any

from videopose.errors import InputError
from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.json_values import (
    MAX_FRAME,
    as_dict,
    as_list,
    as_number,
    as_numbers,
    as_triples,
    as_whole,
    describe,
    last_number,
)
from videopose.keypoint_files.layouts import LAYOUTS, layout_by_count, mapping_of
from videopose.keypoint_files.people import People
from videopose.keypoint_files.read_openpose import add_people

FORMAT = "alphapose"
HIGHEST_SCORE = 3.25
"""Of a person: AlphaPose adds the mean keypoint score, the box's score, and 1.25 times the best keypoint's."""
_LAYOUTS = ("coco17", "halpe26", "halpe136", "wholebody133", "mpii16")
_OTHER_LAYOUTS = ("coco18", "mpi15")
"""Of the options `--format open` and `--format cmu`."""


def read_alphapose(path: Path, content: Any) -> KeypointFrames:
    """Read a list of `image_id`, `keypoints`, `score` and, if there, `box` and `idx`; or the forms of `--format`.

    The last digits in a picture's name (`12.jpg`, `frame_0012.png`) are the frame's number, taken as it is; if one
    name has none, the pictures are counted from 0 in the order in which the file has them. COCO (17), Halpe (26 and the
    first 26 of 136), COCO whole-body (the first 17 of 133) and MPII (16) are told by the number of keypoints. If a
    person's score exceeds 1, all are divided by 3.25, the highest that AlphaPose gives. `idx` says who it is, unless it
    is 0 for everybody: that is what AlphaPose writes when it does not follow people. Of several, the first counts.

    With `--format open` or `cmu` the file is an object of pictures with their `people` or `bodies` (18 or 15
    keypoints).

    Args:
        path: the file, for messages.
        content: its JSON.

    Raises:
        InputError: the content is not of this form, or two pictures have the same number.
    """
    if isinstance(content, dict):
        return _read_pictures(path, content)
    people = People(str(path), FORMAT)
    pictures: list[str] = []
    for index, entry in enumerate(as_list(f"{path}: its content", content)):
        place = f"{path}: entry {index}"
        entry = as_dict(place, entry)
        for key in ("image_id", "keypoints"):
            if key not in entry:
                raise InputError(f"{place} has no {key!r}. Give AlphaPose's results.")
        if entry.get("category_id", 1) != 1:
            continue
        people.add(
            place,
            0,
            as_triples(f"{place}: 'keypoints'", entry["keypoints"]),
            as_number(f"{place}: 'score'", entry.get("score")),
            as_numbers(f"{place}: 'box'", entry["box"], 4) if entry.get("box") is not None else None,
            _person_id(place, entry.get("idx")),
        )
        pictures.append(_picture(place, entry["image_id"]))
    people.numbers = _numbers(path, pictures)
    if any(score is not None and score > 1 for score in people.scores):
        people.scores = [None if score is None else score / HIGHEST_SCORE for score in people.scores]
    if not any(people.ids):
        people.ids = [None] * len(people.ids)
    joints = len(people.keypoints[0]) if people.keypoints else 17
    layout = layout_by_count(people.source, joints, _LAYOUTS)
    return people.frames(mapping_of(people.source, LAYOUTS[layout]))


def _read_pictures(path: Path, content: dict[str, Any]) -> KeypointFrames:
    people = People(str(path), FORMAT)
    numbers = _numbers(path, list(content))
    for number, (name, picture) in zip(numbers, content.items(), strict=True):
        place = f"{path}: {name[:50]!r}"
        picture = as_dict(place, picture)
        if "bodies" not in picture:
            add_people(people, place, picture, number)
            continue
        for index, body in enumerate(as_list(f"{place}: 'bodies'", picture["bodies"])):
            joints = as_dict(f"{place}: body {index}", body).get("joints")
            people.add(f"{place}: body {index}", number, as_triples(f"{place}: 'joints' of body {index}", joints))
    people.ids = [None] * len(people.ids)
    count = len(people.keypoints[0]) if people.keypoints else 18
    layout = layout_by_count(people.source, count, _OTHER_LAYOUTS)
    return people.frames(mapping_of(people.source, LAYOUTS[layout]), numbers)


def _picture(place: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    raise InputError(f"{place}: 'image_id' is {describe(value)}, not the name of a picture. Write the file anew.")


def _numbers(path: Path, pictures: list[str]) -> list[int]:
    """The frame of each picture."""
    by_name = {name: last_number(name) for name in pictures}
    if None in by_name.values():
        order = {name: index for index, name in enumerate(by_name)}
        return [order[name] for name in pictures]
    names: dict[int, str] = {}
    for name, number in by_name.items():
        assert number is not None
        if number >= MAX_FRAME:
            raise InputError(f"{path}: the picture {name[:50]!r} has no number of a frame. Number frames from 0.")
        if number in names:
            raise InputError(
                f"{path}: the pictures {names[number][:50]!r} and {name[:50]!r} are frame {number} both. "
                "Give the results of one video."
            )
        names[number] = name
    return [number for number in map(by_name.__getitem__, pictures) if number is not None]


def _person_id(place: str, value: Any) -> int | None:
    """Of a number, or of lists of numbers, which merged detections have: the first."""
    depth = 0
    while isinstance(value, list) and value and depth < 3:
        value, depth = value[0], depth + 1
    return None if value is None or value == [] else as_whole(f"{place}: 'idx'", value)
