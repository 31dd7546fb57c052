"""Videos by address: direct streams, pages, and what must not be opened."""

import functools
import http.server
import sys
import threading

import pytest

from videopose.errors import InputError
from videopose.video import VideoReader, probe
from videopose.video.url import resolve_page


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(clips):
    """Address of a server that gives the clips, a page and a playlist."""
    clips.make("plain.mp4")
    page = '<html><head><title>A page</title></head><body><video src="plain.mp4"></video></body></html>'
    (clips.folder / "page.html").write_text(page)
    (clips.folder / "nothing.html").write_text("<html><body>no video here</body></html>")
    secret = clips.make("a.ts")
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"
    (clips.folder / "thief.m3u8").write_text(playlist.format(f"file://{secret}"))
    (clips.folder / "honest.m3u8").write_text(playlist.format("a.ts"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(clips.folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", ["plain.mp4", "a.ts", "honest.m3u8"])
def test_a_direct_stream_is_read(clips, site, name):
    with VideoReader(f"{site}/{name}") as reader:
        assert reader.info.path == f"{site}/{name}"
        assert [(frame.index, clips.number_in(frame.image)) for frame in reader] == [(i, i) for i in range(20)]


def test_a_playlist_from_the_network_opens_no_local_file(site):
    with pytest.raises(InputError):
        probe(f"{site}/thief.m3u8")


def test_a_missing_address_is_told(site):
    with pytest.raises(InputError, match=r"missing\.mp4: cannot be opened \(.*404"):
        probe(f"{site}/missing.mp4")


def test_a_dead_server_is_told():
    with pytest.raises(InputError, match=r"cannot be opened \(.*[Rr]efused"):
        probe("http://127.0.0.1:9/a.mp4")


def test_a_page_without_yt_dlp_says_what_to_install(site, monkeypatch):
    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    resolve_page.cache_clear()
    with pytest.raises(InputError, match=r"page\.html: not a direct video stream.*pip install 'videopose\[url\]'"):
        probe(f"{site}/page.html")


def test_a_page_is_resolved(clips, site):
    pytest.importorskip("yt_dlp")
    with VideoReader(f"{site}/page.html") as reader:
        assert reader.info.path == f"{site}/page.html"
        assert [clips.number_in(frame.image) for frame in reader] == list(range(20))


def test_a_page_without_a_video_is_told_in_one_sentence(site):
    pytest.importorskip("yt_dlp")
    with pytest.raises(InputError, match="no video found there") as error:
        probe(f"{site}/nothing.html")
    assert "\n" not in str(error.value)
    assert "please report" not in str(error.value).lower()


@pytest.mark.parametrize("url", ["rtsp://host/a", "udp://host:1", "-h", "file:///etc/passwd"])
def test_only_web_addresses_are_pages(url):
    assert resolve_page(url) is None
