"""Archives of 2D keypoints in VideoPose3D's form: of one's own videos, and of datasets."""

from pathlib import Path
from typing import Any

import numpy as np

from videopose.data.archive import read_objects
from videopose.data.keypoint_layouts import layout_of
from videopose.errors import InputError
from videopose.keypoint_files.choosing import choose
from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.json_values import MAX_FRAME
from videopose.keypoint_files.layouts import mapping_of
from videopose.keypoint_files.people import People

FORMAT = "videopose3d"


def read_videopose3d(path: Path, name: str | None = None, name_hint: str | None = None) -> KeypointFrames:
    """Read one sequence of an archive: one person, in every frame from 0, with score 1 unless there is a third number.

    A sequence is called `SUBJECT/ACTION/CAMERA` with the camera's number from 0 (`S9/Walking 1/2`); in archives of
    one's own videos, where each has one action and one camera, by the video's name alone. Keypoints that are NaN are
    not known. Size and frames per second are taken from `video_metadata` if they are there.

    Args:
        path: .npz with `positions_2d` and `metadata`, from anywhere: nothing in it is run.
        name: the sequence; None: the only one.
        name_hint: of several the one to take, where there is such a one.

    Raises:
        InputError: the archive is damaged, holds something else, has no such sequence, or its layout is not known.
    """
    content = read_objects(path, ("positions_2d", "metadata"))
    layout = layout_of(path, content["metadata"])
    sequences = _sequences(path, content["positions_2d"])
    if not sequences:
        raise InputError(f"{path}: 'positions_2d' is empty. Make it again.")
    chosen = choose(path, tuple(sequences), name, name_hint)
    video, positions = sequences[chosen]
    place = f"{path}: {chosen!r}"
    points = _points(place, positions, len(layout))
    people = People(str(path), FORMAT)
    for number, one in enumerate(points):
        people.add(f"{place}, frame {number}", number, one, score=1.0, person_id=1)
    size, fps = _facts(path, content["metadata"], video)
    mapping = mapping_of(str(path), layout.joint_names)
    return people.frames(mapping, range(len(points)), image_size=size, fps=fps, every_frame=True)


def _sequences(path: Path, content: Any) -> dict[str, tuple[str, Any]]:
    """Subject and keypoints by the sequence's name."""
    broken = (
        f"{path}: 'positions_2d' is no dict of subjects with dicts of actions with lists of cameras. Make it again."
    )
    if not isinstance(content, dict) or not all(isinstance(actions, dict) for actions in content.values()):
        raise InputError(broken)
    sequences = {}
    for subject, actions in content.items():
        for action, views in actions.items():
            if not isinstance(views, list | tuple | np.ndarray) or (isinstance(views, np.ndarray) and not views.ndim):
                raise InputError(broken)
            alone = len(actions) == 1 and len(views) == 1 and action == "custom"
            for camera, view in enumerate(views):
                sequences[str(subject) if alone else f"{subject}/{action}/{camera}"] = str(subject), view
    return sequences


def _points(place: str, view: Any, joints: int) -> np.ndarray:
    """(T, J, 3) float64."""
    if not isinstance(view, np.ndarray) or view.dtype.kind not in "fiu":
        raise InputError(f"{place} is no array of numbers. Make it again.")
    if view.ndim != 3 or view.shape[1] != joints or view.shape[2] not in (2, 3) or not len(view):
        raise InputError(f"{place} has the shape {view.shape}, not (*, {joints}, 2). Make it again.")
    if len(view) > MAX_FRAME:
        raise InputError(f"{place} has {len(view)} frames, more than {MAX_FRAME}. Split it.")
    points = np.ones((len(view), joints, 3))
    points[..., : view.shape[2]] = view
    return points


def _facts(path: Path, metadata: Any, video: str) -> tuple[tuple[int, int] | None, float | None]:
    """Size and frames per second of a video, where the archive says."""
    facts = metadata.get("video_metadata")
    if not isinstance(facts, dict) or not isinstance(facts.get(video), dict):
        return None, None
    facts = facts[video]
    try:
        size = (int(facts["w"]), int(facts["h"])) if "w" in facts and "h" in facts else None
        fps = float(facts["fps"]) if facts.get("fps") else None
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{path}: 'video_metadata' of {video!r} holds more than numbers. Make it again.") from error
    if (size and min(size) < 1) or (fps is not None and not 0 < fps < float("inf")):
        raise InputError(f"{path}: 'video_metadata' of {video!r} says {size} pixels, {fps} frames/s. Correct it.")
    return size, fps
