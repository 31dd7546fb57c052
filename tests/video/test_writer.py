"""What is written comes back: pictures, times, colours and sound; and nothing is left of what failed."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from fractions import Fraction

import numpy as np
import pytest

from videopose.errors import OutputError
from videopose.video import VideoReader, VideoWriter, ffmpeg_path, probe

RATE = 8000


def pictures(clips, count=20, size=(160, 96)):
    return [clips.picture(i, *size) for i in range(count)]


def written(path, images, **options):
    height, width = images[0].shape[:2]
    with VideoWriter(path, width, height, **{"fps": Fraction(30), **options}) as writer:
        for image in images:
            writer.write(image)
    return path


def read(path):
    with VideoReader(str(path)) as reader:
        frames = list(reader)
    assert reader.warnings == ()
    return frames


def described(path):
    """What ffmpeg says of a file."""
    done = subprocess.run([ffmpeg_path(), "-hide_banner", "-i", str(path)], capture_output=True, text=True, check=False)
    return done.stderr


def beep_at(path):
    """Second at which the sound of a file begins, on the clock of its first picture."""
    command = [ffmpeg_path(), "-v", "error", "-i", str(path), "-map", "0:a:0", "-af", "aresample=async=1:first_pts=0"]
    command += ["-ar", str(RATE), "-ac", "1", "-f", "s16le", "-"]
    samples = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.int16)
    return int(np.argmax(np.abs(samples.astype(int)) > 3000)) / RATE, len(samples) / RATE


def beep(at_s, end_s):
    return ("-f", "lavfi", "-i", f"aevalsrc='if(gte(t,{at_s}),0.6*sin(5000*t),0)':d={end_s}:s=48000")


@pytest.mark.parametrize("rate", ["30000/1001", "24000/1001", "25", "10", "60", "15/2", "23809/982"])
def test_constant_rate_comes_back_exactly(clips, tmp_path, rate):
    path = written(tmp_path / "o.mp4", pictures(clips), fps=Fraction(rate))
    info = probe(str(path))
    frames = read(path)
    assert info.fps == Fraction(rate).limit_denominator(10_000)
    assert info.frame_count == len(frames) == 20
    assert [clips.number_in(frame.image) for frame in frames] == list(range(20))
    np.testing.assert_allclose([frame.time_s for frame in frames], np.arange(20) / float(Fraction(rate)), atol=1e-4)


def test_it_plays_everywhere(clips, tmp_path):
    path = written(tmp_path / "o.mp4", pictures(clips))
    text = described(path)
    assert re.search(r"Video: h264 .*yuv420p\(", text)
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    assert path.stat().st_mode & 0o777 == 0o666 & ~current_umask()


def current_umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("size", [(163, 97), (1, 1), (2, 2), (3, 8), (64, 33)])
def test_odd_sizes_are_padded_by_their_own_edge(clips, tmp_path, size):
    width, height = size
    path = written(tmp_path / "o.mp4", pictures(clips, 5, size))
    frames = read(path)
    assert frames[0].image.shape == (height + height % 2, width + width % 2, 3)
    assert [clips.number_in(frame.image[:height, :width]) for frame in frames] == list(range(5))
    last = frames[2].image.astype(int)
    assert np.abs(last[:, width - 1] - last[:, -1]).mean() < 12


def test_colours_come_back(clips, tmp_path):
    colours = [(b, g, r) for b in (20, 128, 235) for g in (20, 128, 235) for r in (20, 128, 235)]
    images = [np.full((48, 64, 3), colour, np.uint8) for colour in colours]
    for image, frame in zip(images, read(written(tmp_path / "o.mp4", images)), strict=True):
        assert np.abs(frame.image.astype(int) - image).max() <= 6


@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", None])
def test_a_copy_shows_the_colours_of_its_source_in_any_player(clips, tmp_path, matrix):
    how = f"scale=out_color_matrix={matrix},setparams=colorspace={matrix}" if matrix else "null"
    source = clips.make(f"colour{matrix}.mp4", "-vf", how, "-crf", "5")
    images = [frame.image for frame in read(source)]
    path = written(tmp_path / "o.mp4", images, audio_from=str(source))
    assert (matrix in described(path)) if matrix else ("smpte" not in described(path))

    def shown(file):
        command = [ffmpeg_path(), "-v", "error", "-i", str(file), "-pix_fmt", "bgr24", "-f", "rawvideo", "-"]
        return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.uint8).astype(int)

    assert np.abs(shown(path) - shown(source)).mean() < 2


@pytest.mark.parametrize("first_s", [0.0, 7.25])
def test_variable_rate_comes_back(clips, tmp_path, first_s):
    times = first_s + np.cumsum([0, 0.04, 0.1, 0.0333, 0.5, 0.0001, 0.2, 1.5, 0.04, 0.04])
    frames = read(written(tmp_path / "o.mp4", pictures(clips, 10), times_s=times, fps=Fraction(20)))
    assert [clips.number_in(frame.image) for frame in frames] == list(range(10))
    np.testing.assert_allclose([frame.time_s for frame in frames], times - first_s, atol=1.2e-5)


def test_variable_rate_over_an_hour(clips, tmp_path):
    times = np.array([0, 1.5, 1800.25, 3600.125, 4000.0])
    frames = read(written(tmp_path / "o.mp4", pictures(clips, 5), times_s=times))
    np.testing.assert_allclose([frame.time_s for frame in frames], times, atol=1.2e-5)


def test_a_variable_source_comes_back_frame_by_frame(clips, tmp_path):
    source = clips.make("vfr.mkv", "-vf", "select='mod(n\\,5)'", "-fps_mode", "passthrough", "-enc_time_base", "1:30")
    frames = read(source)
    images, times = [frame.image for frame in frames], [frame.time_s for frame in frames]
    copies = read(written(tmp_path / "o.mp4", images, times_s=times, fps=probe(str(source)).fps))
    assert [clips.number_in(copy.image) for copy in copies] == [i for i in range(20) if i % 5]
    np.testing.assert_allclose([copy.time_s for copy in copies], times, atol=1.2e-5)


def test_times_rounded_to_milliseconds_are_the_constant_rate(clips, tmp_path):
    times = [round(i / 29.97002997, 3) for i in range(20)]
    path = written(tmp_path / "o.mp4", pictures(clips), times_s=times, fps=Fraction(30000, 1001))
    assert probe(str(path)).fps == Fraction(30000, 1001)


SOUND = {
    "aac in mp4": ("aac.mp4", ("-c:a", "aac"), "Audio: aac"),
    "mp3 in matroska": ("mp3.mkv", ("-c:a", "libmp3lame"), "Audio: mp3"),
    "aac in a transport stream": ("aac.ts", ("-c:a", "aac"), "Audio: aac"),
    "opus": ("opus.mkv", ("-c:a", "libopus"), "Audio: aac"),
    "pcm": ("pcm.mov", ("-c:a", "pcm_s16le"), "Audio: aac"),
}


@pytest.mark.parametrize("first", [0, 15])
@pytest.mark.parametrize("case", SOUND)
def test_sound_is_kept_in_step(clips, tmp_path, case, first):
    name, options, expected = SOUND[case]
    source = clips.make(f"sound{name}", "-g", "10", *options, frames=60, sound=beep(1.0, 2.0))
    frames = read(source)[first:45]
    times = [frame.time_s for frame in frames]
    images = [frame.image for frame in frames]
    path = written(tmp_path / "o.mp4", images, times_s=times, audio_from=str(source), audio_start_s=times[0])
    assert expected in described(path)
    begins_s, length_s = beep_at(path)
    # one audio packet is 0.02 to 0.03 s
    assert begins_s == pytest.approx(1.0 - first / 30, abs=0.035)
    assert length_s == pytest.approx(len(frames) / 30, abs=0.06)
    assert len(read(path)) == len(frames)


def test_sound_of_a_video_that_starts_late_stays_in_step(clips, tmp_path):
    plain = clips.make("soundpcm.mov", "-g", "10", "-c:a", "pcm_s16le", frames=60, sound=beep(1.0, 2.0))
    source = clips.folder / "late.mov"
    inputs = ("-itsoffset", "0.4", "-i", plain, "-i", plain, "-map", "0:v", "-map", "1:a")
    clips.ffmpeg(*inputs, "-c", "copy", source)
    frames = read(source)
    path = written(tmp_path / "o.mp4", [frame.image for frame in frames], audio_from=str(source), audio_end_s=1.5)
    begins_s, length_s = beep_at(path)
    assert begins_s == pytest.approx(0.6, abs=0.035)
    assert length_s == pytest.approx(1.5, abs=0.06)


def test_sound_shorter_than_the_video_shortens_nothing(clips, tmp_path):
    source = clips.make("short.mp4", "-c:a", "aac", frames=60, sound=beep(0.2, 0.5))
    path = written(tmp_path / "o.mp4", pictures(clips, 60), audio_from=str(source))
    assert len(read(path)) == 60


def test_a_silent_source_gives_a_silent_video(clips, tmp_path):
    path = written(tmp_path / "o.mp4", pictures(clips), audio_from=str(clips.make("b.mp4")))
    assert "Audio" not in described(path)


def test_an_existing_file_is_replaced_only_when_the_new_one_is_complete(clips, tmp_path):
    path = tmp_path / "o.mp4"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), VideoWriter(path, 160, 96, fps=Fraction(30)) as writer:
        writer.write(clips.picture(0))
        1 / 0  # noqa: B018
    assert path.read_text() == "old"
    written(path, pictures(clips))
    assert len(read(path)) == 20


def test_an_exception_leaves_nothing(clips, tmp_path, no_child_left):
    with pytest.raises(KeyboardInterrupt), VideoWriter(tmp_path / "o.mp4", 160, 96, fps=Fraction(30)) as writer:
        for image in pictures(clips):
            writer.write(image)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    no_child_left()


def test_an_encoder_that_dies_leaves_nothing(clips, tmp_path, no_child_left):
    with (
        pytest.raises(OutputError, match=r"o\.mp4: cannot be written \(ffmpeg: ended by signal 9\)"),
        VideoWriter(tmp_path / "o.mp4", 160, 96, fps=Fraction(30)) as writer,
    ):
        writer.write(clips.picture(0))
        os.kill(writer._process.process.pid, signal.SIGKILL)
        for image in pictures(clips):
            writer.write(image)
    assert list(tmp_path.iterdir()) == []
    no_child_left()


def test_without_frames_nothing_is_written(tmp_path, no_child_left):
    with (
        pytest.raises(OutputError, match="no frames to write"),
        VideoWriter(tmp_path / "o.mp4", 160, 96, fps=Fraction(30)),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
    no_child_left()


def test_a_folder_that_cannot_be_made_is_told(clips, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        written(tmp_path / "file" / "o.mp4", pictures(clips))


NOISE = """
import sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from videopose.errors import OutputError
from videopose.video import VideoWriter
rng = np.random.default_rng(1)
try:
    with VideoWriter(Path(sys.argv[1]) / "o.mp4", 320, 240, fps=Fraction(30)) as writer:
        for i in range(int(sys.argv[2])):
            writer.write(rng.integers(0, 256, (240, 320, 3), np.uint8))
            print(i, flush=True)
