"""GIF files: right speed, endless, small enough, whole or not there at all. Read back by Pillow and ffmpeg."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from processes import run_ffmpeg

from videopose.errors import OutputError
from videopose.video.gif import MOST_S, GifWriter, chosen_frames


def moving(number: int, width: int = 120, height: int = 80) -> np.ndarray:
    """BGR: a red square that moves to the right before a grey slope."""
    image = np.repeat(np.linspace(40, 200, width).astype(np.uint8)[None, :, None], height, axis=0).repeat(3, axis=2)
    image[30:50, 3 * number : 3 * number + 20] = (20, 20, 230)
    return image


def write(path: Path, times_s: list[float], end_s: float) -> None:
    with GifWriter(path, 120, 80, times_s=times_s, end_s=end_s) as writer:
        for i in range(len(times_s)):
            writer.write(moving(i))


def durations_s(path: Path) -> list[float]:
    with Image.open(path) as image:
        return [frame.info["duration"] / 1000 for frame in ImageSequence.Iterator(image)]


@pytest.mark.parametrize(
    ("times_s", "end_s"),
    [
        ([i / 15 for i in range(30)], 2.0),
        ([i * 1001 / 15000 for i in range(30)], 30 * 1001 / 15000),
        ([10 + i / 5 for i in range(7)], 11.4),
        ([0.0, 0.1, 0.9, 1.0, 2.5], 2.75),
        ([3.0], 3.5),
    ],
    ids=["15", "ntsc", "5", "variable", "single"],
)
def test_speed_is_true_to_a_hundredth_of_a_second(tmp_path: Path, times_s: list[float], end_s: float) -> None:
    write(tmp_path / "a.gif", times_s, end_s)
    shown = durations_s(tmp_path / "a.gif")
    assert len(shown) == len(times_s)
    if len(times_s) > 1:
        starts = np.concatenate([[0], np.cumsum(shown)])
        np.testing.assert_allclose(starts, np.array([*times_s, end_s]) - times_s[0], atol=0.0101)
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]


def test_it_is_a_gif_that_plays_without_end(tmp_path: Path) -> None:
    write(tmp_path / "a.gif", [i / 10 for i in range(12)], 1.2)
    with Image.open(tmp_path / "a.gif") as image:
        assert (image.format, image.size, image.info["loop"]) == ("GIF", (120, 80), 0)
    raw = tmp_path / "a.raw"
    run_ffmpeg("-i", f"file:{tmp_path / 'a.gif'}", "-f", "rawvideo", "-pix_fmt", "bgr24", f"file:{raw}")
    frames = np.fromfile(raw, np.uint8).reshape(-1, 80, 120, 3).astype(int)
    assert len(frames) == 12
    for i, frame in enumerate(frames):
        assert np.abs(frame - moving(i)).mean() < 8
        red = np.argwhere(frame[..., 2] - frame[..., 1] > 120)
        assert red.min(axis=0).tolist() == [30, 3 * i] and red.max(axis=0).tolist() == [49, 3 * i + 19]


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(5, 5), (10, 10), (24, 12), (25, 12.5), (30000 / 1001, 15000 / 1001), (30, 15), (60, 15), (120, 15)],
)
def test_frames_are_chosen_evenly_and_at_most_15_a_second(rate: float, expected: float) -> None:
    rows = chosen_frames((7 + np.round(np.arange(300) / rate, 3)).tolist())  # as Matroska rounds
    assert set(np.diff(rows)) == {round(rate / expected)} and rows[0] == 0


def test_long_videos_are_cut() -> None:
    rows = chosen_frames((np.arange(10_000) / 10).tolist())
    assert rows.tolist() == list(range(round(MOST_S * 10)))


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_text("precious")
    with pytest.raises(RuntimeError), GifWriter(path, 120, 80, times_s=[0, 1], end_s=2) as writer:
        writer.write(moving(0))
        raise RuntimeError
    with pytest.raises(OutputError, match="no frames to write"), GifWriter(path, 9, 9, times_s=[0], end_s=1):
        pass
    assert path.read_text() == "precious"
    assert [one.name for one in tmp_path.iterdir()] == ["a.gif"]


def test_fewer_pictures_than_times_are_fine_and_more_are_not(tmp_path: Path) -> None:
    with GifWriter(tmp_path / "a.gif", 120, 80, times_s=[0.0, 0.5, 1.0], end_s=1.5) as writer:
        writer.write(moving(0))
        writer.write(moving(1))
    assert durations_s(tmp_path / "a.gif") == [0.5, 0.5]
    with (
        pytest.raises(ValueError, match="1 pictures only"),
        GifWriter(tmp_path / "b.gif", 120, 80, times_s=[0.0], end_s=1.5) as writer,
    ):
        writer.write(moving(0))
        writer.write(moving(1))
    assert not (tmp_path / "b.gif").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / "file" / "a.gif", [0.0], 1.0)
