"""One pass over a video that draws several files, and drawing without any video."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from standing import person, recording

from videopose.batch.thumbnail import Thumbnail
from videopose.export.drawing import LEFT
from videopose.export.layout import OverlayStyle
from videopose.overlaying import write_overlay, write_overlays
from videopose.pipeline import InferResult
from videopose.progress import SilentProgress, Stages
from videopose.types import Recording, VideoInfo
from videopose.video import VideoReader, probe


class Noting(SilentProgress):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def test_one_pass_writes_both_files(clips, tmp_path: Path) -> None:
    source, size = clips.make("plain.mp4"), (160, 96)
    whole = recording(person(size=size), size=size)
    paths = {"mp4": tmp_path / "a.mp4", "gif": tmp_path / "a.gif"}
    seen: list[int] = []
    stages = Stages(SilentProgress())
    drawn = write_overlays(whole, str(source), paths, stages, lambda _, index, __: seen.append(index))
    assert drawn == 20 and seen == list(range(20))
    assert write_overlay(whole, str(source), tmp_path / "b.mp4", stages) == 20
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 10
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gif", "a.mp4", "b.mp4"]


def test_without_a_video_the_recordings_own_times_count(tmp_path: Path) -> None:
    length = 20
    times_s = 4 + np.cumsum(np.where(np.arange(length) % 3, 0.05, 0.2))
    made = recording(person(length=length), length=length)
    video = VideoInfo("gone.mp4", 640, 360, Fraction(10), length, None, 0)
    whole = Recording(video, made.frame_index, times_s, made.tracks, made.motions)
    stages = Stages(SilentProgress())
    with pytest.raises(ValueError, match="a video is needed"):
        write_overlay(whole, None, tmp_path / "a.mp4", stages)
    write_overlay(whole, None, tmp_path / "a.mp4", stages, style=OverlayStyle(black=True))
    with VideoReader(str(tmp_path / "a.mp4")) as reader:
        np.testing.assert_allclose([frame.time_s for frame in reader], times_s - times_s[0], atol=1e-3)
    assert not probe(str(tmp_path / "a.mp4")).has_audio


def test_a_long_gif_is_cut_and_that_is_said(tmp_path: Path) -> None:
    length, rate = 100, Fraction(1, 2)
    info = VideoInfo("gone.mp4", 64, 48, rate, length, None, 0)
    whole = Recording(info, np.arange(length), np.arange(length) * 2.0)
    progress = Noting()
    style = OverlayStyle("overlay-only", black=True)
    write_overlay(whole, None, tmp_path / "a.gif", Stages(progress), style=style)
    assert progress.said == [f"{tmp_path}/a.gif: shows the first 180 of 200 s; longer GIFs are huge."]
    # nothing moves, so that the file may hold it as fewer pictures
    with Image.open(tmp_path / "a.gif") as image:
        durations = []
        for i in range(image.n_frames):
            image.seek(i)
            durations.append(image.info["duration"])
    assert sum(durations) == 180_000


def test_the_reports_picture_of_a_black_overlay_needs_no_video() -> None:
    result = InferResult(recording(person()), (), {}, ())
    thumbnail = Thumbnail()
    thumbnail.draw(result, "gone.mp4", OverlayStyle("overlay-only", black=True))
    assert thumbnail.jpeg is not None
    image = cv2.imdecode(np.frombuffer(thumbnail.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == (180, 320, 3)
    assert (image.max(axis=2) < 30).mean() > 0.7
    assert (np.abs(image.astype(int) - LEFT).max(axis=2) < 40).any()
