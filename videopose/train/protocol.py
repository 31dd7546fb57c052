"""The paper's test protocols: a lifter over the test sequences of an archive, errors by action and by subject.

Whole sequences go through the network, their edges repeated, and are compared as they come out with joints relative to
joint 0. Frames weigh the same within an action (the first word of its name), actions the same in the average.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from videopose.data.poses import PoseData, PoseSequence
from videopose.devices import usable_device
from videopose.errors import InputError
from videopose.lift.checkpoint import LifterWeights
from videopose.lift.fast import ACCELERATOR_PIECE_ROWS, PIECE_ROWS, FastModel
from videopose.lift.model import TemporalModel
from videopose.precision import choose_precision
from videopose.skeletons import SKELETONS
from videopose.train.frame_errors import BASIC, COMMON, sequence_errors
from videopose.train.metrics import common_joints

PER_SECOND = {"acceleration_mm": "acceleration_mm_s2", "acceleration_14_mm": "acceleration_14_mm_s2"}
"""Errors per frame^2, and what they are called per s^2."""

_CPU_FRAMES = 65536
_ACCELERATOR_FRAMES = 262144
"""Frames whose results are kept at a time: what comes after the network then needs less than about 1 GB."""
_SPREAD = 0.9
"""Sequences go side by side while the shortest has this share of the longest one's frames."""


@dataclass(frozen=True, slots=True)
class ActionErrors:
    """Errors by name, for example `mpjpe_mm`; NaN where no frame has the number."""

    average: dict[str, float]
    """The plain mean over the actions."""
    actions: dict[str, dict[str, float]]
    """Of each action: the mean over its frames."""
    frames: dict[str, int]
    """Frames of each action, all cameras."""

    def to_json(self, measures: Sequence[str] | None = None) -> dict[str, object]:
        """`average` and `actions`, rounded to a millionth, None for NaN; only some measures, or all."""
        return {
            "average": _rounded(self.average, measures),
            "actions": {name: _rounded(errors, measures) for name, errors in self.actions.items()},
        }


@dataclass(frozen=True, slots=True)
class ProtocolResult:
    """What came out."""

    together: ActionErrors
    """All subjects together."""
    subjects: dict[str, ActionErrors]
    """Each by itself."""
    sequences: int
    frames: int

    @property
    def average(self) -> dict[str, float]:
        """The plain mean over the actions, by name, for example `mpjpe_mm`."""
        return self.together.average

    def to_json(self, by_subject: bool = False, measures: Sequence[str] | None = None) -> dict[str, object]:
        """JSON-able: `average`, `actions`, if wanted the same of each of `subjects`, and how many `frames`.

        Args:
            by_subject: of each subject too.
            measures: names of errors; None: all that were measured.
        """
        result = self.together.to_json(measures)
        if by_subject:
            result["subjects"] = {name: errors.to_json(measures) for name, errors in self.subjects.items()}
        return result | {"sequences": self.sequences, "frames": {"all": self.frames, "actions": self.together.frames}}


