"""What is taken for a video: by what files of many kinds hold, under names that say nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from processes import run_ffmpeg

from videopose.video.content import SUFFIXES, holds_video

MPEG4 = ("-c:v", "mpeg4")
MPEG2 = ("-c:v", "mpeg2video")
CONTAINERS = {
    "mp4": (),
    "mp4 with its index first": ("-movflags", "+faststart", "-f", "mp4"),
    "mp4 in fragments": ("-movflags", "frag_keyframe+empty_moov", "-f", "mp4"),
    "mov": ("-f", "mov"),
    "3gp": ("-f", "3gp"),
    "mkv": ("-f", "matroska"),
    "webm": ("-c:v", "libvpx", "-f", "webm"),
    "avi": (*MPEG4, "-f", "avi"),
    "ts": ("-f", "mpegts"),
    "m2ts": ("-mpegts_m2ts_mode", "1", "-f", "mpegts"),
    "flv": ("-f", "flv"),
    "mpg": (*MPEG2, "-f", "mpeg"),
    "vob": (*MPEG2, "-f", "vob"),
    "m2v": (*MPEG2, "-f", "mpeg2video"),
    "ogv": ("-c:v", "libtheora", "-f", "ogv"),
    "wmv": ("-c:v", "wmv2", "-f", "asf"),
    "mxf": (*MPEG2, "-f", "mxf"),
    "ivf": ("-c:v", "libvpx", "-f", "ivf"),
    "y4m": ("-c:v", "rawvideo", "-f", "yuv4mpegpipe"),
    "h264": ("-f", "h264"),
    "hevc": ("-c:v", "libx265", "-x265-params", "log-level=none", "-f", "hevc"),
    "rm": ("-c:v", "rv20", "-s", "176x144", "-f", "rm"),
    "moving gif": ("-c:v", "gif", "-pix_fmt", "rgb8", "-f", "gif"),
}


def named(folder: Path, name: str, content: bytes) -> Path:
    """A new file."""
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize("suffix", ["", ".dat"])
def test_videos_are_known_without_their_suffix(clips, tmp_path: Path, kind: str, suffix: str) -> None:
    options = CONTAINERS[kind]
    made = clips.make(f"{kind}.any" if "-f" in options else "plain.mp4", *options, frames=30, rate="25")
    assert holds_video(named(tmp_path, f"clip{suffix}", made.read_bytes()))


def still(clips, kind: str) -> bytes:
    path = clips.folder / f"still.{kind}"
    encoder = {"avif": ("-c:v", "libaom-av1", "-still-picture", "1"), "webp": ("-c:v", "libwebp")}.get(kind, ())
    run_ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1", *encoder, path)
    return path.read_bytes()


def sound(clips, kind: str) -> bytes:
    path = clips.folder / f"sound.{kind}"
    run_ffmpeg("-f", "lavfi", "-t", "0.5", "-i", "sine", path)
    return path.read_bytes()


def mp3_with_cover(clips) -> bytes:
    sound(clips, "mp3")
    still(clips, "png")
    path = clips.folder / "cover.mp3"
    inputs = ("-i", clips.folder / "sound.mp3", "-i", clips.folder / "still.png")
    run_ffmpeg(*inputs, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic", path)
    return path.read_bytes()


def box(brand: bytes) -> bytes:
    """The beginning of an MP4-like file."""
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0" + brand + b"mif1" + bytes(4000)


OTHERS = {
    **{f"sound in {kind}": (lambda clips, kind=kind: sound(clips, kind)) for kind in ("m4a", "ogg", "mp3", "wav")},
    "sound in mka": lambda clips: sound(clips, "mka"),
    "sound in mp4": lambda clips: sound(clips, "mp4"),
    "mp3 with a cover": mp3_with_cover,
    **{
        f"{kind} picture": (lambda clips, kind=kind: still(clips, kind))
        for kind in ("png", "jpg", "webp", "gif", "bmp", "tiff", "avif")
    },
    "heic header": lambda clips: box(b"heic"),
    "heif header": lambda clips: box(b"mif1"),
    "camera raw": lambda clips: box(b"crx "),
    "mp4 header and nothing": lambda clips: box(b"isom"),
    "text": lambda clips: b"Dear diary,\n" * 500,
    "G's": lambda clips: b"G" * 188,
    "noise": lambda clips: bytes(range(256)) * 99,
    "start code only": lambda clips: b"\0\0\0\x01" + bytes(5000),
    "empty": lambda clips: b"",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_files_are_none(clips, tmp_path: Path, kind: str) -> None:
    assert not holds_video(named(tmp_path, "file", OTHERS[kind](clips)))


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"export const people: Person[] = [];\n" * 300, False), (b"Good day\n" * 300, False), (b"", False)],
    ids=["TypeScript", "begins with G", "empty"],
)
def test_a_ts_file_is_looked_into(clips, tmp_path: Path, content: bytes, expected: bool) -> None:
    assert holds_video(named(tmp_path, "code.ts", content)) is expected


def test_a_transport_stream_called_ts_is_a_video(clips) -> None:
    assert holds_video(clips.make("stream.ts"))


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".MP4", ".Mov"])
def test_damaged_files_with_names_of_videos_are_taken_so_that_somebody_is_told(tmp_path: Path, suffix: str) -> None:
    assert holds_video(named(tmp_path, f"broken{suffix}", b"rubbish"))


@pytest.mark.parametrize("name", ["a.mp4", "a"])
def test_folders_and_missing_files_are_none(tmp_path: Path, name: str) -> None:
    assert not holds_video(tmp_path / name)
    (tmp_path / name).mkdir()
    assert not holds_video(tmp_path / name)
    assert not holds_video(tmp_path / name / ("x" * 300))


@pytest.mark.parametrize("name", ["pipe.mp4", "pipe"])
def test_a_pipe_is_none_and_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    assert not holds_video(tmp_path / name)


def test_links_are_what_they_lead_to(clips, tmp_path: Path) -> None:
    (tmp_path / "video").symlink_to(clips.make("plain.mp4"))
    (tmp_path / "dangling.mp4").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    assert holds_video(tmp_path / "video")
    assert not holds_video(tmp_path / "dangling.mp4")
    assert not holds_video(tmp_path / "loop.mp4")


def test_what_may_not_be_read_is_a_video_by_its_name_only(clips, tmp_path: Path, obey_permissions) -> None:
    content = clips.make("plain.mp4").read_bytes()
    for name in ("secret", "secret.mp4"):
        named(tmp_path, name, content).chmod(0)
    code = (
        "import pathlib, sys\nfrom videopose.video.content import holds_video\n"
        "print([holds_video(pathlib.Path(path)) for path in sys.argv[1:]])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "secret"), str(tmp_path / "secret.mp4")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=obey_permissions)
    assert done.stdout == "[False, True]\n"
