"""2D detectors: frames in, people's keypoints out."""

from videopose.assets import Progress
from videopose.detect.base import Detector
from videopose.errors import UsageError

__all__ = ["DETECTOR_NAMES", "Detector", "create_detector"]

DETECTOR_NAMES: tuple[str, ...] = ("auto", "blazepose")
"""What `create_detector` takes; `auto` is the best one installed."""


def create_detector(name: str, *, threads: int = 2, progress: Progress | None = None) -> Detector:
    """Load a detector; `close()` it when done. Its `name` says which one `auto` chose.

    Args:
        name: one of `DETECTOR_NAMES`.
        threads: how many networks may run at a time; the results do not depend on it.
        progress: called with (bytes done, bytes in all; 0 if not known) while weights are fetched.

    Raises:
        UsageError: there is no such detector.
        AssetError: its weights cannot be had.
        VideoposeError: what runs them is not installed.
    """
    if name not in DETECTOR_NAMES:
        raise UsageError(f"there is no detector {name!r}. Choose one of {', '.join(DETECTOR_NAMES)}.")
    # OpenCV and the runtime load with the first detector, not with `videopose --help`
    from videopose.detect.blazepose import BlazePoseDetector

    return BlazePoseDetector(threads=threads, progress=progress)
