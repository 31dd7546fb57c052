"""2D detectors: frames in, people's keypoints out."""

from collections.abc import Callable

from videopose.assets import Progress
from videopose.detect.base import Detector
from videopose.detect.settings import DETECTOR_NAMES, DetectorSettings

__all__ = ["DETECTOR_NAMES", "Detector", "DetectorSettings", "create_detector"]


def create_detector(
    settings: DetectorSettings = DetectorSettings(),  # noqa: B008 (frozen)
    *,
    device: str = "auto",
    precision: str = "auto",
    threads: int = 2,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> Detector:
    """Load a detector; `close()` it when done.

    Args:
        settings: which one, and how it looks.
        device: of the networks that torch runs: `auto` (CUDA where there is one), `cpu`, `cuda`, `mps`.
        precision: of those networks' products: `float32`, `bfloat16`, or `auto` (bfloat16 on CUDA).
        threads: how many processor threads it may use; the results do not depend on it.
        progress: called with (bytes done, bytes in all; 0 if not known) while weights are fetched.
        say: told which detector `auto` took, and why.

    Raises:
        UsageError: a setting or the device does not fit.
        AssetError: its weights cannot be had.
        InputError: weights of one's own are broken or of another network.
        VideoposeError: what runs them is not installed.
    """
    name = settings.name
    if name == "auto":
        name = "blazepose"
    if say is not None:
        say(f"detector: {name}")
    # OpenCV and the runtimes load with the first detector, not with `videopose --help`
    from videopose.detect.blazepose import BlazePoseDetector

    return BlazePoseDetector(threads=threads, progress=progress)
