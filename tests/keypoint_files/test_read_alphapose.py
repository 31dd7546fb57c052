"""AlphaPose's results."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videopose.errors import InputError
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.keypoint_files.layouts import COCO18, HALPE26
from videopose.skeletons import COCO17, MPII16

Standing = Callable[..., np.ndarray]


def read(path: Path, content: Any, **options: Any) -> KeypointFrames:
    path.write_text(json.dumps(content))
    frames = read_keypoint_file(path, **options)
    assert isinstance(frames, KeypointFrames)
    assert frames.format == "alphapose"
    return frames


def entry(image: Any, body: np.ndarray, **more: Any) -> dict[str, Any]:
    """What AlphaPose 0.6 writes of a video without following people; the score is mean + box + 1.25 best."""
    person = {"image_id": image, "category_id": 1, "keypoints": body.ravel().tolist()}
    return person | {"score": 0.75 + 0.9 + 1.25 * 0.75, "box": [60.0, 50.0, 80.0, 270.0], "idx": [0.0], **more}


def test_a_video(tmp_path: Path, standing: Standing) -> None:
    results = [entry("2.jpg", standing()), entry("2.jpg", standing(300)), entry("10.jpg", standing(5))]
    frames = read(tmp_path / "a.json", results)
    assert frames.frame_index.tolist() == list(range(2, 11))
    assert [len(found) for found in frames.detections] == [2, *[0] * 7, 1]
    assert frames.person_ids is None
    assert not frames.every_frame
    np.testing.assert_allclose(frames.detections[0].keypoints, [standing(), standing(300)], rtol=1e-6)
    np.testing.assert_allclose(frames.detections[0].scores, 2.5875 / 3.25, rtol=1e-6)
    np.testing.assert_allclose(frames.detections[0].boxes[0], (60, 50, 140, 320))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["frame_0003.png", "frame_0001.png"], [3, 1]),
        (["cam2/out_7.jpg", "cam2/out_8.jpg"], [7, 8]),
        (["b.jpg", "a.jpg", "b.jpg"], [0, 1, 0]),
        (["b.jpg", "a7.jpg"], [0, 1]),
        ([4, "6.jpg"], [4, 6]),
    ],
)
def test_numbers_of_pictures(tmp_path: Path, standing: Standing, names: list[Any], expected: list[int]) -> None:
    results = [entry(name, standing(300 * index)) for index, name in enumerate(names)]
    frames = read(tmp_path / "a.json", results)
    where = [
        int(frames.frame_index[place])
        for index in range(len(names))
        for place, found in enumerate(frames.detections)
        if np.isclose(found.keypoints[:, 0, 0], 100 + 300 * index).any()
    ]
    assert where == expected


def test_scores_that_are_no_sums_stay(tmp_path: Path, standing: Standing) -> None:
    results = [entry("0.jpg", standing(), score=0.9), entry("1.jpg", standing(), score=0.3)]
    frames = read(tmp_path / "a.json", results)
    np.testing.assert_allclose([found.scores[0] for found in frames.detections], [0.9, 0.3])


@pytest.mark.parametrize("numbers", [(1, 2), (1.0, 2.0), ([1.0], [2.0]), ([1.0, 5.0], [2]), ([[1]], [[2, 7]])])
def test_people_are_followed_where_idx_is_not_0(tmp_path: Path, standing: Standing, numbers: tuple[Any, ...]) -> None:
    results = [entry("0.jpg", standing(300 * i), idx=number) for i, number in enumerate(numbers)]
    frames = read(tmp_path / "a.json", results)
    assert frames.person_ids is not None
    assert frames.person_ids[0].tolist() == [1, 2]


def test_one_person_twice_in_a_frame_is_refused(tmp_path: Path, standing: Standing) -> None:
    with pytest.raises(InputError, match="entry 1 is person 3, who is in frame 0 already"):
        read(tmp_path / "a.json", [entry("0.jpg", standing(x), idx=3) for x in (0, 300)])


@pytest.mark.parametrize("names", [HALPE26, (*HALPE26, *["other"] * 110), MPII16.joint_names])
def test_other_bodies(tmp_path: Path, standing: Standing, names: tuple[str, ...]) -> None:
    body = dict(zip(COCO17.joint_names, standing(), strict=True)) | {"head": np.array([100, 20, 0.75])}
    points = np.array([body.get(name, (1, 1, 0.5)) for name in names])
    found = read(tmp_path / "a.json", [entry("0.jpg", points)]).detections[0].keypoints[0]
    np.testing.assert_allclose(found[5:], standing()[5:], rtol=1e-6)
    face = standing()[0] if "nose" in names else (100, 52, 0.375)
    np.testing.assert_allclose(found[0], face, rtol=1e-6)


@pytest.mark.parametrize(("people", "keypoints"), [("people", "pose_keypoints_2d"), ("bodies", "joints")])
def test_the_forms_of_other_programs(tmp_path: Path, standing: Standing, people: str, keypoints: str) -> None:
    body = dict(zip(COCO17.joint_names, standing(), strict=True)) | {"neck": np.array([100, 100, 0.75])}
    points = np.array([body[name] for name in COCO18]).ravel().tolist()
    content = {f"{n}.jpg": {"version": "AlphaPose v0.3", people: [{keypoints: points}] * n} for n in range(3)}
    frames = read(tmp_path / "a.json", content)
    assert [len(found) for found in frames.detections] == [0, 1, 2]
    np.testing.assert_allclose(frames.detections[1].keypoints, [standing()], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_id": None}, "entry 1: 'image_id' is null, not the name of a picture"),
        ({"image_id": -3}, "entry 1: 'image_id' is the number -3"),
        ({"image_id": "99999999999.jpg"}, "the picture '99999999999.jpg' has no number of a frame"),
        ({"image_id": "b_0.jpg"}, r"the pictures '0\.jpg' and 'b_0\.jpg' are frame 0 both"),
        ({"idx": "me"}, "entry 1: 'idx' is the text 'me'"),
        ({"box": [1, 2, -1, 4]}, "entry 1 has a box at 1, 2 of -1x4 pixels"),
        ({"keypoints": [1.0] * 45}, "entry 1 has 15 keypoints, and .*entry 0 has 17"),
    ],
)
def test_entries_that_make_no_sense(tmp_path: Path, standing: Standing, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=rf"a\.json: {message}"):
        read(tmp_path / "a.json", [entry("0.jpg", standing()), entry("1.jpg", standing()) | change])


def test_one_picture_of_the_cmu_form_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"one picture of AlphaPose's --format cmu, not its alphapose-results\.json"):
        read(tmp_path / "a.json", {"version": "AlphaPose v0.3", "bodies": []})