def evaluate_poses(
    weights: LifterWeights | TemporalModel,
    data: PoseData,
    *,
    tta: bool = True,
    device: str = "auto",
    precision: str = "float32",
    common: bool = False,
    report: Callable[[int], None] | None = None,
) -> ProtocolResult:
    """Lift all sequences and measure them.

    Results stay on the device until the end. Memory is bounded: a piece of the network's activations, and at most
    262,144 frames of results (65,536 on a CPU), or one sequence where that is longer.

    Args:
        weights: a lifter, or the bare network of one (which is only checked for its number of joints); left as it is.
        data: sequences; those without true joints, and frames whose joints are not finite, do not count.
        tta: lift the mirror image too and average.
        device: `auto` (CUDA where there is one), `cpu`, `cuda`, ...
        precision: `float32`, `bfloat16`, or `auto`, of the factors of the network's large products.
        common: measure the 14 common joints too, see `frame_errors.COMMON`.
        report: called with the number of sequences done.

    Returns:
        The errors named in `frame_errors.BASIC`, acceleration per s^2 too, and if wanted those in `COMMON`. The errors
        of differences have one or two frames less than a sequence; they weigh as much as all its frames do.

    Raises:
        InputError: the lifter takes or gives another layout than the data, or other inputs; or no joints are known.
        UsageError: torch has no such device here.
        ValueError: unknown precision.
    """
    model = weights.model if isinstance(weights, LifterWeights) else weights
    _check_fit(weights, model, data)
    try:
        chosen = common_joints(data.layout_out) if common else None
    except ValueError as error:
        raise InputError(f"{data.name}: {error}. Leave those measures out.") from error
    target_device = torch.device(usable_device(device))
    fast = FastModel(model, choose_precision(precision, target_device, model.channels), str(target_device))
    sequences = [sequence for sequence in data.sequences if len(sequence) and sequence.joints is not None]
    if not sequences:
        raise InputError(f"{data.name}: no true joints of these sequences are known. Choose other subjects or actions.")
    means: list[Tensor] = []
    counts: list[Tensor] = []
    order: list[int] = []
    with torch.inference_mode():
        for batch in _batches([len(sequence) for sequence in sequences], fast):
            part = [sequences[i] for i in batch]
            _check_finite(data, part)
            predicted, target, valid = _lift(fast, model.causal, part, data, tta)
            means.append(sequence_errors(predicted, target, valid, chosen))
            counts.append(valid.sum(1))
            order += batch
            if report:
                report(len(order))
        errors = torch.cat(means).cpu().double().numpy()
        frames = torch.cat(counts).cpu().numpy()
    known = frames > 0
    if not known.any():
        raise InputError(f"{data.name}: the true joints of these sequences are not finite. Choose other subjects.")
    names = BASIC + (COMMON if chosen is not None else ())
    measured = [sequences[i] for i, is_known in zip(order, known, strict=True) if is_known]
    return _grouped(measured, names, errors[known], frames[known], data.frame_rate)


def mean_error_mm(model: TemporalModel, data: PoseData, device: str) -> float:
    """Mean position error over all frames, not mirrored: what training watches.

    Args:
        model: fits the data.
        data: sequences with true joints, all finite.
        device: where to compute.
    """
    fast = FastModel(model, torch.float32, device)
    total = torch.zeros((), dtype=torch.float64, device=fast.device)
    frames = 0
    with torch.inference_mode():
        for batch in _batches([len(sequence) for sequence in data.sequences], fast):
            predicted, target, valid = _lift(fast, model.causal, [data.sequences[i] for i in batch], data, False)
            total += ((predicted - target).norm(dim=-1).mean(-1) * valid).sum()
            frames += sum(len(data.sequences[i]) for i in batch)
    return 1000 * float(total) / frames


def _check_fit(weights: LifterWeights | TemporalModel, model: TemporalModel, data: PoseData) -> None:
    """What goes in and comes out is what the data has."""
    if isinstance(weights, LifterWeights):
        info = weights.info
        if (info.layout_in, info.layout_out) != (data.layout_in, data.layout_out):
            raise InputError(
                f"lifter {info.name!r} turns {info.layout_in} into {info.layout_out}, but {data.name} has "
                f"{data.layout_in} keypoints and {data.layout_out} joints. Choose a lifter or --keypoints that fit."
            )
        if info.normalisation != "screen":
            raise InputError(
                f"lifter {info.name!r} takes keypoints prepared as {info.normalisation!r}, but those of {data.name} "
                "are prepared as 'screen'. Choose a lifter trained on such data."
            )
    wanted = 2 * len(SKELETONS[data.layout_in]), len(SKELETONS[data.layout_out])
    if (model.in_features, model.out_joints) != wanted:
        raise InputError(
            f"the network turns {model.in_features / 2:g} keypoints into {model.out_joints} joints, but {data.name} "
            f"has {data.layout_in} keypoints and {data.layout_out} joints. Choose data for that network."
        )


def _check_finite(data: PoseData, sequences: Sequence[PoseSequence]) -> None:
    for sequence in sequences:
        if not np.isfinite(sequence.keypoints).all():
            raise InputError(f"{data.name}: keypoints of {sequence.name} are not finite. Fill their gaps.")


