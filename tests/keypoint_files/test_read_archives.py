"""Archives of VideoPose3D's and Detectron's form."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videopose.data.archive import write_objects
from videopose.data.custom import VideoKeypoints, write_custom
from videopose.errors import InputError
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.skeletons import COCO17, H36M17, MPII16

Standing = Callable[..., np.ndarray]


def read(path: Path, **options: Any) -> KeypointFrames:
    frames = read_keypoint_file(path, **options)
    assert isinstance(frames, KeypointFrames)
    return frames


def walk(standing: Standing, frames: int = 4, x: float = 0) -> np.ndarray:
    return np.stack([standing(x + 3 * frame)[:, :2] for frame in range(frames)]).astype(np.float32)


def test_archives_of_own_videos(tmp_path: Path, standing: Standing) -> None:
    path = tmp_path / "data_2d_custom_mine.npz"
    videos = [VideoKeypoints("walk.mp4", walk(standing), (640, 360), 25.0)]
    write_custom(path, videos)
    frames = read(path)
    assert frames.format == "videopose3d"
    assert frames.frame_index.tolist() == [0, 1, 2, 3]
    assert frames.image_size == (640, 360)
    assert frames.fps == 25.0
    assert frames.every_frame
    assert frames.person_ids is not None
    assert [ids.tolist() for ids in frames.person_ids] == [[1]] * 4
    for found, expected in zip(frames.detections, walk(standing), strict=True):
        np.testing.assert_array_equal(found.keypoints[0, :, :2], expected)
        assert found.keypoints[0, :, 2].tolist() == [1] * 17
        assert found.scores.tolist() == [1]
    write_custom(path, [*videos, VideoKeypoints("run", walk(standing, 2), (640, 480))])
    assert len(read(path, name="run").detections) == 2
    assert read(path, name="run").fps is None
    assert len(read(path, name_hint="walk").detections) == 4
    with pytest.raises(InputError, match=r"holds 2 videos, 'walk\.mp4', 'run'\. Name one of them with --det"):
        read(path)
    with pytest.raises(InputError, match=r"has nothing called 'walk', only"):
        read(path, name="walk")


def test_archives_of_datasets(tmp_path: Path, standing: Standing) -> None:
    """As VideoPose3D's: Human3.6M's joints, told by their mirrored pairs, four cameras."""
    body = dict(zip(COCO17.joint_names, standing(), strict=True)) | {"head": np.array([100, 20, 1])}
    one = np.array([body.get(name, (5, 5, 1)) for name in H36M17.joint_names])[:, :2]
    views = [np.repeat(one[None] + camera, 3, axis=0).astype(np.float32) for camera in range(4)]
    metadata = {"num_joints": 17, "keypoints_symmetry": [[4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]]}
    path = tmp_path / "data_2d_h36m_gt.npz"
    positions = {"S9": {"Walking 1": views, "Eating": views[:2]}, "S11": {"Walking 1": views}}
    write_objects(path, positions_2d=positions, metadata=metadata)
    frames = read(path, name="S9/Walking 1/2")
    assert frames.image_size is None
    np.testing.assert_allclose(frames.detections[1].keypoints[0, 5:, :2], standing()[5:, :2] + 2)
    np.testing.assert_allclose(frames.detections[1].keypoints[0, 0], (102, 54, 0.5))
    with pytest.raises(InputError, match=r"holds 10 videos, 'S9/Walking 1/0', .*'S11/Walking 1/3'\. Name one"):
        read(path)


def test_unknown_keypoints_and_scores_of_an_archive(tmp_path: Path, standing: Standing) -> None:
    view = np.stack([standing(score=0.4), standing(score=1.5)]).astype(np.float32)
    view[1, 3] = np.nan
    view[0] = np.nan
    metadata = {"layout_name": "coco", "num_joints": 17}
    write_objects(tmp_path / "a.npz", positions_2d={"walk": {"custom": [view]}}, metadata=metadata)
    frames = read(tmp_path / "a.npz")
    assert [len(found) for found in frames.detections] == [0, 1]
    assert np.isnan(frames.detections[1].keypoints[0, 3, :2]).all()
    assert frames.detections[1].keypoints[0, 2:4, 2].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metadata": {"num_joints": 17, "layout_name": "smpl"}}, "the layout 'smpl' in 'metadata' is not known"),
        ({"metadata": {"num_joints": 18, "keypoints_symmetry": [[1], [2]]}}, "18 joints, .* is not known"),
        ({"metadata": 5}, "'metadata' has no 'num_joints'"),
        ({"positions_2d": {}}, "'positions_2d' is empty"),
        ({"positions_2d": [1]}, "is no dict of subjects"),
        ({"positions_2d": {"a": {"b": 5}}}, "is no dict of subjects with dicts of actions with lists of cameras"),
        (
            {"positions_2d": {"a": {"custom": [np.zeros((5, 16, 2))]}}},
            r"'a' has the shape \(5, 16, 2\), not \(\*, 17, 2",
        ),
        ({"positions_2d": {"a": {"custom": [np.zeros((0, 17, 2))]}}}, r"'a' has the shape \(0, 17, 2\)"),
        ({"positions_2d": {"a": {"custom": ["x"]}}}, "'a' is no array of numbers"),
        ({"positions_2d": {"a": {"custom": [np.full((1, 17, 2), np.inf)]}}}, "'a', frame 0 holds an infinite number"),
        ({"positions_2d": {"a": {"custom": [np.full((1, 17, 2), 0.5)]}}}, "all coordinates lie within -1 and 1"),
        ({"metadata": {"num_joints": 17, "layout_name": "coco", "video_metadata": {"a": {"w": "x", "h": 5}}}}, "'a'"),
        ({"metadata": {"num_joints": 17, "layout_name": "coco", "video_metadata": {"a": {"w": 0, "h": 5}}}}, "says"),
    ],
)
def test_archives_that_make_no_sense(tmp_path: Path, standing: Standing, change: dict[str, Any], message: str) -> None:
    content = {
        "positions_2d": {"a": {"custom": [walk(standing)]}},
        "metadata": {"layout_name": "coco", "num_joints": 17},
    }
    write_objects(tmp_path / "a.npz", **content)
    read(tmp_path / "a.npz")
    write_objects(tmp_path / "a.npz", **(content | change))
    with pytest.raises(InputError, match=rf"a\.npz: .*{message}"):
        read(tmp_path / "a.npz")


def test_mpii_archives_have_their_face_placed(tmp_path: Path, standing: Standing) -> None:
    body = dict(zip(COCO17.joint_names, standing(), strict=True)) | {"head": np.array([100, 20, 1])}
    view = np.array([[body.get(name, (5, 5, 1)) for name in MPII16.joint_names]])[..., :2]
    metadata = {"layout_name": "mpii", "num_joints": 16}
    write_objects(tmp_path / "a.npz", positions_2d={"walk": {"custom": [view]}}, metadata=metadata)
    np.testing.assert_allclose(read(tmp_path / "a.npz").detections[0].keypoints[0, 0], (100, 52, 0.5))


def detectron(path: Path, people: list[list[tuple[list[float], np.ndarray]]], **more: Any) -> Path:
    """What the scripts for Detectron write: per frame box with score, and (17, 3) keypoints, of everybody."""
    boxes, keypoints = np.empty((len(people), 2), object), np.empty((len(people), 2), object)
    for index, frame in enumerate(people):
        boxes[index] = [[], np.array([box for box, _ in frame], np.float32).reshape(-1, 5)]
        rows = [np.stack([one[:, 0], one[:, 1], np.full(17, 4.0), one[:, 2]]) for _, one in frame]
        keypoints[index] = [[], np.array(rows, np.float32).reshape(-1, 4, 17)]
    facts = {"metadata": {"w": 640, "h": 360}}
    np.savez_compressed(path, **({"boxes": boxes, "segments": [], "keypoints": keypoints} | facts | more))
    return path


def test_detectron_gives_everybody(tmp_path: Path, standing: Standing) -> None:
    box = [60, 50, 140, 320, 0.5]
    people = [[], [(box, standing()), ([360, 50, 440, 320, 0.9], standing(300, score=1.4))], []]
    frames = read(detectron(tmp_path / "walk.mp4.npz", people))
    assert frames.format == "detectron"
    assert [len(found) for found in frames.detections] == [0, 2, 0]
    assert frames.person_ids is None
    assert frames.image_size == (640, 360)
    assert frames.every_frame
    found = frames.detections[1]
    np.testing.assert_allclose(found.boxes, [(60, 50, 140, 320), (360, 50, 440, 320)])
    np.testing.assert_allclose(found.scores, [0.5, 0.9])
    np.testing.assert_allclose(found.keypoints, [standing(), standing(300, score=1)])


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([60, 50, 50, 320, 0.9], "person 0 of frame 0 has a box at 60, 50 of -10x270 pixels"),
        ([60, 50, np.inf, 320, 0.9], "person 0 of frame 0 has a box with infinite numbers"),
    ],
)
def test_boxes_that_make_no_sense(tmp_path: Path, standing: Standing, box: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(detectron(tmp_path / "a.npz", [[(box, standing())]]))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"metadata": {"w": 640}}, "'metadata' has no numbers 'w' and 'h'"),
        ({"metadata": {"w": 0, "h": 1}}, "'metadata' says 0x1 pixels"),
        ({"metadata": {"w": 1, "h": 1, "fps": -5}}, r"'metadata' says -5\.0 frames per second"),
        ({"boxes": 5}, "are no lists of one length"),
        ({"boxes": np.empty((3, 2), object)}, "are no lists of one length"),
        ({"keypoints": np.empty((1, 2), object)}, r"of frame 0 are not \[\[\], \(n, 5\)\]"),
    ],
)
def test_detectron_files_that_make_no_sense(
    tmp_path: Path, standing: Standing, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=rf"a\.npz: .*{message}"):
        read(detectron(tmp_path / "a.npz", [[([1, 2, 3, 4, 0.5], standing())]], **more))


class Hostile:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.target, "run")


@pytest.mark.parametrize(
    "keys", [("positions_2d", "metadata"), ("boxes", "keypoints", "metadata"), ("keypoints_2d", "image_size", "fps")]
)
def test_nothing_in_an_archive_is_run(tmp_path: Path, keys: tuple[str, ...]) -> None:
    target = tmp_path / "was_run"
    content = {}
    for key in keys:
        content[key] = np.empty((), object)
        content[key][()] = Hostile(target)
    np.savez(tmp_path / "a.npz", **content)
    with pytest.raises(InputError, match=r"a\.npz: .*(was not read|are not read for safety)"):
        read_keypoint_file(tmp_path / "a.npz")
    assert not target.exists()
    pickle.loads(pickle.dumps(Hostile(target)))
    assert target.exists()


def test_a_damaged_archive_is_refused(tmp_path: Path, standing: Standing) -> None:
    path = detectron(tmp_path / "a.npz", [[([1, 2, 3, 4, 0.5], standing())]])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"a\.npz: is no \.npz archive, or only a part of one"):
        read(path)
