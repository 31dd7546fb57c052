"""Options of a detector, the same for every command that looks for people."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from videopose.cli.grouped import option_in, with_options

if TYPE_CHECKING:
    from videopose.detect import DetectorSettings

_detector_option = option_in("Detector")
_OPTIONS = (
    _detector_option(
        "--detector", default="auto", show_default=True, metavar="NAME",
        help="auto, blazepose, keypoint-rcnn-r50, keypoint-rcnn-r101, keypoint-rcnn-x101 or detectron2.",
    ),
    _detector_option(
        "--weights", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
        help="Keypoint R-CNN: a checkpoint of Detectron2 (.pkl, .pth, .safetensors).  [default: the published one]",
    ),
    _detector_option(
        "--d2-config", metavar="NAME|FILE", help="Detectron2: a keypoint config of its model zoo, or a file."
    ),
    _detector_option("--d2-weights", metavar="FILE|URL", help="Detectron2: a checkpoint.  [default: the config's]"),
    _detector_option(
        "--short-side", type=int, metavar="PX",
        help="Networks of Detectron2: the shorter side is resized to this; less is faster.  [default: 800]",
    ),
    _detector_option(
        "--score-threshold", type=float, metavar="SCORE",
        help="Leave out people below this score, 0 to 1.  [default: the detector's own]",
    ),
    _detector_option(
        "--batch-size", type=int, metavar="N",
        help="Networks of Detectron2: frames a pass.  [default: 1 on a processor, what fits on a GPU]",
    ),
    _detector_option(
        "--every", type=int, default=1, show_default=True, metavar="N",
        help="Look at every N-th frame only; people are interpolated between.",
    ),
    _detector_option("--max-people", type=int, metavar="N", help="Keep at most N people.  [default: all]"),
)  # fmt: skip
_machine_option = option_in("Machine")
_MACHINE_OPTIONS = (
    _machine_option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps, for the networks."),
    _machine_option(
        "--precision", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto", show_default=True,
        help="Arithmetic of the networks.",
    ),
    _machine_option("--threads", type=click.IntRange(min=1), help="Processor threads.  [default: all]"),
)  # fmt: skip


def detector_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `detector_settings` takes."""
    return with_options(function, _OPTIONS)


def machine_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--device`, `--precision` and `--threads`."""
    return with_options(function, _MACHINE_OPTIONS)


def detector_settings(detector: str, **values: Any) -> "DetectorSettings":
    """What the options of `detector_options` say.

    Raises:
        UsageError: a value makes no sense, or does not go with this detector.
    """
    from videopose.detect import DetectorSettings

    return DetectorSettings(name=detector, **values)
