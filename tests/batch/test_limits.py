"""Videos that cost too much, and places that can no longer be written to: the rest is done, or one is told why."""

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import run_ffmpeg

from videopose.export import read_npz

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts file systems and looks into /proc")

SOME = ("--formats", "npz,mp4", "--threads", "1")


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small file of large pictures: 12 frames of 8000x8000, of which a few at a time are held."""
    path = tmp_path_factory.mktemp("huge") / "huge.mkv"
    run_ffmpeg("-f", "lavfi", "-i", "color=gray:s=8000x8000:r=5", "-frames:v", "12", "-c:v", "ffv1", path)
    return path


def test_a_video_that_exhausts_memory_is_tried_alone_and_fails(batch, ledger_of, people_folder, huge, tmp_path) -> None:
    program = batch(people_folder, huge, *SOME, "--workers", "2", "--max-memory", "700M")
    outcome = program.finish()
    assert outcome.code == 1
    assert outcome.complaint().startswith("1 of 7 videos failed: huge.mkv.")
    ledger = ledger_of(tmp_path / "out")
    assert ledger.count("done") == 6
    first, second = [
        error for (error,) in ledger.rows("SELECT error FROM attempts WHERE outcome = 'failed' ORDER BY began")
    ]
    assert "needs more memory than 700 MiB" in first
    assert "needs more memory than 1400 MiB" in second  # alone it may have the share of both
    assert "It is tried again alone" in outcome.err
    assert not (tmp_path / "out" / "huge.npz").exists()


def test_a_video_that_needs_the_memory_of_all_gets_it_alone(batch, ledger_of, people_folder, huge, tmp_path) -> None:
    outcome = batch(people_folder / "more", huge, *SOME, "--workers", "4", "--max-memory", "900M").finish()
    assert outcome.code == 0, outcome.err
    ledger = ledger_of(tmp_path / "out")
    assert ledger.attempts("failed")["huge.mkv"] == 1
    assert len(read_npz(tmp_path / "out" / "huge.npz").frame_index) == 12


class Endless(http.server.BaseHTTPRequestHandler):
    """Sends the same second of video for ever."""

    content = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.end_headers()
        try:
            while True:
                self.wfile.write(self.content)
        except OSError:
            pass  # whoever watched has gone

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a stream without an end."""
    path = tmp_path_factory.mktemp("stream") / "second.ts"
    run_ffmpeg("-f", "lavfi", "-i", "testsrc=s=160x96:r=10", "-t", "1", "-c:v", "mpeg2video", path)
    Endless.content = path.read_bytes()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/live.ts"
    server.shutdown()
    server.server_close()


def test_a_video_without_end_is_stopped_in_time(batch, ledger_of, people_folder, endless, tmp_path) -> None:
    outcome = batch(endless, people_folder / "more", *SOME, "--time-limit", "15").finish()
    assert outcome.code == 1
    assert (
        f"{endless}: not done after 15 s. Allow more with --time-limit, or take a part of it with --end." in outcome.out
    )
    ledger = ledger_of(tmp_path / "out")
    assert ledger.count("done") == 2
    assert ledger.count("failed") == 1
    assert not (tmp_path / "out" / ".videopose").exists()


def test_a_live_stream_is_refused_where_nothing_would_stop_it(batch, endless, people_folder) -> None:
    outcome = batch(endless, people_folder / "more", *SOME).finish()
    assert outcome.code == 1
    assert "a live stream may never end. Say when to stop with --end or --time-limit." in outcome.out
    assert "2 done" in outcome.out


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        assert not os.environ.get("CI"), done.stderr
        pytest.skip(f"may not mount: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_stops_the_batch_and_nothing_is_lost(batch, ledger_of, people_folder, disk) -> None:
    ledger = ledger_of(disk / "out")
    arguments = (people_folder, *SOME)
    program = batch(*arguments, folder=disk / "out")
    program.wait_for(lambda: ledger.count("done") >= 2)
    filled = disk / "filled"
    with filled.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            pass
    outcome = program.finish()
    assert outcome.code == 1
    assert "no space left on device" in outcome.complaint() or "disk is full" in outcome.complaint()
    done = ledger.count("done")
    assert 2 <= done < 6
    assert ledger.count("failed") == 0  # it is not the videos' fault
    filled.unlink()
    before = {path: path.stat().st_mtime_ns for path in (disk / "out").glob("clip[01].*")}
    again = batch(*arguments, folder=disk / "out").finish()
    assert again.code == 0, again.err
    assert ledger.count("done") == 6
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert set(ledger.attempts("done").values()) == {1}
    for path in (disk / "out").rglob("*.npz"):
        assert len(read_npz(path).frame_index) >= 5
    assert not (disk / "out" / ".videopose").exists()


def test_an_output_that_becomes_read_only_stops_the_batch(batch, ledger_of, people_folder, disk) -> None:
    ledger = ledger_of(disk / "out")
    arguments = (people_folder, *SOME)
    program = batch(*arguments, folder=disk / "out")
    program.wait_for(lambda: ledger.count("done") >= 1 and ledger.count("running") == 1)
    # what is open for writing would keep the file system from being made read-only: a bind mount can be
    subprocess.run(["mount", "--bind", str(disk), str(disk)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(disk)], check=True)
    try:
        outcome = program.finish()
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert outcome.code == 1
    assert "read-only file system" in outcome.complaint()
    assert "of 6 videos are done; the same command goes on from there." in outcome.complaint()
    assert ledger.count("failed") == 0
    assert ledger.count("done") < 6
    again = batch(*arguments, folder=disk / "out").finish()
    assert again.code == 0, again.err
    assert ledger.count("done") == 6
