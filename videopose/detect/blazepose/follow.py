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

RECENT_POSES = 12
"""So many of a person's last poses are asked when two claim the same joints: a slide into another body takes a few."""
EQUALLY_ROUGH = 0.02
"""Steps that differ by less say nothing about who is who."""


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


def first_duplicates(people: list[list[Pose]], pasts: Sequence[Sequence[Pose]]) -> list[int]:
    """Where each followed person should end because their pose went over, in part or whole, to another's body.

    In front of each other the network mixes people: one's skeleton gets the other's head, arms or legs. The joints
    that both poses now claim tell who is right: they moved on smoothly with their owner, while the other's slid or
    leapt there from a body of their own. So the one whose claimed joints took the roughest step lately is cut.

    Args:
        people: for each person the poses in the chunk's first frames.
        pasts: for each person the poses before the chunk, at least one, the latest last.

    Returns:
        For each person how many poses to keep.
    """
    keep = [len(poses) for poses in people]
    for frame in range(max(keep, default=0)):
        for a in range(len(people)):
            for b in range(a + 1, len(people)):
                if frame >= keep[a] or frame >= keep[b]:
                    continue
                pose_a, pose_b = people[a][frame], people[b][frame]
                if pose_a.is_mixed_with(pose_b):
                    claimed = pose_a.claimed_joints(pose_b)
                    rough_a, rough_b = (
                        roughest_step([*pasts[k], *people[k][: frame + 1]][-RECENT_POSES:], claimed) for k in (a, b)
                    )
                    # when nothing tells them apart, the later found one is the double
                    loser = a if rough_a > rough_b + EQUALLY_ROUGH else b
                    keep[loser] = frame
    return keep


def roughest_step(poses: Sequence[Pose], weights: np.ndarray) -> float:
    """How badly, 0..1, the worst of the poses is foreseen by those before it.

    Args:
        poses: of one person in consecutive frames.
        weights: (17,) how much each joint counts.
    """
    worst = 0.0
    # the first step of a way comes from nowhere: it counts only where there is no other
    for k in range(1 if len(poses) == 2 else 2, len(poses)):
        similarity = poses[k].joint_similarities(poses[k - 1].joints, poses[k - 1].following.side)
        if k > 1:  # whoever walks is foreseen on the way they were going, whoever stops where they were
            onwards = 2 * poses[k - 1].joints - poses[k - 2].joints
            similarity = np.maximum(similarity, poses[k].joint_similarities(onwards, poses[k - 1].following.side))
        worst = max(worst, 1.0 - float((similarity * weights).sum() / max(weights.sum(), 1e-9)))
    return worst
