"""Files with anything changed: read, or refused in one sentence; nothing else ever happens."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videopose.data.archive import write_objects
from videopose.errors import InputError
from videopose.export import KeypointArrays
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.skeletons import COCO17

Standing = Callable[..., np.ndarray]

VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 17, 1.5, -0.0, 1e7, 1e39, 1e308, 10**6, 10**12, 10**25, -(10**400)),
    *(float("nan"), float("inf"), -float("inf"), "", "5", "x", "NaN", "\ud800", [], {}, [[]], [0] * 51, [None] * 4),
    *([[1, 2]], {"": 1}, [[[[1]]]], {"people": []}, {"keypoints": [1]}),
]
ARRAYS: list[Any] = [
    *(np.zeros(0), np.zeros((2, 17, 2)), np.full((2, 17, 2), np.nan), np.full((1, 17, 2), 1e30), np.array("text")),
    *(np.zeros((0, 5)), np.zeros((1, 5), complex), np.full((1, 5), np.inf), np.full((1, 4, 17), -np.inf), b"bytes"),
    *(np.zeros((1, 4, 17), np.int8), np.array([None, 1], object), np.full((3, 2), None), np.float64(3), np.zeros(())),
]


def json_files(standing: Standing) -> dict[str, Any]:
    body, other = (standing(x).ravel().tolist() for x in (0, 300))
    pairs = standing()[:, :2].tolist()
    instance = {
        "keypoints": pairs,
        "keypoint_scores": [0.5] * 17,
        "bbox": [[1, 2, 3, 4]],
        "bbox_score": 1,
        "track_id": 1,
    }
    people = [{"person_id": [1], "pose_keypoints_2d": body}, {"person_id": [2], "pose_keypoints_2d": other}]
    entries = [
        {"image_id": n, "category_id": 1, "keypoints": points, "score": 0.5, "bbox": [1, 2, 3, 4], "track_id": n}
        for n, points in ((0, body), (2, other))
    ]
    return {
        "coco": entries,
        "dataset": {
            "images": [{"id": n, "file_name": f"{n}.jpg", "width": 640, "height": 360} for n in range(3)],
            "annotations": entries,
            "categories": [{"id": 1, "name": "person"}],
        },
        "openpose": {"version": 1.3, "people": people},
        "alphapose": [
            {"image_id": f"{n}.jpg", "keypoints": points, "score": 2.5, "box": [1, 2, 3, 4], "idx": [1]}
            for n, points in ((0, body), (2, other))
        ],
        "alphapose open": {"0.jpg": {"version": "AlphaPose v0.3", "people": [{"pose_keypoints_2d": [*body, 1, 2, 3]}]}},
        "mmpose": [{"frame_id": n, "instances": [instance] * n} for n in range(2)],
        "mmpose demo": {
            "meta_info": {"keypoint_id2name": {str(n): name for n, name in enumerate(COCO17.joint_names)}},
            "instance_info": [{"frame_id": n, "instances": [instance]} for n in (1, 2)],
        },
        "own": {
            "keypoints_2d": [[standing().tolist(), [[None] * 3] * 17]],
            "image_size": [640, 360],
            "fps": 25.0,
            "time_s": [0, 0.04],
            "person_id": [1],
            "frame_index": [0, 1],
            "observed": [[True, False]],
            "keypoint_names": None,
        },
    }


def archives(standing: Standing) -> dict[str, dict[str, Any]]:
    body = standing()
    rows = np.stack([body[:, 0], body[:, 1], body[:, 2], body[:, 2]])[None]
    boxes = [[[], np.array([[60, 50, 140, 320, 0.9]])], [[], np.zeros((0, 5))]]
    return {
        "videopose3d": {
            "positions_2d": {"walk": {"custom": [np.stack([body[:, :2]] * 3)]}},
            "metadata": {
                "layout_name": "coco",
                "num_joints": 17,
                "keypoints_symmetry": [[1, 3], [2, 4]],
                "video_metadata": {"walk": {"w": 640, "h": 360, "fps": 25.0}},
            },
        },
        "detectron": {
            "boxes": boxes,
            "keypoints": [[[], rows], [[], np.zeros((0, 4, 17))]],
            "metadata": {"w": 640, "h": 360, "fps": 25.0},
        },
    }


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in `value` with each of its keys."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def change(value: Any, chance: random.Random, values: list[Any]) -> Any:
    """A copy with one to three places replaced, removed, doubled or exchanged."""
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        found = list(places(value))
        if not found:
            break
        # Long lists of numbers would have nearly all changes otherwise.
        short = [(where, key) for where, key in found if len(where) < 10]
        where, key = chance.choice(short if short and chance.random() < 0.7 else found)
        what = chance.choice(("replace", "replace", "remove", "double", "exchange"))
        if what == "replace":
            where[key] = copy.deepcopy(chance.choice(values))
        elif what == "remove":
            del where[key]
        elif what == "double" and isinstance(where, list):
            where.insert(key, copy.deepcopy(where[key]))
        else:
            other, place = chance.choice(found)
            where[key] = copy.deepcopy(other[place])
    return value


def check(path: Path) -> bool:
    """Whether the file is read; what is read must make sense."""
    try:
        given = read_keypoint_file(path)
    except InputError as error:
        text = str(error)
        assert text.startswith(str(path))
        assert "\n" not in text
        assert text.endswith((".", ")"))
        return False
    if isinstance(given, KeypointArrays):
        return True
    assert isinstance(given, KeypointFrames)
    for found in given.detections:
        known = np.isfinite(found.keypoints[..., :2]).all(-1)
        assert np.isfinite(found.keypoints[known]).all()
        assert (np.abs(found.keypoints[known]) <= 1e7).all()
        assert np.isnan(found.keypoints[~known][:, :2]).all()
        assert (found.keypoints[~known][:, 2] == 0).all()
        scores = np.concatenate([found.scores, found.keypoints[..., 2].ravel()])
        assert ((scores >= 0) & (scores <= 1)).all()
        assert known.any(1).all()
        assert np.isfinite(found.boxes).all()
        assert (found.boxes[:, 2:] >= found.boxes[:, :2]).all()
    return True


@pytest.mark.parametrize(
    "kind", ["coco", "dataset", "openpose", "alphapose", "alphapose open", "mmpose", "mmpose demo", "own"]
)
def test_changed_json(tmp_path: Path, standing: Standing, kind: str) -> None:
    valid = json_files(standing)[kind]
    path = tmp_path / "a.json"
    chance = random.Random(kind)
    read = 0
    for _ in range(300):
        path.write_text(json.dumps(change(valid, chance, VALUES)))
        read += check(path)
    assert 0 < read < 300


@pytest.mark.parametrize("kind", ["coco", "dataset", "openpose", "alphapose", "mmpose", "own"])
def test_changed_bytes_of_json(tmp_path: Path, standing: Standing, kind: str) -> None:
    content = json.dumps(json_files(standing)[kind]).encode()
    path = tmp_path / "a.json"
    chance = random.Random(kind)
    for _ in range(100):
        changed = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.choice(b'0123456789eE.-+[]{}",:NI\x00\xff')
        path.write_bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.2 else changed)
        check(path)


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Casting complex values")
@pytest.mark.parametrize("kind", ["videopose3d", "detectron"])
def test_changed_archives(tmp_path: Path, standing: Standing, kind: str) -> None:
    valid = archives(standing)[kind]
    path = tmp_path / "a.npz"
    chance = random.Random(kind)
    read = 0
    values = [value for value in VALUES if not isinstance(value, int) or abs(value) < 10**300]
    for _ in range(300):
        write_objects(path, **change(valid, chance, values + ARRAYS))
        read += check(path)
    assert 0 < read < 300


@pytest.mark.parametrize("kind", ["videopose3d", "detectron", "own"])
def test_changed_bytes_of_archives(tmp_path: Path, standing: Standing, kind: str) -> None:
    path = tmp_path / "a.npz"
    if kind == "own":
        np.savez(path, keypoints_2d=np.stack([standing()] * 2)[None], image_size=(640, 360), fps=25.0)
    else:
        write_objects(path, **archives(standing)[kind])
    content = path.read_bytes()
    assert check(path)
    chance = random.Random(kind)
    for _ in range(150):
        changed = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        path.write_bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.2 else changed)
        check(path)
