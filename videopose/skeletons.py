"""Joint layouts: names, parents, left and right.

Source: COCO keypoint order (cocodataset.org), Human3.6M 17 joints as used by Martinez et al., ICCV 2017, and its 32 as
recorded (Ionescu et al., PAMI 2014), HumanEva 15 joints (Sigal et al., IJCV 2010), MPII 16 joints (Andriluka et al.,
CVPR 2014).
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

H36M32 = Skeleton(
    "h36m32",
    (
        "hip",
        "right_hip",
        "right_knee",
        "right_ankle",
        "right_toe_base",
        "right_toe_tip",
        "left_hip",
        "left_knee",
        "left_ankle",
        "left_toe_base",
        "left_toe_tip",
        "spine_base",
        "spine",
        "thorax",
        "neck",
        "head",
        "left_collar",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "left_hand",
        "left_thumb",
        "left_finger_base",
        "left_finger_tip",
        "right_collar",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
        "right_hand",
        "right_thumb",
        "right_finger_base",
        "right_finger_tip",
    ),
    (
        *(-1, 0, 1, 2, 3, 4, 0, 6, 7, 8, 9, 0, 11, 12, 13, 14),
        *(12, 16, 17, 18, 19, 20, 19, 22, 12, 24, 25, 26, 27, 28, 27, 30),
    ),
)
"""All joints of the Human3.6M recordings. The last of each hand and foot repeat others; H36M17 is what is used."""

H36M17_FROM_H36M32 = tuple(H36M32.index(name) for name in H36M17.joint_names)
"""Indices of the joints of H36M17 among those of H36M32."""

HUMANEVA15 = Skeleton(
    "humaneva15",
    (
        "hip",
        "thorax",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
        "left_hip",
        "left_knee",
        "left_ankle",
        "right_hip",
        "right_knee",
        "right_ankle",
        "head",
    ),
    (-1, 0, 1, 2, 3, 1, 5, 6, 0, 8, 9, 0, 11, 12, 1),
)

H36M16 = Skeleton(
    "h36m16",
    tuple(name for name in H36M17.joint_names if name != "neck"),
    (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 8, 10, 11, 8, 13, 14),
)
"""H36M17 without the neck: what stacked hourglass networks trained on Human3.6M give."""

MPII16 = Skeleton(
    "mpii16",
    (
        "right_ankle",
        "right_knee",
        "right_hip",
        "left_hip",
        "left_knee",
        "left_ankle",
        "hip",
        "thorax",
        "upper_neck",
        "head",
        "right_wrist",
        "right_elbow",
        "right_shoulder",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
    ),
    (1, 2, 6, 6, 3, 4, -1, 6, 7, 8, 11, 12, 7, 7, 13, 14),
)

_ALL = (COCO17, H36M17, H36M32, H36M16, HUMANEVA15, MPII16)
SKELETONS: dict[str, Skeleton] = {skeleton.name: skeleton for skeleton in _ALL}
