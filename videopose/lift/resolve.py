"""Find a lifter by name or file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from videopose.assets import DEFAULT_LIFTER, Asset, Progress, asset_path, load_manifest
from videopose.errors import AssetError, UsageError
from videopose.lift.checkpoint import LifterInfo, LifterWeights, load_lifter_weights


def resolve_lifter(
    name_or_path: str = DEFAULT_LIFTER,
    *,
    progress: Progress | None = None,
    causal: bool = False,
    dense: bool = False,
) -> LifterWeights:
    """Load the lifter of that name in the manifest (it is fetched if need be), or from that file.

    Args:
        name_or_path: a name wins over a file.
        progress: called with (bytes done, bytes in all) while fetching.
        causal: a published checkpoint, which does not say it, is causal.
        dense: a published checkpoint has full kernels.

    Raises:
        UsageError: neither a lifter nor a file is called so, or it describes itself differently.
        AssetError: the weights cannot be had.
        InputError: the file is not a lifter.
    """
    lifters = {name: asset for name, asset in load_manifest().items() if asset.kind == "lifter"}
    if name_or_path in lifters:
        asset = lifters[name_or_path]
        found = asset_path(asset, progress=progress)
        return load_lifter_weights(found, _described(asset), causal=causal, dense=dense)
    path = Path(name_or_path)
    if not path.exists():
        raise UsageError(
            f"no lifter and no file is called {name_or_path!r}. Give a file or one of {', '.join(lifters)}."
        )
    known = [asset for asset in lifters.values() if asset.file == path.name]
    return load_lifter_weights(path, _described(known[0]) if known else None, causal=causal, dense=dense)


def _described(asset: Asset) -> LifterInfo:
    """The manifest's table of a lifter, for checkpoints that do not describe themselves."""
    keys = ("layout_in", "layout_out", "normalisation", "frame_rate", "causal")
    table: Mapping[str, Any] = {key: asset.lifter[key] for key in keys if key in asset.lifter}
    try:
        return LifterInfo(asset.name, **table)
    except (TypeError, ValueError) as error:
        raise AssetError(
            f"lifter {asset.name!r} is described wrongly ({error}). Correct its entry in manifest.toml."
        ) from error