def _batches(lengths: Sequence[int], model: FastModel) -> Iterator[list[int]]:
    """Indices of sequences of about one length, to go through the network side by side."""
    is_cpu = model.device.type == "cpu"
    rows, limit = (PIECE_ROWS, _CPU_FRAMES) if is_cpu else (ACCELERATOR_PIECE_ROWS, _ACCELERATOR_FRAMES)
    # Each layer carries the last frames of all sequences from piece to piece: with too many sequences beside each other
    # that would be more than the piece itself.
    beside = max(1, rows // (2 * model.receptive_field))
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        longest = lengths[batch[0]] if batch else 0
        is_full = len(batch) == beside or (len(batch) + 1) * longest > limit
        if batch and (is_full or lengths[index] < _SPREAD * longest):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _lift(
    fast: FastModel, causal: bool, sequences: Sequence[PoseSequence], data: PoseData, tta: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Predicted and true joints (N, T, J, 3) of sequences, the shorter ones continued, and (N, T) what counts."""
    device = fast.device
    dtype = torch.float32 if device.type == "mps" else torch.float64
    lengths = torch.tensor([len(sequence) for sequence in sequences], device=device)[:, None]
    starts = lengths.cumsum(0) - lengths
    frames = max(map(len, sequences))
    past = fast.receptive_field - 1
    before, after = (past, 0) if causal else (past // 2, past // 2)
    # one gather repeats the first and the last frame of every sequence
    time = torch.arange(-before, frames + after, device=device)
    padded = starts + torch.minimum(time.clamp(min=0)[None], lengths - 1)
    keypoints = _joined(sequence.keypoints for sequence in sequences).to(device)
    inputs = keypoints[padded]
    if tta:
        flip = torch.tensor([-1.0, 1.0], device=device)
        mirrored = inputs[:, :, torch.from_numpy(SKELETONS[data.layout_in].mirror).to(device)] * flip
        inputs = torch.cat([inputs, mirrored])
    joints = fast.on_device(inputs.flatten(2)).to(dtype)
    if tta:
        flip = torch.tensor([-1.0, 1.0, 1.0], dtype=dtype, device=device)
        straight, mirrored = joints.chunk(2)
        mirror = torch.from_numpy(SKELETONS[data.layout_out].mirror).to(device)
        joints = (straight + mirrored[:, :, mirror] * flip) / 2
    target = _joined(sequence.joints for sequence in sequences if sequence.joints is not None).to(device, dtype)
    target = target[padded[:, before : before + frames]]
    valid = torch.arange(frames, device=device)[None] < lengths
    return joints, target, valid & target.isfinite().all(-1).all(-1)


def _joined(arrays: Iterable[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.concatenate([np.asarray(array, np.float32) for array in arrays]))


def _grouped(
    sequences: Sequence[PoseSequence], names: Sequence[str], errors: np.ndarray, frames: np.ndarray, frame_rate: float
) -> ProtocolResult:
    """Means by action, of all and of each subject, from the (S, M) means of sequences and their (S,) frames."""
    columns = dict(zip(names, errors.T, strict=True))
    columns |= {per_s2: columns[name] * frame_rate**2 for name, per_s2 in PER_SECOND.items() if name in columns}
    actions = np.array([sequence.action.split()[0] for sequence in sequences])
    subjects = np.array([sequence.subject for sequence in sequences])

    def of(chosen: np.ndarray) -> ActionErrors:
        groups = {str(name): chosen & (actions == name) for name in np.unique(actions[chosen])}
        result = {
            name: {key: _mean(values[group], frames[group]) for key, values in columns.items()}
            for name, group in groups.items()
        }
        average = {key: float(np.mean([errors[key] for errors in result.values()])) for key in columns}
        return ActionErrors(average, result, {name: int(frames[group].sum()) for name, group in groups.items()})

    return ProtocolResult(
        of(np.ones(len(sequences), bool)),
        {str(name): of(subjects == name) for name in sorted(np.unique(subjects), key=_natural)},
        len(sequences),
        int(frames.sum()),
    )


def _mean(values: np.ndarray, frames: np.ndarray) -> float:
    """Weighted by frames, without the sequences that do not have the number."""
    weight = np.where(np.isfinite(values), frames, 0)
    return float(np.nansum(values * weight) / weight.sum()) if weight.any() else math.nan


def _natural(subject: str) -> tuple[str, int]:
    """S9 before S11."""
    digits = subject[len(subject.rstrip("0123456789")) :]
    return subject[: len(subject) - len(digits)], int(digits or 0)


def _rounded(errors: Mapping[str, float], measures: Sequence[str] | None) -> dict[str, float | None]:
    chosen = errors if measures is None else {name: errors[name] for name in measures}
    return {name: None if math.isnan(value) else round(value, 6) for name, value in chosen.items()}
