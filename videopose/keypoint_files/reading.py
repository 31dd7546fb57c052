"""Any file or folder of 2D keypoints, recognised by what is in it."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from videopose.errors import InputError, UsageError
from videopose.export.npz import KeypointArrays, read_keypoints
from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.json_values import describe, read_json
from videopose.keypoint_files.read_alphapose import read_alphapose
from videopose.keypoint_files.read_coco import read_coco_dataset, read_coco_results
from videopose.keypoint_files.read_detectron import read_detectron
from videopose.keypoint_files.read_mmpose import read_mmpose
from videopose.keypoint_files.read_openpose import read_openpose_file, read_openpose_folder
from videopose.keypoint_files.read_own import read_own_json
from videopose.keypoint_files.read_videopose3d import read_videopose3d

_TITLES = {
    "npz": "videopose's own NPZ",
    "json": "its own JSON",
    "videopose3d": "VideoPose3D's archives",
    "detectron": "Detectron's .npz",
    "coco": "COCO's results or annotations",
    "openpose": "OpenPose's folders",
    "alphapose": "AlphaPose's results",
    "mmpose": "MMPose's predictions",
}
READ_FORMATS = tuple(_TITLES)
"""Names of the formats that `read_keypoint_file` reads."""

_JSON_READERS: dict[str, Callable[[Path, Any], KeypointArrays | KeypointFrames]] = {
    "json": read_own_json,
    "coco": lambda path, content: (
        read_coco_results(path, content) if isinstance(content, list) else read_coco_dataset(path, content)
    ),
    "openpose": read_openpose_file,
    "alphapose": read_alphapose,
    "mmpose": read_mmpose,
}
_SEVERAL = ("videopose3d", "openpose")
"""Formats that may hold several videos with names of their own."""


def read_keypoint_file(
    path: Path, *, format: str = "auto", name: str | None = None, name_hint: str | None = None
) -> KeypointArrays | KeypointFrames:
    """Read 2D keypoints of one video.

    The format is recognised by the content alone, never by the file's name. An empty list is COCO's results without
    anybody. How each format is read is said at its own reader.

    Args:
        path: a file; a folder of OpenPose's files.
        format: one of `READ_FORMATS`, or `auto`: the one that is recognised.
        name: of the video, where there are several (`videopose3d`, folders of `openpose`).
        name_hint: the one to take of several if it is there and `name` is None.

    Returns:
        Keypoints of followed people for videopose's own files, else what the file says of each frame.

    Raises:
        UsageError: the format has another name.
        InputError: the file cannot be read, is of none of the formats or not of the one that is given, or is broken.
    """
    if format not in ("auto", *READ_FORMATS):
        raise UsageError(f"the format {format!r} of keypoints is not known. Choose from {', '.join(READ_FORMATS)}.")
    if not path.exists():
        raise InputError(f"{path}: does not exist. Check the path.")
    found, content = _recognise(path)
    if format not in ("auto", found) and not _also(format, content):
        raise InputError(
            f"{path}: is of the format {found}, not {format}. Give that one, or leave it to be recognised."
        )
    chosen = found if format == "auto" else format
    if name is not None and not (chosen in _SEVERAL and content is None):
        raise InputError(f"{path}: holds one video without a name, so {name!r} cannot be chosen. Leave the name out.")
    if content is not None:
        return _JSON_READERS[chosen](path, content)
    if chosen == "npz":
        return read_keypoints(path)
    if chosen == "detectron":
        return read_detectron(path)
    return {"videopose3d": read_videopose3d, "openpose": read_openpose_folder}[chosen](path, name, name_hint)


def _recognise(path: Path) -> tuple[str, Any]:
    """The format, and the content where it is JSON."""
    try:
        if path.is_dir():
            if any(path.iterdir()):
                return "openpose", None
            raise InputError(f"{path}: is an empty folder. Give a folder of OpenPose's files, or a file of keypoints.")
        with path.open("rb") as stream:
            start = stream.read(4096)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}). Check the path.") from error
    if start.startswith(b"PK"):
        return _recognise_archive(path), None
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        raise _unknown(path, "is empty" if not start else "is neither an .npz archive nor JSON")
    content = read_json(path)
    return _recognise_json(path, content), content


def _recognise_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            keys = {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError(f"{path}: is no .npz archive, or only a part of one. Fetch or make it again.") from error
    if "keypoints_2d" in keys:
        return "npz"
    if "positions_2d" in keys:
        return "videopose3d"
    if {"boxes", "keypoints"} <= keys:
        return "detectron"
    raise _unknown(path, f"is an archive of {_some(keys)}")


def _recognise_json(path: Path, content: Any) -> str:
    if isinstance(content, dict):
        for key, form in {
            "keypoints_2d": "json",
            "images": "coco",
            "instance_info": "mmpose",
            "people": "openpose",
        }.items():
            if key in content:
                return form
        if "bodies" in content:
            raise _unknown(path, "is one picture of AlphaPose's --format cmu, not its alphapose-results.json")
        if content and all(isinstance(one, dict) and one.keys() & {"people", "bodies"} for one in content.values()):
            return "alphapose"
        raise _unknown(path, f"is JSON with {_some(content)}")
    if not content:
        return "coco"
    first = content[0]
    if not isinstance(first, dict):
        raise _unknown(path, f"is a JSON list of {describe(first)}, ...")
    if "instances" in first or ("keypoints" in first and "keypoint_scores" in first):
        return "mmpose"
    if "image_id" in first and "keypoints" in first:
        return "alphapose" if _is_alphapose(first) else "coco"
    raise _unknown(path, f"is a JSON list of objects with {_some(first)}")


def _is_alphapose(entry: dict[str, Any]) -> bool:
    """Whether a result that looks like COCO's is AlphaPose's: pictures by file name, or keys of its own."""
    image = entry["image_id"]
    return "box" in entry or "idx" in entry or (isinstance(image, str) and not image.isdigit())


def _also(format: str, content: Any) -> bool:
    """Whether content that was recognised as another may be of this format as well."""
    if not isinstance(content, list):
        return False
    if not content:
        return format in ("alphapose", "mmpose")
    return format in ("coco", "alphapose") and {"image_id", "keypoints"} <= content[0].keys()


def _some(keys: Any) -> str:
    names = sorted(json.dumps(str(key)[:30]) for key in keys)
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") or "nothing"


def _unknown(path: Path, what: str) -> InputError:
    return InputError(f"{path}: {what}, which is no format of keypoints that is read ({', '.join(_TITLES.values())}).")
