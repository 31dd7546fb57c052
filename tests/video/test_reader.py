"""Every frame once, with its own number and time, whatever the file is."""

import os
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from videopose.errors import InputError, UsageError
from videopose.video import VideoReader

H264_B = ("-bf", "3", "-g", "10")


def numbers(clips, path, **options):
    with VideoReader(str(path), **options) as reader:
        return [(frame.index, clips.number_in(frame.image)) for frame in reader]


FORMATS = {
    "h264 with B frames": ("b.mp4", H264_B, {}),
    "matroska": ("a.mkv", (), {}),
    "transport stream": ("a.ts", H264_B, {}),
    "raw h264 stream": ("a.h264", (), {}),
    "motion jpeg, full range": ("a.avi", ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "2"), {}),
    "mpeg-4 with B frames": ("m4.avi", ("-c:v", "mpeg4", "-bf", "2"), {}),
    "vp9": ("a.webm", ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime"), {}),
    "fragmented": ("frag.mp4", ("-movflags", "frag_keyframe+empty_moov"), {}),
    "10 bit": ("ten.mp4", ("-pix_fmt", "yuv420p10le"), {}),
    "10 bit 4:2:2": ("ten.mov", ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"), {}),
    "4:4:4": ("444.mp4", ("-pix_fmt", "yuv444p"), {}),
    "grey": ("grey.mp4", ("-pix_fmt", "gray"), {}),
    "16 bit grey": ("grey.mkv", ("-c:v", "ffv1", "-pix_fmt", "gray16le"), {}),
    "alpha": ("alpha.mov", ("-c:v", "qtrle", "-pix_fmt", "argb"), {}),
    "palette": ("a.gif", ("-c:v", "gif", "-pix_fmt", "rgb8"), {"rate": "25"}),
    "odd size": ("odd.mkv", ("-c:v", "ffv1"), {"size": (163, 97)}),
    "odd height": ("oddh.mp4", ("-pix_fmt", "yuv444p"), {"size": (162, 97)}),
    "one pixel": ("one.mkv", ("-c:v", "ffv1", "-pix_fmt", "bgr0"), {"size": (1, 1)}),
    "two pixels": ("two.mp4", (), {"size": (2, 2)}),
    "one frame": ("single.mp4", (), {"frames": 1}),
    "29.97": ("ntsc.mp4", (), {"rate": "30000/1001"}),
    "video starts late": ("late.mkv", ("-output_ts_offset", "5"), {}),
}


@pytest.mark.parametrize("case", FORMATS)
def test_each_frame_comes_once_with_its_number_and_time(clips, case):
    name, options, settings = FORMATS[case]
    path = clips.make(name, *options, **settings)
    count = settings.get("frames", 20)
    width, height = settings.get("size", (160, 96))
    with VideoReader(str(path)) as reader:
        frames = list(reader)
    assert [frame.index for frame in frames] == list(range(count))
    assert [clips.number_in(frame.image) for frame in frames] == list(range(count))
    assert {frame.image.shape for frame in frames} == {(height, width, 3)}
    assert {frame.image.dtype for frame in frames} == {np.dtype(np.uint8)}
    rate = Fraction(settings.get("rate", "30"))
    # Matroska rounds to milliseconds
    np.testing.assert_allclose([frame.time_s for frame in frames], [float(i / rate) for i in range(count)], atol=0.0011)
    assert reader.warnings == ()


@pytest.mark.parametrize("name", ["vfr.mp4", "vfr.mkv"])
def test_variable_rate_keeps_the_frames_own_times(clips, name):
    path = clips.make(name, "-vf", "select='mod(n\\,5)'", "-fps_mode", "passthrough", "-enc_time_base", "1:30")
    with VideoReader(str(path)) as reader:
        frames = list(reader)
    kept = [i for i in range(20) if i % 5]
    assert [clips.number_in(frame.image) for frame in frames] == kept
    assert [frame.index for frame in frames] == list(range(16))
    np.testing.assert_allclose([frame.time_s for frame in frames], [(i - 1) / 30 for i in kept], atol=0.0011)


@pytest.mark.parametrize(("turn", "quarters"), [(90, 3), (180, 2), (270, 1)])
def test_frames_are_upright(clips, turn, quarters):
    # the option counts counter-clockwise
    stored = clips.make("plain.mp4", "-crf", "10")
    path = clips.remux(stored, f"turned{turn}.mp4", before=("-display_rotation", str(turn)))
    with VideoReader(str(path)) as reader:
        frames = list(reader)
        assert reader.info.rotation_degrees == 360 - turn
        assert frames[0].image.shape == (reader.info.height, reader.info.width, 3)
    with VideoReader(str(stored)) as reader:
        for turned, plain in zip(frames, reader, strict=True):
            expected = np.rot90(plain.image, 4 - quarters)
            assert np.abs(turned.image.astype(int) - expected).mean() < 2
            assert clips.number_in(np.rot90(turned.image, quarters)) == plain.index


def test_rotated_frames_show_the_top_at_the_top(clips):
    stored = clips.make("plain.mp4", "-crf", "10")
    path = clips.remux(stored, "turned90.mp4", before=("-display_rotation", "90"))
    with VideoReader(str(path)) as reader:
        image = next(iter(reader)).image
    # turned counter-clockwise, the lower left red comes to the lower right
    blue, _, red = image[-20:, -20:].reshape(-1, 3).mean(0)
    assert red > 150 > 60 > blue


@pytest.mark.parametrize(
    "name",
    ["two words.mp4", "видео 動画 é.mp4", "-i.mp4", "concat:a.mp4", "a:b|c.mp4", "100%d.mp4", 'it\'s "so".mp4', "no"],
)
def test_any_file_name_is_only_a_name(clips, tmp_path, monkeypatch, name):
    path = tmp_path / name
    path.write_bytes(clips.make("plain.mp4", "-crf", "10").read_bytes())
    assert len(numbers(clips, path)) == 20
    monkeypatch.chdir(tmp_path)
    assert len(numbers(clips, name)) == 20


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [
        (None, None, range(20)),
        (0.2, None, range(6, 20)),
        (None, 0.2, range(6)),
        (0.21, 0.39, range(7, 12)),
        (0.0, 5 / 30, range(5)),
        (0.3, 1.0, range(9, 20)),
    ],
)
def test_a_range_holds_its_frames_by_their_true_numbers(clips, start_s, end_s, expected):
    path = clips.make("b.mp4", *H264_B)
    assert numbers(clips, path, start_s=start_s, end_s=end_s) == [(i, i) for i in expected]


