"""Gravity and floor from the motions of everybody in a video.

Three things are weighed against each other, each by how far it can be wrong: places where feet stood lie on one plane;
bodies are upright, the more so the straighter they are; cameras are held nearly level.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from videopose.ground.footholds import Footholds, ankles, footholds
from videopose.ground.upright import upright
from videopose.ground.vertical import Vertical, solve_vertical
from videopose.skeletons import COCO17, H36M17
from videopose.types import Motion, Recording, Track
from videopose.world import CAMERA_WORLD, World, bridged_root, possible_places

ANKLE_M = 0.08
"""Height of a standing person's ankle over the floor."""

_SYSTEMATIC_DEGREES = 1.5
"""What no number of feet takes away: the focal length is assumed, and errors of one person are alike."""
_TELLING = 0.85
"""Feet are named as a source where they bring the expected error below this share of what it was without."""
_LOWEST_PERCENT = 5.0
"""Where no foot is seen to stand, the floor is as low as the lowest of this share of the ankles' places."""

_LEG_NAMES = ("left_knee", "right_knee", "left_ankle", "right_ankle")
_LEGS, _LEG_JOINTS = [COCO17.index(name) for name in _LEG_NAMES], [H36M17.index(name) for name in _LEG_NAMES]
_SEEN, _LEAST_SEEN = 0.3, 3
"""Score from which a joint counts as seen, and how many of the four have to be: one leg may hide the other's end."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Gravity and floor, and what they rest on."""

    world: World
    """Gravity along -Y, the floor at y = 0, the origin on it below where the first person starts, z towards the
    camera."""
    pitch_degrees: float
    """How far the camera looks down; negative: up."""
    roll_degrees: float
    """How far upright things lean to the right in the picture."""
    error_degrees: float
    """Expected error of the vertical, root mean square."""
    basis: str
    """What it was estimated from: `feet and bodies of 2 people`; empty: nothing, the camera is taken to be level."""

    @property
    def tilt_degrees(self) -> float:
        """Angle between the camera's and the true vertical."""
        return float(np.degrees(np.arccos(np.clip(-self.world.rotation[1, 1], -1, 1))))

    def __str__(self) -> str:
        """For people: `camera tilted 8 degrees down, estimated from bodies of 2 people, to about 4 degrees`."""
        if not self.basis:
            return "camera taken to be level"
        parts = [
            f"{abs(degrees):.0f} degrees {words[degrees < 0]}"
            for degrees, words in (
                (self.pitch_degrees, ("down", "up")),
                (self.roll_degrees, ("to its left", "to its right")),
            )
            if round(abs(degrees)) > 0
        ]
        camera = f"camera tilted {' and '.join(parts)}" if parts else "camera level"
        return f"{camera}, estimated from {self.basis}, to about {self.error_degrees:.0f} degrees"


def estimate_ground(motions: Sequence[Motion], tracks: Sequence[Track] = ()) -> Ground:
    """Gravity and floor as everybody in a video tells them.

    Roots that are missing, people who sit, jump or lie, and nobody at all make the answer less sure and nearer to a
    level camera. Legs that are outside the picture are guessed, and would mislead it: frames whose legs were not seen
    count for nothing.

    Args:
        motions: camera axes.
        tracks: their keypoints, in the same order and frames, whose scores tell when legs were seen; none: always.
    """
    motions = [
        replace(motion, joints=possible_places(motion.joints), root=possible_places(motion.root)) for motion in motions
    ]
    judged = [_legs_seen(*pair) for pair in zip(motions, tracks, strict=True)] if tracks else motions
    bodies = [body for body in map(upright, judged) if body is not None]
    without_feet = solve_vertical(bodies, [])
    feet = [holds for holds in (footholds(motion, without_feet.up) for motion in judged) if len(holds.points)]
    found = solve_vertical(bodies, feet) if feet else without_feet
    sources = {
        "feet": len(feet) if found.error_degrees < _TELLING * without_feet.error_degrees else 0,
        "bodies": len(bodies),
    }
    named = [name for name, people in sources.items() if people]
    people = max(sources.values())
    return Ground(
        world=_world(found, feet, motions),
        pitch_degrees=float(np.degrees(found.pitch)),
        roll_degrees=float(np.degrees(found.roll)),
        error_degrees=float(np.hypot(found.error_degrees, np.sqrt(2) * _SYSTEMATIC_DEGREES)),
        basis=f"{' and '.join(named)} of {people} {'person' if people == 1 else 'people'}" if named else "",
    )


def recorded_ground(recording: Recording) -> Ground:
    """Gravity and floor as everybody in a recording tells them."""
    return estimate_ground(recording.motions, recording.tracks if recording.motions else ())


def chosen_world(name: str, recording: Recording) -> World:
    """The world called `camera`, or `ground`: gravity along -Y, the floor at y = 0. See `world.WORLDS`."""
    return recorded_ground(recording).world if name == "ground" else CAMERA_WORLD


def _legs_seen(motion: Motion, track: Track) -> Motion:
    """The motion with unknown legs in frames in which they were hardly seen."""
    seen = (track.keypoints[:, _LEGS, 2] >= _SEEN).sum(axis=1) >= _LEAST_SEEN
    joints = motion.joints.copy()
    joints[np.ix_(~seen, _LEG_JOINTS)] = np.nan
    return replace(motion, joints=joints)


def _world(found: Vertical, feet: Sequence[Footholds], motions: Sequence[Motion]) -> World:
    up = found.up
    # towards the camera along the floor; never along the vertical, as cameras that look straight down are ruled out
    back = np.array([0.0, 0.0, -1.0])
    back = back - (back @ up) * up
    back /= np.linalg.norm(back)
    rotation = np.stack([np.cross(up, back), up, back])
    known = [motion for motion in motions if np.isfinite(motion.joints).any()]
    if not known:
        return World(rotation, np.zeros(3))
    rooted = [motion for motion in known if np.isfinite(motion.root).any()] or known
    floor = -found.height_m if feet else _lowest(rooted, up)
    first = rooted[0]
    start = bridged_root(first)[np.argmax(np.isfinite(first.joints).all(axis=(1, 2)))]
    return World(rotation, start + (floor - ANKLE_M - start @ up) * up)


def _lowest(motions: Sequence[Motion], up: np.ndarray) -> float:
    """How high, along `up` from the camera, ankles are when they are low."""
    heights = np.concatenate([(ankles(motion) @ up).ravel() for motion in motions])
    known = heights[np.isfinite(heights)]
    return float(np.percentile(known, _LOWEST_PERCENT)) if len(known) else 0.0
