"""The whole network: a batch of pictures to boxes, scores and keypoints.

Source: He et al., Mask R-CNN, ICCV 2017, as Detectron2's model zoo has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from videopose.detect.keypoint_rcnn.architecture import (
    BOX_POOL,
    KEYPOINT_POOL,
    SHORT_SIDE,
    Architecture,
)
from videopose.detect.keypoint_rcnn.backbone import Backbone
from videopose.detect.keypoint_rcnn.boxes import clip, decode, has_area, suppress
from videopose.detect.keypoint_rcnn.heads import DELTA_WEIGHTS, BoxHead, KeypointHead
from videopose.detect.keypoint_rcnn.heat_maps import decode_heat_maps
from videopose.detect.keypoint_rcnn.picture import prepare, resized_size
from videopose.detect.keypoint_rcnn.proposals import ProposalNetwork
from videopose.detect.keypoint_rcnn.roi_align import pool

OVERLAP = 0.5
"""Of two people; above, the less certain one is dropped."""


@dataclass(frozen=True, slots=True)
class People:
    """Who is in a batch of pictures, one after the other, in pixels of the pictures as given."""

    picture: Tensor
    """(P,) int64, rising: whose picture."""
    boxes: Tensor
    """(P, 4) float32, within the picture."""
    scores: Tensor
    """(P,) float32 in 0..1, falling within a picture."""
    keypoints: Tensor
    """(P, 17, 3) float32: x, y, and a pseudo probability above 0, unbounded."""


class KeypointRCNN(nn.Module):
    """Keypoint R-CNN on plain torch operators, on any device.

    Boxes and keypoints are decoded in float32 whatever the weights are: in bfloat16 they would be off by pixels.
    """

    def __init__(self, arrays: Mapping[str, Tensor], architecture: Architecture) -> None:
        """Build it.

        Args:
            arrays: of a checkpoint, float32, names and shapes of `parameter_shapes(architecture)`.
            architecture: which network.
        """
        super().__init__()
        self.architecture = architecture
        self.backbone = Backbone(arrays, architecture)
        self.proposals = ProposalNetwork(arrays)
        self.box_head = BoxHead(arrays)
        self.keypoint_head = KeypointHead(arrays)

    @torch.inference_mode()
    def forward(
        self,
        pictures: Tensor,
        *,
        short_side: int = SHORT_SIDE,
        score_threshold: float = 0.5,
        most: int = 100,
    ) -> People:
        """Find the people.

        Args:
            pictures: (B, H, W, 3) uint8 BGR, on the device of the network.
            short_side: pixels to resize the shorter side to.
            score_threshold: people below are dropped.
            most: people a picture, the most certain ones.
        """
        height, width = pictures.shape[1:3]
        small_width, small_height = resized_size(width, height, short_side)
        weight = self.backbone.stem.weight
        ready = prepare(pictures, small_width, small_height, self.architecture.bgr_std)
        ready = ready.to(weight.dtype, memory_format=torch.channels_last)
        pyramid = self.backbone(ready)
        boxes, real = self.proposals(pyramid, small_width, small_height)
        boxes, scores, kept = self._people(pyramid, boxes, real, small_width, small_height, score_threshold, most)
        picture = kept.nonzero()[:, 0]
        boxes, scores = boxes[kept], scores[kept]
        regions = pool(pyramid, boxes, picture, KEYPOINT_POOL)
        keypoints = decode_heat_maps(self.keypoint_head(regions), boxes)

        scale = boxes.new_tensor([width / small_width, height / small_height])
        boxes = clip(boxes * scale.repeat(2), width, height)
        keypoints = torch.cat([keypoints[..., :2] * scale, keypoints[..., 2:]], dim=-1)
        there = has_area(boxes)
        return People(picture[there], boxes[there], scores[there], keypoints[there])

    def _people(
        self,
        pyramid: Sequence[Tensor],
        boxes: Tensor,
        real: Tensor,
        width: int,
        height: int,
        score_threshold: float,
        most: int,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The proposals that are people, by falling score: (B, N, 4) boxes, (B, N) scores, (B, N) bool."""
        batch, count = real.shape
        picture = torch.arange(batch, device=boxes.device).repeat_interleave(count)
        regions = pool(pyramid, boxes.flatten(0, 1), picture, BOX_POOL)
        scores, deltas = self.box_head(regions)
        found = decode(boxes, deltas.view(batch, count, 4), DELTA_WEIGHTS)
        scores = scores.view(batch, count)
        sure = real & (scores > score_threshold) & found.isfinite().all(dim=-1)
        scores, index = scores.masked_fill(~sure, -1.0).sort(dim=1, descending=True, stable=True)
        found = clip(found, width, height).gather(1, index[..., None].expand(-1, -1, 4))
        kept = suppress(found, scores >= 0, OVERLAP)
        kept &= kept.cumsum(dim=1) <= most
        return found, scores, kept