@pytest.mark.parametrize(
    ("start_s", "end_s", "message"),
    [
        (7.0, None, "7 s is outside the video, which is 0.67 s long"),
        (0.1, 30.0, "30 s is outside the video"),
        (0.5, 0.5, "is empty"),
        (-1.0, None, "is empty"),
        (float("nan"), None, "is empty"),
    ],
)
def test_a_range_outside_the_video_is_refused(clips, start_s, end_s, message):
    with pytest.raises(UsageError, match=message):
        VideoReader(str(clips.make("b.mp4", *H264_B)), start_s=start_s, end_s=end_s)


def test_a_start_behind_the_last_frame_of_unknown_length_is_refused(clips):
    path = clips.make("a.h264")
    with VideoReader(str(path), start_s=0.9) as reader, pytest.raises(UsageError, match="outside the video"):
        list(reader)


def test_matroska_cut_off_gives_all_up_to_the_break(clips):
    whole = clips.make("long.mkv", "-g", "10", frames=60)
    path = clips.cut(whole, "cut.mkv", 0.5)
    with VideoReader(str(path)) as reader:
        found = [(frame.index, clips.number_in(frame.image)) for frame in reader]
    assert found == [(i, i) for i in range(len(found))]
    assert 10 < len(found) < 50
    assert len(reader.warnings) == 1
    assert f"breaks off after {len(found)} frames" in reader.warnings[0]
    assert "of 2.00 s" in reader.warnings[0]


def test_mp4_with_its_index_in_front_cut_off_gives_all_up_to_the_break(clips):
    whole = clips.make("long.mp4", "-g", "10", "-movflags", "+faststart", frames=60)
    path = clips.cut(whole, "cut.mp4", 0.6)
    with VideoReader(str(path)) as reader:
        found = [(frame.index, clips.number_in(frame.image)) for frame in reader]
    assert found == [(i, i) for i in range(len(found))]
    assert 10 < len(found) < 50
    assert len(reader.warnings) == 1
    assert f"breaks off after {len(found)} frames" in reader.warnings[0]


def test_a_wrong_count_in_the_header_is_told(clips):
    # ffmpeg does not write this tag of mkvmerge, but files that were cut with other tools carry wrong ones
    tag = ("-metadata:s:v", "NUMBER_OF_FRAMEX=999", "-write_crc32", "0")
    tagged = clips.remux(clips.make("a.mkv"), "tagged.mkv", *tag)
    path = clips.folder / "miscounted.mkv"
    path.write_bytes(tagged.read_bytes().replace(b"NUMBER_OF_FRAMEX", b"NUMBER_OF_FRAMES"))
    with VideoReader(str(path)) as reader:
        assert reader.info.frame_count == 999
        assert len(list(reader)) == 20
    assert reader.warnings == (f"{path}: its header promises 999 frames, but it holds 20; all of them were read.",)


def test_damage_in_the_middle_is_told(clips, tmp_path):
    data = bytearray(clips.make("long.ts", "-g", "10", frames=60).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 800] = bytes(800)
    path = tmp_path / "damaged.ts"
    path.write_bytes(data)
    with VideoReader(str(path)) as reader:
        assert len(list(reader)) > 40
    assert any("damaged" in warning for warning in reader.warnings)


