"""Recognising files of 2D keypoints, and our own ones."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videopose.errors import InputError, UsageError
from videopose.export import KeypointArrays, read_keypoints, write_json, write_npz
from videopose.keypoint_files import READ_FORMATS, KeypointFrames, read_keypoint_file
from videopose.types import Recording, Track, VideoInfo

Standing = Callable[..., np.ndarray]


def recording(standing: Standing, people: int = 2) -> Recording:
    tracks = []
    for person in range(people):
        keypoints = np.stack([standing(300 * person + frame) for frame in range(4)]).astype(np.float32)
        boxes = np.concatenate([keypoints[..., :2].min(1), keypoints[..., :2].max(1)], -1)
        index = np.arange(4) + person
        tracks.append(Track(person + 3, index, keypoints, boxes, np.array([True, False, True, True])))
    video = VideoInfo("walk.mp4", 640, 360, Fraction(25), 6, 0.24, 0)
    return Recording(video, np.arange(6), np.arange(6) / 25, tuple(tracks))


@pytest.mark.parametrize("people", [0, 1, 2])
def test_our_own_json_is_read_as_our_npz(tmp_path: Path, standing: Standing, people: int) -> None:
    made = recording(standing, people)
    # The names say nothing.
    write_npz(made, tmp_path / "a.json.npz")
    (tmp_path / "a.json.npz").rename(tmp_path / "npz.json")
    write_json(made, tmp_path / "json.npz.json")
    (tmp_path / "json.npz.json").rename(tmp_path / "json.npz")
    npz, given = read_keypoint_file(tmp_path / "npz.json"), read_keypoint_file(tmp_path / "json.npz")
    assert isinstance(npz, KeypointArrays)
    assert isinstance(given, KeypointArrays)
    assert npz.person_id.tolist() == [3, 4][:people]
    for name in KeypointArrays.__dataclass_fields__:
        ours, theirs = getattr(given, name), getattr(npz, name)
        if isinstance(theirs, np.ndarray):
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours, theirs, atol=5e-5, err_msg=name)
        else:
            assert ours == theirs
    np.testing.assert_array_equal(npz.keypoints_2d, read_keypoints(tmp_path / "npz.json").keypoints_2d)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"keypoints_2d": [[[[1, 2, 3]]]]}, r"keypoints_2d has the shape \(1, 1, 1, 3\)"),
        ({"keypoints_2d": [[1, 2], [3]]}, "'keypoints_2d' is no array of numbers of one shape"),
        ({"keypoints_2d": "x"}, "'keypoints_2d' holds text among its numbers"),
        ({"keypoints_2d": [[[[None, "1", 3]] * 17]]}, "'keypoints_2d' holds the text '1' among its numbers"),
        ({"keypoints_2d": [[[[10**400, 1, 3]] * 17]]}, "'keypoints_2d' (is no array|holds)"),
        ({"keypoints_2d": [[[[float("inf"), 1, 3]] * 17]]}, "'keypoints_2d' holds an infinite number"),
        ({"image_size": [0, 5]}, "image_size is"),
        ({"image_size": None}, "the key `image_size` is missing"),
        ({"fps": -1}, "fps is -1"),
        ({"person_id": [1, 1]}, "person_id holds a number twice"),
        ({"frame_index": [0, 1, 2, 3, 4, 7]}, "frame_index is not consecutive"),
        ({"frame_index": [0, 1, 2, 3, 4, None]}, "frame_index holds numbers that are not whole"),
        ({"person_id": [1, 1e300]}, "person_id holds numbers that are not whole"),
        ({"keypoints_2d": [[[[1e7, 1, 3]] * 17]]}, r"keypoints_2d holds numbers above 1e\+06"),
        ({"image_size": [1e9, 5]}, "image_size is"),
        ({"keypoint_names": ["nose"]}, "keypoint_names is nose"),
        ({"keypoint_names": 5}, "'keypoint_names' is no list of names"),
    ],
)
def test_our_own_json_is_checked(tmp_path: Path, standing: Standing, change: dict[str, Any], message: str) -> None:
    path = tmp_path / "a.json"
    write_json(recording(standing), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=rf"a\.json: {message}"):
        read_keypoint_file(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty, which is no format of keypoints that is read .videopose's own NPZ, .*MMPose's predictions"),
        (b"\x89PNG\r\n", "is neither an .npz archive nor JSON"),
        (b"{} trailing", r"is no JSON, or only a part of one \(line 1: Extra data\)"),
        (b'[{"image_id": 1, "keypo', r"is no JSON, or only a part of one"),
        (b"[" * 200_000, "is nested too deeply|is no JSON"),
        (b"[" * 200_000 + b"]" * 200_000, "is nested too deeply"),
        (b'[{"a": ' + b"9" * 5000 + b"}]", "is no JSON of keypoints"),
        (b'{"a": "\xff\xfe"}', "is no JSON of keypoints"),
        (b"{}", "is JSON with nothing"),
        (b'{"people_": [], "x": 1}', 'is JSON with "people_", "x"'),
        (b"[5]", "is a JSON list of the number 5"),
        (b'[{"image_id": 3, "bbox": [1, 2, 3, 4]}]', 'is a JSON list of objects with "bbox", "image_id"'),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.json: ({message})"):
        read_keypoint_file(path)


def test_other_archives_and_missing_files_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", one=1, two=2)
    with pytest.raises(InputError, match=r'a\.npz: is an archive of "one", "two", which is no format'):
        read_keypoint_file(tmp_path / "a.npz")
    with pytest.raises(InputError, match=r"b\.npz: does not exist"):
        read_keypoint_file(tmp_path / "b.npz")


def test_a_given_format_must_fit(tmp_path: Path, standing: Standing) -> None:
    path = tmp_path / "a.json"
    entry = {"image_id": 1, "category_id": 1, "keypoints": standing().ravel().tolist(), "score": 0.5}
    path.write_text(json.dumps([entry]))
    for format in ("auto", "coco", "alphapose"):
        given = read_keypoint_file(path, format=format)
        assert isinstance(given, KeypointFrames)
        assert given.format == ("alphapose" if format == "alphapose" else "coco")
    with pytest.raises(InputError, match=r"a\.json: is of the format coco, not mmpose"):
        read_keypoint_file(path, format="mmpose")
    with pytest.raises(InputError, match=r"a\.json: is of the format coco, not npz"):
        read_keypoint_file(path, format="npz")
    with pytest.raises(UsageError, match=f"'posetrack' of keypoints is not known. Choose from {READ_FORMATS[0]}"):
        read_keypoint_file(path, format="posetrack")
    with pytest.raises(InputError, match="holds one video without a name, so 'walk' cannot be chosen"):
        read_keypoint_file(path, name="walk")
    read_keypoint_file(path, name_hint="walk")


def test_large_files_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with path.open("wb") as stream:
        stream.write(b"[")
        stream.truncate((1 << 30) + 1)
    with pytest.raises(InputError, match=r"a\.json: has 1\.1 GB, more than the 1\.1 GB that are read"):
        read_keypoint_file(path)
    path.unlink()


def test_sparse_frames_take_little_memory(tmp_path: Path, standing: Standing) -> None:
    path = tmp_path / "a.json"
    results = [
        {"image_id": image, "category_id": 1, "keypoints": standing().ravel().tolist(), "score": 0.5}
        for image in (0, 500_000)
    ]
    path.write_text(json.dumps(results))
    given = read_keypoint_file(path)
    assert isinstance(given, KeypointFrames)
    assert len(given.detections) == 500_001
    assert given.detections[1] is given.detections[499_999]
