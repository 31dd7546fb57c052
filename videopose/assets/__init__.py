"""Weights and samples that are too large or not ours to ship: named, pinned by hash, fetched once, kept in a cache.

`asset_path("blazepose-landmarks")` fetches on the first call; later it finds the checked file at once.
"""

from videopose.assets.manifest import DEFAULT_LIFTER, Asset, Source, load_manifest
from videopose.assets.store import (
    Check,
    Progress,
    asset_path,
    cache_dir,
    find_asset,
    get_asset,
    iopath_cache_dir,
    local_path,
    pull,
    sha256_of,
    verify,
)

__all__ = [
    "DEFAULT_LIFTER",
    "Asset",
    "Check",
    "Progress",
    "Source",
    "asset_path",
    "cache_dir",
    "find_asset",
    "get_asset",
    "iopath_cache_dir",
    "load_manifest",
    "local_path",
    "pull",
    "sha256_of",
    "verify",
]
