"""The archive for VideoPose3D: loaded as its own preparation loads it, and by ours."""

from pathlib import Path

import numpy as np
import pytest

from videopose.data.custom import read_videos
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.keypoint_files.write_detectron import write_detectron


def test_plain_numpy_reads_the_form(frames: KeypointFrames, tmp_path: Path) -> None:
    path = tmp_path / "clip.npz"
    write_detectron(path, frames)
    with np.load(path, encoding="latin1", allow_pickle=True) as content:
        assert sorted(content) == ["boxes", "keypoints", "metadata", "segments"]
        boxes, keypoints, segments = content["boxes"], content["keypoints"], content["segments"]
        assert content["metadata"].item() == {"w": 640, "h": 480, "fps": 29.97}
    assert len(boxes) == len(keypoints) == len(segments) == 3
    assert segments[0] is None
    assert [len(boxes[i][0]) for i in range(3)] == [0, 0, 0]
    assert [np.shape(boxes[i][1]) for i in range(3)] == [(1, 5), (0, 5), (2, 5)]
    assert [np.shape(keypoints[i][1]) for i in range(3)] == [(1, 4, 17), (0, 4, 17), (2, 4, 17)]
    best = np.argmax(boxes[2][1][:, 4])
    assert best == 0
    np.testing.assert_array_equal(keypoints[2][1][best].T[:, :2], frames.detections[2].keypoints[0, :, :2])
    np.testing.assert_array_equal(keypoints[2][1][best].T[:, 3], frames.detections[2].keypoints[0, :, 2])


def test_preparation_reads_it(frames: KeypointFrames, tmp_path: Path) -> None:
    write_detectron(tmp_path / "clip.npz", frames)
    (video,) = read_videos([tmp_path / "clip.npz"])
    assert (video.name, video.image_size, video.fps) == ("clip", (640, 480), 29.97)
    given = [frames.detections[i].keypoints[0, :, :2] for i in (0, 2)]
    np.testing.assert_allclose(video.keypoints[[0, 2]], given, atol=1e-4)
    np.testing.assert_allclose(video.keypoints[1], np.mean(given, axis=0), atol=1e-4)


def test_what_is_written_is_read_back(frames: KeypointFrames, tmp_path: Path) -> None:
    write_detectron(tmp_path / "clip.npz", frames)
    back = read_keypoint_file(tmp_path / "clip.npz")
    assert isinstance(back, KeypointFrames)
    assert (back.image_size, back.fps, back.every_frame) == ((640, 480), 29.97, True)
    for one, other in zip(back.detections, frames.detections, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)
        np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-4)
        known = np.isfinite(other.keypoints)
        np.testing.assert_allclose(one.keypoints[known], other.keypoints[known], atol=1e-4)


def test_without_a_size_it_cannot_be_written(frames: KeypointFrames, tmp_path: Path) -> None:
    unknown = KeypointFrames("clip", "videopose", frames.frame_index, frames.detections)
    with pytest.raises(ValueError, match="size of the frames is not known"):
        write_detectron(tmp_path / "clip.npz", unknown)
