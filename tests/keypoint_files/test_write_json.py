"""COCO's, AlphaPose's, MMPose's and MotionBERT's JSON: the keys and numbers that those programs' readers take."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videopose.errors import OutputError
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.keypoint_files.extending import in_layout
from videopose.keypoint_files.layouts import HALPE26
from videopose.keypoint_files.write_alphapose import write_alphapose, write_motionbert
from videopose.keypoint_files.write_coco import write_coco
from videopose.keypoint_files.write_mmpose import write_mmpose
from videopose.keypoint_files.writing import PictureLabels

LABELS = PictureLabels(("a.png", "b.png", "c.png"), (7, 20, 300))


def content(write: Callable[..., None], folder: Path, *arguments: Any) -> Any:
    path = folder / "out.json"
    write(path, *arguments)
    return json.loads(path.read_text(encoding="utf-8"))


def expected(frames: KeypointFrames, frame: int, row: int) -> np.ndarray:
    return np.nan_to_num(frames.detections[frame].keypoints[row])


def test_coco_entries(frames: KeypointFrames, tmp_path: Path) -> None:
    entries = content(write_coco, tmp_path, frames)
    assert [entry["image_id"] for entry in entries] == [5, 7, 7]
    assert all(set(entry) == {"image_id", "category_id", "keypoints", "score", "bbox"} for entry in entries)
    assert all(entry["category_id"] == 1 and len(entry["keypoints"]) == 51 for entry in entries)
    np.testing.assert_allclose(np.reshape(entries[2]["keypoints"], (17, 3)), expected(frames, 2, 1), atol=1e-4)
    assert entries[2]["keypoints"][27:30] == [0, 0, 0]
    x0, y0, x1, y1 = frames.detections[0].boxes[0].tolist()
    assert entries[0]["bbox"] == pytest.approx([x0, y0, x1 - x0, y1 - y0], abs=1e-4)
    assert entries[0]["score"] == pytest.approx(0.95, abs=1e-6)


def test_coco_numbers_keep_what_the_detector_gave(frames: KeypointFrames, tmp_path: Path) -> None:
    entry = content(write_coco, tmp_path, frames)[0]
    given = frames.detections[0].keypoints[0]
    written = np.reshape(entry["keypoints"], (17, 3))
    assert np.abs(written[:, :2] - given[:, :2]).max() <= 1e-4
    assert np.abs(written[:, 2] - given[:, 2]).max() <= 1e-7


def test_pictures_have_their_numbers_and_names(frames: KeypointFrames, tmp_path: Path) -> None:
    entries = content(write_coco, tmp_path, frames, LABELS)
    assert [(entry["image_id"], entry["file_name"]) for entry in entries] == [(7, "a.png")] + 2 * [(300, "c.png")]
    entries = content(write_alphapose, tmp_path, frames, LABELS)
    assert [entry["image_id"] for entry in entries] == ["a.png", "c.png", "c.png"]
    entries = content(write_mmpose, tmp_path, frames, LABELS)
    assert [entry["file_name"] for entry in entries] == ["a.png", "b.png", "c.png"]


@pytest.mark.parametrize(("write", "key"), [(write_coco, "track_id"), (write_alphapose, "idx")])
def test_people_that_are_followed_have_ids(
    write: Callable[..., None], key: str, frames: KeypointFrames, followed: KeypointFrames, tmp_path: Path
) -> None:
    assert [entry[key] for entry in content(write, tmp_path, followed)] == [1, 1, 4]
    assert not any(key in entry for entry in content(write, tmp_path, frames))


def test_alphapose_entries(frames: KeypointFrames, tmp_path: Path) -> None:
    entries = content(write_alphapose, tmp_path, frames)
    assert [entry["image_id"] for entry in entries] == ["5.jpg", "7.jpg", "7.jpg"]
    assert all(set(entry) == {"image_id", "category_id", "keypoints", "score", "box"} for entry in entries)


def test_mmpose_has_every_frame(followed: KeypointFrames, tmp_path: Path) -> None:
    entries = content(write_mmpose, tmp_path, followed)
    assert [(entry["frame_id"], len(entry["instances"])) for entry in entries] == [(5, 1), (6, 0), (7, 2)]
    one = entries[2]["instances"][1]
    assert np.shape(one["keypoints"]) == (17, 2)
    assert np.shape(one["keypoint_scores"]) == (17,)
    assert np.shape(one["bbox"]) == (1, 4)
    assert one["keypoints"][9] == [0, 0]
    assert one["keypoint_scores"][9] == 0
    assert one["track_id"] == 4


def test_motionbert_reads_26_keypoints_of_each_person(followed: KeypointFrames, tmp_path: Path) -> None:
    entries = content(write_motionbert, tmp_path, followed)
    # what its loader does with the file, for --focus 1
    one = np.array([np.reshape(entry["keypoints"], (-1, 3)) for entry in entries if entry["idx"] == 1])
    assert one.shape == (2, 26, 3)
    np.testing.assert_allclose(one[:, :17], [expected(followed, 0, 0), expected(followed, 2, 0)], atol=1e-4)
    x, y, score = one[0, HALPE26.index("hip")]
    assert (x, y) == pytest.approx((100.123456, 105), abs=1e-3)
    assert score == pytest.approx(followed.detections[0].keypoints[0, 11, 2], abs=1e-6)  # the lower of both hips
    assert not one[:, 20:].any()


EARS, EYES, NOSE = (3, 4), (1, 2), (0,)


@pytest.mark.parametrize(
    ("missing", "height"),
    [((), 9), (EARS, 8), (EARS[:1], 8), ((*EARS, *EYES), 10), ((*EARS, *EYES, *NOSE), None), ((5,), None)],
    ids=["ears", "eyes", "one ear is not enough", "nose", "no face", "no neck"],
)
def test_top_of_the_head(missing: tuple[int, ...], height: float | None, frames: KeypointFrames) -> None:
    keypoints = frames.detections[0].keypoints[0].copy()
    keypoints[list(missing)] = np.nan
    head = in_layout(keypoints, ["head"])[0]
    if height is None:
        assert not head.any()
    else:  # shoulders lie at 70, the face so much above them
        assert head[:2] == pytest.approx((100.123456, 70 - 1.65 * (20 - height)), abs=1e-3)
        assert head[2] > 0


def test_nobody_anywhere_is_an_empty_list(tmp_path: Path, frames: KeypointFrames) -> None:
    nobody = KeypointFrames("clip.mp4", "videopose", frames.frame_index, 3 * (frames.detections[1],))
    for write in (write_coco, write_alphapose, write_motionbert):
        assert content(write, tmp_path, nobody) == []
    assert content(write_mmpose, tmp_path, nobody) == [{"frame_id": i, "instances": []} for i in (5, 6, 7)]


def test_a_box_that_is_not_known_is_that_of_the_keypoints(frames: KeypointFrames, tmp_path: Path) -> None:
    frames.detections[2].boxes[1] = np.nan
    x, y, width, height = content(write_coco, tmp_path, frames)[2]["bbox"]
    assert (x, y, width, height) == pytest.approx((282.123456, 48, 36 + 2, 87), abs=3)


def test_a_failed_write_leaves_the_former_file(frames: KeypointFrames, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("former")
    labels = PictureLabels(("a\udcff.png", "b", "c"), (0, 1, 2))  # no UTF-8
    with pytest.raises(UnicodeEncodeError):
        write_coco(path, frames, labels)
    assert path.read_text() == "former"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way(frames: KeypointFrames, tmp_path: Path) -> None:
    (tmp_path / "out.json").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_coco(tmp_path / "out.json", frames)


@pytest.mark.parametrize("write", [write_coco, write_alphapose, write_mmpose, write_motionbert])
def test_what_is_written_is_read_back(
    write: Callable[..., None], frames: KeypointFrames, followed: KeypointFrames, tmp_path: Path
) -> None:
    for given in (frames, followed):
        path = tmp_path / "out.json"
        write(path, given)
        back = read_keypoint_file(path)
        assert isinstance(back, KeypointFrames)
        assert back.format == {write_coco: "coco", write_mmpose: "mmpose"}.get(write, "alphapose")
        assert back.frame_index.tolist() == [5, 6, 7]
        for one, other in zip(back.detections, given.detections, strict=True):
            # what is not known comes back as NaN
            np.testing.assert_allclose(one.keypoints[..., :2], other.keypoints[..., :2], atol=1e-3)
            np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)
            np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-3)
        if given.person_ids is None:
            assert back.person_ids is None
        else:
            assert back.person_ids is not None
            assert [ids.tolist() for ids in back.person_ids] == [ids.tolist() for ids in given.person_ids]
