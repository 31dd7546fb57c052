"""OpenPose's folder: names, layout, and that it appears whole or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from videopose.errors import OutputError
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.keypoint_files.write_openpose import check_folder, write_openpose
from videopose.keypoint_files.writing import PictureLabels


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_for_every_frame(frames: KeypointFrames, tmp_path: Path) -> None:
    write_openpose(tmp_path / "out", frames, "clip")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == [f"clip_{number:012d}_keypoints.json" for number in (5, 6, 7)]
    content = json.loads((tmp_path / "out" / "clip_000000000006_keypoints.json").read_text())
    assert content == {"version": 1.3, "people": []}


def test_body_25(followed: KeypointFrames, tmp_path: Path) -> None:
    write_openpose(tmp_path / "out", followed, "clip")
    content = json.loads((tmp_path / "out" / "clip_000000000007_keypoints.json").read_text())
    one, other = content["people"]
    assert (one["person_id"], other["person_id"]) == ([1], [4])
    assert one["face_keypoints_2d"] == one["hand_left_keypoints_2d"] == one["pose_keypoints_3d"] == []
    body = np.reshape(one["pose_keypoints_2d"], (25, 3))
    given = followed.detections[2].keypoints[0]
    # OpenPose: 0 nose, 4 right wrist, 7 left wrist, 11 right ankle, 14 left ankle, 17 right ear, 18 left ear
    np.testing.assert_allclose(body[[0, 4, 7, 11, 14, 17, 18]], given[[0, 10, 9, 16, 15, 4, 3]], atol=1e-4)
    np.testing.assert_allclose(body[1, :2], given[[5, 6], :2].mean(0), atol=1e-4)
    np.testing.assert_allclose(body[8, :2], given[[11, 12], :2].mean(0), atol=1e-4)
    assert body[1, 2] == pytest.approx(given[[5, 6], 2].min(), abs=1e-6)
    assert not body[19:].any()
    assert not np.reshape(other["pose_keypoints_2d"], (25, 3))[7].any()  # the left wrist that is not known


def test_people_who_are_not_followed_have_no_number(frames: KeypointFrames, tmp_path: Path) -> None:
    write_openpose(tmp_path / "out", frames, "clip")
    content = json.loads((tmp_path / "out" / "clip_000000000005_keypoints.json").read_text())
    assert content["people"][0]["person_id"] == [-1]


def test_pictures_name_their_files(frames: KeypointFrames, tmp_path: Path) -> None:
    write_openpose(tmp_path / "out", frames, "", PictureLabels(("a.png", "b.v2.jpg", "c.bmp"), (0, 1, 2)))
    assert names(tmp_path / "out") == ["a_keypoints.json", "b.v2_keypoints.json", "c_keypoints.json"]


def test_a_former_folder_is_replaced_as_a_whole(frames: KeypointFrames, tmp_path: Path) -> None:
    write_openpose(tmp_path / "out", frames, "former")
    write_openpose(tmp_path / "out", frames, "clip")
    assert all(name.startswith("clip") for name in names(tmp_path / "out"))
    assert names(tmp_path) == ["out"]


def test_an_interrupted_write_leaves_the_former_folder(frames: KeypointFrames, tmp_path: Path) -> None:
    write_openpose(tmp_path / "out", frames, "former")
    before = names(tmp_path / "out")
    labels = PictureLabels(("a.png", "b.png", "x" * 300), (0, 1, 2))  # longer than a file system takes
    with pytest.raises(OutputError, match=r"out: cannot be written \(file name too long\)"):
        write_openpose(tmp_path / "out", frames, "", labels)
    assert names(tmp_path / "out") == before
    assert names(tmp_path) == ["out"]


def test_a_folder_with_other_things_in_it_is_never_replaced(tmp_path: Path, frames: KeypointFrames) -> None:
    (tmp_path / "holiday.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds holiday\.txt, which is no keypoint file"):
        write_openpose(tmp_path, frames, "clip")
    assert (tmp_path / "holiday.txt").read_text() == "mine"


def test_the_current_folder_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="is the current folder"):
        check_folder(Path())


def test_what_is_written_is_read_back(followed: KeypointFrames, tmp_path: Path) -> None:
    for given in (replace(followed, person_ids=None), followed):
        write_openpose(tmp_path / "out", given, "clip")
        back = read_keypoint_file(tmp_path / "out")
        assert isinstance(back, KeypointFrames)
        assert back.frame_index.tolist() == [5, 6, 7]
        for one, other in zip(back.detections, given.detections, strict=True):
            np.testing.assert_allclose(one.keypoints, other.keypoints, atol=1e-3)
        assert (back.person_ids is None) == (given.person_ids is None)
