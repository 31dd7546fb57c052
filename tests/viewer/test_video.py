"""The video in the page: the frame that is shown is the row that is shown."""

import base64
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from videopose.errors import InputError
from videopose.types import Recording
from videopose.video import VideoReader
from videopose.viewer import default_video, write_view
from videopose.viewer.media import small_size, small_video
from videopose.viewer.page import page

pytestmark = pytest.mark.shared

PICTURE = """() => { const video = videopose.video.element, canvas = document.createElement("canvas");
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1]; }"""
SETTLED = """(row) => { const { video } = videopose;
  return video.pending < 0 && !video.element.seeking && video.shownRow === row; }"""


def picture(page: Any) -> np.ndarray:
    """(H, W, 3) uint8 BGR: what the video element shows."""
    data = np.frombuffer(base64.b64decode(page.evaluate(PICTURE)), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def same_frames(recorded: Any, path: Path, first: int = 0, last: int | None = None) -> Recording:
    """A recording with the frames and times of a video."""
    with VideoReader(str(path)) as reader:
        times = np.asarray([frame.time_s for frame in reader])[first:last]
        size, fps = (reader.info.width, reader.info.height), reader.info.fps
    made: Recording = recorded(1, len(times), fps=Fraction(fps), time_s=times, size=size, first_frame=first)
    return made


@pytest.fixture
def constant(clips: Any) -> Path:
    path: Path = clips.make("plain.mp4", frames=40)
    return path


@pytest.fixture
def varying(clips: Any) -> Path:
    options = ("-vf", "select='mod(n\\,5)'", "-fps_mode", "passthrough", "-enc_time_base", "1:30")
    path: Path = clips.make("vfr.mp4", *options, frames=40)
    return path


@pytest.mark.parametrize("kind", ["constant", "varying"])
def test_frame_shown_is_that_of_the_row(kind: str, recorded: Any, shown: Any, clips: Any, request: Any) -> None:
    path = request.getfixturevalue(kind)
    recording = same_frames(recorded, path, 3, 30)
    with VideoReader(str(path)) as reader:
        numbers = [clips.number_in(frame.image) for frame in reader][3:30]
    with shown(recording, path) as watched:
        page = watched.page
        for row in (0, 1, 13, 12, 26, 5):
            page.evaluate(f"videopose.player.seek({row})")
            page.wait_for_function(SETTLED, arg=row)
            assert clips.number_in(picture(page)) == numbers[row]


@pytest.mark.parametrize("kind", ["constant", "varying"])
def test_rows_keep_to_the_video_while_it_plays(kind: str, recorded: Any, shown: Any, clips: Any, request: Any) -> None:
    path = request.getfixturevalue(kind)
    recording = same_frames(recorded, path)
    with VideoReader(str(path)) as reader:
        numbers = [clips.number_in(frame.image) for frame in reader]
    watching = """() => new Promise((resolve) => {
      const seen = [], { player, video } = videopose, element = video.element;
      const canvas = document.createElement("canvas"); canvas.width = 160; canvas.height = 96;
      const context = canvas.getContext("2d", { willReadFrequently: true });
      const look = () => { context.drawImage(element, 0, 0);
        const level = (x) => context.getImageData(x, 24, 1, 1).data[1] > 125 ? 1 : 0;
        let number = 0; for (let bit = 0; bit < 8; bit++) number = 2 * number + level(10 + 20 * bit);
        seen.push([player.row, number]);
        if (player.row > 22) resolve(seen); else element.requestVideoFrameCallback(look); };
      element.requestVideoFrameCallback(look); player.play(); })"""
    with shown(recording, path) as watched:
        page = watched.page
        page.select_option("#speed", "0.25")
        seen = page.evaluate(watching)
    assert len({row for row, _ in seen}) > 5
    # our own callback may run before or after the page's: it knows this frame or the one before
    wrong = [(row, number) for row, number in seen if number not in numbers[max(0, row - 1) : row + 2]]
    assert not wrong


def test_pictures_stand_upright(recorded: Any, shown: Any, clips: Any, constant: Path) -> None:
    path = clips.remux(constant, "turned.mp4", before=("-display_rotation", "90"))
    recording = same_frames(recorded, path)
    assert (recording.video.width, recording.video.height) == (96, 160)
    with shown(recording, path) as watched:
        watched.page.wait_for_function(SETTLED, arg=0)
        seen = picture(watched.page)
    with VideoReader(str(path)) as reader:
        truth = next(iter(reader)).image
    assert seen.shape == truth.shape
    assert np.abs(seen.astype(int) - truth).mean() < 12


def test_real_video_shows_the_same_picture(recorded: Any, shown: Any, shared_dir: Path) -> None:
    path = shared_dir / "videos" / "squats_portrait_5fps.mp4"
    recording = same_frames(recorded, path)
    with shown(recording, path) as watched:
        watched.page.evaluate("videopose.player.seek(41)")
        watched.page.wait_for_function(SETTLED, arg=41)
        seen = picture(watched.page).astype(float)
    with VideoReader(str(path)) as reader:
        frames = {frame.index: frame.image[::2, ::2].astype(float) for frame in reader if frame.index in range(38, 45)}
    assert seen.shape == (640, 360, 3)
    apart = {index: np.abs(image - seen).mean() for index, image in frames.items()}
    assert min(apart, key=apart.__getitem__) == 41


def test_video_is_left_small(recorded: Any, constant: Path) -> None:
    assert small_size(1920, 1080) == (640, 360) and small_size(1080, 1920) == (360, 640)
    assert small_size(160, 96) == (160, 96) and small_size(1, 4000) == (2, 640)
    data = small_video(same_frames(recorded, constant), str(constant))
    assert data[4:8] == b"ftyp" and b"avc1" in data and b"mp4a" not in data


def test_another_video_is_refused(recorded: Any, constant: Path, tmp_path: Path, clips: Any) -> None:
    cases = [
        (recorded(1, 40, size=(640, 480)), "640x480"),
        (recorded(1, 60, size=(160, 96)), "ends after frame 39"),
    ]
    for recording, words in cases:
        with pytest.raises(InputError, match=words):
            write_view(recording, tmp_path / "page.html", video=str(constant))
        assert list(tmp_path.iterdir()) == []


def test_page_works_where_the_video_cannot_be_shown(recorded: Any, tmp_path: Path, browser: Any) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(recorded(1, 20), "page", b"no video at all"), encoding="utf-8")
    with browser.open(path) as watched:
        opened = watched.page
        opened.wait_for_function("() => window.videopose.ready && !videopose.player.media")
        assert "cannot show the video" in opened.inner_text("#picture-note")
        opened.keyboard.press("Space")
        opened.wait_for_function("() => videopose.player.row > 3")
        assert watched.errors == []


def test_default_is_the_source_where_it_is_a_file(recorded: Any, constant: Path) -> None:
    recording = recorded(1, 10)
    cases = [(str(constant), str(constant)), ("gone.mp4", None), ("https://example.org/a.mp4", None), (7, None),
             ("a\0b", None), (str(constant.parent), None), (None, None)]  # fmt: skip
    for source, expected in cases:
        recording.provenance["source"] = source
        assert default_video(recording) == expected
