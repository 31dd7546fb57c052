"""OpenPose's folders: one JSON file per frame.

Source of the form: OpenPose's doc/02_output.md and its PeopleJsonSaver.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from videopose.errors import InputError
from videopose.keypoint_files.choosing import choose
from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.json_values import (
    MAX_JSON_BYTES,
    as_dict,
    as_frame,
    as_list,
    as_triples,
    as_whole,
    read_json,
)
from videopose.keypoint_files.layouts import BODY25, LAYOUTS, layout_by_count, mapping_of
from videopose.keypoint_files.people import People

FORMAT = "openpose"
_TRUNK = ("neck", "hip", "right_shoulder", "left_shoulder", "right_hip", "left_hip")
_LAYOUTS = ("body25", "coco18", "coco17", "mpi15")
_NAME = re.compile(r"(?P<video>.*?)_?(?P<number>\d+)_keypoints\.json", re.ASCII)
_KEYS = ("pose_keypoints_2d", "pose_keypoints")
"""The second is of OpenPose before 1.2."""


def read_openpose_folder(folder: Path, name: str | None = None, name_hint: str | None = None) -> KeypointFrames:
    """Read a folder of `VIDEO_000000000012_keypoints.json`, the digits being the frame's number.

    Every frame must have a file. Where the first number is 1, as when pictures were numbered from 1, it is frame 0.
    BODY_25, COCO (18), MPI (15) and COCO's 17 keypoints are told by their number; hands and faces are left aside. A
    keypoint 0, 0, 0 was not seen. `person_id` says who it is where it is not -1 for everybody.

    Args:
        folder: may hold the files of several videos.
        name: the video's, without `_000000000012_keypoints.json`; None: the only one.
        name_hint: of several the one to take, where there is such a one.

    Raises:
        InputError: no such files, a frame is missing or there twice, or a file is not of this form.
    """
    videos = _listed(folder)
    frames = videos[choose(folder, tuple(videos), name, name_hint)]
    offset = 1 if min(frames) == 1 else 0
    people = People(str(folder), FORMAT)
    for number, path in sorted(frames.items()):
        add_people(people, str(path), read_json(path), number - offset)
    return _finish(people, [number - offset for number in frames])


def read_openpose_file(path: Path, content: Any) -> KeypointFrames:
    """Read one such file as a single frame, number 0; see `read_openpose_folder`."""
    people = People(str(path), FORMAT)
    add_people(people, str(path), content, 0)
    return _finish(people, [0])


def add_people(people: People, place: str, content: Any, number: int) -> None:
    """Add what one picture's object of OpenPose's form says.

    Raises:
        InputError: it is not of this form.
    """
    listed = as_dict(f"{place}: its content", content).get("people")
    for index, person in enumerate(as_list(f"{place}: 'people'", listed)):
        where = f"{place}: person {index}"
        person = as_dict(where, person)
        key = next((key for key in _KEYS if key in person), None)
        if key is None:
            raise InputError(f"{where} has no 'pose_keypoints_2d'. Give a file of OpenPose's body model.")
        # What OpenPose writes of somebody with hands or a face only.
        if person[key] == []:
            continue
        people.add(where, number, as_triples(f"{where}: {key!r}", person[key]), person_id=_person_id(where, person))


def _listed(folder: Path) -> dict[str, dict[int, Path]]:
    """The files by the video's name and the frame's number."""
    videos: dict[str, dict[int, Path]] = {}
    size = 0
    try:
        for path in sorted(folder.iterdir()):
            match = _NAME.fullmatch(path.name)
            if match is None:
                continue
            number = as_frame(f"{path}: the frame in its name", match["number"])
            frames = videos.setdefault(match["video"], {})
            if number in frames:
                raise InputError(f"{path}: {frames[number].name} is frame {number} too. Remove one of them.")
            frames[number] = path
            size += path.stat().st_size
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror or error}). Check the folder.") from error
    if not videos:
        raise InputError(
            f"{folder}: has no files of OpenPose (VIDEO_000000000000_keypoints.json). Give the folder of --write_json."
        )
    if size > MAX_JSON_BYTES:
        raise InputError(f"{folder}: its files have {size / 1e9:.1f} GB, more than is read. Split the video.")
    return videos


def check_body25(source: str, keypoints: Sequence[np.ndarray]) -> None:
    """Refuse BODY_25B, which has 25 keypoints as well, by where neck and hip lie.

    Raises:
        InputError: they do not lie between shoulders and hips.
    """
    points = np.stack(keypoints)[..., :2]
    # OpenPose writes 0, 0 for what it does not see.
    points = points[(points != 0).any(-1)[:, [BODY25.index(one) for one in _TRUNK]].all(1)]
    neck, hip, right_shoulder, left_shoulder, right_hip, left_hip = (points[:, BODY25.index(one)] for one in _TRUNK)
    away = np.linalg.norm(neck - (right_shoulder + left_shoulder) / 2, axis=-1)
    away += np.linalg.norm(hip - (right_hip + left_hip) / 2, axis=-1)
    share = away / np.maximum(np.linalg.norm(neck - hip, axis=-1), 1e-6)
    if np.isfinite(share).any() and np.nanmedian(share) > 0.8:
        raise InputError(
            f"{source}: neck and hip of its 25 keypoints do not lie where BODY_25 has them. "
            "BODY_25B and other models are not read: use BODY_25 or COCO."
        )


def _finish(people: People, spoken_of: list[int]) -> KeypointFrames:
    layout = "body25"
    if people.keypoints:
        layout = layout_by_count(people.source, len(people.keypoints[0]), _LAYOUTS)
        if layout == "body25":
            check_body25(people.source, people.keypoints)
    return people.frames(mapping_of(people.source, LAYOUTS[layout]), spoken_of, every_frame=True)


def _person_id(where: str, person: dict[str, Any]) -> int | None:
    value = person.get("person_id")
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return None if value is None else as_whole(f"{where}: 'person_id'", value)
