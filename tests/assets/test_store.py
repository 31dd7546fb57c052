"""The cache: where it lies, what it believes, a cache that cannot be written, several processes at once."""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from videopose.assets import (
    Asset,
    Check,
    Source,
    asset_path,
    cache_dir,
    find_asset,
    get_asset,
    iopath_cache_dir,
    load_manifest,
    local_path,
    pull,
)
from videopose.assets.store import check
from videopose.errors import AssetError, UsageError

Make = Callable[..., Asset]

FETCH = """
import hashlib, sys
from videopose.assets import Asset, Source, asset_path
from videopose.errors import AssetError
url, size, sha256 = sys.argv[1], int(sys.argv[2]), sys.argv[3]
asset = Asset("thing", "sample", "thing.bin", "CC0-1.0", "Bytes.", (Source("url", url),), size, sha256)
{before}
try:
    path = asset_path(asset)
except AssetError as error:
    sys.exit(str(error))
print(hashlib.sha256(path.read_bytes()).hexdigest())
"""


def start_fetch(asset: Asset, before: str = "") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", FETCH.format(before=before), asset.sources[0].value, str(asset.size), asset.sha256],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_cache_follows_the_platform_unless_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VIDEOPOSE_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.delenv("VIDEOPOSE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_dir().name == "videopose"
    assert not sys.platform.startswith("linux") or cache_dir() == tmp_path / "xdg" / "videopose"


def test_unknown_names_list_the_known_ones(cache: Path) -> None:
    with pytest.raises(UsageError, match="blazepose-detector"):
        asset_path("blaze")


