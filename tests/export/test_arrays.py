"""NPZ and JSON: the same content, byte for byte stable, read back as written."""

import json
import zipfile
from fractions import Fraction
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from videopose.errors import InputError, OutputError
from videopose.export import (
    KEYPOINT_KEYS,
    read_npz,
    read_recording,
    recording_schema,
    to_arrays,
    to_recording,
    write_json,
    write_npz,
)
from videopose.export.arrays import RECORDING_KEYS, file_values
from videopose.export.derived import DERIVED_KEYS
from videopose.ground import recorded_ground
from videopose.kinematics import ANGLES, joint_angles
from videopose.skeletons import COCO17, H36M17
from videopose.types import Motion, Recording, Track, VideoInfo

FIRST = 100
KEYS = {
    "schema_version", "frame_index", "time_s", "fps", "image_size", "person_id", "keypoints_2d", "observed",
    "joints_3d", "root_3d", "keypoint_names", "joint_names", "parents", "provenance",
    "angles_degrees", "angle_names", "camera_to_ground",
}  # fmt: skip


def make(frames: int, spans: list[tuple[int, int]], *, lifted: bool = True, seed: int = 0) -> Recording:
    """A recording whose persons are present from the first up to before the second row of their span."""
    rng = np.random.default_rng(seed)
    fps = Fraction(30000, 1001)
    index = np.arange(FIRST, FIRST + frames)
    tracks, motions = [], []
    for person, (start, stop) in enumerate(spans, 1):
        n = stop - start
        pixels = rng.uniform((0, 0), (1920, 1080), (n, 17, 2))
        keypoints = np.concatenate([pixels, rng.uniform(0, 1, (n, 17, 1))], -1).astype(np.float32)
        boxes = np.concatenate([pixels.min(1), pixels.max(1)], -1).astype(np.float32)
        tracks.append(Track(person, index[start:stop], keypoints, boxes, rng.random(n) < 0.8))
        joints = rng.normal(size=(n, 17, 3)).astype(np.float32)
        root = rng.normal(size=(n, 3)).astype(np.float32)
        root[: n // 3] = np.nan
        motions.append(Motion(person, index[start:stop], index[start:stop] / float(fps), joints, root))
    video = VideoInfo("Gehen & Läufe.mp4", 1920, 1080, fps, frames, frames / float(fps), 0)
    provenance = {"videopose": "0.1.0", "loss": float("nan"), "fps": fps, "path": Path("a/ü"), "seen": np.int64(3)}
    motions = motions if lifted else []
    return Recording(video, index, index / float(fps), tuple(tracks), tuple(motions), provenance)


CASES = {
    "two persons": make(300, [(0, 300), (40, 170)]),
    "nobody": make(12, []),
    "one frame": make(1, [(0, 1)]),
    "not lifted": make(5, [(1, 4)], lifted=False),
}
each_case = pytest.mark.parametrize("recording", CASES.values(), ids=CASES.keys())


@each_case
def test_npz_holds_the_agreed_keys_and_shapes(recording: Recording, tmp_path: Path) -> None:
    write_npz(recording, tmp_path / "out" / "a.npz")
    people, frames = len(recording.tracks), len(recording.frame_index)
    with np.load(tmp_path / "out" / "a.npz", allow_pickle=False) as data:
        content = {name: data[name] for name in data.files}
    assert set(content) == KEYS
    assert {name: (array.shape, array.dtype.name) for name, array in content.items() if array.dtype.kind != "U"} == {
        "schema_version": ((), "int64"),
        "frame_index": ((frames,), "int64"),
        "time_s": ((frames,), "float64"),
        "fps": ((), "float64"),
        "image_size": ((2,), "int64"),
        "person_id": ((people,), "int64"),
        "keypoints_2d": ((people, frames, 17, 3), "float32"),
        "observed": ((people, frames), "bool"),
        "joints_3d": ((people, frames, 17, 3), "float32"),
        "root_3d": ((people, frames, 3), "float32"),
        "parents": ((17,), "int64"),
        "angles_degrees": ((people, frames, len(ANGLES)), "float32"),
        "camera_to_ground": ((4, 4), "float64"),
    }
    assert tuple(content["angle_names"]) == tuple(angle.name for angle in ANGLES)
    assert tuple(content["keypoint_names"]) == COCO17.joint_names
    assert tuple(content["joint_names"]) == H36M17.joint_names
    assert json.loads(str(content["provenance"]))["loss"] is None
    assert float(content["fps"]) == 30000 / 1001


def test_rows_are_video_frames_and_absence_is_nan() -> None:
    recording = CASES["two persons"]
    arrays = to_arrays(recording)
    track, motion = recording.tracks[1], recording.motions[1]
    np.testing.assert_array_equal(arrays.keypoints_2d[1, 40:170], track.keypoints)
    np.testing.assert_array_equal(arrays.joints_3d[1, 40:170], motion.joints)
    np.testing.assert_array_equal(arrays.root_3d[1, 40:170], motion.root)
    np.testing.assert_array_equal(arrays.observed[1, 40:170], track.observed)
    for rows in (slice(0, 40), slice(170, None)):
        assert np.isnan(arrays.keypoints_2d[1, rows]).all()
        assert np.isnan(arrays.joints_3d[1, rows]).all()
        assert np.isnan(arrays.root_3d[1, rows]).all()
        assert not arrays.observed[1, rows].any()
    assert arrays.frame_index[40] == FIRST + 40


@each_case
def test_npz_comes_back_as_written(recording: Recording, tmp_path: Path) -> None:
    write_npz(recording, tmp_path / "a.npz")
    back = read_npz(tmp_path / "a.npz")
    again = to_recording(back, recording.video)
    assert [len(track) for track in again.tracks] == [len(track) for track in recording.tracks]
    assert len(again.motions) == len(recording.motions)
    for one, two in zip(recording.tracks, again.tracks, strict=True):
        np.testing.assert_array_equal(one.keypoints, two.keypoints)
        np.testing.assert_array_equal(one.observed, two.observed)
        np.testing.assert_array_equal(one.boxes, two.boxes)
    for first, second in zip(recording.motions, again.motions, strict=True):
        np.testing.assert_array_equal(first.joints, second.joints)
        np.testing.assert_array_equal(first.root, second.root)
        np.testing.assert_array_equal(first.time_s, second.time_s)
    write_npz(again, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_angles_are_of_the_ground_world() -> None:
    recording = CASES["two persons"]
    world = recorded_ground(recording).world
    values = file_values(recording, DERIVED_KEYS)
    np.testing.assert_array_equal(values["camera_to_ground"], world.matrix())
    np.testing.assert_array_equal(values["angles_degrees"][1, 40:170], joint_angles(recording.motions[1], world))
    assert np.isfinite(values["angles_degrees"][1, 40:170]).any()
    assert np.isnan(values["angles_degrees"][1, :40]).all() and np.isnan(values["angles_degrees"][1, 170:]).all()


def test_files_without_derived_keys_are_read(tmp_path: Path) -> None:
    write_npz(CASES["two persons"], tmp_path / "new.npz")
    write_npz(CASES["two persons"], tmp_path / "old.npz", RECORDING_KEYS)
    with np.load(tmp_path / "old.npz") as data:
        assert set(data.files) == KEYS - set(DERIVED_KEYS)
    old, new = read_recording(tmp_path / "old.npz"), read_recording(tmp_path / "new.npz")
    for one, two in zip(old.motions, new.motions, strict=True):
        np.testing.assert_array_equal(one.joints, two.joints)
    write_npz(old, tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "new.npz").read_bytes()


@pytest.mark.parametrize(("write", "name"), [(write_npz, "a.npz"), (write_json, "a.json")])
def test_keypoint_files_say_nothing_of_angles(write, name: str, tmp_path: Path) -> None:
    write(CASES["not lifted"], tmp_path / name, KEYPOINT_KEYS)
    content = np.load(tmp_path / name).files if name == "a.npz" else json.loads((tmp_path / name).read_text("utf-8"))
    assert set(content) == set(KEYPOINT_KEYS) and not set(KEYPOINT_KEYS) & set(DERIVED_KEYS)


def test_npz_has_no_dates(tmp_path: Path) -> None:
    write_npz(CASES["two persons"], tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@each_case
def test_json_follows_the_schema_and_equals_the_npz(recording: Recording, tmp_path: Path) -> None:
    write_npz(recording, tmp_path / "a.npz")
    write_json(recording, tmp_path / "a.json")
    value = json.loads((tmp_path / "a.json").read_text("utf-8"), parse_constant=lambda name: pytest.fail(name))
    schema = recording_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(value)
    assert set(value) == KEYS == set(schema["properties"]) == set(schema["required"])
    back = read_npz(tmp_path / "a.npz")
    for name, tolerance in [("time_s", 5.1e-7), ("keypoints_2d", 5.1e-3), ("joints_3d", 5.1e-6), ("root_3d", 5.1e-6)]:
        expected = getattr(back, name)
        np.testing.assert_allclose(
            np.array(value[name], dtype=float).reshape(expected.shape), expected, rtol=0, atol=tolerance
        )
    with np.load(tmp_path / "a.npz") as data:
        for name, tolerance in [("angles_degrees", 5.1e-3), ("camera_to_ground", 5.1e-10)]:
            written = np.array(value[name], dtype=float).reshape(data[name].shape)
            np.testing.assert_allclose(written, data[name], rtol=0, atol=tolerance)
        assert value["angle_names"] == data["angle_names"].tolist()
    for name in ("frame_index", "person_id", "image_size", "parents", "observed"):
        assert value[name] == getattr(back, name).tolist()
    assert value["fps"] == back.fps
    assert tuple(value["joint_names"]) == back.joint_names
    assert tuple(value["keypoint_names"]) == back.keypoint_names
    assert value["provenance"] == back.provenance
    assert value["provenance"]["path"] == "a/ü"


def test_json_has_no_more_digits_than_measured(tmp_path: Path) -> None:
    write_json(CASES["two persons"], tmp_path / "a.json")
    line = (tmp_path / "a.json").read_text("utf-8").split('"joints_3d": [[\n')[1].split("\n")[0]
    assert max(len(number.split(".")[1].rstrip("],")) for number in line.split(",") if "." in number) == 5


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"fps": 0}, "fps"),
        ({"schema_version": 2}, "schema_version"),
        ({"image_size": [1920]}, "image_size"),
        ({"joints_3d": [[[[0, 0]] * 17]]}, "joints_3d"),
        ({"keypoints_2d": [[[[0, 0, 2]] * 17]]}, "keypoints_2d"),
        ({"joint_names": ["hip"]}, "joint_names"),
        ({"observed": [[1]]}, "observed"),
        ({"angles_degrees": [[["a"]]]}, "angles_degrees"),
        ({"camera_to_ground": [[1, 0, 0, 0]] * 3}, "camera_to_ground"),
    ],
)
def test_the_schema_refuses_other_things(change: dict[str, object], at: str, tmp_path: Path) -> None:
    write_json(CASES["one frame"], tmp_path / "a.json")
    value = json.loads((tmp_path / "a.json").read_text("utf-8")) | change
    with pytest.raises(jsonschema.ValidationError) as caught:
        jsonschema.Draft202012Validator(recording_schema()).validate(value)
    assert caught.value.absolute_path[0] == at


def test_frames_outside_the_recording_are_refused() -> None:
    recording = CASES["one frame"]
    with pytest.raises(ValueError, match="lie outside the recording"):
        to_arrays(Recording(recording.video, np.array([7]), np.array([0.0]), recording.tracks))


@pytest.mark.parametrize("write", [write_npz, write_json])
def test_an_unwritable_place_leaves_nothing(write, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        write(CASES["one frame"], tmp_path / "file" / "a.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": np.int64(9)}, "schema_version is 9"),
        ({"root_3d": None}, "`root_3d` is missing"),
        ({"joints_3d": np.zeros((1, 2, 17, 3))}, r"joints_3d must be \(1, 1, 17, 3\)"),
        ({"provenance": np.array("{")}, "Expecting property name"),
    ],
)
def test_read_npz_says_what_is_wrong(change: dict[str, np.ndarray | None], message: str, tmp_path: Path) -> None:
    write_npz(CASES["one frame"], tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as data:
        content = {name: data[name] for name in data.files} | change
    np.savez(tmp_path / "b.npz", **{name: array for name, array in content.items() if array is not None})
    with pytest.raises(InputError, match=message):
        read_npz(tmp_path / "b.npz")
