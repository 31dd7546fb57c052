"""What users can set for the whole way from a video to its files. Loads no network and no torch."""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from videopose.assets import DEFAULT_LIFTER
from videopose.choosing import check_person
from videopose.detect import DetectorSettings
from videopose.errors import UsageError
from videopose.export.layout import DEFAULT_STYLE, OverlayStyle
from videopose.export.settings import ExportSettings
from videopose.formats import DEFAULT_FORMATS
from videopose.processors import available_threads


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """What is done to each person.

    Raises:
        UsageError: the height is not positive.
    """

    height_m: float | None = None
    """Height of every person in metres; None: as the lifter has it."""
    smooth: bool = True
    """Smooth joints and root over time, without delay, and refine the limbs; False: the network's own answer."""
    tta: bool = True
    """Lift the mirror image too and average."""

    def __post_init__(self) -> None:
        if self.height_m is not None and not 0 < self.height_m < math.inf:
            raise UsageError(f"the height must be a positive number of metres, got {self.height_m:g}.")


@dataclass(frozen=True, slots=True)
class InferSettings:
    """What `videopose infer` can be told."""

    detector: DetectorSettings = field(default_factory=DetectorSettings)
    """Which detector, and how it looks."""
    detections: Path | None = None
    """File or folder of 2D keypoints, instead of a detector."""
    detections_format: str = "auto"
    """One of `keypoint_files.READ_FORMATS`, or `auto`."""
    detections_name: str | None = None
    """Which video of a file that holds several; None: the one called like this video."""
    lifter: str = DEFAULT_LIFTER
    """Name in the manifest, or a file."""
    formats: tuple[str, ...] = DEFAULT_FORMATS
    person: str = "all"
    """`all`, `largest`, `longest`, or a person's id."""
    start_s: float | None = None
    end_s: float | None = None
    fps: Fraction | None = None
    """Rate the scene was filmed at, where that is not the rate it plays at (slow motion)."""
    focal_px: float | None = None
    """Focal length in pixels, where known."""
    fov_degrees: float | None = None
    """Field of view along the longer side, where known."""
    motion: MotionSettings = field(default_factory=MotionSettings)
    """Height, smoothing, mirroring."""
    export: ExportSettings = field(default_factory=ExportSettings)
    """Axes, units and names of motion files."""
    overlay: OverlayStyle = DEFAULT_STYLE
    """How the overlay looks."""
    device: str = "auto"
    precision: str = "auto"
    threads: int = field(default_factory=available_threads)
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_person(self.person)
        if self.fps is not None and self.fps <= 0:
            raise UsageError(f"--fps must be above 0, got {float(self.fps):g}.")
        if self.detections is None and (self.detections_format != "auto" or self.detections_name is not None):
            raise UsageError("--detections-format and --detections-name go with --detections. Give it.")
        kept = DetectorSettings(score_threshold=self.detector.score_threshold, max_people=self.detector.max_people)
        if self.detections is not None and self.detector != kept:
            raise UsageError(
                "--detections takes the place of a detector: of its options, --score-threshold and --max-people apply. "
                "Leave the others out."
            )
