"""Preparing one's own videos: archives of Detectron and files of `videopose infer`."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videopose.cli.main import run
from videopose.data.archive import read_objects, write_objects
from videopose.data.custom import fill_gaps, read_videos
from videopose.data.open_archives import open_poses
from videopose.errors import InputError

SIZE = {"w": 640, "h": 480}


def save_boxes(path: Path, people: list[list[tuple[float, np.ndarray]]], **more: Any) -> Path:
    """What Detectron's script writes: per frame scores and (17, 2) keypoints of everybody."""
    boxes = np.empty((len(people), 2), object)
    keypoints = np.empty((len(people), 2), object)
    for index, frame in enumerate(people):
        boxes[index] = [[], np.array([[0, 0, 9, 9, score] for score, _ in frame], np.float32).reshape(-1, 5)]
        rows = [np.concatenate([points.T, np.ones((2, 17))]) for _, points in frame]
        keypoints[index] = [[], np.array(rows, np.float32).reshape(-1, 4, 17)]
    np.savez_compressed(path, **({"boxes": boxes, "segments": [], "keypoints": keypoints, "metadata": SIZE} | more))
    return path


def points(value: float) -> np.ndarray:
    return np.arange(34.0).reshape(17, 2) + value


def test_the_best_box_is_taken_and_gaps_are_filled(tmp_path: Path) -> None:
    frames = [
        [],
        [(0.6, points(0)), (0.9, points(100))],
        [],
        [],
        [(0.99, points(130)), (0.8, points(5))],
        [],
    ]
    path = save_boxes(tmp_path / "walk.mp4.npz", frames)
    out = tmp_path / "out"
    assert run(["prepare", "custom", str(path), "-o", str(out), "--name", "mine"]) == 0
    content = read_objects(out / "data_2d_custom_mine.npz", ["positions_2d", "metadata"])
    assert content["metadata"] == {
        "layout_name": "coco",
        "num_joints": 17,
        "keypoints_symmetry": [[1, 3, 5, 7, 9, 11, 13, 15], [2, 4, 6, 8, 10, 12, 14, 16]],
        "video_metadata": {"walk.mp4": SIZE},
    }
    (view,) = content["positions_2d"]["walk.mp4"]["custom"]
    assert view.dtype == np.float32
    np.testing.assert_allclose(view, [points(v) for v in (100, 100, 110, 120, 130, 130)], rtol=1e-6)
    data = open_poses(out, "custom", "mine")
    assert [sequence.name for sequence in data.sequences] == ["walk.mp4/custom/0"]


def save_own(path: Path, people: int, frames: int = 8, **more: Any) -> np.ndarray:
    keypoints = np.random.default_rng(people).uniform(0, 300, (people, frames, 17, 3)).astype(np.float32)
    content = {"keypoints_2d": keypoints, "image_size": (360, 640), "fps": 25.0, "person_id": np.arange(people) + 3}
    np.savez(path, **(content | more))
    return keypoints


def test_persons_of_infer_become_sequences(tmp_path: Path) -> None:
    one = save_own(tmp_path / "a.npz", 1)
    two = save_own(tmp_path / "b.npz", 2)
    two[1, [0, 1, 7]] = np.nan
    two[1, 4] = np.nan
    save_own(tmp_path / "b.npz", 2, keypoints_2d=two)
    videos = {video.name: video for video in read_videos([tmp_path])}
    assert list(videos) == ["a", "b.person3", "b.person4"]
    np.testing.assert_array_equal(videos["a"].keypoints, one[0, ..., :2])
    np.testing.assert_array_equal(videos["b.person3"].keypoints, two[0, ..., :2])
    second = videos["b.person4"].keypoints
    assert len(second) == 5
    np.testing.assert_array_equal(second[[0, 1, 3, 4]], two[1, [2, 3, 5, 6], :, :2])
    np.testing.assert_allclose(second[2], (two[1, 3, :, :2] + two[1, 5, :, :2]) / 2, rtol=1e-6)
    assert run(["prepare", "custom", str(tmp_path), "-o", str(tmp_path / "out"), "--name", "mine"]) == 0
    data = open_poses(tmp_path / "out", "custom", "mine")
    assert data.frame_rate == 25.0
    assert {sequence.image_size for sequence in data.sequences} == {(360, 640)}


def test_videos_of_several_rates_are_taken_as_the_usual_one(tmp_path: Path) -> None:
    save_own(tmp_path / "a.npz", 1)
    save_own(tmp_path / "b.npz", 1, fps=60.0)
    assert run(["prepare", "custom", str(tmp_path), "-o", str(tmp_path / "out"), "--name", "mine"]) == 0
    assert open_poses(tmp_path / "out", "custom", "mine").frame_rate == 50.0


def test_gaps_are_filled_linearly() -> None:
    keypoints = np.full((6, 1, 2), np.nan)
    keypoints[[1, 3]] = [[[2.0, 10.0]], [[4.0, 30.0]]]
    filled = fill_gaps(keypoints, np.array([False, True, False, True, False, False]))
    np.testing.assert_array_equal(filled[:, 0], [[2, 10], [2, 10], [3, 20], [4, 30], [4, 30], [4, 30]])


def test_a_video_with_nobody_is_refused_with_its_name(tmp_path: Path) -> None:
    save_boxes(tmp_path / "empty.mp4.npz", [[], [], []])
    with pytest.raises(InputError, match=r"empty\.mp4\.npz: nobody was found in this video"):
        read_videos([tmp_path])
    save_own(tmp_path / "none.npz", 0)
    with pytest.raises(InputError, match=r"none\.npz: nobody was found"):
        read_videos([tmp_path / "none.npz"])


def frame() -> list[list[tuple[float, np.ndarray]]]:
    return [[(0.9, points(0))], [(0.9, points(1))]]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"metadata": {"w": 640}}, "'metadata' has no numbers 'w' and 'h'"),
        ({"metadata": 5}, "'metadata' has no numbers"),
        ({"metadata": {"w": 0, "h": 480}}, "'metadata' says 0x480 pixels"),
        ({"boxes": 5}, "are no lists of one length"),
        ({"keypoints": np.empty((1, 2), object)}, "are no lists of one length"),
        ({"keypoints": np.empty((2, 2), object)}, r"of frame 0 are not \[\[\], \(n, 5\)\]"),
        ({"boxes": np.zeros((2, 2, 1, 6))}, "of frame 0 are not"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, more: dict[str, Any], message: str) -> None:
    path = save_boxes(tmp_path / "a.npz", frame(), **more)
    with pytest.raises(InputError, match=rf"a\.npz: .*{message}"):
        read_videos([path])


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no \.npz files"):
        read_videos([tmp_path])
    write_objects(tmp_path / "a.npz", other={})
    with pytest.raises(InputError, match="has neither 'boxes', 'keypoints' and 'metadata' nor 'keypoints_2d'"):
        read_videos([tmp_path])
    (tmp_path / "a.npz").write_bytes(b"hello")
    with pytest.raises(InputError, match=r"a\.npz: is no \.npz archive"):
        read_videos([tmp_path])


def test_two_videos_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        save_boxes(tmp_path / folder / "a.npz", frame())
    with pytest.raises(InputError, match=r"two/a\.npz: .*one/a\.npz is called 'a' too"):
        read_videos([tmp_path / "one", tmp_path / "two"])
