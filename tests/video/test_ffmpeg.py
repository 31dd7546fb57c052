"""Which ffmpeg is taken, and how it is addressed."""

import os
import stat
import sys
from pathlib import Path

import pytest

from videopose.errors import VideoposeError
from videopose.video import ffmpeg_path
from videopose.video.ffmpeg import FFmpeg, input_options, is_url

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs here are shell scripts")


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """Only the programs that a test puts into the folder are on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    ffmpeg_path.cache_clear()
    yield tmp_path
    ffmpeg_path.cache_clear()


def program(folder, output):
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' '{output}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def bundled():
    import imageio_ffmpeg

    return imageio_ffmpeg.get_ffmpeg_exe()


def test_the_bundled_one_without_any_other(fresh):
    assert ffmpeg_path() == bundled()


@pytest.mark.parametrize("version", ["5.1.2", "6.0-static", "n8.1", "N-120000-gabcdef"])
def test_the_systems_own_comes_first(fresh, version):
    path = program(fresh, f"ffmpeg version {version} Copyright\n V....D libx264 H.264")
    assert ffmpeg_path() == path


@pytest.mark.parametrize(
    "output",
    ["ffmpeg version 4.4.2-0ubuntu Copyright\n V....D libx264 H.264", "ffmpeg version 7.1\n V....D libopenh264 H.264"],
    ids=["too old", "cannot write H.264"],
)
def test_a_system_ffmpeg_that_will_not_do_is_passed_over(fresh, output):
    program(fresh, output)
    assert ffmpeg_path() == bundled()


def test_without_any_the_error_says_what_to_do(fresh, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(VideoposeError, match="pip install imageio-ffmpeg"):
        ffmpeg_path()
    program(fresh, "ffmpeg version 4.4.2 Copyright\n V....D libx264 H.264")
    with pytest.raises(VideoposeError, match=r"is version 4\.4, needed is 5\.1"):
        ffmpeg_path()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("http://host/a.mp4", True),
        ("HTTPS://host/a", True),
        ("rtsp://host/a", True),
        ("concat:a.mp4", False),
        ("file:///etc/passwd", False),
        ("a/http://b.mp4", False),
        ("C:\\a.mp4", False),
        ("-i", False),
    ],
)
def test_what_is_a_url(source, expected):
    assert is_url(source) is expected


def test_a_local_name_never_looks_like_an_option_or_protocol():
    for name in ("-i.mp4", "concat:a", "http:/a"):
        address, options = input_options(name)
        assert address == f"file:{Path.cwd()}/{name}"
        assert options == {"protocol_whitelist": "file"}


def test_what_comes_from_the_network_may_not_open_files():
    for url in ("http://a/b", "https://a/b", "rtsp://a/b", "rtmp://a/b", "udp://a:1", "srt://a:1"):
        assert "file" not in input_options(url)[1]["protocol_whitelist"].split(",")


def test_it_runs_in_a_session_of_its_own():
    process = FFmpeg([ffmpeg_path(), "-f", "rawvideo", "-s", "2x2", "-i", "-", "-f", "null", "-"], stdin=True)
    try:
        assert os.getsid(process.process.pid) != os.getsid(0)
    finally:
        process.close()
    assert process.killed
    assert process.process.returncode is not None
