"""Which joints a 2D archive's keypoints are, from the metadata beside them."""

from pathlib import Path
from typing import Any

from videopose.errors import InputError
from videopose.skeletons import COCO17, H36M16, H36M17, HUMANEVA15, MPII16, Skeleton

_NAMES = {
    "h36m": (H36M17, H36M16),
    "human36m": (H36M17,),
    "h36m17": (H36M17,),
    "coco": (COCO17,),
    "coco17": (COCO17,),
    "humaneva15": (HUMANEVA15,),
    "mpii": (MPII16,),
}
_KNOWN = (H36M17, COCO17, HUMANEVA15, H36M16, MPII16)


def sides(skeleton: Skeleton) -> tuple[list[int], list[int]]:
    """Indices of the left joints, and of the right ones that mirror them."""
    left = [index for index, name in enumerate(skeleton.joint_names) if name.startswith("left_")]
    return left, skeleton.mirror[left].tolist()


def layout_of(path: Path, metadata: Any) -> Skeleton:
    """The layout of an archive's keypoints.

    Args:
        path: the archive, for messages.
        metadata: its `metadata`: `layout_name`, or `num_joints` and `keypoints_symmetry` [left, right].

    Raises:
        InputError: the metadata is not such a dict, contradicts itself, or tells of a layout that is not known.
    """
    joints = metadata.get("num_joints") if isinstance(metadata, dict) else None
    if not isinstance(joints, int):
        raise InputError(f"{path}: 'metadata' has no 'num_joints'. Give an archive of 2D keypoints.")
    name = metadata.get("layout_name")
    try:
        pairs = [sorted(int(index) for index in side) for side in metadata.get("keypoints_symmetry", ())]
    except (TypeError, ValueError, OverflowError):
        pairs = []
    if name is not None:
        named = _NAMES.get(name, ()) if isinstance(name, str) else ()
    else:
        named = tuple(one for one in _KNOWN if pairs == [sorted(side) for side in sides(one)])
    known = ", ".join(skeleton.name for skeleton in _KNOWN)
    if not named:
        what = f"the layout {name!r}" if name is not None else f"{joints} joints, left and right {pairs},"
        what = what.partition("\n")[0][:200]
        raise InputError(f"{path}: {what} in 'metadata' is not known. Known are {known}.")
    found = next((one for one in named if len(one) == joints), None)
    if found is None:
        raise InputError(
            f"{path}: 'metadata' says {named[0].name}, which has {len(named[0])} joints, and num_joints {joints}. "
            "Correct one."
        )
    return found
