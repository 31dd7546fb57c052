"""Judging a lifter: five errors, averaged over frames, of all that was lifted and of each action, subject and view.

Clips go the whole way (resampling, padding, mirroring, smoothing, refining), as a user's do.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from videopose.errors import InputError
from videopose.lift import Lifter
from videopose.motion import lift_joints
from videopose.train.metrics import procrustes_align, scale_align
from videopose.train.sequences import VIEW_BANDS, EvaluationData, EvaluationSequence


@dataclass(frozen=True, slots=True)
class Errors:
    """Means over frames; NaN where no frame has the number (a lone frame of some kind has no acceleration)."""

    mpjpe_mm: float
    """Mean per-joint position error, root-relative (protocol 1)."""
    p_mpjpe_mm: float
    """After the best similarity for each pose (protocol 2)."""
    n_mpjpe_mm: float
    """After the best scale for each pose (protocol 3)."""
    mpjve_mm: float
    """Of first differences: mm per frame of the clip."""
    acceleration_mm: float
    """Of second differences: mm per frame^2 of the clip."""

    def to_json(self) -> dict[str, float | None]:
        """Numbers by name, rounded to a thousandth; None for NaN."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: None if math.isnan(value) else round(value, 3) for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out."""

    average: Errors
    """Of all frames."""
    actions: dict[str, Errors]
    subjects: dict[str, Errors]
    views: dict[str, dict[str, Errors]]
    """By kind and band, see `sequences.VIEW_BANDS`; kinds that the data does not know are missing."""
    sequences: int
    frames: int
    group_frames: dict[tuple[str, str], int] = field(default_factory=dict)
    """Frames by what is grouped (`actions`, `subjects`, or the kind of view) and the group."""

    def to_json(self, by_subject: bool = False, by_view: bool = False) -> dict[str, Any]:
        """JSON-able: `average`, `actions`, if wanted `subjects` and `views`, and under `frames` how many each has."""
        result: dict[str, Any] = {"average": self.average.to_json(), "actions": _json(self.actions)}
        kinds = ["actions"]
        if by_subject:
            result["subjects"] = _json(self.subjects)
            kinds.append("subjects")
        if by_view:
            result["views"] = {kind: _json(bands) for kind, bands in self.views.items()}
            kinds += self.views
        counts: dict[str, Any] = {"all": self.frames}
        for kind in kinds:
            counts[kind] = {name: count for (of, name), count in self.group_frames.items() if of == kind}
        return result | {"sequences": self.sequences, "frames": counts}


def frame_errors(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The errors of each frame of one clip.

    Args:
        predicted: (T, J, 3) metres, root-relative.
        target: (T, J, 3) metres, root-relative.

    Returns:
        (T, 5) float64 mm in the order of `Errors`; differences belong to the later of two frames and the middle one of
        three, NaN where there is none.

    Raises:
        ValueError: the shapes differ, or a predicted pose has zero extent.
    """
    predicted, target = predicted.astype(np.float64), target.astype(np.float64)
    difference = predicted - target
    errors = np.full((len(target), 5), np.nan)
    errors[:, 0] = _length(difference)
    errors[:, 1] = _length(procrustes_align(predicted, target) - target)
    errors[:, 2] = _length(scale_align(predicted, target) - target)
    errors[1:, 3] = _length(np.diff(difference, axis=0))
    errors[1:-1, 4] = _length(np.diff(difference, 2, axis=0))
    return 1000 * errors


def evaluate(
    lifter: Lifter, data: EvaluationData, *, smooth: bool = True, report: Callable[[int], None] | None = None
) -> Evaluation:
    """Lift everything and measure it.

    A clip counts as many times as it has frames, whatever its frame rate; so does the part of it within a band of view.

    Args:
        lifter: ready to run.
        data: what to lift.
        smooth: smooth and refine the joints as `videopose infer` and `videopose lift` do.
        report: called with the number of sequences done.

    Raises:
        InputError: the lifter takes another layout than the data has, or the data is broken.
    """
    info = lifter.weights.info
    if info.layout_in != data.layout:
        raise InputError(
            f"lifter {info.name!r} takes {info.layout_in} keypoints, but {data.name} has {data.layout}. "
            f"Choose a lifter for {data.layout}."
        )
    groups: dict[tuple[str, str], _Mean] = {}
    sequences = 0
    for sequences, sequence in enumerate(data, 1):
        errors = frame_errors(lift_sequence(lifter, sequence, smooth), sequence.target)
        for key, mask in _memberships(sequence):
            groups.setdefault(key, _Mean()).add(errors[mask])
        if report:
            report(sequences)

    def of(kind: str) -> dict[str, Errors]:
        names = VIEW_BANDS.get(kind) or sorted(name for other, name in groups if other == kind)
        return {name: groups[kind, name].result() for name in names if (kind, name) in groups}

    return Evaluation(
        average=groups["all", ""].result(),
        actions=of("actions"),
        subjects=of("subjects"),
        views={kind: bands for kind in VIEW_BANDS if (bands := of(kind))},
        sequences=sequences,
        frames=groups["all", ""].frames,
        group_frames={key: mean.frames for key, mean in sorted(groups.items())},
    )


def lift_sequence(lifter: Lifter, sequence: EvaluationSequence, smooth: bool = True) -> np.ndarray:
    """(T, 17, 3) metres, root-relative, camera axes: what `videopose lift` makes of the keypoints."""
    given = sequence.keypoints, sequence.time_s, sequence.image_size, sequence.focal_px
    return lift_joints(lifter, *given, smoothed=smooth)


class _Mean:
    """Means over frames of parts of clips."""

    def __init__(self) -> None:
        self.frames = 0
        self._sums = np.zeros(5)
        self._weights = np.zeros(5)

    def add(self, errors: np.ndarray) -> None:
        """(F, 5) errors of one clip's frames. Its differences, fewer than frames, weigh as much as its frames do."""
        self.frames += len(errors)
        known = np.isfinite(errors)
        count = known.sum(0)
        self._sums += np.where(known, errors, 0.0).sum(0) / np.maximum(count, 1) * len(errors)
        self._weights += (count > 0) * len(errors)

    def result(self) -> Errors:
        with np.errstate(invalid="ignore"):
            return Errors(*(self._sums / self._weights).tolist())


def _memberships(sequence: EvaluationSequence) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    """The groups a sequence has frames in, and (T,) bool: which."""
    everything = np.ones(len(sequence.target), bool)
    yield ("all", ""), everything
    yield ("actions", sequence.action), everything
    yield ("subjects", sequence.subject), everything
    for kind, names in sequence.views().items():
        for name in np.unique(names):
            yield (kind, str(name)), names == name


def _length(vectors: np.ndarray) -> np.ndarray:
    """(T, J, 3) to (T,): the mean length over the joints."""
    mean: np.ndarray = np.linalg.norm(vectors, axis=-1).mean(-1)
    return mean


def _json(groups: dict[str, Errors]) -> dict[str, Any]:
    return {name: errors.to_json() for name, errors in groups.items()}
