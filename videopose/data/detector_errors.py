"""Errors of 2D detectors that do not depend on what a layout calls its joints: jitter, drift, hidden parts, swaps."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from videopose.data.draws import log_uniform, span, wandering
from videopose.skeletons import Skeleton

_HIDDEN_M = (0.04, 0.25)
"""Error of keypoints that are guessed, a level drawn for each stretch."""
_LONGEST_SWAP = 0.15
"""Share of its time in which left and right may stay exchanged."""


def hidden_parts(skeleton: Skeleton) -> tuple[tuple[int, ...], ...]:
    """Joints that are hidden or cut off together: both legs, one leg, one arm, both wrists, both ankles."""
    legs = [[f"{side}_knee", f"{side}_ankle"] for side in ("left", "right")]
    arms = [[f"{side}_elbow", f"{side}_wrist"] for side in ("left", "right")]
    wrists, ankles = (["left_wrist", "right_wrist"], ["left_ankle", "right_ankle"])
    parts = [legs[0] + legs[1], *legs, *arms, wrists, ankles]
    return tuple(tuple(skeleton.index(name) for name in part) for part in parts)


@dataclass(frozen=True, slots=True)
class DetectorErrors:
    """What a detector's errors are drawn from, in metres at the person's distance."""

    skeleton: Skeleton
    """Layout with knees, ankles, elbows and wrists on both sides."""
    jitter_m_range: tuple[float, float]
    """White noise, a level drawn per sequence."""
    drift_m_range: tuple[float, float]
    """Noise that wanders, a level drawn per sequence."""
    hidden_probability: float
    """Sequences, or pieces of `stretch_frames`, with a hidden part: its keypoints are guesses."""
    swap_probability: float
    """Sequences, or pieces of `stretch_frames`, with a stretch in which left and right are exchanged."""
    slow_frames: int = 40
    """Frames in which slow drift changes."""
    middle_frames: int = 7
    """Frames in which faster drift changes."""
    stretch_frames: int | None = None
    """Hidden parts and swaps are drawn anew for every piece of this length; None: once for a whole sequence."""

    def apply(self, keypoints: Tensor, depth: Tensor, emphasis: Tensor | float = 1.0) -> Tensor:
        """Keypoints as a detector sees them, random numbers from torch's global generator.

        Args:
            keypoints: (N, T, J, 2), any unit.
            depth: (N, T, 1, 1) metres that one unit of `keypoints` is at the person.
            emphasis: factor on jitter and drift, (N, T, J, 1).

        Returns:
            (N, T, J, 2), the unit of `keypoints`.
        """
        count, length, joints, _ = keypoints.shape
        uneven = (0.4 * torch.randn(count, 1, joints, 1, device=keypoints.device)).exp() * emphasis
        jitter = log_uniform(self.jitter_m_range, (count, 1, 1, 1), keypoints)
        drift = log_uniform(self.drift_m_range, (count, 1, 1, 1), keypoints)
        slow = wandering((count, length, joints, 2), self.slow_frames, keypoints)
        middle = wandering((count, length, joints, 2), self.middle_frames, keypoints)
        noise = jitter * torch.randn(keypoints.shape, device=keypoints.device) + drift * (0.8 * slow + 0.6 * middle)
        noise = noise * uneven + self._hidden(count, length, keypoints) * (slow + 0.5 * middle)
        return self._swapped(keypoints + noise / depth)

    def _pieces(self, length: int) -> tuple[int, int]:
        """Number and frames of the pieces in which stretches are drawn."""
        frames = min(self.stretch_frames or length, length)
        return math.ceil(length / frames), frames

    def _hidden(self, count: int, length: int, like: Tensor) -> Tensor:
        """(N, T, J, 1) metres of error on keypoints that are guessed for a while."""
        pieces, frames = self._pieces(length)
        rows = count * pieces
        parts = torch.zeros(len(hidden_parts(self.skeleton)), len(self.skeleton), device=like.device)
        for row, part in enumerate(hidden_parts(self.skeleton)):
            parts[row, list(part)] = 1.0
        chosen = parts[torch.randint(len(parts), (rows,), device=like.device)]
        stretch = span(rows, frames, self.hidden_probability, like)
        level = log_uniform(_HIDDEN_M, (rows, 1), like)
        error = (stretch * level)[..., None, None] * chosen[:, None, :, None]
        return error.reshape(count, pieces * frames, -1, 1)[:, :length]

    def _swapped(self, keypoints: Tensor) -> Tensor:
        """Exchange left and right for a stretch."""
        count, length = keypoints.shape[:2]
        pieces, frames = self._pieces(length)
        stretch = span(count * pieces, frames, self.swap_probability, keypoints, longest=_LONGEST_SWAP)
        stretch = stretch.reshape(count, pieces * frames)[:, :length]
        mirrored = keypoints[:, :, torch.as_tensor(self.skeleton.mirror)]
        return torch.where(stretch[..., None, None] > 0, mirrored, keypoints)
