"""Fetching over HTTP from a server that behaves well or badly."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from videopose.assets import Asset, Source, asset_path, find_asset
from videopose.errors import AssetError

Make = Callable[..., Asset]


def url(server: Any, path: str = "/thing") -> Source:
    return Source("url", server.address + path)


def files(cache: Path) -> set[str]:
    """What lies in the cache besides locks and notes of hashes."""
    return {path.name for path in cache.iterdir() if path.suffix != ".lock" and not path.match("*.checked.json")}


def test_fetches_checks_and_reports_progress(server: Any, cache: Path, make_asset: Make) -> None:
    seen: list[tuple[int, int]] = []
    path = asset_path(make_asset(url(server)), progress=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == server.content
    assert seen[0] == (0, len(server.content))
    assert seen[-1] == (len(server.content), len(server.content))
    assert seen == sorted(seen)
    assert files(cache) == {"thing.bin"}


@pytest.mark.parametrize("known", [True, False], ids=["hash known", "hash not known"])
def test_goes_on_where_the_connection_broke(server: Any, cache: Path, make_asset: Make, known: bool) -> None:
    asset = make_asset(url(server), known=known)
    server.cut_after = 300_000
    with pytest.raises(AssetError, match=r"the connection broke after 300,000 of 1,024,000 bytes"):
        asset_path(asset)
    assert find_asset(asset) is None
    server.cut_after = 0
    assert asset_path(asset).read_bytes() == server.content
    assert server.requests[-1] == ("/thing", "bytes=300000-")
    assert files(cache) == {"thing.bin"}


def test_starts_over_when_the_server_ignores_ranges(server: Any, cache: Path, make_asset: Make) -> None:
    server.cut_after, server.ranges = 300_000, False
    with pytest.raises(AssetError, match="broke"):
        asset_path(make_asset(url(server)))
    server.cut_after = 0
    assert asset_path(make_asset(url(server))).read_bytes() == server.content
    assert len(server.requests) == 2


def test_never_joins_two_versions_of_a_file(server: Any, cache: Path, make_asset: Make) -> None:
    asset = make_asset(url(server), known=False)
    server.cut_after = 300_000
    with pytest.raises(AssetError, match="broke"):
        asset_path(asset)
    server.cut_after, server.content = 0, server.content[::-1]
    assert asset_path(asset).read_bytes() == server.content


def test_never_joins_bytes_of_two_addresses(server: Any, cache: Path, make_asset: Make) -> None:
    server.cut_after = 300_000
    with pytest.raises(AssetError, match="broke"):
        asset_path(make_asset(url(server)))
    server.cut_after = 0
    assert asset_path(make_asset(url(server, "/other"))).read_bytes() == server.content
    assert server.requests[-1] == ("/other", "")


def test_starts_over_when_the_part_is_longer_than_the_file(server: Any, cache: Path, make_asset: Make) -> None:
    server.cut_after = 300_000
    with pytest.raises(AssetError, match="broke"):
        asset_path(make_asset(url(server)))
    (cache / ".thing.bin.part").write_bytes(bytes(len(server.content)))
    server.cut_after = 0
    assert asset_path(make_asset(url(server))).read_bytes() == server.content


def test_a_damaged_part_costs_one_more_run(server: Any, cache: Path, make_asset: Make) -> None:
    server.cut_after = 300_000
    with pytest.raises(AssetError, match="broke"):
        asset_path(make_asset(url(server)))
    (cache / ".thing.bin.part").write_bytes(b"x" * 300_000)
    server.cut_after = 0
    with pytest.raises(AssetError, match="wrong content"):
        asset_path(make_asset(url(server)))
    assert asset_path(make_asset(url(server))).read_bytes() == server.content


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        pytest.param("/missing", b"", "the server answers 404 Not Found", id="404"),
        pytest.param("/thing", b"x" * 1_024_000, "wrong content, SHA-256", id="wrong bytes"),
        pytest.param("/thing", b"x" * 2_000_000, "sends 2,000,000 bytes, expected 1,024,000", id="too long"),
        pytest.param("/thing", b"x" * 10, "broke after 10 of 1,024,000", id="too short"),
    ],
)
def test_says_what_is_wrong_and_leaves_nothing(
    server: Any, cache: Path, make_asset: Make, path: str, content: bytes, message: str
) -> None:
    asset = make_asset(url(server, path))
    server.content = content
    with pytest.raises(AssetError, match=message):
        asset_path(asset)
    assert not (cache / "thing.bin").exists()
    assert find_asset(asset) is None


def test_an_empty_answer_is_no_file(server: Any, cache: Path, make_asset: Make) -> None:
    server.content = b""
    with pytest.raises(AssetError, match="an empty file"):
        asset_path(make_asset(url(server), known=False))


def test_names_the_reason_of_every_source(server: Any, cache: Path, make_asset: Make) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but nobody listens
        dead = Source("url", f"http://127.0.0.1:{closed.getsockname()[1]}/thing")
        with pytest.raises(AssetError) as caught:
            asset_path(make_asset(dead, url(server, "/missing"), Source("path", "/nowhere/thing.bin")))
    message = str(caught.value)
    assert "no connection (connection refused)" in message
    assert "404" in message
    assert "/nowhere/thing.bin: no such file" in message
    assert str(cache / "thing.bin") in message
    assert "\n" not in message


def test_falls_back_to_the_next_source(server: Any, cache: Path, make_asset: Make) -> None:
    path = asset_path(make_asset(url(server, "/missing"), url(server)))
    assert path.read_bytes() == server.content
