"""One person in one frame, as the networks see them, and when two of those are the same body."""

import math
from dataclasses import dataclass

import numpy as np

from videopose.detect.blazepose.decoding import COCO_LANDMARKS
from videopose.detect.blazepose.geometry import Region
from videopose.skeletons import COCO17

BODY_SCALE = 2.5
"""Side of a person's region, in distances from mid hip to the point that gives the size."""

FITTED_WINDOW = 4.0
"""Side of the person network's window around one person, in the same distances."""

SAME_BODY = 0.5
"""Poses more similar than this are one body seen twice."""
MIXED_BODIES = 0.4
"""Poses more similar than this share several joints: at least one of them is made of two bodies."""
SHARED_JOINTS = 0.3
"""The same for somebody newly found, of whom no past tells whose the joints are."""
TORSO = (5, 6, 11, 12)
"""Shoulders and hips among the COCO joints."""
SAME_TORSO = 0.2
"""Torsos of about one size closer than this (in hip-to-top distances) are one body's."""

# Per-joint spread of human annotators, from the COCO keypoint evaluation (cocodataset.org): k = 2 sigma.
_SPREAD = 2 * np.array(
    [
        0.026,
        0.025,
        0.025,
        0.035,
        0.035,
        0.079,
        0.079,
        0.072,
        0.072,
        0.062,
        0.062,
        0.107,
        0.107,
        0.087,
        0.087,
        0.089,
        0.089,
    ]
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone the person network proposes."""

    score: float
    """0..1"""
    hip: np.ndarray
    """(2,) middle of the hips, frame pixels."""
    top: np.ndarray
    """(2,) a point as far above the hips as the body reaches, frame pixels."""

    @property
    def size(self) -> float:
        """Pixels from hip to top: about half of a standing person's height."""
        return math.dist(self.hip, self.top)

    @property
    def region(self) -> Region:
        """Where the landmark network looks for this person."""
        return Region.around(self.hip, self.top, BODY_SCALE)

    @property
    def window(self) -> Region:
        """Where the person network sees this person best: upright in the frame, a standing one spans half of it."""
        return Region(float(self.hip[0]), float(self.hip[1]), self.size * FITTED_WINDOW)

    def is_near(self, other: "Candidate", distance: float, growth: float) -> bool:
        """Hips closer than `distance` sizes, and sizes within a factor of `growth`."""
        small, large = sorted((self.size, other.size))
        return math.dist(self.hip, other.hip) < distance * large and large < growth * small


@dataclass(frozen=True, slots=True)
class Pose:
    """One run of the landmark network."""

    points: np.ndarray
    """(33, 2) frame pixels."""
    confidence: np.ndarray
    """(33,) 0..1: in view, and agreed on by the heatmap."""
    flag: float
    """0..1: there is a person in the region."""
    region: Region
    """What the network saw."""
    following: Region
    """Where to look for this person in the next frame."""

    @property
    def is_finite(self) -> bool:
        """False when the network's numbers cannot be used."""
        return bool(np.isfinite(self.points).all()) and 1.0 < self.following.side < 1e6

    @property
    def candidate(self) -> Candidate:
        """The person as the person network would name it."""
        region = self.following
        hip = np.array([region.x, region.y])
        return Candidate(self.flag, hip, hip + (region.top - hip) * (2 / BODY_SCALE))

    @property
    def joints(self) -> np.ndarray:
        """(17, 2) COCO joints, frame pixels."""
        return self.points[list(COCO_LANDMARKS)]

    @property
    def joint_confidence(self) -> np.ndarray:
        """(17,) 0..1 for the COCO joints."""
        return self.confidence[list(COCO_LANDMARKS)]

    def in_view(self, image: np.ndarray) -> bool:
        """At least four joints that the network is fairly sure of lie in the (H, W, 3) frame."""
        height, width = image.shape[:2]
        inside = (self.joints >= 0).all(axis=1) & (self.joints < (width, height)).all(axis=1)
        return int((inside & (self.joint_confidence >= 0.4)).sum()) >= 4

    def similarity(self, other: "Pose", *, mirrored: bool = False) -> float:
        """Object keypoint similarity 0..1 of the two poses' joints, as COCO defines it, weighted by confidence.

        The area is that of the smaller one, so that a child before an adult stays a child.

        Args:
            other: the pose to compare with.
            mirrored: compare left with right, as if the other person had turned round.
        """
        order = COCO17.mirror if mirrored else np.arange(len(COCO17))
        values = self.joint_similarities(other.joints[order], other.following.side)
        weights = np.sqrt(self.joint_confidence * other.joint_confidence[order]) + 1e-3
        return float((values * weights).sum() / weights.sum())

    def joint_similarities(self, joints: np.ndarray, side: float) -> np.ndarray:
        """(17,) similarity 0..1 of each joint with one of (17, 2) `joints` of a body whose region has that side."""
        smaller = min(self.following.side, side) / 1.25
        distance2 = ((self.joints - joints) ** 2).sum(axis=1)
        return np.asarray(np.exp(-distance2 / (2 * 0.3 * smaller * smaller * _SPREAD**2 + 1e-9)))

    def claimed_joints(self, other: "Pose") -> np.ndarray:
        """(17,) 0..1, how much each joint of this pose lies where the other has the same joint or its mirror twin."""
        straight, turned = (
            self.joint_similarities(other.joints[order], other.following.side)
            for order in (np.arange(len(COCO17)), COCO17.mirror)
        )
        return np.asarray(np.maximum(straight, turned))

    def is_mixed_with(self, other: "Pose") -> bool:
        """Whether one of two poses of one frame took over joints of the other's body, or both are one body.

        People who really stand in front of each other share a few joints by chance, hardly ever this many.
        """
        return self._likeness(other) > MIXED_BODIES or self.is_same_body(other)

    def shares_joints_with(self, other: "Pose") -> bool:
        """A stricter measure for people newly found: a pose that shows nobody of their own must not be followed."""
        return self._likeness(other) > SHARED_JOINTS or self.is_same_body(other)

    def _likeness(self, other: "Pose") -> float:
        return max(self.similarity(other), self.similarity(other, mirrored=True))

    def is_same_body(self, other: "Pose") -> bool:
        """Whether two poses of one frame are one body seen twice, even if they disagree about its front or an arm."""
        if self._likeness(other) > SAME_BODY:
            return True
        # the middles of shoulders and hips do not care about left and right
        middles = (self.joints - other.joints)[list(TORSO)].reshape(2, 2, 2).mean(axis=1)
        small, large = sorted((self.candidate.size, other.candidate.size))
        return float(np.hypot(*middles.T).mean()) < SAME_TORSO * small and large < 1.3 * small
