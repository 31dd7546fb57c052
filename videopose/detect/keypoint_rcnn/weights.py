"""Weights of the Keypoint R-CNN networks, checked against the architecture that is to run them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import torch
from torch import Tensor

from videopose.detect.checkpoint import Shapes, check_numbers, first_of, misfits, read_checkpoint
from videopose.errors import InputError

_KEYPOINTS = "roi_heads.keypoint_head.score_lowres.weight"
_CLASSES = "roi_heads.box_predictor.cls_score.weight"

_OTHER_CONFIG = "A config of your own runs with `--detector detectron2 --d2-config FILE`"
_OTHER_WEIGHTS = "Give weights for people and COCO's keypoints, or none for the published ones"

_OTHER_NETWORKS = (
    ("head.cls_subnet.", "a RetinaNet"),
    ("sem_seg_head.", "a network for segmentation"),
    ("roi_heads.mask_head.", "a Mask R-CNN"),
    ("roi_heads.", "a Faster R-CNN"),
    ("proposal_generator.", "a region proposal network alone"),
    ("layers_conv.", "a lifter, which comes after the detector"),
    ("stem.", "a backbone alone, as training starts from"),
    ("res2.", "a backbone alone, as training starts from"),
)
"""By the beginning of a parameter's name; the first that is found counts."""


def load_weights(
    path: Path,
    expected: Shapes,
    *,
    known: Mapping[str, Shapes] | None = None,
    constants: Mapping[str, Sequence[float]] | None = None,
) -> dict[str, Tensor]:
    """Read a checkpoint of the architecture that `expected` describes. Nothing in the file ever runs.

    Args:
        path: see `read_checkpoint`.
        expected: what the network needs; the file must hold exactly that, beside anchors and pixel statistics.
        known: the architectures there are, by the detector's name, so that a mix-up can be told.
        constants: numbers that go with the architecture, such as `pixel_mean`; compared where the file holds them.

    Returns:
        The expected tensors, float32, contiguous, on the CPU.

    Raises:
        InputError: the file cannot be read, is of another architecture, or holds numbers that are not finite.
    """
    found = read_checkpoint(path)
    _check_architecture(path, {key: tuple(value.shape) for key, value in found.items()}, expected, known or {})
    for key, numbers in (constants or {}).items():
        if key in found and not _equal(found[key], numbers):
            held = ", ".join(f"{number:g}" for number in found[key].flatten().tolist()[:4])
            _refuse(path, f"was trained with another {key} ({held})", _OTHER_CONFIG)
    weights = {}
    for key in expected:
        value = found.pop(key)
        if not value.is_floating_point():
            raise InputError(f"{path}: tensor {key} holds {value.dtype}, not floating point numbers. Fetch it anew.")
        value = value.to(torch.float32).contiguous()
        check_numbers(path, key, value)
        weights[key] = value
    return weights


def _check_architecture(path: Path, shapes: Shapes, expected: Shapes, known: Mapping[str, Shapes]) -> None:
    problems = misfits(shapes, expected)
    if not problems:
        return
    if _KEYPOINTS not in shapes:
        network = next((what for start, what in _OTHER_NETWORKS if any(key.startswith(start) for key in shapes)), None)
        raise InputError(
            f"{path}: the weights of {network or 'a network unknown here'}, without a head that finds keypoints. "
            "Give those of a Keypoint R-CNN, or none for the published ones."
        )
    keypoints, classes = _size(shapes, _KEYPOINTS, 1), _size(shapes, _CLASSES, 0) - 1  # the last is the background
    if keypoints != _size(expected, _KEYPOINTS, 1):
        _refuse(path, f"finds {keypoints} keypoints, not COCO's {_size(expected, _KEYPOINTS, 1)}", _OTHER_WEIGHTS)
    if _CLASSES in shapes and classes != _size(expected, _CLASSES, 0) - 1:
        _refuse(path, f"finds {classes} classes of things, not people alone", _OTHER_WEIGHTS)
    own = next((name for name, table in known.items() if not misfits(table, expected)), "this detector")
    for name, table in known.items():
        if not misfits(shapes, table):
            _refuse(path, f"holds the weights of {name}, not of {own}", f"Say `--detector {name}`")
    _refuse(path, f"is of another architecture than {own}: {first_of(problems)}", _OTHER_CONFIG)


def _size(shapes: Shapes, key: str, axis: int) -> int:
    """Length of an axis; 0 where the tensor or the axis is missing."""
    shape = shapes.get(key, ())
    return shape[axis] if axis < len(shape) else 0


def _equal(value: Tensor, numbers: Sequence[float]) -> bool:
    return value.numel() == len(numbers) and torch.allclose(
        value.flatten().to(torch.float64), torch.tensor(numbers, dtype=torch.float64), rtol=1e-4, atol=1e-3
    )


def _refuse(path: Path, problem: str, advice: str) -> NoReturn:
    raise InputError(f"{path}: {problem}. {advice}.")
