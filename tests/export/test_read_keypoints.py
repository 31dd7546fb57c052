"""2D keypoints from files of others: what is accepted, and what is said when something is wrong."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from videopose.errors import InputError
from videopose.export import read_keypoints
from videopose.skeletons import COCO17

GOOD = {
    "keypoints_2d": np.random.default_rng(0).uniform(0, (900, 900, 1), (2, 4, 17, 3)).astype(np.float32),
    "image_size": np.array([1920, 1080]),
    "fps": np.float64(25),
}


def save(path: Path, **change: object) -> Path:
    np.savez(path, **{name: value for name, value in (GOOD | change).items() if value is not None})
    return path


def test_only_keypoints_size_and_rate_are_needed(tmp_path: Path) -> None:
    keypoints = GOOD["keypoints_2d"].copy()
    keypoints[1, :2] = np.nan
    keypoints[0, 3, :, 2] = 0
    data = read_keypoints(save(tmp_path / "a.npz", keypoints_2d=keypoints))
    np.testing.assert_array_equal(data.keypoints_2d, keypoints)
    assert data.image_size.tolist() == [1920, 1080]
    assert data.time_s.tolist() == [0, 0.04, 0.08, 0.12]
    assert data.fps == 25
    assert data.person_id.tolist() == [1, 2]
    assert data.frame_index.tolist() == [0, 1, 2, 3]
    assert data.observed.tolist() == [[True, True, True, False], [False, False, True, True]]
    assert data.focal_px is None


def test_the_rate_comes_from_the_times(tmp_path: Path) -> None:
    data = read_keypoints(save(tmp_path / "a.npz", fps=None, time_s=np.array([1, 1.1, 1.2, 1.3])))
    assert data.fps == pytest.approx(10)


def test_nobody_and_one_frame(tmp_path: Path) -> None:
    empty = save(tmp_path / "a.npz", keypoints_2d=np.zeros((0, 1, 17, 3)), fps=None, time_s=np.array([3.0]))
    data = read_keypoints(empty)
    assert data.keypoints_2d.shape == (0, 1, 17, 3)
    assert data.time_s.tolist() == [3.0]
    assert data.fps == 30


def test_another_order_of_joints_is_put_right(tmp_path: Path) -> None:
    order = np.random.default_rng(1).permutation(17)
    names = np.array(COCO17.joint_names)[order]
    path = save(tmp_path / "a.npz", keypoints_2d=GOOD["keypoints_2d"][:, :, order], keypoint_names=names)
    np.testing.assert_array_equal(read_keypoints(path).keypoints_2d, GOOD["keypoints_2d"])


@pytest.mark.shared
def test_scores_are_brought_into_their_range(tmp_path: Path) -> None:
    keypoints = np.ones((1, 2, 17, 3), np.float32)
    keypoints[..., :3, 2] = -0.5, 7, np.nan
    found = read_keypoints(save(tmp_path / "a.npz", keypoints_2d=keypoints)).keypoints_2d[0, 0, :4, 2]
    np.testing.assert_array_equal(found, [0, 1, np.nan, 1])


@pytest.mark.filterwarnings("error")
def test_half_precision_is_enough(tmp_path: Path) -> None:
    half = {name: np.asarray(value, np.float16) for name, value in GOOD.items()}
    found = read_keypoints(save(tmp_path / "a.npz", **half))
    np.testing.assert_array_equal(found.keypoints_2d, half["keypoints_2d"])
    assert found.image_size.tolist() == [1920, 1080]


def test_the_validation_views(shared_dir: Path) -> None:
    path = shared_dir / "mocap" / "validation_views" / "135_02_view1.npz"
    data = read_keypoints(path)
    with np.load(path) as raw:
        np.testing.assert_array_equal(data.keypoints_2d, raw["keypoints_2d"])
        np.testing.assert_array_equal(data.time_s, raw["time_s"])
        np.testing.assert_array_equal(data.observed, raw["observed"])
        assert data.focal_px == float(raw["focal_px"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"keypoints_2d": None}, "the key `keypoints_2d` is missing.*it has: fps, image_size"),
        ({"image_size": None}, "the key `image_size` is missing"),
        ({"fps": None}, "neither `time_s` nor `fps`"),
        (
            {"keypoints_2d": np.zeros((4, 17, 3))},
            r"keypoints_2d has the shape \(4, 17, 3\), wanted is \(\*, \*, 17, 3\)",
        ),
        ({"keypoints_2d": np.zeros((1, 4, 17, 2))}, r"shape \(1, 4, 17, 2\)"),
        ({"keypoints_2d": np.zeros((1, 0, 17, 3))}, "no frames"),
        ({"keypoints_2d": np.full((1, 4, 17, 3), "x")}, "holds <U1 instead of numbers"),
        ({"keypoints_2d": np.full((1, 4, 17, 3), np.inf)}, "infinite"),
        ({"image_size": np.array([1920.0, np.nan])}, "image_size is .*nan"),
        ({"image_size": np.array([0, 1080])}, "image_size is"),
        ({"image_size": np.array(1920)}, "image_size has the shape"),
        ({"fps": np.float64("nan")}, "fps is nan"),
        ({"fps": np.float64(0)}, "fps is 0"),
        ({"fps": np.array([25.0, 30.0])}, "fps has the shape"),
        ({"time_s": np.array([0, 1, 1, 2])}, "strictly increasing"),
        ({"time_s": np.arange(3)}, "time_s has the shape"),
        ({"frame_index": np.array([0, 2, 3, 4])}, "not consecutive"),
        ({"person_id": np.array([1, 1])}, "a number twice"),
        ({"observed": np.ones((2, 3), bool)}, "observed has the shape"),
        ({"focal_px": np.float64(-1)}, "focal_px is -1"),
        ({"keypoint_names": np.array(["nose"] * 17)}, "keypoint_names is nose"),
        ({"person_id": np.array([{"a": 1}, None], dtype=object)}, "`person_id` holds pickled Python objects"),
    ],
    ids=lambda value: "" if isinstance(value, str) else ",".join(value),
)
def test_each_fault_has_its_sentence(change: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_keypoints(save(tmp_path / "a.npz", **change))
    assert str(caught.value).startswith(str(tmp_path / "a.npz"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an NPZ file"),
        (b"just text", "not an NPZ file"),
        (pickle.dumps({"keypoints_2d": 1}), "not an NPZ file"),
    ],
    ids=["empty", "text", "pickle"],
)
def test_other_files(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_keypoints(tmp_path / "a.npz")


def test_a_plain_npy_file(tmp_path: Path) -> None:
    with (tmp_path / "a.npz").open("wb") as stream:
        np.save(stream, np.zeros(3))
    with pytest.raises(InputError, match="not an NPZ file"):
        read_keypoints(tmp_path / "a.npz")


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_keypoints(tmp_path / "none.npz")
    with pytest.raises(InputError, match="is a folder"):
        read_keypoints(tmp_path)


def test_damage_anywhere_gives_a_sentence_or_a_result(tmp_path: Path) -> None:
    whole = save(tmp_path / "a.npz").read_bytes()
    rng = np.random.default_rng(2)
    refused = 0
    for trial in range(300):
        data = bytearray(whole)
        if trial % 3 == 0:
            data = data[: int(rng.integers(len(data)))]
        else:
            for place in rng.integers(len(data), size=1 + trial % 5):
                data[place] = int(rng.integers(256))
        (tmp_path / "b.npz").write_bytes(data)
        try:
            read_keypoints(tmp_path / "b.npz")
        except InputError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 200
