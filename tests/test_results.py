"""Names of result files, what is checked before the work, and the overlay's second pass over the video."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from videopose.errors import InputError, OutputError, UsageError
from videopose.overlaying import write_overlay
from videopose.progress import SilentProgress, Stages
from videopose.results import ResultFiles, output_stem
from videopose.types import Recording
from videopose.video import VideoReader, probe


@pytest.mark.parametrize(
    ("source", "stem"),
    [
        ("walk.mp4", "walk"),
        ("/data/my walk.final.MOV", "my walk.final"),
        ("walk", "walk"),
        ("../-x.mkv", "-x"),
        ("https://example.org/a/b/walk%20fast.mp4?token=x/y.z", "walk fast"),
        ("https://example.org/a%2F..%2Fetc.mp4", "etc"),
        ("https://example.org/", "video"),
        ("rtsp://camera.example.org:554/live/main", "main"),
        ('a<b>c:d"e|f?g*h\n.mp4', "a_b_c_d_e_f_g_h_"),
        ("...mp4", "video"),
        (" .hidden .mp4", "hidden"),
        ("x" * 300 + ".mp4", "x" * 180),
        ("é" * 200 + ".mp4", "é" * 90),
        ("動" * 61 + ".mp4", "動" * 60),
    ],
)
def test_the_stem_of_a_source_is_a_safe_file_name(source: str, stem: str) -> None:
    assert output_stem(source) == stem


@pytest.mark.parametrize("formats", [(), ("npz", "fbz"), ("NPZ",)])
def test_unknown_formats_are_refused(tmp_path: Path, formats: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="Choose from npz, json, bvh, mp4"):
        ResultFiles(tmp_path, "walk", formats)


def test_only_results_of_this_video_and_these_formats_are_present(tmp_path: Path) -> None:
    ours = ["walk.npz", "walk.person1.bvh", "walk.person23.bvh", "walk.overlay.mp4"]
    others = ["walk.mp4", "walk2.npz", "walk.persons.bvh", "walk.person1.bvh.bak", "my walk.person1.bvh", ".walk.npz"]
    for name in (*ours, *others):
        (tmp_path / name).touch()
    assert sorted(path.name for path in ResultFiles(tmp_path, "walk").present()) == sorted(ours)
    assert ResultFiles(tmp_path, "walk", ("json",)).present() == []
    assert [path.name for path in ResultFiles(tmp_path, "walk", ("bvh",)).present()] == ours[1:3]
    # a stem is no pattern
    (tmp_path / "w[a]lk.person1.bvh").touch()
    assert len(ResultFiles(tmp_path, "w[a]lk").present()) == 1
    assert ResultFiles(tmp_path, "w*").present() == []


def test_prepare_makes_the_folder_and_leaves_it_empty(tmp_path: Path) -> None:
    files = ResultFiles(tmp_path / "a" / "b", "walk")
    files.prepare()
    files.prepare()
    assert list(files.folder.iterdir()) == []
    files.path(".json").touch()
    with pytest.raises(OutputError, match=r"walk\.json: already exists"):
        files.prepare()
    ResultFiles(files.folder, "walk", overwrite=True).prepare()


class Counting(SilentProgress):
    """Notes how far each stage came, and whether it was finished."""

    def __init__(self) -> None:
        self.done = 0
        self.finished: list[bool] = []

    def advance(self, done: int) -> None:
        self.done = done

    def end(self, finished: bool = True) -> None:
        self.finished.append(finished)


def nobody(source: Path, frames: range) -> Recording:
    video = probe(str(source))
    index = np.arange(frames.start, frames.stop)
    return Recording(video, index, index / float(video.fps))


@pytest.mark.parametrize("frames", [range(20), range(7), range(5, 12), range(19, 20)], ids=str)
def test_the_overlay_shows_the_range_and_counts_every_frame(clips, tmp_path: Path, frames: range) -> None:
    source = clips.make("plain.mp4")
    progress = Counting()
    write_overlay(nobody(source, frames), str(source), tmp_path / "overlay.mp4", Stages(progress))
    assert progress.done == len(frames)
    with VideoReader(str(tmp_path / "overlay.mp4")) as reader:
        # 160x96 is shown twice as large, in the middle of 240 rows
        assert [clips.number_in(frame.image[24:216, :320]) for frame in reader] == list(frames)


def test_an_overlay_of_a_video_that_has_gone_leaves_nothing(clips, tmp_path: Path) -> None:
    source = clips.make("plain.mp4")
    recording = nobody(source, range(20))
    with pytest.raises(InputError, match="no such file"):
        write_overlay(recording, str(tmp_path / "gone.mp4"), tmp_path / "overlay.mp4", Stages(SilentProgress()))
    assert list(tmp_path.iterdir()) == []


def test_a_stage_that_fails_is_not_finished_and_not_timed() -> None:
    progress = Counting()
    stages = Stages(progress)

    def failing() -> Iterator[int]:
        yield 1
        raise InputError("broken. Mend it.")

    with stages.stage("one"):
        list(stages.count([1, 2, 3]))
    assert progress.done == 3
    with pytest.raises(InputError), stages.stage("two"):
        list(stages.count(failing()))
    assert progress.finished == [True, False]
    assert list(stages.seconds) == ["one"]
