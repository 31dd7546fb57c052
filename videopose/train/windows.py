"""Training examples on the device: sequences lie there once, and a batch is one gather."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from videopose.data.poses import PoseData, PoseSequence
from videopose.skeletons import SKELETONS


@dataclass(frozen=True, slots=True)
class WindowBatch:
    """Examples of a step."""

    inputs: Tensor
    """(N, T, J * 2) float32 normalised keypoints: the answered frames and what they depend on."""
    targets: Tensor | None
    """(N, S, K, 3) float32 metres relative to joint 0 at the answered frames; None of unlabelled data."""
    roots: Tensor | None
    """(N, S, 3) float32 metres from the camera, camera axes; None where the data does not have it."""
    keypoints: Tensor
    """(N, S, J, 2) float32 screen coordinates at the answered frames."""
    intrinsics: Tensor | None
    """(N, 9) float32, see `data.poses.INTRINSICS`; None where a camera is not known."""

    def __len__(self) -> int:
        return len(self.inputs)


class Windows:
    """All frames of some sequences as examples of `stride` answers each, their mirror images too if wanted.

    Beyond the ends of a sequence its first and last frames are repeated, in the answers of a last incomplete run too.
    """

    def __init__(
        self,
        data: PoseData,
        receptive_field: int,
        causal: bool = False,
        stride: int = 1,
        flip: bool = False,
        *,
        device: torch.device | str = "cpu",
    ) -> None:
        """Copy the sequences to the device.

        Args:
            data: labelled or not; parts that some sequences lack are left out of all.
            receptive_field: frames that an answer depends on.
            causal: these end with the answered frame; otherwise it lies in their middle.
            stride: answers of an example, in a row.
            flip: take every sequence a second time, mirrored.
            device: where everything lies.
        """
        sequences = list(data.sequences)
        if flip:
            sequences += [mirrored(sequence, data.layout_in, data.layout_out) for sequence in sequences]
        lead = receptive_field - 1 if causal else (receptive_field - 1) // 2
        self.stride = stride
        self._offsets = torch.arange(receptive_field - 1 + stride, device=device) - lead
        self._answers = torch.arange(stride, device=device)

        def gathered(parts: list[np.ndarray | None]) -> Tensor | None:
            known = [part for part in parts if part is not None]
            return torch.from_numpy(np.concatenate(known)).to(device) if len(known) == len(parts) else None

        keypoints = gathered([sequence.keypoints for sequence in sequences])
        assert keypoints is not None
        self._keypoints = keypoints
        self._joints = gathered([sequence.joints for sequence in sequences])
        self._roots = gathered([sequence.root for sequence in sequences])
        cameras = [None if sequence.intrinsics is None else sequence.intrinsics[None] for sequence in sequences]
        self._intrinsics = gathered(cameras)
        lengths = torch.tensor([len(sequence) for sequence in sequences])
        ends = lengths.cumsum(0)
        self._first, self._last = (ends - lengths).to(device), (ends - 1).to(device)
        # Runs of answers are centred: what is missing for the last one is split between both ends.
        starts, owners = [], []
        for number, (length, end) in enumerate(zip(lengths.tolist(), ends.tolist(), strict=True)):
            runs = -(-length // stride)
            begin = end - length - (runs * stride - length) // 2
            starts.append(torch.arange(runs) * stride + begin)
            owners.append(torch.full((runs,), number))
        self._starts, self._owners = torch.cat(starts).to(device), torch.cat(owners).to(device)

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self._starts)

    @property
    def labelled(self) -> bool:
        """Whether the joints are known."""
        return self._joints is not None

    def batch(self, examples: Tensor) -> WindowBatch:
        """Gather examples.

        Args:
            examples: (N,) indices on the device.
        """
        starts, owners = self._starts[examples, None], self._owners[examples]
        first, last = self._first[owners, None], self._last[owners, None]
        seen = (starts + self._offsets).maximum(first).minimum(last)
        answered = (starts + self._answers).maximum(first).minimum(last)
        return WindowBatch(
            inputs=self._keypoints[seen].flatten(2),
            targets=None if self._joints is None else self._joints[answered],
            roots=None if self._roots is None else self._roots[answered],
            keypoints=self._keypoints[answered],
            intrinsics=None if self._intrinsics is None else self._intrinsics[owners],
        )


def mirrored(sequence: PoseSequence, layout_in: str, layout_out: str) -> PoseSequence:
    """What a camera would see of it in a mirror: x turned round, left and right exchanged.

    Args:
        sequence: any.
        layout_in: layout of its keypoints, a key of `skeletons.SKELETONS`.
        layout_out: layout of its joints.
    """
    flip = np.array([-1, 1, 1], np.float32)
    intrinsics = sequence.intrinsics
    if intrinsics is not None:
        intrinsics = intrinsics.copy()
        # the centre's x and the first tangential term
        intrinsics[[2, 7]] *= -1
    return PoseSequence(
        sequence.subject,
        sequence.action,
        sequence.camera,
        sequence.keypoints[:, SKELETONS[layout_in].mirror] * flip[:2],
        sequence.image_size,
        None if sequence.joints is None else sequence.joints[:, SKELETONS[layout_out].mirror] * flip,
        None if sequence.root is None else sequence.root * flip,
        intrinsics,
    )


class Shuffle:
    """Endless passes over examples, each in a new order that depends on the seed and the number of the pass alone."""

    def __init__(self, count: int, seed: int) -> None:
        """Set up for `count` examples."""
        self.count = count
        self.seed = seed
        self._known = (-1, torch.empty(0, dtype=torch.int64))

    def order(self, number: int) -> Tensor:
        """(count,) int64, on the CPU: the order of pass `number`, from 0."""
        if self._known[0] != number:
            generator = torch.Generator().manual_seed((self.seed << 24) + number)
            self._known = (number, torch.randperm(self.count, generator=generator))
        return self._known[1]

    def slice(self, first: int, size: int) -> Tensor:
        """`size` examples of the endless row of passes, from the `first` on.

        Args:
            first: counts from the start of pass 0.
            size: how many.
        """
        parts = []
        while size:
            number, position = divmod(first, self.count)
            part = self.order(number)[position : position + size]
            parts.append(part)
            first, size = first + len(part), size - len(part)
        return torch.cat(parts)