def test_restricted_files_are_fetched_by_name_only(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    restricted = {name for name, asset in load_manifest().items() if asset.by_name_only}
    assert restricted
    fetched = []
    monkeypatch.setattr("videopose.assets.store.asset_path", lambda asset, progress: fetched.append(asset.name))
    pull()
    assert restricted.isdisjoint(fetched)
    pull(restricted)
    assert restricted <= set(fetched)


def test_a_second_call_asks_no_server(server: Any, cache: Path, make_asset: Make) -> None:
    asset = make_asset(Source("url", server.address + "/thing"))
    path = asset_path(asset)
    assert find_asset(asset) == path
    assert asset_path(asset) == path
    assert len(server.requests) == 1


def test_a_file_is_hashed_once(server: Any, cache: Path, make_asset: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = make_asset(Source("url", server.address + "/thing"))
    asset_path(asset)
    monkeypatch.setattr("videopose.assets.store.sha256_of", lambda path: pytest.fail("hashed again"))
    assert find_asset(asset) is not None


def test_a_changed_file_is_fetched_again(server: Any, cache: Path, make_asset: Make) -> None:
    asset = make_asset(Source("url", server.address + "/thing"))
    path = asset_path(asset)
    times = path.stat()
    path.write_bytes(b"x" * asset.size)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # same size, same time of change
    assert find_asset(asset) is None
    assert check(asset).state == "wrong hash"
    assert asset_path(asset).read_bytes() == server.content


def test_local_and_shipped_files_are_used_where_they_lie(tmp_path: Path, cache: Path, make_asset: Make) -> None:
    content = (resources.files("videopose.weights") / "manifest.toml").read_bytes()
    local = tmp_path / "local.bin"
    local.write_bytes(content)
    assert asset_path(make_asset(Source("path", str(local)), content=content)) == local
    shipped = asset_path(make_asset(Source("package", "manifest.toml"), content=content))
    assert shipped.name == "manifest.toml"
    assert not (cache / "thing.bin").exists()


def test_a_wrong_local_file_is_refused(tmp_path: Path, cache: Path, make_asset: Make) -> None:
    (tmp_path / "local.bin").write_bytes(b"something else")
    with pytest.raises(AssetError, match="not the file the manifest names"):
        asset_path(make_asset(Source("path", str(tmp_path / "local.bin"))))


def test_a_file_put_into_the_cache_by_hand_is_taken(server: Any, cache: Path, make_asset: Make) -> None:
    asset = make_asset(Source("url", server.address + "/missing"))
    cache.mkdir()
    (cache / "thing.bin").write_bytes(server.content)
    assert asset_path(asset) == cache / "thing.bin"
    assert not server.requests


def test_states(server: Any, cache: Path, make_asset: Make) -> None:
    known, unknown = (make_asset(Source("url", server.address + "/thing"), known=known) for known in (True, False))
    assert check(known).state == "missing"
    asset_path(known)
    assert (check(known).state, check(unknown).state) == ("ok", "hash not known")
    assert check(get_asset("h36m-detectron-coco")).state == "missing"


def in_cache_of_detectron2(folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> Path:
    """Put a file into the cache of Detectron2 and say where that is."""
    path = folder / "fvcore" / "detectron2" / "1" / "thing.pkl"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    monkeypatch.setenv("FVCORE_CACHE", str(folder / "fvcore"))
    return path


def test_the_cache_of_detectron2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FVCORE_CACHE", str(tmp_path))
    assert iopath_cache_dir() == tmp_path
    monkeypatch.delenv("FVCORE_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert iopath_cache_dir() == tmp_path / ".torch" / "iopath_cache"


def test_a_file_in_the_cache_of_detectron2_is_used_there(
    server: Any, cache: Path, tmp_path: Path, make_asset: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = in_cache_of_detectron2(tmp_path, monkeypatch, server.content)
    digits = hashlib.md5(server.content).hexdigest()[:6]
    sources = Source("iopath", "detectron2/1/thing.pkl"), Source("url", server.address + "/thing")
    asset = make_asset(*sources, known=False, md5_start=digits)
    assert asset_path(asset) == local_path(asset) == theirs
    assert check(asset) == Check(asset, theirs, "start of MD5 fits")
    assert not server.requests
    assert sorted(path.name for path in theirs.parent.iterdir()) == ["thing.pkl"]


def test_a_damaged_file_in_the_cache_of_detectron2_is_passed_over(
    server: Any, cache: Path, tmp_path: Path, make_asset: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = in_cache_of_detectron2(tmp_path, monkeypatch, server.content[:1000])
    digits = hashlib.md5(server.content).hexdigest()[:6]
    sources = Source("iopath", "detectron2/1/thing.pkl"), Source("url", server.address + "/thing")
    asset = make_asset(*sources, known=False, md5_start=digits)
    assert check(asset) == Check(asset, theirs, "wrong hash")
    assert asset_path(asset) == cache / "thing.bin"
    assert check(asset) == Check(asset, cache / "thing.bin", "start of MD5 fits")
    assert theirs.read_bytes() == server.content[:1000]


def test_the_start_of_an_md5_is_checked_after_the_download(server: Any, cache: Path, make_asset: Make) -> None:
    asset = make_asset(Source("url", server.address + "/thing"), known=False, md5_start="ffffff")
    got = hashlib.md5(server.content).hexdigest()[:6]
    with pytest.raises(AssetError, match=rf"wrong content, MD5 {got}\.\.\. where ffffff\.\.\. was expected"):
        asset_path(asset)
    assert not (cache / "thing.bin").exists()


def test_an_md5_is_reckoned_once(server: Any, cache: Path, make_asset: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    digits = hashlib.md5(server.content).hexdigest()[:6]
    asset = make_asset(Source("url", server.address + "/thing"), known=False, md5_start=digits)
    path = asset_path(asset)
    monkeypatch.setattr("videopose.assets.store._hash", lambda asset, path: pytest.fail("hashed again"))
    assert find_asset(asset) == path


def test_several_processes_fetch_once_and_agree(server: Any, cache: Path, make_asset: Make) -> None:
    asset = make_asset(Source("url", server.address + "/thing"))
    server.pause_s = 0.02
    results = [process.communicate(timeout=60) for process in [start_fetch(asset) for _ in range(3)]]
    assert [out.strip() for out, _ in results] == [asset.sha256] * 3, results
    assert len(server.requests) == 1


def test_a_killed_process_leaves_a_part_to_go_on_from(server: Any, cache: Path, make_asset: Make) -> None:
    asset = make_asset(Source("url", server.address + "/thing"))
    server.pause_s = 0.1
    process = start_fetch(asset)
    part = cache / ".thing.bin.part"
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 100_000):
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (cache / "thing.bin").exists()
    server.pause_s = 0
    assert asset_path(asset).read_bytes() == server.content
    assert server.requests[-1][1].startswith("bytes=")


def test_a_cache_that_cannot_be_written_is_one_sentence(server: Any, make_asset: Make) -> None:
    asset = make_asset(Source("url", server.address + "/thing"))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        # root may write anywhere, so a process that is root becomes nobody first
        before = f"import os; os.environ['VIDEOPOSE_CACHE'] = {folder!r}; os.geteuid() or os.setuid(65534)"
        out, error = start_fetch(asset, before).communicate(timeout=60)
    assert out == ""
    assert "permission denied" in error
    assert "VIDEOPOSE_CACHE" in error
    assert len(error.splitlines()) == 1


def test_a_read_only_cache_serves_what_it_holds(server: Any, make_asset: Make) -> None:
    asset = make_asset(Source("url", server.address + "/thing"))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "thing.bin").write_bytes(server.content)
        Path(folder).chmod(0o555)
        before = f"import os; os.environ['VIDEOPOSE_CACHE'] = {folder!r}; os.geteuid() or os.setuid(65534)"
        out, error = start_fetch(asset, before).communicate(timeout=60)
    assert (out.strip(), error) == (asset.sha256, "")


def test_a_full_disk_is_one_sentence_and_leaves_nothing(server: Any, cache: Path, make_asset: Make) -> None:
    asset = make_asset(Source("url", server.address + "/thing"))
    # the system's own limit on the size of a file stands for a disk that fills up in the middle
    before = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))"
    out, error = start_fetch(asset, before).communicate(timeout=60)
    assert out == ""
    assert "file too large" in error
    assert len(error.splitlines()) == 1
    assert {path.suffix for path in cache.iterdir()} <= {".lock", ".json"}


def test_too_little_room_is_said_before_fetching(server: Any, cache: Path) -> None:
    asset = Asset("huge", "sample", "huge", "MIT", "Too big.", (Source("url", server.address),), 10**18, "0" * 64)
    with pytest.raises(AssetError, match=r"bytes free, 1,000,000,000,000,000,000 needed"):
        asset_path(asset)
    assert not server.requests
