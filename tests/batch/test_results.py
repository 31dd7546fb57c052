"""What a batch leaves of a video: what `infer` leaves of it, and a picture for the report."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from videopose.batch.ledger import LEDGER_NAME
from videopose.cli.main import run as run_command
from videopose.video import probe


def comparable(path: Path) -> object:
    """The content of a result, but for the time at which it was made."""
    if path.suffix == ".json":
        content = json.loads(path.read_text(encoding="utf-8"))
        content["provenance"].pop("created")
        return content
    if path.suffix == ".npz":
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        text = json.loads(str(arrays.pop("provenance")))
        text.pop("created")
        return {name: (array.dtype, array.shape, array.tobytes()) for name, array in arrays.items()}, text
    return path.read_bytes()


@pytest.mark.parametrize(
    "options", [(), ("--person", "1", "--no-smooth", "--start", "0.3", "--end", "1.5")], ids=["plain", "with options"]
)
def test_results_are_those_of_infer(batch, squats: Path, tmp_path: Path, capsys, options: tuple[str, ...]) -> None:
    outcome = batch(squats, *options, "--threads", "1").finish()
    assert outcome.code == 0, outcome.err
    assert run_command(["infer", str(squats), *options, "--threads", "1", "-o", str(tmp_path / "alone")]) == 0
    alone = sorted(path.name for path in (tmp_path / "alone").iterdir())
    assert alone == ["squats.json", "squats.npz", "squats.overlay.mp4", "squats.person1.bvh"]
    assert sorted(path.name for path in outcome.folder.glob("squats*")) == alone
    for name in alone:
        assert comparable(outcome.folder / name) == comparable(tmp_path / "alone" / name), name


def picture_of(folder: Path) -> np.ndarray:
    """The picture that the ledger has of the only video."""
    with closing(sqlite3.connect(folder / LEDGER_NAME)) as database:
        ((data,),) = database.execute("SELECT thumbnail FROM jobs").fetchall()
    assert data.startswith(b"\xff\xd8\xff")
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def both_pictures(run_batch, video: Path, folder: Path) -> tuple[np.ndarray, np.ndarray, float]:
    """The pictures with and without an overlay video, and the height of 320 pixels of that one's width."""
    for formats in ("npz,mp4", "npz"):
        assert run_batch(video, "--formats", formats, folder=folder / formats).code == 0
    info = probe(str(folder / "npz,mp4" / f"{video.stem}.overlay.mp4"))
    return picture_of(folder / "npz,mp4"), picture_of(folder / "npz"), 320 * info.height / info.width


ODD = {
    "portrait": {"name": "tall.mp4", "size": (96, 160)},
    "tiny": {"name": "tiny.mkv", "size": (16, 8)},
    "odd": {"name": "odd.mkv", "size": (163, 97)},
    "one frame": {"name": "single.mp4", "frames": 1},
}


@pytest.mark.parametrize("case", [*ODD, "turned", "people"])
def test_the_picture_is_of_the_overlay_whether_there_is_one_or_not(
    run_batch, clips, squats: Path, tmp_path: Path, case: str
) -> None:
    if case == "people":
        video = squats
    elif case == "turned":
        video = clips.remux(clips.make("short.mp4", frames=4), "turned.mp4", before=("-display_rotation", "90"))
    else:
        given = {"frames": 4} | ODD[case]
        lossless = ("-c:v", "ffv1", "-pix_fmt", "bgr0") if given["name"].endswith("mkv") else ()
        video = clips.make(given.pop("name"), *lossless, **given)
    one, other, height = both_pictures(run_batch, video, tmp_path)
    for image in (one, other):
        assert image.shape[1] == 320
        assert abs(image.shape[0] - height) <= 1.5  # to even numbers
    size = (320, one.shape[0])
    difference = np.abs(one.astype(float) - cv2.resize(other, size).astype(float))
    assert difference.mean() < 6


def test_a_report_of_real_videos_has_their_pictures_and_people(run_batch, squats: Path) -> None:
    outcome = run_batch(squats)
    page = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<img ") == 1
    assert '<a href="./squats.overlay.mp4"><img' in page
    assert '<td class="n" data-what="people">1</td><td class="n" data-what="frames">10</td>' in page
