"""Where good ends and poor begins, and why there.

Judged on 198 results of known truth: 66 fixed views of running and martial arts that no lifter here was trained on,
each lifted with wild-243 from keypoints without noise, with noise as of a detector, and with 2.5 times as much
(`benchmarks/report_measures.py`). Rank correlation with the mean error of the joints, over all 198, and the lowest and
highest within one noise and one kind of movement:

    fit to the picture        0.82   -0.25 to 0.60
    variation of bones        0.70   -0.02 to 0.72
    jitter                    0.33   -0.20 to 0.51   (0.81 with the error of acceleration)
    speed of standing feet    0.16   -0.11 to 0.24   (0.85 with the error of acceleration)

So fit and bones tell bad keypoints from good ones. They hardly tell which of two results from equally good keypoints is
nearer the truth, and neither sees a pose that is wrong and yet agrees with the picture. Jitter and standing feet tell
how steady a movement is, not how right: they make a person fair at most. Scores, exchanged sides and speeds that no
body reaches did not vary in these views: their limits are judgement, not measurement.
"""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How good a measure is, from best to worst; the last says that it cannot be told."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    UNJUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Limits:
    """Values up to `good` are good, up to `fair` fair; where more is better, from them on."""

    good: float
    fair: float
    reason: str
    """Why there: one sentence."""

    def grade(self, value: float) -> Grade:
        """Grade of a value; NaN cannot be judged."""
        if value != value:
            return Grade.UNJUDGED
        sign = 1.0 if self.good <= self.fair else -1.0
        if sign * value <= sign * self.good:
            return Grade.GOOD
        return Grade.FAIR if sign * value <= sign * self.fair else Grade.POOR


LIMITS = {
    "seen": Limits(
        0.8,
        0.5,
        "A convention: below half, most of what is shown of a joint was inferred from the rest of the body. It was not "
        "tested against known truth.",
    ),
    "angles": Limits(
        0.8, 0.5, "As for the joints: the share of frames in which all joints of the angle were seen together."
    ),
    "speeds": Limits(
        0.0,
        0.01,
        "Share of frames beyond what bodies do: 12.5 m/s for the hip (the fastest sprinters reach 12.3), 25 m/s for "
        "wrists and ankles. It finds jumps to another person, not small errors.",
    ),
    "path": Limits(0.95, 0.8, "Share of the frames with a place in space; at best fair while the lens is assumed."),
    "bones": Limits(
        0.025,
        0.04,
        "198 results of known truth: up to 2.5 % the joints were off by 53 mm (median), up to 4 % by 92 mm, beyond by "
        "120 mm.",
    ),
    "fit": Limits(
        0.02,
        0.03,
        "198 results of known truth: up to 2 % of the person's size the joints were off by 54 mm (median), up to 3 % "
        "by 77 mm, beyond by 119 mm.",
    ),
    "jitter": Limits(
        2.0,
        4.0,
        "198 results of known truth: up to 2 mm for most from usual keypoints, above for most from noisy ones. It "
        "tells how steady the movement is, not how right.",
    ),
    "sliding": Limits(
        0.3,
        0.6,
        "Standing ankles of real people move at 0.02 m/s (median of the views of known truth), lifted ones at 0.3 m/s "
        "from usual keypoints. It goes with the error of acceleration, not with that of the joints.",
    ),
    "swaps": Limits(
        0.0,
        0.02,
        "Share of frames with a suspected exchange or a trunk twisted by more than a right angle; a convention, none "
        "occurred where the truth is known.",
    ),
}
"""By measure."""

FASTEST_HIP_M_S = 12.5
FASTEST_LIMB_M_S = 25.0


@dataclass(frozen=True, slots=True)
class KnownError:
    """What results of one grade were off by, where the truth is known."""

    results: int
    """How many there were."""
    median_mm: int
    """Mean distance of the joints from the truth: median over the results."""
    low_mm: int
    """Tenth percentile."""
    high_mm: int
    """Ninetieth percentile."""


KNOWN_ERRORS = {
    Grade.GOOD: KnownError(114, 52, 26, 88),
    Grade.FAIR: KnownError(43, 72, 55, 121),
    Grade.POOR: KnownError(41, 118, 85, 147),
}
"""By the worse of the grades of fit and bones."""
KNOWN_ANGLE_ERRORS = {"hip_flexion": 7, "knee_flexion": 8, "shoulder_elevation": 7, "elbow_flexion": 11}
"""Median error in degrees on the 66 views with noise as of a detector, left and right together."""
