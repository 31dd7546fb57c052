"""Keypoint R-CNN as a detector for video."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from videopose.assets import sha256_of
from videopose.detect.batches import Batches
from videopose.detect.keypoint_rcnn.architecture import ARCHITECTURES, BGR_MEAN, SHORT_SIDE, parameter_shapes
from videopose.detect.keypoint_rcnn.model import KeypointRCNN, People
from videopose.detect.keypoint_rcnn.weights import load_weights
from videopose.types import Detections, Frame

SCORE_THRESHOLD = 0.5
LARGEST_BATCH = 16
"""More frames at a time are hardly faster, and all of them wait for the last one."""
MEMORY_SHARE = 0.6
"""Of the device's free memory that a batch may take: the second one in flight and fragments need the rest."""


class KeypointRcnnDetector:
    """Finds everybody in each frame by itself; see `Detector` for the methods."""

    layout = "coco17"
    looks_alone = True

    def __init__(
        self,
        name: str,
        weights: Path,
        *,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        short_side: int | None = None,
        score_threshold: float | None = None,
        batch_size: int | None = None,
        threads: int | None = None,
    ) -> None:
        """Load the network.

        Args:
            name: a key of `ARCHITECTURES`.
            weights: Detectron2 checkpoint of that network.
            device: torch's name.
            dtype: of the network; what it gives is decoded in float32.
            short_side: pixels the shorter side of a frame is resized to; None: 800, as in training.
            score_threshold: people below are dropped; None: 0.5.
            batch_size: frames a pass; None: one on a processor, which gains nothing from more, else what fits.
            threads: processor threads for torch (of the whole process); None leaves them.

        Raises:
            InputError: the weights are broken, or of another network.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        self.name = name
        self._device, self._dtype = torch.device(device), dtype
        self._short_side = SHORT_SIDE if short_side is None else short_side
        self._threshold = SCORE_THRESHOLD if score_threshold is None else score_threshold
        architecture = ARCHITECTURES[name]
        arrays = load_weights(
            weights,
            parameter_shapes(architecture),
            known={name: parameter_shapes(one) for name, one in ARCHITECTURES.items()},
            constants={"pixel_mean": BGR_MEAN, "pixel_std": architecture.bgr_std},
        )
        self._source = {"name": weights.name, "sha256": sha256_of(weights)}
        network = KeypointRCNN(arrays, architecture).eval().to(self._device, dtype)
        # what convolutions are fastest with, here and on GPUs
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._measures = batch_size is None and self._device.type == "cuda"
        self._batches: Batches[Detections] = Batches(self._find, batch_size or 1, self._clean, f"{name} on {device}")

    def detect(self, frames: Iterable[Frame]) -> Iterator[Detections]:
        """Yield one `Detections` per frame, in order, holding two batches at most.

        Raises:
            VideoposeError: not even a single frame fits into the device's memory.
        """
        yield from self._batches.run(frames)

    def provenance(self) -> dict[str, Any]:
        """Name, weights with their sha256, and settings."""
        return {
            "name": self.name,
            "layout": self.layout,
            "weights": [self._source],
            "settings": {
                "short_side": self._short_side,
                "score_threshold": self._threshold,
                "precision": str(self._dtype).removeprefix("torch."),
                "device": str(self._device),
            },
        }

    def close(self) -> None:
        """Stop the thread and free the network."""
        self._batches.close()
        self._network.to("meta")
        self._clean()

    def _find(self, frames: Sequence[Frame]) -> list[Detections]:
        if self._measures:
            torch.cuda.reset_peak_memory_stats(self._device)
        pictures = self._on_device([frame.image for frame in frames])
        # float32 means float32; no trial runs for each new size, which cost more than a short clip takes
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=False):
            people = self._network(pictures, short_side=self._short_side, score_threshold=self._threshold)
            found = _per_picture(people, len(frames))
        if self._measures:
            self._measures = False
            self._fit_batch(len(frames))
        return found

    def _on_device(self, images: Sequence[np.ndarray]) -> torch.Tensor:
        """Frames copied once, as bytes."""
        pinned = self._device.type == "cuda"
        stacked = torch.empty((len(images), *images[0].shape), dtype=torch.uint8, pin_memory=pinned)
        for place, image in zip(stacked, images, strict=True):
            place.copy_(torch.from_numpy(np.ascontiguousarray(image)))
        return stacked.to(self._device, non_blocking=True)

    def _fit_batch(self, frames: int) -> None:
        """Take as many frames as the memory allows, by what the first ones took."""
        held = torch.cuda.memory_allocated(self._device)
        each = max(1, (torch.cuda.max_memory_allocated(self._device) - held) // frames)
        reserved = torch.cuda.memory_reserved(self._device) - held
        free = torch.cuda.mem_get_info(self._device)[0] + reserved
        self._batches.size = max(1, min(LARGEST_BATCH, int(MEMORY_SHARE * free / each)))

    def _clean(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def _per_picture(people: People, count: int) -> list[Detections]:
    """Everything off the device in one copy, then one `Detections` per picture."""
    packed = torch.cat(
        [people.picture[:, None].float(), people.boxes, people.scores[:, None], people.keypoints.flatten(1)], dim=1
    )
    rows = packed.cpu().numpy()
    keypoints = rows[:, 6:].reshape(len(rows), *people.keypoints.shape[1:])
    # a pseudo probability without an upper bound
    np.clip(keypoints[..., 2], 0.0, 1.0, out=keypoints[..., 2])
    edges = np.searchsorted(rows[:, 0], np.arange(count + 1))
    return [Detections(rows[a:b, 1:5].copy(), rows[a:b, 5].copy(), keypoints[a:b].copy()) for a, b in pairwise(edges)]
