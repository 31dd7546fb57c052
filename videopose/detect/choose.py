"""Which detector `auto` takes on this machine."""

from collections.abc import Callable

from videopose.assets import Progress, asset_path, find_asset, get_asset
from videopose.devices import has_cuda, usable_device
from videopose.errors import AssetError

ACCURATE, EVERYWHERE = "keypoint-rcnn-r101", "blazepose"
"""The first needs a GPU to be usable: without one it takes seconds a frame."""


def choose(
    device: str, *, progress: Progress | None = None, say: Callable[[str], None] | None = None
) -> tuple[str, str]:
    """The accurate detector where a GPU runs it and its weights can be had, else the one that runs everywhere.

    The weights are fetched if need be, so that the choice holds.

    Args:
        device: as the user gives it: `auto`, which looks for CUDA, `cpu`, `cuda`, `mps`, ...
        progress: called with (bytes done, bytes in all; 0 if not known) while weights are fetched.
        say: told before weights are fetched.

    Returns:
        The detector's name, and the choice with its reason as a clause for the console.

    Raises:
        UsageError: torch has no such device here.
    """
    if device == "auto" and not has_cuda():
        return EVERYWHERE, f"{EVERYWHERE}, since there is no GPU that torch can use"
    if usable_device(device).startswith("cpu"):
        return EVERYWHERE, f"{EVERYWHERE}, since {ACCURATE} needs a GPU"
    asset = get_asset(ACCURATE)
    if say is not None and find_asset(asset) is None:
        say(f"fetching {ACCURATE} for the GPU, licence {asset.licence}")
    try:
        asset_path(asset, progress=progress)
    except AssetError:
        return EVERYWHERE, (
            f"{EVERYWHERE}, since the weights of {ACCURATE} cannot be had "
            f"(`videopose weights pull {ACCURATE}` says why)"
        )
    return ACCURATE, f"{ACCURATE}, since there is a GPU"
