"""Where everybody is in the page's scene: Y up, metres, the floor at 0."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from videopose.export.scene3d import place_people
from videopose.ground import recorded_ground
from videopose.ground.estimate import ANKLE_M
from videopose.types import Motion, Recording
from videopose.world import World

_LOW = 10.0
"""Percentile of the feet's heights that stands on the floor."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The people of a recording in the world."""

    world: World
    places: dict[int, np.ndarray]
    """By person_id: (T, J, 3) float64 metres, NaN where a joint is unknown."""
    unplaced: frozenset[int]
    """Ids of those without any root, who were put beside the others."""
    ground: str
    """How the world was found, for people; empty where there is nobody."""


def stage(recording: Recording) -> Stage:
    """Put every motion into the world that the ground gives; who has no root stands beside the others, on the floor."""
    ground = recorded_ground(recording)
    world = ground.world
    scene = place_people(recording)
    places, unplaced = {}, set()
    for person in scene.people:
        motion = person.motion
        joints = world.places(motion.joints + person.root[:, None])
        if not np.isfinite(motion.root).all(axis=1).any():
            unplaced.add(motion.person_id)
            joints[..., 1] += ANKLE_M - _lowest(motion, joints)
        places[motion.person_id] = joints
    return Stage(world, places, frozenset(unplaced), str(ground) if scene.people else "")


def _lowest(motion: Motion, joints: np.ndarray) -> float:
    """Height at which the lower ankle mostly is; of any joint where no ankle is known."""
    ankles = [j for j, name in enumerate(motion.skeleton.joint_names) if name.endswith("_ankle")]
    known = np.isfinite(joints[:, ankles, 1]).any()
    heights = joints[:, ankles, 1] if known else joints[..., 1]
    heights = heights[np.isfinite(heights)]
    return float(np.percentile(heights, _LOW)) if heights.size else 0.0


def camera_mark(recording: Recording, world: World) -> dict[str, Any]:
    """The camera for the page: (3,) `position`, `right`, `up`, `forward` in the world; `focal` in picture heights."""
    matrix = world.matrix()
    focal_px = recording.provenance.get("focal_px")
    width, height = recording.video.width, recording.video.height
    focal = float(max(width, height))
    if isinstance(focal_px, int | float) and np.isfinite(focal_px) and focal_px > 0:
        focal = float(focal_px)
    return {
        "position": (matrix[:3, 3]).tolist(),
        "right": matrix[:3, 0].tolist(),
        "up": (-matrix[:3, 1]).tolist(),
        "forward": matrix[:3, 2].tolist(),
        "focal": focal / height,
    }
