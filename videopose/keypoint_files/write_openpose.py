"""OpenPose's folder of JSON files, one for each frame, in its layout BODY_25.

Source: OpenPose's documentation of its output (`--write_json`), version 1.3 of the format.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from videopose.errors import OutputError
from videopose.files import output_error
from videopose.keypoint_files.extending import in_layout
from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.layouts import BODY25
from videopose.keypoint_files.writing import PictureLabels, dump, flat

SUFFIX = "_keypoints.json"
_OTHERS = (
    "face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d", "pose_keypoints_3d",
    "face_keypoints_3d", "hand_left_keypoints_3d", "hand_right_keypoints_3d",
)  # fmt: skip
_PLACE_DECIMALS = (6, 6, 6, 7)
"""Of x, y, z and score of a joint in space."""


def write_openpose(
    folder: Path,
    frames: KeypointFrames,
    stem: str,
    pictures: PictureLabels | None = None,
    places: Sequence[np.ndarray] | None = None,
) -> None:
    """Write a folder of `STEM_000000000000_keypoints.json`, one for each frame, with people in it or not.

    Neck and middle hip are made from shoulders and hips, feet are not known (see `in_layout`). Of pictures the files
    are called `PICTURE_keypoints.json`. A person's `person_id` is [-1] when people are not followed. The folder
    appears when all files are there, in place of one that was there.

    Args:
        folder: to write; what is in its place must pass `check_folder`.
        frames: of a video, or one for each picture.
        stem: the video's name.
        pictures: how these are called; their names without the last ending must differ.
        places: of each frame (N, 25, 4) x, y, z, score of its people in BODY_25, NaN where not known: what becomes
            `pose_keypoints_3d`. None: that stays empty.

    Raises:
        OutputError: the folder cannot be written, or holds other files.
    """
    with _whole_folder(folder) as temporary:
        for place, index in enumerate(frames.frame_index.tolist()):
            name = f"{stem}_{index:012d}" if pictures is None else Path(pictures.names[place]).stem
            (temporary / f"{name}{SUFFIX}").write_text(_text(frames, places, place), encoding="utf-8")


def check_folder(folder: Path) -> None:
    """Raise OutputError unless `folder` may be replaced: missing, empty, or with nothing but keypoint files in it."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"{folder}: is not a folder. Choose a folder with -o.")
    if folder.resolve() == Path.cwd():
        raise OutputError(f"{folder}: is the current folder. Choose a folder of its own with -o.")
    other = next((path for path in sorted(folder.iterdir()) if not path.name.endswith(SUFFIX) or path.is_dir()), None)
    if other is not None:
        raise OutputError(f"{folder}: holds {other.name}, which is no keypoint file. Choose another folder with -o.")


def _text(frames: KeypointFrames, places: Sequence[np.ndarray] | None, place: int) -> str:
    people = []
    for row, keypoints in enumerate(frames.detections[place].keypoints):
        person_id = -1 if frames.person_ids is None else int(frames.person_ids[place][row])
        person = {"person_id": [person_id], "pose_keypoints_2d": flat(in_layout(keypoints, BODY25))}
        person |= {name: [] for name in _OTHERS}
        if places is not None:
            person["pose_keypoints_3d"] = flat(places[place][row], _PLACE_DECIMALS)
        people.append(person)
    return dump({"version": 1.3, "people": people})


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder beside `folder`; on success it takes its place, on any error it is removed."""
    check_folder(folder)
    folder = folder.resolve()
    temporary, former = (
        folder.with_name(f".{folder.name[:40]}.{secrets.token_hex(4)}.{what}") for what in ("part", "former")
    )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        yield temporary
        try:
            if folder.exists():
                folder.rename(former)
            temporary.rename(folder)
        except BaseException:  # a Ctrl-C too must not cost the folder that was there
            if former.exists() and not folder.exists():
                former.rename(folder)
            raise
        _sync(folder.parent)
    except OSError as error:
        raise output_error(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(former, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Ask the system to keep the folder's new entry, where it can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
