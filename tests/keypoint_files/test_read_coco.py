"""COCO's results and datasets."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videopose.errors import InputError
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.keypoint_files.layouts import CROWDPOSE14, LAYOUTS
from videopose.skeletons import COCO17

Standing = Callable[..., np.ndarray]


def read(path: Path, content: Any, **options: Any) -> KeypointFrames:
    path.write_text(json.dumps(content))
    frames = read_keypoint_file(path, **options)
    assert isinstance(frames, KeypointFrames)
    assert frames.format == "coco"
    return frames


def entry(image: Any, body: np.ndarray, **more: Any) -> dict[str, Any]:
    return {"image_id": image, "category_id": 1, "keypoints": body.ravel().tolist(), "score": 0.9, **more}


def test_results(tmp_path: Path, standing: Standing) -> None:
    results = [
        entry(5, standing(10), bbox=[60, 50, 80, 270]),
        entry(3, standing(0), score=0.5),
        entry("5", standing(300), bbox=[360, 50, 0, 0]),
        entry(4, standing(0), category_id=17),
    ]
    frames = read(tmp_path / "a.json", results)
    assert frames.frame_index.tolist() == [3, 4, 5]
    assert [len(found) for found in frames.detections] == [1, 0, 2]
    assert not frames.every_frame
    assert frames.person_ids is None
    last = frames.detections[2]
    np.testing.assert_allclose(last.keypoints, [standing(10), standing(300)], rtol=1e-6)
    np.testing.assert_allclose(last.scores, 0.9)
    np.testing.assert_allclose(last.boxes, [(60, 50, 140, 320), (364, 28.4, 436, 335.6)], rtol=1e-6)
    assert frames.detections[0].scores.tolist() == [0.5]


def test_an_empty_list_has_nobody(tmp_path: Path) -> None:
    frames = read(tmp_path / "a.json", [])
    assert len(frames.frame_index) == len(frames.detections) == 0


def test_people_are_followed_where_everybody_has_a_track(tmp_path: Path, standing: Standing) -> None:
    two = [entry(0, standing(), track_id=4), entry(0, standing(300), track_id=2)]
    frames = read(tmp_path / "a.json", [*two, entry(2, standing(), track_id=4)])
    assert frames.person_ids is not None
    assert [ids.tolist() for ids in frames.person_ids] == [[4, 2], [], [4]]
    assert read(tmp_path / "a.json", [*two, entry(2, standing())]).person_ids is None
    assert read(tmp_path / "a.json", [entry(0, standing(x), track_id=-1) for x in (0, 300)]).person_ids is None
    with pytest.raises(InputError, match="entry 2 is person 2, who is in frame 0 already"):
        read(tmp_path / "a.json", [*two, entry(0, standing(), track_id=2)])


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.5, 0.25], [0.5, 0.25]),
        ([5, 10, -1], [0.5, 1, 0]),
        ([0.5, None], [0.5, 0.75]),
        ([float("nan"), 1], [0.75, 1]),
    ],
)
def test_scores_of_people(tmp_path: Path, standing: Standing, scores: list[Any], expected: list[float]) -> None:
    results = [entry(0, standing(300 * index), score=score) for index, score in enumerate(scores)]
    np.testing.assert_allclose(read(tmp_path / "a.json", results).detections[0].scores, expected)


def test_scores_of_keypoints_are_clipped(tmp_path: Path, standing: Standing) -> None:
    body = standing()
    body[:4, 2] = [1.5, -0.5, np.nan, 0.4]
    found = read(tmp_path / "a.json", [entry(0, body)]).detections[0].keypoints[0]
    np.testing.assert_allclose(found[:4, 2], [1, 0, 0, 0.4])
    np.testing.assert_allclose(found[:, :2], standing()[:, :2])


@pytest.mark.parametrize("unknown", [(0, 0, 0), (None, 50, 0.5), (None, None, None), (float("nan"), float("nan"), 1)])
def test_keypoints_that_are_not_known(tmp_path: Path, standing: Standing, unknown: tuple[Any, ...]) -> None:
    one = entry(0, standing())
    one["keypoints"][3:6] = unknown
    found = read(tmp_path / "a.json", [one]).detections[0]
    assert np.isnan(found.keypoints[0, 1, :2]).all()
    assert found.keypoints[0, 1, 2] == 0
    np.testing.assert_allclose(np.delete(found.keypoints[0], 1, 0), np.delete(standing(), 1, 0))


def test_people_of_no_extent_are_left_out(tmp_path: Path, standing: Standing) -> None:
    point, nobody, one_known = standing(), np.zeros((17, 3)), np.zeros((17, 3))
    point[:, :2] = 50
    one_known[7] = (50, 60, 0.9)
    results = [entry(0, point), entry(1, standing(), track_id=1), entry(1, nobody), entry(3, one_known)]
    frames = read(tmp_path / "a.json", results)
    assert [len(found) for found in frames.detections] == [0, 1, 0, 0]


def dataset(standing: Standing, **more: Any) -> dict[str, Any]:
    """Three pictures in no order, two people."""
    visible, hidden = standing(), standing(300)
    visible[:, 2], hidden[:, 2] = 2, 1
    visible[4] = 0
    visible[6] = (40, 40, 0)
    return {
        "images": [
            {"id": 8, "file_name": "walk/00011.jpg", "width": 640, "height": 360},
            {"id": 9, "file_name": "walk/00009.jpg", "width": 640, "height": 360},
            {"id": 7, "file_name": "walk/00010.jpg", "width": 640, "height": 360},
        ],
        "annotations": [
            {"id": 1, "image_id": 8, "category_id": 1, "keypoints": visible.ravel().tolist(), "num_keypoints": 15},
            {
                "id": 2,
                "image_id": 9,
                "category_id": 1,
                "keypoints": hidden.ravel().tolist(),
                "bbox": [360, 50, 80, 270],
            },
        ],
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO17.joint_names), "skeleton": []}],
        **more,
    }


def test_a_dataset(tmp_path: Path, standing: Standing) -> None:
    frames = read(tmp_path / "a.json", dataset(standing))
    assert frames.frame_index.tolist() == [0, 1, 2]
    assert [len(found) for found in frames.detections] == [1, 0, 1]
    assert frames.image_size == (640, 360)
    assert frames.every_frame
    hidden, visible = frames.detections[0], frames.detections[2]
    np.testing.assert_allclose(hidden.keypoints[0, :, 2], 0.5)
    np.testing.assert_allclose(hidden.boxes, [(360, 50, 440, 320)])
    assert np.isnan(visible.keypoints[0, [4, 6], :2]).all()
    np.testing.assert_allclose(np.delete(visible.keypoints[0, :, 2], [4, 6]), 1)


def test_pictures_without_numbers_are_ordered_by_id(tmp_path: Path, standing: Standing) -> None:
    content = dataset(standing)
    for image in content["images"]:
        image["file_name"] = "picture.jpg"
    assert [len(found) for found in read(tmp_path / "a.json", content).detections] == [0, 1, 1]


def test_keypoints_are_taken_by_the_names_of_the_category(tmp_path: Path, standing: Standing) -> None:
    body = dict(zip(COCO17.joint_names, standing(), strict=True)) | {"head": (100, 20, 1), "neck": (100, 100, 1)}
    content = dataset(standing)
    content["categories"][0]["keypoints"] = list(CROWDPOSE14)
    content["annotations"] = [{"image_id": 8, "keypoints": [float(v) for name in CROWDPOSE14 for v in body[name]]}]
    found = read(tmp_path / "a.json", content).detections[2]
    np.testing.assert_allclose(found.keypoints[0, 5:], standing()[5:])
    np.testing.assert_allclose(found.keypoints[0, 0], (100, 52, 0.375))


def test_flags_in_results_are_told_by_a_2(tmp_path: Path, standing: Standing) -> None:
    body = standing(score=1)
    assert read(tmp_path / "a.json", [entry(0, body)]).detections[0].keypoints[0, :, 2].tolist() == [1] * 17
    body[0, 2] = 2
    scores = read(tmp_path / "a.json", [entry(0, body)]).detections[0].keypoints[0, :, 2].tolist()
    assert scores == [1] + [0.5] * 16


@pytest.mark.parametrize("layout", ["halpe26", "wholebody133", "halpe136"])
def test_larger_bodies(tmp_path: Path, standing: Standing, layout: str) -> None:
    body = np.concatenate([standing(), np.full((len(LAYOUTS[layout]) - 17, 3), 5.0)])
    found = read(tmp_path / "a.json", [entry(0, body)]).detections[0]
    np.testing.assert_allclose(found.keypoints, [standing()], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_id": -1}, "entry 1: 'image_id' is -1, no number of a frame"),
        ({"image_id": 10**12}, "entry 1: 'image_id' is 1000000000000, no number of a frame"),
        ({"image_id": 10**30}, "entry 1: 'image_id' is too large"),
        ({"image_id": 1.5}, "entry 1: 'image_id' is the number 1.5, not a whole number"),
        ({"image_id": True}, "entry 1: 'image_id' is true"),
        ({"image_id": "x"}, "entry 1: 'image_id' is the text 'x'"),
        ({"category_id": "person"}, "entry 1: 'category_id' is the text 'person'"),
        ({"keypoints": [1, 2, 3, 4]}, "entry 1: 'keypoints' has 4 numbers, not three for each"),
        ({"keypoints": []}, "entry 1: 'keypoints' has 0 numbers"),
        ({"keypoints": [1.0] * 42}, "entry 1 has 14 keypoints, and .*entry 0 has 17"),
        ({"keypoints": None}, "entry 1: 'keypoints' is null, not a list"),
        ({"keypoints": [float("inf")] * 51}, "entry 1: 'keypoints' holds an infinite number"),
        ({"keypoints": [10**400] * 51}, "entry 1: 'keypoints' holds a number that is too large"),
        ({"keypoints": [2e6] * 51}, r"entry 1 has the coordinate 2e\+06, which is no pixel"),
        ({"keypoints": [[1.0]] * 51}, "entry 1: 'keypoints' holds a list of 1 among its numbers"),
        ({"score": "high"}, "entry 1: 'score' holds the text 'high'"),
        ({"score": float("inf")}, "entry 1: 'score' holds an infinite number"),
        ({"bbox": [1, 2, 3]}, "entry 1: 'bbox' has 3 numbers, not 4"),
        ({"bbox": [1, 2, -3, 4]}, "entry 1 has a box at 1, 2 of -3x4 pixels"),
        ({"bbox": [1, 2, 3e6, 4]}, "entry 1 has a box at"),
        ({"track_id": "a"}, "entry 1: 'track_id' is the text 'a'"),
    ],
)
def test_entries_that_make_no_sense(tmp_path: Path, standing: Standing, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=rf"a\.json: {message}"):
        read(tmp_path / "a.json", [entry(0, standing()), entry(1, standing()) | change])


def test_entries_that_lack_something(tmp_path: Path, standing: Standing) -> None:
    for key in ("image_id", "keypoints"):
        lacking = entry(1, standing())
        del lacking[key]
        with pytest.raises(InputError, match=f"entry 1 has no '{key}'"):
            read(tmp_path / "a.json", [entry(0, standing()), lacking])
    with pytest.raises(InputError, match="entry 1 is null, not an object"):
        read(tmp_path / "a.json", [entry(0, standing()), None])
    with pytest.raises(InputError, match=r"14 keypoints, a layout that is not known. Known are 17 \(coco17\), 26"):
        read(tmp_path / "a.json", [entry(0, standing()[:14])])


def test_coordinates_from_0_to_1_are_refused(tmp_path: Path, standing: Standing) -> None:
    with pytest.raises(InputError, match=r"a\.json: all coordinates lie within -1 and 1"):
        read(tmp_path / "a.json", [entry(0, standing() / 400)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": {}}, "'images' is an object, not a list"),
        ({"images": [{"id": 8}, {"id": 8}]}, "'images' has the id 8 twice"),
        ({"images": [{"file_name": "a"}]}, "'id' of image 0 is null"),
        ({"images": [{"id": 8}]}, "annotation 1 is of the picture 9, which 'images' does not have"),
        ({"images": [{"id": 8, "width": 0, "height": 5}]}, "image 0 has 0x5 pixels|annotation 1 is of the picture"),
        ({"annotations": None}, "'annotations' is null, not a list"),
        ({"categories": [{"id": 1, "keypoints": ["nose"]}]}, "layout of 1 joints lacks left_shoulder"),
    ],
)
def test_datasets_that_make_no_sense(tmp_path: Path, standing: Standing, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=rf"a\.json: .*({message})"):
        read(tmp_path / "a.json", dataset(standing, **change))
