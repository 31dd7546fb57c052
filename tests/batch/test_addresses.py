"""Videos by address: fetched by yt-dlp where it is installed, read from the network where it is not."""

import functools
import http.server
import threading
import time
from pathlib import Path

import pytest

from videopose.export import read_npz
from videopose.video import url as url_module

NPZ = ("--formats", "npz,mp4")
WITHOUT = "import sys\nsys.modules['yt_dlp'] = None\n"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Gives the clips, and a stream that never ends."""

    def do_GET(self) -> None:
        if self.path != "/live.ts":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.end_headers()
        content = (Path(self.directory) / "a.ts").read_bytes()
        try:
            for _ in range(1000):
                self.wfile.write(content)
                time.sleep(0.05)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def site(clips):
    clips.make("walk.mp4", frames=6)
    clips.make("a.ts")
    (clips.folder / "page.html").write_text('<html><body><video src="walk.mp4"></video></body></html>')
    (clips.folder / "nothing.html").write_text("<html><body>no video here</body></html>")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(clips.folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["walk.mp4", "page.html"])
def test_videos_and_pages_are_fetched(run_batch, site: str, name: str) -> None:
    pytest.importorskip("yt_dlp")
    outcome = run_batch(f"{site}/{name}", *NPZ)
    assert outcome.code == 0, outcome.err
    stem = Path(name).stem
    assert set(names(outcome.folder)) == {"batch.sqlite", "report.html", f"{stem}.npz", f"{stem}.overlay.mp4"}
    arrays = read_npz(outcome.folder / f"{stem}.npz")
    assert len(arrays.frame_index) == 6
    assert arrays.provenance["source"] == f"{site}/{name}"
    assert "1 were done already" in run_batch(f"{site}/{name}", *NPZ).out


def test_the_copy_is_whole_and_counted(clips, site: str, tmp_path: Path) -> None:
    pytest.importorskip("yt_dlp")
    counted: list[int] = []
    path = url_module.download(f"{site}/walk.mp4", tmp_path / "copy", counted.append)
    assert path is not None
    assert path.read_bytes() == (clips.folder / "walk.mp4").read_bytes()
    assert max(counted) == path.stat().st_size


@pytest.mark.parametrize("address", ["rtsp://host/a", "udp://host:1", "file:///etc/passwd"])
def test_only_web_addresses_are_fetched(tmp_path: Path, address: str) -> None:
    assert url_module.download(address, tmp_path / "copy", print) is None
    assert list(tmp_path.iterdir()) == []


FAILURES = {
    "missing": ("missing.mp4", "missing.mp4: cannot be opened (ffmpeg: "),
    "page without a video": ("nothing.html", "nothing.html: no video found there ("),
}


@pytest.mark.parametrize("case", FAILURES)
def test_what_cannot_be_fetched_fails_with_the_reason_and_the_others_are_done(run_batch, site: str, case: str) -> None:
    pytest.importorskip("yt_dlp")
    name, sentence = FAILURES[case]
    outcome = run_batch(f"{site}/{name}", f"{site}/walk.mp4", *NPZ)
    assert outcome.code == 1
    (line,) = [line for line in outcome.err.splitlines() if line.startswith("failed ")]
    assert sentence in line
    assert "walk.npz" in names(outcome.folder)


def test_an_error_of_yt_dlp_is_passed_on(site: str, tmp_path: Path) -> None:
    pytest.importorskip("yt_dlp")
    from videopose.errors import InputError

    with pytest.raises(InputError, match=r"missing\.mp4: cannot be fetched \(yt-dlp: .*404") as error:
        url_module.download(f"{site}/missing.mp4", tmp_path, lambda count: None)
    assert "\n" not in str(error.value)


def test_without_yt_dlp_videos_are_read_from_the_network_and_pages_say_what_to_install(
    batch, site: str, tmp_path: Path
) -> None:
    # a worker is a fresh interpreter: what it cannot import must be missing there, too
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text(WITHOUT)
    (tmp_path / "list.txt").write_text(f"{site}/walk.mp4\n{site}/page.html\n")
    outcome = batch(
        tmp_path / "list.txt", *NPZ, before=f"import os\nos.environ['PYTHONPATH'] = {str(tmp_path / 'without')!r}"
    ).finish()
    assert outcome.code == 1
    assert "page.html: not a direct video stream. For pages such as YouTube install: pip install" in outcome.err
    assert len(read_npz(outcome.folder / "walk.npz").frame_index) == 6


def test_a_stream_without_an_end_is_refused_unless_it_is_said_when_to_stop(run_batch, site: str) -> None:
    refused = run_batch(f"{site}/live.ts", *NPZ)
    assert refused.code == 1
    assert "live.ts: a live stream may never end. Say when to stop with --end or --time-limit." in refused.err
    taken = run_batch(f"{site}/live.ts", "--formats", "npz", "--end", "0.3")
    assert taken.code == 0, taken.err
    assert len(read_npz(taken.folder / "live.npz").frame_index) == 9
