"""`videopose render` draws results again: on their video, on another copy of it, or on black without any."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from standing import person, recording

from videopose.cli.main import run
from videopose.export import write_npz
from videopose.types import Recording
from videopose.video import VideoReader, probe

FRAMES = 20


def results_of(source: Path, folder: Path) -> Path:
    """An NPZ of a person in the numbered clip `source`, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    info = probe(str(source))
    size = (info.width, info.height)
    made = recording(person(size=size, length=FRAMES), size=size, length=FRAMES)
    time_s = made.frame_index / float(info.fps)
    whole = Recording(info, made.frame_index, time_s, made.tracks, made.motions, {"source": str(source)})
    path = folder / "walk.npz"
    write_npz(whole, path)
    return path


def numbers(clips, path: Path) -> list[int]:
    """Which frames the numbered clip's overlay shows, 160x96 as large as it was."""
    with VideoReader(str(path)) as reader:
        return [clips.number_in(frame.image[:96, :160]) for frame in reader]


@pytest.mark.parametrize(
    ("options", "size"),
    [([], (428, 240)), (["--overlay-only"], (160, 96)), (["--side-by-side"], (560, 240))],
    ids=["inset", "overlay-only", "side-by-side"],
)
def test_results_are_drawn_on_the_video_they_name(
    clips, tmp_path: Path, options: list[str], size: tuple[int, int]
) -> None:
    npz = results_of(clips.make("plain.mp4"), tmp_path)
    out = tmp_path / "again.mp4"
    assert run(["render", str(npz), "-o", str(out), *options]) == 0
    info = probe(str(out))
    assert (info.width, info.height, info.frame_count, info.fps) == (*size, FRAMES, 30)
    if options == ["--overlay-only"]:
        assert numbers(clips, out) == list(range(FRAMES))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.mp4", "walk.npz"]


def test_another_copy_of_the_video_can_be_given(clips, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    npz = results_of(clips.make("plain.mp4"), tmp_path)
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clips.make("plain.mp4").read_bytes())
    assert run(["render", str(npz), "--video", str(copy), "-o", str(tmp_path / "a.mp4"), "--overlay-only"]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/a.mp4: 20 frames\n"
    assert numbers(clips, tmp_path / "a.mp4") == list(range(FRAMES))


def test_black_needs_no_video_and_shows_and_sounds_of_none(clips, tmp_path: Path) -> None:
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=0.66", "-c:a", "aac"]
    source = clips.make("loud.mp4", sound=sound)
    assert probe(str(source)).has_audio
    gone = tmp_path / "gone.mp4"
    gone.write_bytes(source.read_bytes())
    npz = results_of(gone, tmp_path / "results")
    made = {}
    for name, options in (("given", ["--video", str(source)]), ("none", [])):
        if not options:
            gone.unlink()
        out = tmp_path / f"{name}.mp4"
        assert run(["render", str(npz), "-o", str(out), "--black", "--overlay-only", *options]) == 0
        assert not probe(str(out)).has_audio
        with VideoReader(str(out)) as reader:
            made[name] = np.stack([frame.image for frame in reader])
    assert np.array_equal(made["given"], made["none"])
    assert made["none"].shape == (FRAMES, 96, 160, 3)
    assert (made["none"].max(axis=3) < 20).mean() > 0.6
    kept = tmp_path / "kept.mp4"
    assert run(["render", str(npz), "-o", str(kept), "--video", str(source)]) == 0
    assert probe(str(kept)).has_audio


def test_a_gif_is_made_at_the_speed_of_the_video(clips, tmp_path: Path) -> None:
    npz = results_of(clips.make("plain.mp4"), tmp_path)
    assert run(["render", str(npz), "-o", str(tmp_path / "walk.gif")]) == 0
    with Image.open(tmp_path / "walk.gif") as image:
        assert max(image.size) <= 480 and image.n_frames == 10 and image.info["loop"] == 0
        durations = []
        for i in range(image.n_frames):
            image.seek(i)
            durations.append(image.info["duration"])
    assert sum(durations) == pytest.approx(1000 * FRAMES / 30, abs=10)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["-o", "{}/a.mkv"], 2, "{}/a.mkv: is no name for an MP4 or a GIF. Let it end with .mp4 or .gif."),
        (["-o", "{}/a.mp4", "--overlay-only", "--side-by-side"], 2, "--overlay-only and --side-by-side exclude"),
        (["-o", "{}/there.mp4"], 1, "{}/there.mp4: already exists. Use --overwrite, or another file with -o."),
        (["-o", "{}/a.mp4", "--video", "{}/none.mp4"], 1, "{}/none.mp4: no such file."),
        (["-o", "{}/a.mp4", "--video", "{}/there.mp4"], 1, "{}/there.mp4: not a video that can be read"),
        (["-o", "{}/a.mp4", "--video", "{}/wide.mp4"], 1, "{}/wide.mp4: has 320x96 pixels, "),
        (["-o", "{}/a.mp4", "--video", "{}/short.mp4"], 1, "{}/short.mp4: has 12 frames, "),
        (["-o", "{}/same.mp4", "--video", "{}/same.mp4", "--overwrite"], 2, "{}/same.mp4: is the video itself."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence_and_nothing_is_left(
    clips, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, message: str
) -> None:
    npz = results_of(clips.make("plain.mp4"), tmp_path)
    (tmp_path / "there.mp4").write_text("precious")
    (tmp_path / "wide.mp4").write_bytes(clips.make("wide.mp4", size=(320, 96)).read_bytes())
    (tmp_path / "short.mp4").write_bytes(clips.make("short.mp4", frames=12).read_bytes())
    (tmp_path / "same.mp4").write_bytes(clips.make("plain.mp4").read_bytes())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert run(["render", str(npz), *(option.replace("{}", str(tmp_path)) for option in options)]) == code
    assert message.replace("{}", str(tmp_path)) in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("left", ["nothing", "text", "address"])
def test_a_video_that_is_gone_must_be_given(
    clips, tmp_path: Path, capsys: pytest.CaptureFixture[str], left: str
) -> None:
    source = tmp_path / "gone.mp4"
    source.write_bytes(clips.make("plain.mp4").read_bytes())
    npz = results_of(source, tmp_path / "results")
    what = "which is not there"
    if left == "text":
        source.write_text("not a video any more")
        what = "which is no video that can be read"
    elif left == "address":
        made = recording(person(size=(160, 96)), size=(160, 96))
        address = {"source": "http://127.0.0.1:9/a.mp4"}
        write_npz(Recording(made.video, made.frame_index, made.time_s, made.tracks, made.motions, address), npz)
    else:
        source.unlink()
    assert run(["render", str(npz), "-o", str(tmp_path / "a.mp4")]) == 1
    said = capsys.readouterr().err
    assert what in said and "Give the video with --video, or draw on black with --black." in said
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.shared
def test_a_slow_video_is_a_slow_gif(shared_dir: Path, tmp_path: Path) -> None:
    npz = results_of(shared_dir / "videos/squats_portrait_5fps.mp4", tmp_path)
    assert run(["render", str(npz), "-o", str(tmp_path / "a.gif"), "--side-by-side"]) == 0
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == FRAMES and 470 < max(image.size) <= 480
        assert image.info["duration"] == 200