def test_frames_keep_the_first_size_when_the_video_changes_its_own(clips):
    small = clips.make("small.ts")
    large = clips.make("large.ts", size=(320, 192))
    path = clips.folder / "changing.ts"
    path.write_bytes(small.read_bytes() + large.read_bytes())
    with VideoReader(str(path)) as reader:
        frames = list(reader)
    assert [clips.number_in(frame.image) for frame in frames] == [*range(20), *range(20)]
    assert {frame.image.shape for frame in frames} == {(96, 160, 3)}


def test_time_goes_on_where_the_clock_of_the_video_is_set_back(clips):
    part = clips.make("small.ts")
    path = clips.folder / "joined.ts"
    path.write_bytes(part.read_bytes() * 3)
    with VideoReader(str(path)) as reader:
        times = [frame.time_s for frame in reader]
    assert len(times) == 60
    assert np.diff(times).min() > 0.02
    assert times[-1] == pytest.approx(59 / 30, abs=0.1)


def test_time_goes_on_where_the_clock_of_the_video_is_set_far_on(clips):
    jump = "setpts='if(gte(N,12),PTS+1000000/TB,PTS)'"
    path = clips.make("set_on.mkv", "-vf", jump, "-fps_mode", "passthrough")
    times_s = [frame.time_s for frame in VideoReader(str(path))]
    np.testing.assert_allclose(times_s, np.arange(20) / 30, atol=0.005)


def test_frames_of_equal_time_still_follow_each_other(clips):
    plain = clips.make("a.avi", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "2")
    path = clips.remux(plain, "equal.mkv", "-bsf:v", "setts=ts=floor(N/2)*2")
    with VideoReader(str(path)) as reader:
        frames = list(reader)
    assert [clips.number_in(frame.image) for frame in frames] == list(range(20))
    times = np.array([frame.time_s for frame in frames])
    assert (np.diff(times) > 0).all()
    np.testing.assert_allclose(times, np.arange(20) // 2 * 2 / 30, atol=0.002)


def test_pixels_that_are_not_square_are_made_square(clips):
    path = clips.make("anamorphic.mp4", "-vf", "setsar=4/3")
    with VideoReader(str(path)) as reader:
        assert (reader.info.width, reader.info.height) == (213, 96)
        assert [clips.number_in(frame.image) for frame in reader] == list(range(20))


def test_the_same_reader_reads_again(clips):
    with VideoReader(str(clips.make("b.mp4", *H264_B))) as reader:
        first = [frame.index for frame in reader]
        assert [frame.index for frame in reader] == first


def test_stopping_early_ends_ffmpeg(clips, no_child_left):
    path = clips.make("many.mp4", frames=200)
    with VideoReader(str(path)) as reader:
        for frame in reader:
            if frame.index == 2:
                break
    no_child_left()


def test_an_exception_in_the_loop_ends_ffmpeg(clips, no_child_left):
    path = clips.make("many.mp4", frames=200)
    with pytest.raises(ZeroDivisionError), VideoReader(str(path)) as reader:
        for frame in reader:
            1 / (frame.index - 2)
    no_child_left()


def test_closing_from_another_thread_ends_the_frames(clips, no_child_left):
    reader = VideoReader(str(clips.make("many.mp4", frames=200)))
    frames = iter(reader)
    next(frames)
    thread = threading.Thread(target=reader.close)
    thread.start()
    thread.join()
    assert sum(1 for _ in frames) < 200
    no_child_left()


def test_a_decoder_that_dies_is_an_error(clips, no_child_left):
    reader = VideoReader(str(clips.make("many.mp4", frames=200)))
    frames = iter(reader)
    next(frames)
    os.kill(reader._running.process.pid, 9)
    with pytest.raises(InputError, match=r"decoding failed after .* signal 9"):
        list(frames)
    no_child_left()


def test_memory_stays_bounded(clips):
    # 150 pictures of 1080p would be 0.9 GB; a fresh process tells the peak of this alone
    path = clips.folder / "big.mp4"
    clips.ffmpeg("-f", "lavfi", "-i", "color=s=1920x1080:r=30:d=5", "-preset", "ultrafast", path)
    code = (
        "import resource, sys; from videopose.video import VideoReader; r = VideoReader(sys.argv[1]); it = iter(r);"
        "next(it); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; n = sum(1 for _ in it);"
        "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    count, growth_kib = map(int, done.stdout.split())
    assert count == 149
    assert growth_kib < 60_000


@pytest.mark.shared
def test_a_phone_video_is_turned_upright(shared_dir: Path):
    with VideoReader(str(shared_dir / "videos" / "rotated_no_person.mp4")) as reader:
        frames = list(reader)
    assert len(frames) == reader.info.frame_count == 17
    assert frames[0].image.shape == (480, 270, 3)
    assert reader.warnings == ()
