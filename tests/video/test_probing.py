"""What is told of a video before it is read, and one sentence for what is none."""

import random
import subprocess
import sys
from fractions import Fraction

import pytest

from videopose.errors import InputError
from videopose.video import probe
from videopose.video.header import SampleTable, read_sample_table
from videopose.video.probing import inspect_source, nominal_rate

TONE = ("-f", "lavfi", "-i", "sine=d=0.5")


def test_all_fields_of_a_plain_clip(clips):
    path = clips.make("tone.mp4", "-c:a", "aac", sound=TONE, rate="25")
    info = probe(str(path))
    assert info.path == str(path)
    assert (info.width, info.height) == (160, 96)
    assert info.fps == 25
    assert info.frame_count == 20
    assert info.duration_s == pytest.approx(0.8)
    assert info.rotation_degrees == 0
    assert info.codec == "h264"
    assert info.has_audio


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "avi", "ts"])
@pytest.mark.parametrize("rate", ["24000/1001", "30000/1001", "60000/1001", "25", "10", "12.5"])
def test_the_rate_is_the_exact_fraction(clips, suffix, rate):
    path = clips.make(f"rate{rate.replace('/', '_')}.{suffix}", rate=rate)
    info = probe(str(path))
    assert info.fps == Fraction(rate)
    assert info.frame_count == pytest.approx(20, abs=1)


@pytest.mark.parametrize(
    ("guess", "average", "expected"),
    [
        ("30000/1001", "29.97", "30000/1001"),
        ("30", "29.97", "30"),
        ("2997/100", None, "30000/1001"),
        ("19001/317", "59.94", "60000/1001"),
        ("23809/1000", "23.81", "23809/1000"),
        ("30", "24", "24"),
        ("50", "25", "25"),
        ("90000", "14.99", "1499/100"),
        (None, "29.97", "30000/1001"),
        ("15/2", "7.5", "15/2"),
        (None, None, "25"),
    ],
)
def test_nominal_rate(guess, average, expected):
    rate = nominal_rate(guess and Fraction(guess), average and Fraction(average))
    assert rate == Fraction(expected)


def test_a_variable_rate_is_the_average(clips):
    path = clips.make("vfr.mp4", "-vf", "select='mod(n\\,5)'", "-fps_mode", "passthrough", "-enc_time_base", "1:30")
    # 16 pictures over 19 places of a thirtieth
    assert float(probe(str(path)).fps) == pytest.approx(16 / (19 / 30), rel=1e-3)


@pytest.mark.parametrize(("turn", "applied"), [(90, 270), (180, 180), (270, 90), (0, 0)])
def test_rotation_is_clockwise_and_turns_the_size(clips, turn, applied):
    path = clips.remux(clips.make("plain.mp4"), f"turn{turn}.mp4", before=("-display_rotation", str(turn)))
    info = probe(str(path))
    assert info.rotation_degrees == applied
    assert (info.width, info.height) == ((96, 160) if turn in (90, 270) else (160, 96))


def test_an_edit_list_counts_what_it_shows(clips):
    whole = clips.make("gop.mp4", "-g", "100", "-bf", "0", frames=60)
    path = clips.remux(whole, "trimmed.mp4", before=("-ss", "1.0"))
    table = read_sample_table(path)
    assert table is not None
    assert table.trimmed
    assert probe(str(path)).frame_count == pytest.approx(30, abs=1)
    assert not inspect_source(str(path)).exact_count


def test_the_sample_table_is_read_whatever_the_order_of_the_boxes(clips):
    for options in ((), ("-movflags", "+faststart")):
        path = clips.make(f"order{len(options)}.mp4", *options, frames=30)
        assert read_sample_table(path) == SampleTable(30, 1.0, trimmed=False)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.95, 0.99])
def test_a_broken_sample_table_is_no_table(clips, share):
    path = clips.cut(clips.make("order2.mp4", "-movflags", "+faststart", frames=30), "broken.mp4", share)
    table = read_sample_table(path)
    assert table is None or table.frame_count == 30


def test_noise_in_the_boxes_is_no_crash(clips, tmp_path):
    data = clips.make("order0.mp4", frames=30).read_bytes()
    rng = random.Random(5)
    path = tmp_path / "noise.mp4"
    for _ in range(300):
        noisy = bytearray(data)
        for _ in range(20):
            noisy[rng.randrange(len(noisy))] = rng.randrange(256)
        path.write_bytes(noisy)
        table = read_sample_table(path)
        assert table is None or table.duration_s > 0


def text(folder, clips):
    path = folder / "text.mp4"
    path.write_text("This is no video.\n" * 50)
    return path


def empty(folder, clips):
    path = folder / "empty.mp4"
    path.touch()
    return path


def audio_only(folder, clips):
    path = folder / "sound.mp4"
    clips.ffmpeg(*TONE, "-c:a", "aac", path)
    return path


def with_cover(folder, clips):
    path = folder / "cover.mp3"
    cover = folder / "cover.png"
    clips.ffmpeg("-f", "lavfi", "-i", "color=s=64x64:d=0.1", "-frames:v", "1", cover)
    clips.ffmpeg(*TONE, "-i", cover, "-map", "0", "-map", "1", "-c:v", "copy", "-id3v2_version", "3", path)
    return path


def without_index(folder, clips):
    return clips.cut(clips.make("order0.mp4", frames=30), "noindex.mp4", 0.6)


def header_only(folder, clips):
    # the index promises frames, but none of their bytes is there
    source = clips.make("order2.mp4", "-movflags", "+faststart", frames=30).read_bytes()
    path = folder / "headeronly.mp4"
    path.write_bytes(source[: source.index(b"mdat") + 8])
    return path


BAD = {
    "missing": (lambda folder, clips: folder / "missing.mp4", "no such file"),
    "directory": (lambda folder, clips: folder, "is a directory"),
    "name too long": (lambda folder, clips: folder / ("x" * 300), "cannot be read|no such file"),
    "nul in the name": (lambda folder, clips: f"{folder}/a\0b.mp4", "cannot be read|no such file"),
    "empty": (empty, "the file is empty"),
    "text": (text, "not a video that can be read"),
    "audio only": (audio_only, r"no video stream \(audio only\)"),
    "cover picture": (with_cover, r"no video stream \(a cover picture only\)"),
    "no index": (without_index, "cut off before its index"),
    "header only": (header_only, "no frame can be decoded"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_video_is_told_in_one_sentence(clips, tmp_path, case):
    make, message = BAD[case]
    path = make(tmp_path, clips)
    with pytest.raises(InputError, match=message) as error:
        probe(str(path))
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_a_file_without_permission(clips, tmp_path):
    path = tmp_path / "secret.mp4"
    path.write_bytes(clips.make("order0.mp4", frames=30).read_bytes())
    path.chmod(0)
    # root may read anything: be nobody for this
    nobody = "import os, sys; from videopose.video import probe; os.geteuid() or os.seteuid(65534); probe(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", nobody, str(path)], capture_output=True, text=True, check=False)
    assert "cannot be read (permission denied)" in done.stderr


@pytest.mark.parametrize(
    "target", ["file:///etc/hostname", "http://127.0.0.1:9/a.ts", "/etc/hostname", "concat:/etc/hostname"]
)
def test_a_playlist_opens_nothing_but_local_media(clips, tmp_path, target):
    path = tmp_path / "list.m3u8"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n")
    with pytest.raises(InputError):
        probe(str(path))
