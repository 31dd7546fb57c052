"""Where everybody is in the page's scene: Y up, metres, the floor at 0."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from videopose.export.scene3d import place_people
from videopose.ground import recorded_ground
from videopose.types import Recording
from videopose.world import World

_Y_UP = np.array([1.0, -1.0, -1.0])


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
    people = place_people(recording, ground.world).people
    places = {person.motion.person_id: person.poses(slice(None)) * _Y_UP for person in people}
    unplaced = frozenset(person.motion.person_id for person in people if not person.rooted)
    return Stage(ground.world, places, unplaced, str(ground) if people else "")


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
