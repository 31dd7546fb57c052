"""From one frame to the next: where a person was tells where to look."""

from collections.abc import Sequence

import numpy as np

from videopose.detect.blazepose.geometry import Region
from videopose.detect.blazepose.networks import Networks
from videopose.detect.blazepose.pose import Pose
from videopose.detect.blazepose.search import CONFIRMED_SCORE
from videopose.types import Frame

LOST_FLAG = 0.5
"""A followed person is lost below this pose flag."""
LOOK_AGAIN = 0.15
"""When the person moved or grew by more than this share of the region, the network is asked again, better aimed."""
JUMP_SIZES = 0.35
"""A hip that moves further than this (in hip-to-top distances) in no time is another body's."""
JUMP_SIZES_PER_S = 6.0
"""How much further it may move per second."""
STEADY = 0.08
"""Changes of the region smaller than this are damped, so that the crop does not shiver with the landmarks."""


def follow(networks: Networks, frames: Sequence[Frame], pose: Pose, time_s: float) -> list[Pose]:
    """The person's poses in the frames, in the order given (forwards or backwards), up to where they are lost.

    Args:
        networks: this thread's.
        frames: the frames next to the one `pose` is from.
        pose: the person where the following starts.
        time_s: the time of that frame.
    """
    poses: list[Pose] = []
    for frame in frames:
        found = next_pose(networks, frame.image, pose, abs(frame.time_s - time_s))
        if found is None:
            break
        poses.append(found)
        pose, time_s = found, frame.time_s
    return poses


def next_pose(networks: Networks, image: np.ndarray, last: Pose, passed_s: float) -> Pose | None:
    """The person's pose in the next frame, or None when they are lost."""
    region = steadied(last.region, last.following)
    pose = _look(networks, image, region)
    if not is_plausible(pose, last, passed_s, image):
        # Fast motion can leave the region within one frame; the person network sees further.
        found = networks.find_people(image, last.candidate.window, CONFIRMED_SCORE)
        if not found:
            return None
        nearest = min(found, key=lambda c: float(np.hypot(*(c.hip - last.candidate.hip))))
        pose = _look(networks, image, nearest.region)
        if not is_plausible(pose, last, passed_s, image):
            return None
    return pose


def _look(networks: Networks, image: np.ndarray, region: Region) -> Pose:
    pose = networks.find_pose(image, region)
    if pose.is_finite and pose.flag >= LOST_FLAG and region.change_to(pose.following) > LOOK_AGAIN:
        better = networks.find_pose(image, pose.following)
        if better.is_finite and better.flag >= LOST_FLAG:
            return better
    return pose


def steadied(region: Region, following: Region) -> Region:
    """The next region, damped where it hardly differs from the last."""
    return region.blended(following, min(1.0, 0.35 + region.change_to(following) / STEADY))


def is_plausible(pose: Pose, last: Pose, passed_s: float, image: np.ndarray) -> bool:
    """Whether the pose can be the same person as `last`, a moment later, still in view."""
    if not pose.is_finite or pose.flag < LOST_FLAG:
        return False
    reach = JUMP_SIZES + JUMP_SIZES_PER_S * min(passed_s, 0.25)
    return pose.candidate.is_near(last.candidate, reach, 1.5 + passed_s) and pose.in_view(image)


def first_duplicates(people: list[list[Pose]], starts: Sequence[Pose]) -> list[int]:
    """Where each followed person should end because they became the same body as another.

    The one whose pose leapt is cut, else the one the network is less sure of, else the later found.

    Args:
        people: for each person the poses in the chunk's first frames.
        starts: for each person the pose before the chunk.

    Returns:
        For each person how many poses to keep.
    """
    keep = [len(poses) for poses in people]
    for frame in range(max(keep, default=0)):
        for a in range(len(people)):
            for b in range(a + 1, len(people)):
                if frame >= keep[a] or frame >= keep[b]:
                    continue
                if people[a][frame].is_same_body(people[b][frame]):
                    steady_a, steady_b = (
                        people[k][frame].similarity(people[k][frame - 1] if frame else starts[k]) for k in (a, b)
                    )
                    loser = a if steady_a + 0.1 < steady_b else b
                    keep[loser] = frame
    return keep
