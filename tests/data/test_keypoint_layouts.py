"""Which joints an archive's keypoints are."""

from pathlib import Path
from typing import Any

import pytest

from videopose.data.keypoint_layouts import layout_of, sides
from videopose.errors import InputError
from videopose.skeletons import COCO17, H36M17, HUMANEVA15

COCO = [[1, 3, 5, 7, 9, 11, 13, 15], [2, 4, 6, 8, 10, 12, 14, 16]]
HUMAN36M = [[4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]]
HOURGLASS = [[4, 5, 6, 10, 11, 12], [1, 2, 3, 13, 14, 15]]
MPII = [[3, 4, 5, 13, 14, 15], [0, 1, 2, 10, 11, 12]]
HUMANEVA = [[2, 3, 4, 8, 9, 10], [5, 6, 7, 11, 12, 13]]


def test_sides_are_the_published_ones() -> None:
    assert [list(side) for side in sides(COCO17)] == COCO
    assert [list(side) for side in sides(H36M17)] == [[4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]]
    assert [list(side) for side in sides(HUMANEVA15)] == HUMANEVA


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"layout_name": "h36m", "num_joints": 17, "keypoints_symmetry": HUMAN36M}, "h36m17"),
        ({"layout_name": "coco", "num_joints": 17, "keypoints_symmetry": COCO}, "coco17"),
        ({"layout_name": "humaneva15", "num_joints": 15}, "humaneva15"),
        ({"num_joints": 17, "keypoints_symmetry": HUMAN36M}, "h36m17"),
        ({"num_joints": 17, "keypoints_symmetry": COCO}, "coco17"),
        ({"num_joints": 17, "keypoints_symmetry": tuple(side[::-1] for side in COCO)}, "coco17"),
        ({"num_joints": 15, "keypoints_symmetry": HUMANEVA}, "humaneva15"),
        ({"layout_name": "h36m", "num_joints": 16, "keypoints_symmetry": HOURGLASS}, "h36m16"),
        ({"num_joints": 16, "keypoints_symmetry": HOURGLASS}, "h36m16"),
        ({"layout_name": "mpii", "num_joints": 16, "keypoints_symmetry": MPII}, "mpii16"),
        ({"num_joints": 16, "keypoints_symmetry": MPII}, "mpii16"),
    ],
)
def test_layouts_are_known_by_name_or_by_sides(metadata: dict[str, Any], expected: str) -> None:
    assert layout_of(Path("a.npz"), metadata).name == expected


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"layout_name": "sh", "num_joints": 16}, "the layout 'sh' in 'metadata' is not known. Known are h36m17"),
        ({"layout_name": "humaneva20", "num_joints": 20}, "the layout 'humaneva20'"),
        ({"layout_name": ["coco"], "num_joints": 17}, "is not known"),
        ({"num_joints": 17, "keypoints_symmetry": [[1], [2]]}, "17 joints, left and right"),
        ({"num_joints": 16, "keypoints_symmetry": COCO}, "coco17, which has 17 joints, and num_joints 16"),
        ({"num_joints": 17, "keypoints_symmetry": [COCO[1], COCO[0]]}, "is not known"),
        ({"num_joints": 17}, "is not known"),
        ({"num_joints": 17, "keypoints_symmetry": 3}, "is not known"),
        ({"layout_name": "coco", "num_joints": 18}, "which has 17 joints, and num_joints 18"),
        ({}, "has no 'num_joints'"),
        (None, "has no 'num_joints'"),
        ({"num_joints": "17"}, "has no 'num_joints'"),
    ],
)
def test_other_metadata_is_refused(metadata: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"a.npz: .*{message}"):
        layout_of(Path("a.npz"), metadata)
