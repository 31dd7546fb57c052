"""From one person's 2D keypoints to 3D joints, whatever the video's frame rate and length."""

from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from videopose.devices import usable_device
from videopose.errors import InputError
from videopose.lift.checkpoint import LifterWeights
from videopose.lift.fast import FastModel
from videopose.lift.normalisation import normalise_keypoints
from videopose.lift.resample import Timeline
from videopose.precision import choose_precision
from videopose.skeletons import H36M17, SKELETONS
from videopose.types import check_shape

_LARGEST_M = 1e6
"""An answer beyond comes of weights or keypoints that are none; float32 could not hold its square."""


class Lifter:
    """A lifter ready to run: resampling, normalisation, padding, mirroring, the network, and all the way back."""

    def __init__(
        self,
        weights: LifterWeights,
        *,
        device: str = "auto",
        precision: str = "auto",
        tta: bool = True,
        threads: int | None = None,
    ) -> None:
        """Prepare the network.

        Args:
            weights: from `load_lifter_weights` or `resolve_lifter`.
            device: `auto` (CUDA where there is one), `cpu`, `cuda`, ...
            precision: of the large products' factors: `float32`, `bfloat16`, or `auto` (bfloat16 where it is fast).
            tta: lift the mirror image too and average: twice the work, a little more accurate.
            threads: processor threads for torch (of the whole process); None leaves them.

        Raises:
            InputError: the lifter takes or gives a joint layout this package does not know.
            UsageError: torch has no such device here.
            ValueError: unknown precision.
        """
        info = weights.info
        if info.layout_in not in SKELETONS or info.layout_out != H36M17.name:
            raise InputError(
                f"lifter {info.name!r} turns {info.layout_in} into {info.layout_out}, which is not supported here. "
                f"Choose one that gives {H36M17.name}."
            )
        if threads is not None:
            torch.set_num_threads(threads)
        name = usable_device(device)
        self.weights = weights
        self.tta = tta
        self.dtype = choose_precision(precision, torch.device(name), weights.model.channels)
        self._layout = SKELETONS[info.layout_in]
        self._model = FastModel(weights.model, self.dtype, name)
        past = self._model.receptive_field - 1
        self._padding = (past, 0) if info.causal else (past // 2, past // 2)

    def provenance(self) -> dict[str, Any]:
        """What a result should say of how it was lifted; JSON-able."""
        return {
            **asdict(self.weights.info),
            "sha256": self.weights.sha256,
            "receptive_field": self._model.receptive_field,
            "precision": str(self.dtype).removeprefix("torch."),
            "device": str(self._model.device),
            "tta": self.tta,
        }

    def lift(
        self, keypoints: np.ndarray, time_s: np.ndarray, image_size: tuple[int, int], focal_px: float
    ) -> np.ndarray:
        """Lift one person.

        Args:
            keypoints: (T, J, 2 or 3) finite pixels of the upright frame, in the lifter's layout; a score is ignored.
            time_s: (T,) seconds, strictly increasing, any rhythm.
            image_size: width and height, pixels.
            focal_px: focal length, known or assumed, pixels.

        Returns:
            (T, 17, 3) float32 metres, relative to joint 0, camera axes, at the given times.

        Raises:
            InputError: the keypoints have another number of joints than the lifter takes, or the network's answer
                is beyond all measure.
            ValueError: wrong shapes, keypoints that are not finite, times that do not increase.
        """
        count = len(time_s)
        if keypoints.ndim == 3 and keypoints.shape[1] != len(self._layout):
            raise InputError(
                f"lifter {self.weights.info.name!r} takes {len(self._layout)} joints ({self._layout.name}), "
                f"got {keypoints.shape[1]}. Choose a lifter for this layout."
            )
        check_shape("keypoints", keypoints, (count, len(self._layout), None))
        xy = keypoints[..., :2].astype(np.float64)
        if not np.isfinite(xy).all():
            raise ValueError("keypoints must be finite; fill gaps before lifting")
        timeline = Timeline.between(time_s, self.weights.info.frame_rate)
        if count == 0:
            return np.zeros((0, len(H36M17), 3), np.float32)
        info = self.weights.info
        prepared = normalise_keypoints(timeline.to_grid(xy), image_size, focal_px, info.normalisation, info.causal)
        answers = self._run(prepared.inputs)
        largest_m = float(np.abs(answers).max())
        if not largest_m <= _LARGEST_M:  # also of NaN
            raise InputError(
                f"lifter {info.name!r} answers with joints {largest_m:.3g} m from the hip, which is no body. "
                "Give other weights, or keypoints of people."
            )
        joints = prepared.to_camera(answers)
        joints = joints - joints[:, :1]
        return np.asarray(timeline.to_frames(joints), np.float32)

    def _run(self, inputs: np.ndarray) -> np.ndarray:
        """The network over a whole track: (T, J, 2) without unit -> (T, 17, 3) metres."""
        sequences = [inputs]
        if self.tta:
            sequences.append(inputs[:, self._layout.mirror] * np.array([-1, 1], inputs.dtype))
        padded = np.pad(np.stack(sequences), ((0, 0), self._padding, (0, 0), (0, 0)), mode="edge")
        result: np.ndarray = self._model(torch.from_numpy(padded).flatten(2)).numpy()
        if not self.tta:
            return np.asarray(result[0])
        mirrored = result[1][:, H36M17.mirror] * np.array([-1, 1, 1], result.dtype)
        return np.asarray((result[0] + mirrored) / 2)
