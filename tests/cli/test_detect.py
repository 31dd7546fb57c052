"""`videopose detect`: one video or many pictures in, the formats of many programs out."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest

from videopose.cli.main import run
from videopose.export import KEYPOINT_KEYS, KeypointArrays, read_npz, recording_schema
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.video import VideoReader

SUFFIX = {"npz": ".npz", "detectron": ".npz", "videopose3d": ".npz", "openpose": ""}
RAW = ("coco", "openpose", "alphapose", "mmpose", "detectron")
FRAMES, WIDTH, HEIGHT = 10, 360, 640


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str
    path: Path

    def json(self) -> Any:
        return json.loads(self.path.read_text(encoding="utf-8"))

    def complaint(self) -> str:
        """The one sentence of a failed run."""
        (sentence,) = [line for line in self.err.splitlines() if line.startswith("videopose: ")]
        assert "Traceback" not in self.err
        return sentence.removeprefix("videopose: ")

    def worked(self) -> bool:
        """Whether a detector was loaded."""
        return "detector: " in self.err


Detect = Callable[..., Outcome]


@pytest.fixture
def detect(networks: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Detect:
    """Run `videopose detect SOURCES -o tmp_path/out/NAME ...` in this process."""

    def call(*sources: Path | str, options: str = "", name: str = "people.json") -> Outcome:
        capsys.readouterr()
        path = tmp_path / "out" / name
        given = ["--detector", "blazepose", *options.split(), "-o", str(path)]
        code = run(["detect", *given, "--", *map(str, sources)])
        return Outcome(code, *capsys.readouterr(), path)

    return call


@pytest.fixture(scope="module")
def still(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the squats' ten frames, `frame0.png` to `frame9.png`, without loss."""
    folder = tmp_path_factory.mktemp("stills") / "squats"
    folder.mkdir()
    with VideoReader(str(shared_dir / "videos" / "squats_portrait_5fps.mp4"), 0, 1.95) as reader:
        for frame in reader:
            small = cv2.resize(frame.image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(folder / f"frame{frame.index}.png"), small)
    return folder


