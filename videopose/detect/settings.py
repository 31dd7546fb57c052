"""Which detector, and how it looks."""

from dataclasses import dataclass
from pathlib import Path

from videopose.errors import UsageError

DETECTOR_NAMES: tuple[str, ...] = (
    "auto",
    "blazepose",
    "keypoint-rcnn-r50",
    "keypoint-rcnn-r101",
    "keypoint-rcnn-x101",
    "detectron2",
)
"""`auto` is the best one for this machine."""


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What a detector can be told; what one does not know must be left out."""

    name: str = "auto"
    """One of `DETECTOR_NAMES`."""
    weights: Path | None = None
    """Keypoint R-CNN: a Detectron2 checkpoint (.pkl, .pth, .safetensors) instead of the published one."""
    d2_config: str | None = None
    """Detectron2: a keypoint config of its model zoo (`COCO-Keypoints/keypoint_rcnn_R_50_FPN_3x.yaml`), or a file."""
    d2_weights: str | None = None
    """Detectron2: checkpoint file or address, instead of the config's."""
    short_side: int | None = None
    """Keypoint R-CNN, Detectron2: pixels that the picture's shorter side is resized to; None: 800, as in training."""
    score_threshold: float | None = None
    """Detections below are dropped, 0..1; None: the detector's own, 0.5 for the networks of Detectron2."""
    batch_size: int | None = None
    """Keypoint R-CNN, Detectron2: frames a pass; None: one on a processor, on a GPU what its memory allows (at most 16;
    Detectron2: 4)."""
    every: int = 1
    """Detect every so many frames; those between are interpolated."""
    max_people: int | None = None
    """At most so many people are kept, the most prominent ones."""

    def __post_init__(self) -> None:
        if self.name not in DETECTOR_NAMES:
            raise UsageError(f"there is no detector {self.name!r}. Choose one of {', '.join(DETECTOR_NAMES)}.")
        for option, value, least in (
            ("--short-side", self.short_side, 64),
            ("--batch-size", self.batch_size, 1),
            ("--every", self.every, 1),
            ("--max-people", self.max_people, 1),
        ):
            if value is not None and value < least:
                raise UsageError(f"{option} must be at least {least}, got {value}.")
        if self.score_threshold is not None and not 0 <= self.score_threshold <= 1:
            raise UsageError(f"--score-threshold must lie in 0..1, got {self.score_threshold:g}.")
        networks = self.name in ("auto", "detectron2") or self.name.startswith("keypoint-rcnn")
        if not networks and (self.short_side is not None or self.batch_size is not None):
            raise UsageError(f"--short-side and --batch-size do not apply to {self.name}. Leave them out.")
        if self.weights is not None and not self.name.startswith("keypoint-rcnn"):
            raise UsageError("--weights goes with --detector keypoint-rcnn-r50, -r101 or -x101. Name one of them.")
        if (self.d2_config or self.d2_weights) and self.name != "detectron2":
            raise UsageError("--d2-config and --d2-weights go with --detector detectron2. Name it.")
