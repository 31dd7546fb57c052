"""From windows to people: propose, merge across windows, and look twice before believing."""

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from videopose.detect.blazepose.geometry import Region
from videopose.detect.blazepose.networks import NetworkPool, Networks
from videopose.detect.blazepose.pose import Candidate, Pose

PROPOSAL_SCORE = 0.4
"""Least score of a proposal in a search window."""
CONFIRMED_SCORE = 0.5
"""Least score of the same person in a window fitted to them."""
FLAG = 0.6
"""Least pose flag in both looks at a new person."""
AGREEMENT = 0.6
"""Least similarity of the two looks."""
SAME_BODY = 0.5
"""Poses more similar than this are one body seen twice."""


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
    proposals = networks.find_people(image, candidate.window, CONFIRMED_SCORE)
    again = [proposal for proposal in proposals if proposal.is_near(candidate, 0.5, 1.8)]
    if not again:
        return None
    first = networks.find_pose(image, again[0].region)
    if first.flag < FLAG or not first.is_finite:
        return None
    second = networks.find_pose(image, first.following.scaled(1.1).shifted(0.02, 0.02))
    if second.flag < FLAG or not second.is_finite or first.similarity(second) < AGREEMENT:
        return None
    return second
