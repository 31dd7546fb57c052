"""`videopose detect` on pictures: one by one, or as a film."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from videopose.cli.main import run
from videopose.export import read_npz
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.video import VideoReader

FRAMES, WIDTH, HEIGHT = 10, 360, 640

Detect = Callable[..., Any]
"""The fixture `detect`: runs the command, gives a `Detected`."""


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


def only_person(path: Path) -> np.ndarray:
    """(17, 2) of the one person in the one picture of a file."""
    content = read_keypoint_file(path)
    assert isinstance(content, KeypointFrames)
    (found,) = content.detections
    assert len(found) == 1
    return found.keypoints[0, :, :2]


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
    np.testing.assert_allclose(only_person(turned.path), only_person(upright.path), atol=4)


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
