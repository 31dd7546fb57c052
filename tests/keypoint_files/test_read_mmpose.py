"""MMPose's predictions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videopose.errors import InputError
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.keypoint_files.layouts import LAYOUTS
from videopose.skeletons import COCO17, H36M17

Standing = Callable[..., np.ndarray]


def read(path: Path, content: Any, **options: Any) -> KeypointFrames:
    path.write_text(json.dumps(content))
    frames = read_keypoint_file(path, **options)
    assert isinstance(frames, KeypointFrames)
    assert frames.format == "mmpose"
    return frames


def instance(body: np.ndarray, **more: Any) -> dict[str, Any]:
    """The inferencer makes a list of one of the box."""
    made = {"keypoints": body[:, :2].tolist(), "keypoint_scores": body[:, 2].tolist()}
    return made | {"bbox": [[60.0, 50.0, 140.0, 320.0]], "bbox_score": 0.9, **more}


def video(standing: Standing, first: int = 0) -> list[dict[str, Any]]:
    people = [[instance(standing()), instance(standing(300), bbox=[360, 50, 440, 320])], [], [instance(standing(1))]]
    return [{"frame_id": first + index, "instances": one} for index, one in enumerate(people)]


@pytest.mark.parametrize("first", [0, 1])
def test_a_video_of_inferencer_and_demo(tmp_path: Path, standing: Standing, first: int) -> None:
    frames = read(tmp_path / "a.json", video(standing, first))
    assert frames.frame_index.tolist() == [0, 1, 2]
    assert frames.every_frame
    assert [len(found) for found in frames.detections] == [2, 0, 1]
    np.testing.assert_allclose(frames.detections[0].keypoints, [standing(), standing(300)], rtol=1e-6)
    np.testing.assert_allclose(frames.detections[0].boxes, [(60, 50, 140, 320), (360, 50, 440, 320)])
    np.testing.assert_allclose(frames.detections[0].scores, 0.9)
    assert frames.person_ids is None


def test_the_demo_names_its_joints(tmp_path: Path, standing: Standing) -> None:
    body = dict(zip(COCO17.joint_names, standing(), strict=True)) | {"head": np.array([100, 20, 0.75])}
    # MMPose calls them otherwise: root, left_foot, neck_base.
    names = [name.replace("ankle", "foot").replace("thorax", "neck_base") for name in H36M17.joint_names]
    points = np.array([body.get(name, (1, 1, 0.5)) for name in H36M17.joint_names])
    meta = {
        "dataset_name": "h36m",
        "keypoint_id2name": {str(index): name for index, name in enumerate(names)},
        "sigmas": {"__ndarray__": [0.1], "dtype": "float32", "shape": [1]},
    }
    content = {"meta_info": meta, "instance_info": [{"frame_id": 1, "instances": [instance(points)]}]}
    found = read(tmp_path / "a.json", content).detections[0].keypoints[0]
    np.testing.assert_allclose(found[5:], standing()[5:], rtol=1e-6)
    np.testing.assert_allclose(found[0], (100, 52, 0.375), rtol=1e-6)
    meta["keypoint_id2name"]["16"] = "tail"
    with pytest.raises(InputError, match=r"layout of 17 joints lacks right_wrist"):
        read(tmp_path / "a.json", content)
    del meta["keypoint_id2name"]["16"]
    with pytest.raises(InputError, match="lacks right_wrist"):
        read(tmp_path / "a.json", content)


def test_a_picture_is_frame_0(tmp_path: Path, standing: Standing) -> None:
    frames = read(tmp_path / "a.json", [instance(standing()), instance(standing(300))])
    assert frames.frame_index.tolist() == [0]
    assert len(frames.detections[0]) == 2
    frames = read(tmp_path / "a.json", [], format="mmpose")
    assert [len(found) for found in frames.detections] == [0]


def test_tracks_scores_and_boxes(tmp_path: Path, standing: Standing) -> None:
    one = instance(standing(score=1.3), track_id=5)
    two = instance(standing(300, score=0.5), track_id=2, bbox=[[0, 0, 0, 0]])
    three = {"keypoints": standing(600)[:, :2].tolist(), "track_id": 3}
    three["keypoints"][4] = [float("nan"), None]
    frames = read(tmp_path / "a.json", [{"frame_id": 0, "instances": [one, two, three]}])
    assert frames.person_ids is not None
    assert frames.person_ids[0].tolist() == [5, 2, 3]
    found = frames.detections[0]
    np.testing.assert_allclose(found.keypoints[:, 0, 2], [1, 0.5, 1])
    np.testing.assert_allclose(found.boxes[1], (364, 28.4, 436, 335.6), rtol=1e-6)
    np.testing.assert_allclose(found.scores, [0.9, 0.9, 1])
    assert np.isnan(found.keypoints[2, 4, :2]).all()


@pytest.mark.parametrize("layout", ["halpe26", "wholebody133", "halpe136"])
def test_larger_bodies(tmp_path: Path, standing: Standing, layout: str) -> None:
    body = np.concatenate([standing(), np.full((len(LAYOUTS[layout]) - 17, 3), 5.0)])
    found = read(tmp_path / "a.json", [instance(body)]).detections[0]
    np.testing.assert_allclose(found.keypoints, [standing()], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"keypoints": [[1, 2, 3]] * 17}, "keypoint 0 has 3 numbers, not 2"),
        ({"keypoints": []}, "instance 0 has no keypoints"),
        ({"keypoints": None}, "'keypoints' is null"),
        ({"keypoint_scores": [1.0]}, "'keypoint_scores' has 1 numbers, not 17"),
        ({"bbox": [[1, 2, 3]]}, "'bbox' has 3 numbers, not 4"),
        ({"bbox": [[10, 10, 5, 20]]}, "instance 0 has a box at 10, 10 of -5x10 pixels"),
        ({"track_id": []}, "'track_id' is a list of 0"),
        ({"keypoints": [[1.0, 2.0]] * 19, "keypoint_scores": None}, r"have 19 keypoints, .* Known are 17 \(coco17\)"),
    ],
)
def test_instances_that_make_no_sense(tmp_path: Path, standing: Standing, change: dict[str, Any], message: str) -> None:
    content = [{"frame_id": 0, "instances": [instance(standing()) | change]}]
    with pytest.raises(InputError, match=rf"a\.json: .*{message}"):
        read(tmp_path / "a.json", content)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([0, 2], "frame 1 is missing between 0 and 2"),
        ([0, 0], "has the 'frame_id' 0 twice"),
        ([0, -1], "'frame_id' of entry 1 is -1"),
        ([0, 10**15], "'frame_id' of entry 1 is 1000000000000000, no number of a frame"),
        ([0, None], "'frame_id' of entry 1 is null"),
    ],
)
def test_frames_that_make_no_sense(tmp_path: Path, numbers: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=rf"a\.json: {message}"):
        read(tmp_path / "a.json", [{"frame_id": number, "instances": []} for number in numbers])
