"""`videopose detect` on videos: the formats of many programs, and wrong usage."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from videopose.cli.main import run
from videopose.export import KEYPOINT_KEYS, KeypointArrays, read_npz, recording_schema
from videopose.keypoint_files import KeypointFrames, read_keypoint_file

SUFFIX = {"npz": ".npz", "detectron": ".npz", "videopose3d": ".npz", "openpose": ""}
RAW = ("coco", "openpose", "alphapose", "mmpose", "detectron")
FRAMES, WIDTH, HEIGHT = 10, 360, 640

Detect = Callable[..., Any]
"""The fixture `detect`: runs the command, gives a `Detected`."""


def back(outcome: Any) -> KeypointFrames:
    content = read_keypoint_file(outcome.path)
    assert isinstance(content, KeypointFrames)
    return content


def points(frames: KeypointFrames) -> np.ndarray:
    """(T, 17, 2) of the only person in each frame."""
    assert [len(found) for found in frames.detections] == [1] * len(frames.detections)
    return np.stack([found.keypoints[0, :, :2] for found in frames.detections])


@pytest.mark.shared
@pytest.mark.parametrize("follow", [False, True], ids=["raw", "followed"])
def test_every_format_holds_the_same_people(follow: bool, squats: Path, detect: Detect) -> None:
    seen = {}
    for name in RAW:
        options = f"--format {name}" + (" --follow" if follow else "")
        outcome = detect(squats, options=options, name=f"{name}{SUFFIX.get(name, '.json')}")
        assert outcome.code == 0
        assert f"people: 1 in a frame, 10 in all{', 1 followed' if follow else ''}\n" in outcome.out
        seen[name] = back(outcome)
        assert seen[name].format == name
        assert seen[name].frame_index.tolist() == list(range(FRAMES))
        if name != "detectron":  # has no place for them
            ids = seen[name].person_ids
            assert (ids is not None) == follow
            assert ids is None or np.unique(np.concatenate(ids)).tolist() == [1]
    for name in RAW[1:]:
        np.testing.assert_allclose(points(seen[name]), points(seen["coco"]), atol=1e-3)
    knees = points(seen["coco"])[:, [13, 14]]
    assert (knees > 0).all()
    assert (knees < (WIDTH, HEIGHT)).all()


@pytest.mark.shared
def test_npz_and_json_hold_the_keypoints_and_lift_takes_them(squats: Path, detect: Detect, tmp_path: Path) -> None:
    outcome = detect(squats, name="people.npz")
    assert outcome.code == 0
    with np.load(outcome.path, allow_pickle=False) as content:
        assert set(content) == {
            *("schema_version", "frame_index", "time_s", "fps", "image_size", "person_id"),
            *("keypoints_2d", "observed", "keypoint_names", "provenance"),
        }
        assert content["keypoints_2d"].shape == (1, FRAMES, 17, 3)
        assert content["image_size"].tolist() == [WIDTH, HEIGHT]
        assert content["fps"] == 5
        assert content["observed"].all()
        provenance = json.loads(str(content["provenance"]))
        keypoints = content["keypoints_2d"]
    assert provenance["detector"]["name"] == "blazepose"
    assert len(provenance["detector"]["weights"][0]["sha256"]) == 64
    assert provenance["source"] == str(squats)
    assert provenance["versions"].keys() >= {"python", "numpy"}
    assert run(["lift", str(outcome.path), "-o", str(tmp_path / "lifted.npz")]) == 0
    lifted = read_npz(tmp_path / "lifted.npz")
    assert np.isfinite(lifted.joints_3d).all()
    outcome = detect(squats, name="people.json")
    assert set(outcome.json()) == {
        *("schema_version", "frame_index", "time_s", "fps", "image_size", "person_id"),
        *("keypoints_2d", "observed", "keypoint_names", "provenance"),
    }
    jsonschema.validate(outcome.json(), recording_schema(KEYPOINT_KEYS))
    again = read_keypoint_file(outcome.path)
    assert isinstance(again, KeypointArrays)
    np.testing.assert_allclose(again.keypoints_2d, keypoints, atol=0.01)


@pytest.mark.shared
def test_videopose3d_archive_by_plain_numpy(squats: Path, detect: Detect) -> None:
    outcome = detect(squats, options="--format videopose3d", name="data_2d_custom_mine.npz")
    with np.load(outcome.path, allow_pickle=True) as content:
        positions, metadata = content["positions_2d"].item(), content["metadata"].item()
    assert list(positions) == list(metadata["video_metadata"]) == ["squats"]
    (keypoints,) = positions["squats"]["custom"]
    assert (keypoints.shape, keypoints.dtype) == ((FRAMES, 17, 2), np.float32)
    assert (metadata["video_metadata"]["squats"]["w"], metadata["video_metadata"]["squats"]["h"]) == (WIDTH, HEIGHT)
    assert (metadata["layout_name"], metadata["num_joints"]) == ("coco", 17)
    followed = detect(squats, options="--follow --format coco")
    np.testing.assert_allclose(keypoints, points(back(followed)), atol=1e-3)
    assert "note:" not in outcome.out
    other = detect(squats, options="--format videopose3d --end 1", name="mine.npz")
    assert "VideoPose3D looks for data_2d_custom_NAME.npz" in other.out


@pytest.mark.shared
def test_prepare_takes_the_archive_of_detectron(squats: Path, detect: Detect, tmp_path: Path) -> None:
    outcome = detect(squats, options="--format detectron", name="clip.npz")
    assert run(["prepare", "custom", str(outcome.path), "-o", str(tmp_path / "data"), "--name", "mine"]) == 0
    with np.load(tmp_path / "data" / "data_2d_custom_mine.npz", allow_pickle=True) as content:
        (keypoints,) = content["positions_2d"].item()["clip"]["custom"]
        assert content["metadata"].item()["video_metadata"]["clip"] == {"w": WIDTH, "h": HEIGHT, "fps": 5.0}
    np.testing.assert_allclose(keypoints, points(back(outcome)), atol=1e-4)


@pytest.mark.shared
def test_motionbert_entries(squats: Path, detect: Detect) -> None:
    entries = detect(squats, options="--format motionbert").json()
    assert [entry["image_id"] for entry in entries] == [f"{i}.jpg" for i in range(FRAMES)]
    motion = np.array([np.reshape(entry["keypoints"], (-1, 3)) for entry in entries if entry["idx"] == 1])
    assert motion.shape == (FRAMES, 26, 3)
    nose, head, neck, hip = (motion[:, joint, 1] for joint in (0, 17, 18, 19))
    assert (head < nose).all()
    assert (nose < neck).all()
    assert (neck < hip).all()


@pytest.mark.shared
def test_motionbert_takes_one_of_several_people(shared_dir: Path, detect: Detect) -> None:
    outcome = detect(shared_dir / "videos" / "seated_trio.mp4", options="--format motionbert --end 0.6 --every 3")
    ids = {entry["idx"] for entry in outcome.json()}
    assert len(ids) > 1
    listed = ", ".join(map(str, sorted(ids)))
    assert f"MotionBERT takes one person at a time: choose one of {listed} with its --focus." in outcome.out
    (kept,) = {
        e["idx"]
        for e in detect(
            shared_dir / "videos" / "seated_trio.mp4",
            options="--format motionbert --end 0.6 --every 3 --max-people 1",
            name="one.json",
        ).json()
    }
    assert kept in ids


@pytest.mark.shared
def test_range_keeps_the_numbers_of_the_frames(squats: Path, detect: Detect) -> None:
    assert {e["image_id"] for e in detect(squats, options="--format coco --start 0.5 --end 1.3").json()} == {3, 4, 5, 6}
    outcome = detect(squats, options="--start 0.5 --end 1.3", name="range.npz")
    with np.load(outcome.path) as content:
        assert content["frame_index"].tolist() == [3, 4, 5, 6]
        assert content["time_s"].tolist() == pytest.approx([0.6, 0.8, 1.0, 1.2])


@pytest.mark.shared
def test_every_fills_the_frames_between(squats: Path, detect: Detect) -> None:
    outcome = detect(squats, options="--every 3 --format coco")
    assert ", 1 followed" in outcome.out
    sparse = back(outcome)
    assert sparse.frame_index.tolist() == list(range(FRAMES))
    ninth = points(sparse)
    np.testing.assert_allclose(ninth[1], ninth[0] * 2 / 3 + ninth[3] / 3, atol=20)


@pytest.mark.shared
def test_slow_motion(squats: Path, detect: Detect) -> None:
    with np.load(detect(squats, options="--fps 20 --end 1", name="slow.npz").path) as content:
        assert content["fps"] == 20
        assert content["time_s"].tolist() == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])


@pytest.mark.parametrize("name", ["npz", "json", *RAW, "videopose3d", "motionbert"])
def test_nobody_is_a_result(name: str, detect: Detect, clips: Any) -> None:
    video = clips.make("plain.mp4", frames=4)
    outcome = detect(video, options=f"--format {name}", name=f"data_2d_custom_x{SUFFIX.get(name, '.json')}")
    assert outcome.code == 0
    assert "note: Nobody was found: the result holds no people." in outcome.out
    assert "people:" not in outcome.out
    if name == "openpose":
        assert len(list(outcome.path.iterdir())) == 4
    elif outcome.path.suffix == ".json":
        assert outcome.json() is not None
    else:
        assert outcome.path.stat().st_size > 0


@pytest.mark.parametrize(
    ("options", "name", "message"),
    [
        ("", "people.txt", "the ending does not tell the format. Name one with --format: npz, json, coco, openpose"),
        ("--format xml", "a.xml", "--format 'xml' is not known. Choose one of npz"),
        ("--format detectron", "a.json", "a file of --format detectron ends in .npz"),
        ("--format coco", "a.npz", "a.npz: --format coco is no .npz archive"),
        ("--format npz --no-follow", "a.npz", "--format npz holds people that are followed"),
        ("--every 2 --no-follow", "a.json", "--no-follow leaves the frames that --every skips without people"),
        ("--start 2 --end 1", "a.npz", "--end 1 must come after --start 2"),
        ("--start 7", "a.npz", "7 s is outside the video"),
        ("--fps 0", "a.npz", "--fps '0' is not a rate"),
        ("--short-side 400", "a.npz", "do not apply to blazepose"),
        ("--max-people 0", "a.npz", "--max-people must be at least 1"),
    ],
)
def test_wrong_usage(options: str, name: str, message: str, detect: Detect, clips: Any) -> None:
    outcome = detect(clips.make("plain.mp4", frames=4), options=options, name=name)
    assert outcome.code == 2
    assert message in outcome.complaint()
    assert not outcome.worked()
    assert not outcome.path.exists()


def test_what_exists_is_refused_before_the_work(detect: Detect, clips: Any, tmp_path: Path) -> None:
    video = clips.make("plain.mp4", frames=4)
    path = tmp_path / "out" / "people.json"
    path.parent.mkdir()
    path.write_text("mine")
    outcome = detect(video)
    assert (outcome.code, outcome.worked(), path.read_text()) == (1, False, "mine")
    assert outcome.complaint() == f"{path}: already exists. Use --overwrite, or another name with -o."
    assert detect(video, options="--overwrite").code == 0
    folder = tmp_path / "out" / "folder"
    assert detect(video, options="--format openpose", name="folder").code == 0
    assert "already exists" in detect(video, options="--format openpose", name="folder").complaint()
    (folder / "letter.txt").write_text("mine")
    outcome = detect(video, options="--format openpose --overwrite", name="folder")
    assert "holds letter.txt, which is no keypoint file" in outcome.complaint()
    assert not outcome.worked()
    assert "is a folder. Give the name of a file" in detect(video, options="--format coco", name="folder").complaint()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["folder", "people.json"]


def test_pipes_and_devices_stay_what_they_are(detect: Detect, clips: Any, tmp_path: Path) -> None:
    path = tmp_path / "out" / "people.json"
    path.parent.mkdir()
    os.mkfifo(path)
    outcome = detect(clips.make("plain.mp4", frames=4), options="--overwrite")
    assert (outcome.code, outcome.worked(), path.is_fifo()) == (1, False, True)
    assert outcome.complaint() == f"{path}: is a pipe or a device, not a file. Choose another name with -o."


def test_what_cannot_be_written_is_found_out_before_the_work(detect: Detect, clips: Any, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    for options, name in (("", "people.json"), ("--format openpose", "folder")):
        outcome = detect(clips.make("plain.mp4", frames=4), options=options, name=name)
        assert outcome.code == 1
        assert "cannot be written" in outcome.complaint()
        assert not outcome.worked()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"\x89PNG\r\n\x1a\n", "none of 1 pictures could be read"), (None, "no such file")],
    ids=["empty", "broken picture", "missing"],
)
def test_bad_sources(content: bytes | None, message: str, detect: Detect, tmp_path: Path) -> None:
    path = tmp_path / "source"
    if content is not None:
        path.write_bytes(content)
    outcome = detect(path)
    assert outcome.code == 1
    assert message in outcome.complaint()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "source"]
