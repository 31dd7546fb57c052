"""The tracker's knobs, each with its unit and the reason for its value."""

from dataclasses import dataclass, fields
from math import isfinite

from videopose.errors import UsageError


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """What the tracker takes for granted about people and detectors.

    All spans are in seconds, never in frames. Lengths are in body heights: the stature in pixels that a pose's longest
    limbs imply, so that a bent, seated or cut-off person keeps her size.

    Raises:
        UsageError: a value is negative or not finite.
    """

    max_gap_s: float = 1.5
    """Longest absence after which a person keeps the id, seconds: one second behind somebody else, plus what the
    detector needs to find a person again. The frames between are filled in. Longer: a new track with a new id."""
    min_duration_s: float = 0.5
    """Tracks that were seen for less are dropped, seconds, each frame weighted with the detection's and the keypoints'
    scores: false detections seldom last (0.5 s at half the scores on real clips), and half a step of a person is of
    no use as motion. In a video shorter than four times this, a quarter of its length counts."""
    min_confidence: float = 0.4
    """A track must reach this detection score in a tenth of its frames (0..1): a real person is seen well sometimes."""
    min_stature_px: float = 56.0
    """Tracks of people smaller than this (median stature over the track, pixels) are dropped: they cannot be lifted.
    On real clips made smaller, the embedded detector's joints are off by a two-hundredth of a body height at 120
    pixels, by up to a fortieth at 56 and a thirtieth at 48. 0 keeps everybody."""
    coast_s: float = 0.2
    """How long a track is predicted on before the frame-by-frame pass gives up, seconds. Longer gaps are left to
    linking, which knows what comes after."""
    fit_s: float = 0.4
    """Stretch from which a velocity is measured, seconds: about a step, long enough to average a detector's jitter."""
    max_speed: float = 4.0
    """Body heights per second by which a body may miss its predicted place: 7 m/s off the prediction."""
    duplicate_distance: float = 0.07
    """Two detections in one frame nearer than this (mean keypoint distance, body heights) are one body: two people in
    front of each other differ in limbs by more, a detector's jitter by less."""
    ambiguity: float = 0.12
    """Where exchanging two people costs less than this more (body heights of keypoint distance), the frame-by-frame
    pass leaves the decision to linking."""
    max_joint_speed: float = 6.0
    """Body heights per second at which no joint leaves its path and comes back. (A kick's foot is as fast, but stays on
    its path.)"""
    spike_s: float = 0.12
    """Longest excursion of a single joint that is taken for a detector's slip, seconds."""
    flip_cost: float = 0.3
    """What one change between left and right as detected and swapped costs, in body heights of joint displacement."""
    flip_prior: float = 0.01
    """What each frame of arms, legs or face in the swapped state costs, body heights: small against one change, but
    over a whole track it lets the majority of the detector's votes decide which side is left."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not (isfinite(value) and value >= 0):
                raise UsageError(f"{item.name} must be a number of at least 0, got {value}.")