except OutputError as error:
    print(error)
"""


def test_a_file_over_the_limit_of_size_leaves_nothing(tmp_path):
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); {NOISE}"
    command = [sys.executable, "-c", limit.replace("; \n", "\n"), str(tmp_path), "200"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "o.mp4: cannot be written (no space left on device). Free some space" in done.stdout, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path):
    libc = ctypes.CDLL(None, use_errno=True)
    small = tmp_path / "small"
    small.mkdir()
    if sys.platform != "linux" or libc.mount(b"tmpfs", os.fsencode(small), b"tmpfs", 0, b"size=300k"):
        pytest.skip("mounting a small disk is not permitted")
    try:
        command = [sys.executable, "-c", NOISE, str(small), "200"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "o.mp4: cannot be written (no space left on device). Free some space" in done.stdout, done.stderr
        assert list(small.iterdir()) == []
    finally:
        libc.umount(os.fsencode(small))


@pytest.mark.parametrize("to_group", [False, True], ids=["process", "terminal"])
def test_an_interrupt_leaves_nothing_and_says_nothing_of_ffmpeg(tmp_path, to_group):
    command = [sys.executable, "-c", NOISE, str(tmp_path), "100000"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert run.stdout is not None
    while run.stdout.readline() != "5\n":
        assert run.poll() is None
    (os.killpg if to_group else os.kill)(run.pid, signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    assert errors.strip().endswith("KeyboardInterrupt")
    assert "x264" not in errors
    assert list(tmp_path.iterdir()) == []
    time.sleep(0.05)
    listing = subprocess.run(["ps", "-eo", "args="], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) not in listing


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((96, 161, 3), np.uint8), "image must be"),
        (np.zeros((96, 160), np.uint8), "image must be"),
        (np.zeros((96, 160, 3), np.float32), "uint8"),
    ],
)
def test_a_wrong_picture_is_refused(tmp_path, image, message):
    with (
        pytest.raises(ValueError, match=message),
        VideoWriter(tmp_path / "o.mp4", 160, 96, fps=Fraction(30)) as writer,
    ):
        writer.write(image)


@pytest.mark.parametrize("times", [[0.0, 0.0], [1.0, 0.5], [0.0, float("nan")], [[0.0, 1.0]]])
def test_wrong_times_are_refused(tmp_path, times):
    with pytest.raises(ValueError, match="strictly increasing"):
        VideoWriter(tmp_path / "o.mp4", 160, 96, fps=Fraction(30), times_s=times)


def test_more_frames_than_times_are_refused(clips, tmp_path):
    with pytest.raises(ValueError, match="times for 3 frames"):
        written(tmp_path / "o.mp4", pictures(clips), times_s=[0, 0.1, 0.5])


def test_writing_outside_with_is_refused(clips, tmp_path):
    with pytest.raises(ValueError, match="not open"):
        VideoWriter(tmp_path / "o.mp4", 160, 96, fps=Fraction(30)).write(clips.picture(0))


def test_a_picture_may_be_a_view_of_a_larger_one(clips, tmp_path):
    big = [np.hstack([image, image])[:, 160:] for image in pictures(clips, 3)]
    assert [clips.number_in(frame.image) for frame in read(written(tmp_path / "o.mp4", big))] == [0, 1, 2]
