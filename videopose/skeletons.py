"""Joint layouts: names, parents, left and right.

Source: COCO keypoint order (cocodataset.org), Human3.6M 17 joints as used by Martinez et al., ICCV 2017.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Skeleton:
    """An ordered set of joints with a kinematic tree."""

    name: str
    """Layout name, for example `coco17`."""
    joint_names: tuple[str, ...]
    """One name per joint, unique."""
    parents: tuple[int, ...]
    """Parent index per joint, -1 for the root; a parent need not come before its child."""

    def __post_init__(self) -> None:
        if len(self.joint_names) != len(self.parents):
            raise ValueError(f"{self.name}: {len(self.joint_names)} joint names but {len(self.parents)} parents")

    def __len__(self) -> int:
        return len(self.joint_names)

    def index(self, name: str) -> int:
        """Index of the joint called `name`; ValueError when the layout has none."""
        return self.joint_names.index(name)

    @cached_property
    def mirror(self) -> np.ndarray:
        """(J,) int64: the index of each joint's mirror image (itself when it lies in the middle)."""
        swap = {"left": "right", "right": "left"}
        indices = []
        for name in self.joint_names:
            side, _, rest = name.partition("_")
            indices.append(self.index(f"{swap[side]}_{rest}") if side in swap else self.index(name))
        return np.array(indices, dtype=np.int64)

    @cached_property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(parent, child) index pairs."""
        return tuple((parent, child) for child, parent in enumerate(self.parents) if parent >= 0)


COCO17 = Skeleton(
    "coco17",
    (
        "nose",
        "left_eye",
        "right_eye",
        "left_ear",
        "right_ear",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
        "left_hip",
        "right_hip",
        "left_knee",
        "right_knee",
        "left_ankle",
        "right_ankle",
    ),
    (-1, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
)

H36M17 = Skeleton(
    "h36m17",
    (
        "hip",
        "right_hip",
        "right_knee",
        "right_ankle",
        "left_hip",
        "left_knee",
        "left_ankle",
        "spine",
        "thorax",
        "neck",
        "head",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
    ),
    (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15),
)

SKELETONS: dict[str, Skeleton] = {skeleton.name: skeleton for skeleton in (COCO17, H36M17)}
