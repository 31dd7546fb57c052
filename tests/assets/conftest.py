"""A real HTTP server on the loopback interface, assets that point at it, and wheels made on the spot."""

import hashlib
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from videopose.assets import Asset, Source

CONTENT = bytes(range(256)) * 4000
"""About 1 MB, no two neighbouring blocks of 256 differ, so hash and length do the checking."""


@dataclass
class FileServer:
    """Serves `content` at every path but /missing; the fields say how well it behaves."""

    address: str = ""
    content: bytes = CONTENT
    ranges: bool = True
    cut_after: int = 0
    """Close the connection after so many bytes of a body; 0: never."""
    pause_s: float = 0.0
    """Wait before every 64 KB."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range header of each request."""

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content).hexdigest()}"'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "ServerWithFiles"

    def do_GET(self) -> None:
        files = self.server.files
        wanted = self.headers.get("Range", "")
        files.requests.append((self.path, wanted))
        if self.path == "/missing":
            self.send_error(404)
            return
        start = 0
        if files.ranges and wanted and self.headers.get("If-Range", files.etag) == files.etag:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
        body = files.content[start:]
        if start and not body:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("ETag", files.etag)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(files.content) - 1}/{len(files.content)}")
        self.end_headers()
        for offset in range(0, len(body), 1 << 16):
            time.sleep(files.pause_s)
            block = body[offset : offset + (1 << 16)]
            if files.cut_after and offset + len(block) > files.cut_after:
                self.wfile.write(block[: files.cut_after - offset])
                self.close_connection = True
                return
            self.wfile.write(block)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class ServerWithFiles(ThreadingHTTPServer):
    files: FileServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is part of the tests."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ServerWithFiles(("127.0.0.1", 0), Handler) as running:
        running.files = FileServer(f"http://127.0.0.1:{running.server_port}")
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running.files
        running.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, not made yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("VIDEOPOSE_CACHE", str(folder))
    return folder


@pytest.fixture
def make_asset() -> Callable[..., Asset]:
    """Make an asset of CONTENT from sources."""

    def make(*sources: Source, content: bytes = CONTENT, known: bool = True, md5_start: str = "") -> Asset:
        return Asset(
            name="thing",
            kind="sample",
            file="thing.bin",
            licence="CC0-1.0",
            about="Bytes to test with.",
            sources=sources,
            size=len(content) if known else 0,
            sha256=hashlib.sha256(content).hexdigest() if known else "",
            hash_unknown="" if known else "its publishers give none",
            md5_start=md5_start,
        )

    return make


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is the only place pip looks at."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def make_wheel(wheels: Path) -> Callable[..., Path]:
    """Write a wheel with given members into `wheels`."""

    def make(members: dict[str, bytes], name: str = "thing", tag: str = "py3-none-any") -> Path:
        path = wheels / f"{name}-1.0-{tag}.whl"
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            archive.writestr(f"{info}/RECORD", "")
        return path

    return make
