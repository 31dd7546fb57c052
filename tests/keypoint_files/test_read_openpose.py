"""OpenPose's folders."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videopose.errors import InputError
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.keypoint_files.layouts import BODY25, COCO18, MPI15
from videopose.skeletons import COCO17

Standing = Callable[..., np.ndarray]


def in_order(body: np.ndarray, names: tuple[str, ...]) -> list[float]:
    """What OpenPose lists of somebody: neck and hip are middles, the top of the head is above, the rest not seen."""
    points = dict(zip(COCO17.joint_names, body, strict=True))
    points["neck"] = (points["left_shoulder"] + points["right_shoulder"]) / 2
    points["hip"] = (points["left_hip"] + points["right_hip"]) / 2
    points["head"] = points["nose"] - (0, 40, 0)
    return np.array([points.get(name, np.zeros(3)) for name in names]).ravel().tolist()


def write(folder: Path, frames: dict[int, list[list[float]]], ids: dict[int, list[int]] | None = None) -> Path:
    """The files of OpenPose 1.7 with --write_json."""
    folder.mkdir(exist_ok=True)
    for number, people in frames.items():
        listed = [
            {
                "person_id": [-1 if ids is None else ids[number][index]],
                "pose_keypoints_2d": keypoints,
                "face_keypoints_2d": [1.0, 2.0, 0.5],
                "hand_left_keypoints_2d": [],
                "hand_right_keypoints_2d": [],
                "pose_keypoints_3d": [],
            }
            for index, keypoints in enumerate(people)
        ]
        path = folder / f"walk_{number:012d}_keypoints.json"
        path.write_text(json.dumps({"version": 1.3, "people": listed}))
    return folder


def read(path: Path, **options: Any) -> KeypointFrames:
    frames = read_keypoint_file(path, **options)
    assert isinstance(frames, KeypointFrames)
    assert frames.format == "openpose"
    return frames


@pytest.mark.parametrize("names", [BODY25, COCO18, COCO17.joint_names], ids=["BODY_25", "COCO", "COCO17"])
def test_frames_of_each_model(tmp_path: Path, standing: Standing, names: tuple[str, ...]) -> None:
    people = [in_order(standing(x), names) for x in (0, 200)]
    frames = read(write(tmp_path / "walk", {0: people, 1: [], 2: people[:1]}))
    assert frames.frame_index.tolist() == [0, 1, 2]
    assert [len(found) for found in frames.detections] == [2, 0, 1]
    assert frames.person_ids is None
    assert frames.image_size is None
    assert frames.every_frame
    first = frames.detections[0]
    np.testing.assert_allclose(first.keypoints, [standing(0), standing(200)], rtol=1e-6)
    np.testing.assert_allclose(first.scores, 0.75)
    # 70 to 130 and 54 to 310, a tenth of the extent more on each side.
    np.testing.assert_allclose(first.boxes[0], (64, 54 - 25.6, 136, 310 + 25.6), rtol=1e-6)


def test_the_mpi_model_has_its_face_placed(tmp_path: Path, standing: Standing) -> None:
    frames = read(write(tmp_path / "walk", {0: [in_order(standing(), MPI15)]}))
    np.testing.assert_allclose(frames.detections[0].keypoints[0, 5:], standing()[5:], rtol=1e-6)
    np.testing.assert_allclose(frames.detections[0].keypoints[0, 0], (100, 52, 0.375), rtol=1e-6)


def test_keypoints_at_zero_were_not_seen(tmp_path: Path, standing: Standing) -> None:
    body = standing()
    body[[3, 16]] = 0
    body[5, 2] = 0.15
    frames = read(write(tmp_path / "walk", {0: [in_order(body, COCO18), [0.0] * 54]}))
    (found,) = frames.detections[0].keypoints
    assert np.isnan(found[[3, 16], :2]).all()
    assert found[[3, 16], 2].tolist() == [0, 0]
    assert np.isfinite(np.delete(found, [3, 16], 0)).all()
    np.testing.assert_allclose(frames.detections[0].scores, (14 * 0.75 + 0.15) / 15)


def test_people_are_followed_where_everybody_has_a_number(tmp_path: Path, standing: Standing) -> None:
    two = [in_order(standing(x), BODY25) for x in (0, 200)]
    frames = read(write(tmp_path / "walk", {0: two, 1: two[:1]}, {0: [7, 3], 1: [3]}))
    assert frames.person_ids is not None
    assert [ids.tolist() for ids in frames.person_ids] == [[7, 3], [3]]
    frames = read(write(tmp_path / "walk", {0: two, 1: two[:1]}, {0: [7, -1], 1: [3]}))
    assert frames.person_ids is None
    write(tmp_path / "walk", {0: two, 1: two[:1]}, {0: [7, 7], 1: [3]})
    with pytest.raises(InputError, match=r"walk_0+_keypoints\.json: person 1 is person 7, who is in frame 0 already"):
        read(tmp_path / "walk")


def test_pictures_numbered_from_1_are_counted_from_0_others_stay(tmp_path: Path, standing: Standing) -> None:
    body = [in_order(standing(), BODY25)]
    assert read(write(tmp_path / "one", {1: body, 2: body})).frame_index.tolist() == [0, 1]
    assert read(write(tmp_path / "later", {30: body, 31: [], 32: body})).frame_index.tolist() == [30, 31, 32]


def test_a_missing_frame_is_refused(tmp_path: Path, standing: Standing) -> None:
    folder = write(tmp_path / "walk", {n: [in_order(standing(), BODY25)] for n in (0, 1, 4)})
    with pytest.raises(InputError, match=r"walk: frames 2 to 3 are missing between 0 and 4"):
        read(folder)


def test_one_of_several_videos_is_chosen(tmp_path: Path, standing: Standing) -> None:
    folder = write(tmp_path / "both", {0: [in_order(standing(), BODY25)]})
    other = folder / "run_000000000000_keypoints.json"
    other.write_text(json.dumps({"version": 1.3, "people": []}))
    assert len(read(folder, name="walk").detections[0]) == 1
    assert len(read(folder, name_hint="run").detections[0]) == 0
    with pytest.raises(InputError, match=r"holds 2 videos, 'run', 'walk'\. Name one"):
        read(folder, name_hint="jump")
    with pytest.raises(InputError, match="has nothing called 'jump', only 'run', 'walk'"):
        read(folder, name="jump")


def test_a_single_file_is_frame_0(tmp_path: Path, standing: Standing) -> None:
    folder = write(tmp_path / "walk", {12: [in_order(standing(), BODY25)]})
    frames = read(next(folder.iterdir()))
    assert frames.frame_index.tolist() == [0]
    assert len(frames.detections[0]) == 1


def test_old_files_and_people_with_hands_only(tmp_path: Path, standing: Standing) -> None:
    path = tmp_path / "old.json"
    path.write_text(
        json.dumps(
            {
                "version": 1.0,
                "people": [{"pose_keypoints": in_order(standing(), COCO18)}, {"pose_keypoints_2d": []}],
            }
        )
    )
    np.testing.assert_allclose(read(path).detections[0].keypoints, [standing()], rtol=1e-6)


def test_body_25b_is_told_from_body_25(tmp_path: Path, standing: Standing) -> None:
    body = [*standing().ravel().tolist(), *[100.0, 90.0, 0.7], *[100.0, 20.0, 0.7], *[90.0, 320.0, 0.4] * 6]
    assert len(body) == 75
    folder = write(tmp_path / "walk", {0: [body, in_order(standing(300), BODY25)], 1: [body], 2: [body]})
    with pytest.raises(InputError, match="do not lie where BODY_25 has them"):
        read(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"people": {}}, "'people' is an object, not a list"),
        ({"people": [5]}, "person 0 is the number 5, not an object"),
        ({"people": [{}]}, "person 0 has no 'pose_keypoints_2d'"),
        ({"people": [{"pose_keypoints_2d": [1.0] * 74}]}, "has 74 numbers, not three for each keypoint"),
        ({"people": [{"pose_keypoints_2d": [9.0] * 405}]}, r"have 135 keypoints, .* Known are 25 \(body25\), 18"),
        ({"people": [{"pose_keypoints_2d": ["9"] * 75}]}, "holds the text '9' among its numbers"),
        ({"people": [{"pose_keypoints_2d": [9.0] * 75, "person_id": ["a"]}]}, "'person_id' is the text 'a'"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"a\.json: .*{message}"):
        read_keypoint_file(path)


def test_mixed_layouts_are_refused(tmp_path: Path, standing: Standing) -> None:
    folder = write(tmp_path / "walk", {0: [in_order(standing(), BODY25)], 1: [in_order(standing(), COCO18)]})
    with pytest.raises(InputError, match=r"walk_0+1_keypoints\.json: person 0 has 18 keypoints, and .* has 25"):
        read(folder)


def test_two_files_of_a_frame_and_folders_of_others_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "walk", {0: []})
    (folder / "walk_0_keypoints.json").write_text('{"people": []}')
    with pytest.raises(InputError, match=r"is frame 0 too"):
        read(folder)
    with pytest.raises(InputError, match=r"has no files of OpenPose"):
        read(tmp_path)
    (tmp_path / "walk_1_keypoints.json").symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match=r"cannot be read \(No such file or directory\)"):
        read(tmp_path)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=r"is an empty folder"):
        read(tmp_path / "none")
