"""From windows to people: propose, merge across windows, and look twice before believing."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from videopose.detect.blazepose.geometry import Region
from videopose.detect.blazepose.networks import NetworkPool, Networks
from videopose.detect.blazepose.pose import Candidate, Pose

PROPOSAL_SCORE = 0.4
"""Least score of a proposal in a search window."""
SURE_SCORE = 0.75
"""A proposal with this score deserves a look even if the fitted window does not show it again."""
SEEN_AGAIN = 0.2
"""Least score of the same person in a window fitted to them."""
CONFIRMED_SCORE = 0.5
"""With this score there, the landmark network need not be quite as sure."""
LOOKS = 2
"""How often two looks may disagree: a region that started badly aimed settles on the body with the next."""


class Demands(NamedTuple):
    """What the landmark network must say about a new person."""

    flag: float
    """Least pose flag in both looks."""
    agreement: float
    """Least similarity of the two looks."""
    confidence: float
    """Least mean confidence of the surer half of the joints."""


CONFIRMED = Demands(flag=0.6, agreement=0.6, confidence=0.7)
UNCONFIRMED = Demands(flag=0.9, agreement=0.8, confidence=0.85)


def propose(pool: NetworkPool, image: np.ndarray, windows: Iterable[Region]) -> list[Candidate]:
    """Everyone the person network proposes in the windows, once, best first."""
    tasks = [partial(_find_people, image=image, window=window) for window in windows]
    return merge_candidates([candidate for found in pool.map(tasks) for candidate in found])


def _find_people(networks: Networks, image: np.ndarray, window: Region) -> list[Candidate]:
    return networks.find_people(image, window, PROPOSAL_SCORE)


def merge_candidates(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates without those a better one already stands for, best first."""
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: -c.score):
        if candidate.size > 1.0 and not any(candidate.is_near(other, 0.4, 1.7) for other in kept):
            kept.append(candidate)
    return kept


def second_look(networks: Networks, image: np.ndarray, candidate: Candidate) -> Pose | None:
    """The candidate's pose if a fitted window shows them again and two regions give the same pose, else None.

    Small windows propose three false people for a true one; hardly any of the false ones stands this.
    """
    proposals = networks.find_people(image, candidate.window, SEEN_AGAIN)
    again = next((proposal for proposal in proposals if proposal.is_near(candidate, 0.5, 1.8)), None)
    if again is None and candidate.score < SURE_SCORE:
        return None
    demands = CONFIRMED if again is not None and again.score >= CONFIRMED_SCORE else UNCONFIRMED
    pose = networks.find_pose(image, (again or candidate).region)
    for _ in range(LOOKS):
        if pose.flag < CONFIRMED.flag or not pose.is_finite:
            return None
        other = networks.find_pose(image, pose.following.scaled(1.1).shifted(0.02, 0.02))
        if _agree(pose, other, demands):
            sure = np.sort(other.joint_confidence)[-9:].mean() >= demands.confidence
            return other if sure and other.in_view(image) else None
        pose = other
    return None


def _agree(pose: Pose, other: Pose, demands: Demands) -> bool:
    if min(pose.flag, other.flag) < demands.flag or not other.is_finite:
        return False
    return pose.similarity(other) >= demands.agreement
