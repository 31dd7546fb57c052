"""2D detectors: frames in, people's keypoints out."""

from collections.abc import Callable

from videopose.assets import Progress, asset_path
from videopose.detect.base import Detector
from videopose.detect.settings import DETECTOR_NAMES, DetectorSettings
from videopose.devices import usable_device

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
        precision: of those networks' products: `float32`, `bfloat16`, or `auto` (bfloat16 where it is fast).
        threads: how many processor threads it may use.
        progress: called with (bytes done, bytes in all; 0 if not known) while weights are fetched.
        say: told which detector `auto` took, and why.

    Raises:
        UsageError: a setting or the device does not fit.
        AssetError: its weights cannot be had.
        InputError: weights of one's own are broken or of another network.
        VideoposeError: what runs them is not installed.
    """
    from videopose.detect.choose import choose

    name, text = (
        choose(device, progress=progress, say=say) if settings.name == "auto" else (settings.name, settings.name)
    )
    if say is not None:
        say(f"detector: {text}")
    # OpenCV and the runtimes load with the first detector, not with `videopose --help`
    if name == "blazepose":
        if say is not None and (settings.short_side or settings.batch_size):
            say("--short-side and --batch-size do not apply to blazepose")
        from videopose.detect.blazepose import BlazePoseDetector

        return BlazePoseDetector(threads=threads, progress=progress)
    if name == "detectron2":
        from videopose.detect.detectron2 import Detectron2Detector

        return Detectron2Detector(settings, device=usable_device(device), threads=threads)
    return _keypoint_rcnn(name, settings, usable_device(device), precision, threads, progress)


def _keypoint_rcnn(
    name: str, settings: DetectorSettings, device: str, precision: str, threads: int, progress: Progress | None
) -> Detector:
    import torch

    from videopose.detect.keypoint_rcnn import KeypointRcnnDetector
    from videopose.precision import choose_precision

    return KeypointRcnnDetector(
        name,
        settings.weights or asset_path(name, progress=progress),
        device=device,
        dtype=choose_precision(precision, torch.device(device)),
        short_side=settings.short_side,
        score_threshold=settings.score_threshold,
        batch_size=settings.batch_size,
        threads=threads,
    )