@pytest.fixture(scope="module")
def trio(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of several people."""
    path = tmp_path_factory.mktemp("trio") / "trio.png"
    with VideoReader(str(shared_dir / "videos" / "seated_trio.mp4")) as reader:
        cv2.imwrite(str(path), next(iter(reader)).image)
    return path


def back(outcome: Outcome) -> KeypointFrames:
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


@pytest.mark.shared
def test_pictures_that_are_a_film_are_a_video(still: Path, detect: Detect, clips: Any) -> None:
    video = clips.folder / "same.mkv"
    clips.ffmpeg("-framerate", "5", "-i", still / "frame%d.png", "-c:v", "ffv1", "-pix_fmt", "bgr0", video)
    film = detect(still, options="--fps 5", name="film.npz")
    assert film.code == 0
    assert f"{still}: 10 frames, 360x640, 5 frames/s" in film.out
    other = detect(video, name="video.npz")
    with np.load(film.path) as one, np.load(other.path) as two:
        for key in ("frame_index", "person_id", "image_size", "fps", "observed"):
            np.testing.assert_array_equal(one[key], two[key])
        np.testing.assert_allclose(one["time_s"], two["time_s"], atol=1e-6)
        np.testing.assert_allclose(one["keypoints_2d"], two["keypoints_2d"], atol=1e-3)


@pytest.mark.shared
def test_pictures_of_mixed_sizes_one_by_one(still: Path, trio: Path, detect: Detect) -> None:
    outcome = detect(still, trio, options="--format coco")
    assert outcome.code == 0
    assert "image_id counts the pictures from 0 on" in outcome.out
    entries = outcome.json()
    names = [*(f"frame{i}.png" for i in range(FRAMES)), "trio.png"]
    assert {(entry["image_id"], entry["file_name"]) for entry in entries} == set(enumerate(names))
    assert sum(entry["file_name"] == "trio.png" for entry in entries) >= 2
    # each is looked at on its own: whatever comes before makes no difference
    alone = detect(still / "frame7.png", options="--format coco", name="one.json").json()
    assert len(alone) == 1
    assert alone[0]["keypoints"] == next(e["keypoints"] for e in entries if e["file_name"] == "frame7.png")


@pytest.mark.shared
def test_pictures_in_the_other_formats(still: Path, trio: Path, detect: Detect) -> None:
    assert detect(still / "frame0.png", trio, options="--format openpose", name="folder").code == 0
    folder = detect(still / "frame0.png", trio, options="--format openpose --overwrite", name="folder").path
    assert sorted(path.name for path in folder.iterdir()) == ["frame0_keypoints.json", "trio_keypoints.json"]
    entries = detect(still / "frame0.png", trio, options="--format alphapose", name="a.json").json()
    assert {entry["image_id"] for entry in entries} == {"frame0.png", "trio.png"}
    entries = detect(still / "frame0.png", trio, options="--format mmpose", name="m.json").json()
    assert [(entry["frame_id"], entry["file_name"]) for entry in entries] == [(0, "frame0.png"), (1, "trio.png")]


@pytest.mark.shared
def test_a_camera_held_upright(still: Path, detect: Detect, tmp_path: Path) -> None:
    image = cv2.imread(str(still / "frame0.png"))
    lying = cv2.imencode(".jpg", cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE), [cv2.IMWRITE_JPEG_QUALITY, 98])[1]
    exif = (
        b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
    )
    data = lying.tobytes()
    path = tmp_path / "turned.jpg"
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    turned, upright = (detect(p, options="--format coco", name=f"{p.stem}.json") for p in (path, still / "frame0.png"))
    np.testing.assert_allclose(points(back(turned)), points(back(upright)), atol=4)


@pytest.mark.shared
def test_numbers_of_coco_pictures(still: Path, detect: Detect, tmp_path: Path) -> None:
    folder = tmp_path / "val2017"
    folder.mkdir()
    for number, name in enumerate(("000000397133.png", "000000000785.png")):
        (folder / name).write_bytes((still / f"frame{number}.png").read_bytes())
    outcome = detect(folder)
    assert [(entry["image_id"], entry["file_name"]) for entry in outcome.json()] == [
        (785, "000000000785.png"),
        (397133, "000000397133.png"),
    ]
    assert "note:" not in outcome.out


@pytest.mark.shared
def test_damaged_pictures_cost_nothing_else(still: Path, detect: Detect, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        data = (still / f"frame{number}.png").read_bytes()
        (folder / f"{number}.png").write_bytes(data[:1000] if number == 1 else data)
    (folder / "notes.txt").write_text("no picture")
    outcome = detect(folder, options="--format coco")
    assert outcome.code == 1
    assert [entry["image_id"] for entry in outcome.json()] == [0, 2]
    assert "1 file that is no picture was left out" in outcome.out
    assert outcome.complaint().startswith(f"1 of 3 pictures could not be read: {folder / '1.png'}.")
    outcome = detect(folder, options="--fps 5", name="film.npz")
    assert outcome.code == 1
    assert outcome.complaint().startswith(f"1 of 3 pictures could not be read: {folder / '1.png'}.")
    with np.load(outcome.path) as content:
        assert content["frame_index"].tolist() == [0, 1, 2]
        assert content["observed"].tolist() == [[True, False, True]]
        assert np.isfinite(content["keypoints_2d"]).all()


@pytest.mark.shared
def test_a_single_picture_can_be_lifted(trio: Path, detect: Detect, tmp_path: Path) -> None:
    outcome = detect(trio, name="trio.npz")
    with np.load(outcome.path) as content:
        people = len(content["person_id"])
        assert people >= 2
        assert content["keypoints_2d"].shape == (people, 1, 17, 3)
        assert (np.diff(content["keypoints_2d"][:, 0, 0, 0]) > 0).all()  # from left to right
    assert run(["lift", str(outcome.path), "-o", str(tmp_path / "lifted.npz")]) == 0
    assert np.isfinite(read_npz(tmp_path / "lifted.npz").joints_3d).all()


@pytest.mark.shared
def test_at_most_so_many_people(trio: Path, detect: Detect) -> None:
    everybody = detect(trio, options="--format coco").json()
    (one,) = detect(trio, options="--format coco --max-people 1", name="one.json").json()
    assert one["score"] == max(entry["score"] for entry in everybody)
    assert one in everybody
    sure = sorted(entry["score"] for entry in everybody)[-1]
    outcome = detect(trio, options=f"--format coco --score-threshold {sure - 1e-6:.7f}", name="sure.json")
    assert len(outcome.json()) == 1


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


@pytest.mark.parametrize(
    ("options", "name", "message"),
    [
        ("", "a.npz", "--format npz holds a film, not pictures without connection. Add --fps RATE"),
        ("--format detectron", "a.npz", "choose one of coco, openpose, alphapose, mmpose"),
        ("--follow", "a.json", "--follow and --every need frames of a film. Add --fps RATE"),
        ("--start 1", "a.json", "--start and --end need frames of a film"),
        ("--format openpose", "a", "two pictures are called 'one'"),
    ],
)
def test_pictures_are_no_film_by_themselves(
    options: str, name: str, message: str, detect: Detect, tmp_path: Path
) -> None:
    for ending in (".png", ".bmp"):
        cv2.imwrite(str(tmp_path / f"one{ending}"), np.zeros((32, 32, 3), np.uint8))
    outcome = detect(tmp_path / "one.png", tmp_path / "one.bmp", options=options, name=name)
    assert outcome.code == 2
    assert message in outcome.complaint()
    assert not outcome.worked()


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
