"""`videopose infer` on broken, odd and strangely named videos: a sentence, or results; never a traceback."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from videopose.video import VideoReader


def audio_only(clips) -> Path:
    path = clips.folder / "sound.m4a"
    clips.ffmpeg("-f", "lavfi", "-t", "1", "-i", "sine", "-c:a", "aac", path)
    return path


def with_bytes(clips, name: str, content: bytes) -> Path:
    path = clips.folder / name
    path.write_bytes(content)
    return path


UNUSABLE = {
    "missing": (lambda clips: clips.folder / "missing.mp4", "no such file"),
    "directory": (lambda clips: clips.folder, "is a directory"),
    "empty": (lambda clips: with_bytes(clips, "empty.mp4", b""), "the file is empty"),
    "text": (lambda clips: with_bytes(clips, "notes.mp4", b"Dear diary,\n" * 500), "not a video that can be read"),
    "noise": (lambda clips: with_bytes(clips, "noise.mp4", bytes(range(256)) * 99), "not a video that can be read"),
    "audio only": (audio_only, r"no video stream \(audio only\)"),
    "index cut off": (lambda clips: clips.cut(clips.make("plain.mp4"), "cut.mp4", 0.5), "cut off before its index"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_is_no_video_is_refused_in_one_sentence(infer, clips, case: str) -> None:
    make, message = UNUSABLE[case]
    source = make(clips)
    outcome = infer(source)
    assert outcome.code == 1
    assert outcome.out == ""
    assert re.match(re.escape(str(source)) + ": .*" + message, outcome.complaint())
    assert outcome.err.count("\n") == 1  # nothing was begun
    assert outcome.names() == []


def test_no_permission_is_told(start, clips, obey_permissions) -> None:
    path = with_bytes(clips, "secret.mp4", clips.make("plain.mp4").read_bytes())
    path.chmod(0)
    outcome = start(path, preexec_fn=obey_permissions).finish()
    assert outcome.code == 1
    assert "cannot be read (permission denied)" in outcome.complaint()
    assert outcome.names() == []


def test_a_cut_video_gives_everything_up_to_the_break_and_says_so(infer, clips) -> None:
    whole = clips.make("index_first.mp4", "-g", "5", "-movflags", "+faststart", frames=60)
    broken = clips.cut(whole, "broken.mp4", 0.7)
    outcome = infer(broken)
    assert outcome.code == 0
    arrays = outcome.arrays("broken")
    count = len(arrays.frame_index)
    assert 10 < count < 59
    np.testing.assert_array_equal(arrays.frame_index, np.arange(count))
    sentence = f"breaks off after {count} frames at {arrays.time_s[-1]:.2f} s of 2.00 s; all up to there was read."
    assert sentence in outcome.out
    assert sentence in " ".join(arrays.provenance["notes"])
    with VideoReader(str(outcome.folder / "broken.overlay.mp4")) as overlay:
        assert len(list(overlay)) == count


ODD = {
    "one frame": ("single.mp4", (), {"frames": 1}),
    "one pixel": ("one.mkv", ("-c:v", "ffv1", "-pix_fmt", "bgr0"), {"size": (1, 1)}),
    "one row": ("row.mkv", ("-c:v", "ffv1", "-pix_fmt", "bgr0"), {"size": (300, 1)}),
    "odd size": ("odd.mkv", ("-c:v", "ffv1"), {"size": (163, 97)}),
    "10 bit": ("ten.mp4", ("-pix_fmt", "yuv420p10le"), {}),
    "4:4:4": ("444.mp4", ("-pix_fmt", "yuv444p"), {}),
    "greyscale": ("grey.mp4", ("-pix_fmt", "gray"), {}),
    "alpha": ("alpha.mov", ("-c:v", "qtrle", "-pix_fmt", "argb"), {}),
    "palette": ("a.gif", ("-c:v", "gif", "-pix_fmt", "rgb8"), {"rate": "25"}),
    "raw stream": ("a.h264", (), {}),
    "two frames a second": ("slow.mp4", (), {"rate": "2", "frames": 4}),
}


@pytest.mark.parametrize("case", ODD)
def test_every_frame_of_an_odd_video_gets_a_row_and_an_overlay(infer, clips, case: str) -> None:
    name, options, settings = ODD[case]
    source = clips.make(name, *options, **settings)
    count = settings.get("frames", 20)
    outcome = infer(source)
    assert outcome.code == 0, outcome.err
    assert "Nobody was found in the video: the results are empty." in outcome.out
    arrays = outcome.arrays(source.stem)
    np.testing.assert_array_equal(arrays.frame_index, np.arange(count))
    np.testing.assert_array_equal(arrays.image_size, settings.get("size", (160, 96)))
    assert outcome.names() == sorted(f"{source.stem}{suffix}" for suffix in (".json", ".npz", ".overlay.mp4"))
    with VideoReader(str(outcome.folder / f"{source.stem}.overlay.mp4")) as overlay:
        assert [frame.time_s for frame in overlay] == pytest.approx(arrays.time_s.tolist(), abs=0.002)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_video_is_made_upright_and_the_summary_says_so(infer, clips, turn: int) -> None:
    source = clips.remux(clips.make("plain.mp4"), f"turned{turn}.mp4", before=("-display_rotation", str(turn)))
    outcome = infer(source)
    assert outcome.code == 0
    size = (160, 96) if turn == 180 else (96, 160)
    assert f"{size[0]}x{size[1]}, 30 frames/s, turned by {360 - turn} degrees" in outcome.out
    np.testing.assert_array_equal(outcome.arrays(source.stem).image_size, size)


def test_a_header_that_promises_too_much_is_noted(infer, clips) -> None:
    path = clips.make("tagged.mkv")
    data = path.read_bytes()
    lying = clips.remux(path, "lying.mkv", "-metadata:s:v:0", "NUMBER_OF_FRAMES=35")
    assert lying.read_bytes() != data
    outcome = infer(lying)
    assert outcome.code == 0
    np.testing.assert_array_equal(outcome.arrays("lying").frame_index, np.arange(20))
    assert "its header promises 35 frames, but it holds 20; all of them were read." in outcome.out


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("two words.mp4", "two words"),
        ("видео 動画 é.mp4", "видео 動画 é"),
        ("-i.mp4", "-i"),
        ("--help", "--help"),
        ("100%d.mp4", "100%d"),
        ('what: "it"?.mp4', "what_ _it__"),
        ("[bold]tag[/].mp4", None),
        ("x" * 250 + ".mp4", "x" * 180),
        ("no extension", "no extension"),
        (".mp4", "mp4"),
    ],
)
def test_any_file_name_is_only_a_name(
    infer, clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, stem: str | None
) -> None:
    if stem is None:
        (tmp_path / "[bold]tag[").mkdir()
        name, stem = "[bold]tag[/].mp4", "]"
    (tmp_path / name).write_bytes(clips.make("plain.mp4").read_bytes())
    monkeypatch.chdir(tmp_path)
    outcome = infer(name)
    assert outcome.code == 0, outcome.err
    assert outcome.names() == [f"{stem}.json", f"{stem}.npz", f"{stem}.overlay.mp4"]
    assert len(outcome.arrays(stem).frame_index) == 20


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_a_name_that_is_not_unicode_is_refused(infer, clips, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    path.write_bytes(clips.make("plain.mp4").read_bytes())
    outcome = infer(path)
    assert outcome.code == 1
    assert outcome.complaint().endswith("caf\\udce9.mp4': the name is not valid UTF-8. Rename it.")
