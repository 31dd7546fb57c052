"""Sequences of 2D keypoints with the true 3D joints, as lifters are trained and judged on, whatever their file."""

import zlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

from videopose.errors import InputError, UsageError
from videopose.skeletons import SKELETONS
from videopose.types import check_shape

INTRINSICS = 9
"""Numbers of a camera: focal lengths (2) and centre (2) in screen coordinates, radial (3) and tangential (2) terms."""


@dataclass(frozen=True, slots=True)
class PoseSequence:
    """One person doing one thing before one camera."""

    subject: str
    """`S1`, `Train/S1`, ..."""
    action: str
    """Whole name, for example `Walking 1`; its first word is what results are grouped by."""
    camera: int
    """Index of the camera, from 0."""
    keypoints: np.ndarray
    """(T, J, 2) float32 screen coordinates, see `camera.normalize_screen`."""
    image_size: tuple[int, int]
    """Width and height, pixels."""
    joints: np.ndarray | None = None
    """(T, K, 3) float32 metres, camera axes, relative to joint 0 (which is 0); None where not known."""
    root: np.ndarray | None = None
    """(T, 3) float32 metres from the camera, camera axes; None where not known."""
    intrinsics: np.ndarray | None = None
    """(9,) float32, see `INTRINSICS`; None where not known."""

    def __post_init__(self) -> None:
        frames = len(self.keypoints)
        check_shape("keypoints", self.keypoints, (None, None, 2))
        if self.joints is not None:
            check_shape("joints", self.joints, (frames, None, 3))
        if self.root is not None:
            check_shape("root", self.root, (frames, 3))
        if self.intrinsics is not None:
            check_shape("intrinsics", self.intrinsics, (INTRINSICS,))

    def __repr__(self) -> str:
        return f"PoseSequence({self.name}, {len(self)} frames)"

    def __len__(self) -> int:
        return len(self.keypoints)

    @property
    def name(self) -> str:
        """Unique within its data."""
        return f"{self.subject}/{self.action}/{self.camera}"

    def frames(self, chosen: slice) -> "PoseSequence":
        """Part of the sequence."""
        return replace(
            self,
            keypoints=self.keypoints[chosen],
            joints=None if self.joints is None else self.joints[chosen],
            root=None if self.root is None else self.root[chosen],
        )


@dataclass(frozen=True, slots=True)
class PoseData:
    """Sequences of one kind."""

    name: str
    """Dataset and keypoints, for example `human36m:gt`."""
    layout_in: str
    """Layout of the keypoints, a key of `skeletons.SKELETONS`."""
    layout_out: str
    """Layout of the joints, a key of `skeletons.SKELETONS`; of unlabelled data too, which then is meant for it."""
    frame_rate: float
    """Frames per second."""
    sequences: tuple[PoseSequence, ...] = field(repr=False)

    def __post_init__(self) -> None:
        for sequence in self.sequences:
            check_shape(f"keypoints of {sequence.name}", sequence.keypoints, (None, len(SKELETONS[self.layout_in]), 2))
            if sequence.joints is not None:
                joints = len(SKELETONS[self.layout_out])
                check_shape(f"joints of {sequence.name}", sequence.joints, (len(sequence), joints, 3))

    def __len__(self) -> int:
        """Frames of all sequences."""
        return sum(map(len, self.sequences))

    def select(
        self,
        subjects: Collection[str] | None = None,
        actions: Collection[str] | None = None,
        subset: float = 1.0,
        downsample: int = 1,
    ) -> "PoseData":
        """Some of the sequences, or parts of them.

        Args:
            subjects: names; None takes all.
            actions: beginnings of names (`Walk` takes `Walking 1` and `WalkDog`); None takes all.
            subset: share of each sequence to keep, one run of frames; the same one for all cameras, and every time.
            downsample: keep every `downsample`-th frame.

        Raises:
            UsageError: a subject or action that the data does not have, a share outside 0 to 1.
            InputError: nothing is left.
        """
        there = {sequence.subject for sequence in self.sequences}
        if missing := sorted(set(subjects or ()) - there):
            known = ", ".join(sorted(there))
            raise UsageError(f"{self.name}: has no subject {missing[0]}. Choose from {known}.")
        chosen = [sequence for sequence in self.sequences if subjects is None or sequence.subject in subjects]
        for action in actions or ():
            if not any(sequence.action.startswith(action) for sequence in chosen):
                known = ", ".join(sorted({sequence.action.split()[0] for sequence in chosen}))
                raise UsageError(f"{self.name}: has no action {action} of these subjects. Choose from {known}.")
        if actions is not None:
            chosen = [sequence for sequence in chosen if sequence.action.startswith(tuple(actions))]
        if not 0 < subset <= 1 or downsample < 1:
            raise UsageError(
                f"subset must lie between 0 and 1 and downsample be 1 or more, got {subset:g}, {downsample}."
            )
        if subset < 1:
            chosen = [sequence.frames(_run(sequence, subset)) for sequence in chosen]
        if downsample > 1:
            chosen = [sequence.frames(slice(None, None, downsample)) for sequence in chosen]
        chosen = [sequence for sequence in chosen if len(sequence)]
        if not chosen:
            raise InputError(f"{self.name}: nothing is left of it. Choose other subjects, actions or a larger subset.")
        return replace(self, sequences=tuple(chosen), frame_rate=self.frame_rate / downsample)


def _run(sequence: PoseSequence, share: float) -> slice:
    """One run of `share` of the frames, placed by the sequence's name without its camera."""
    count = round(share * len(sequence))
    chance = zlib.crc32(f"{sequence.subject} {sequence.action}".encode()) / 2**32
    start = int(chance * (len(sequence) - count + 1))
    return slice(start, start + count)
