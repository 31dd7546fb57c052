"""Region proposal network: where in the pyramid somebody may be.

Source: Ren et al., Faster R-CNN, NIPS 2015; on each level of a pyramid, Lin et al., CVPR 2017.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from videopose.detect.keypoint_rcnn.architecture import ANCHOR_RATIOS, ANCHOR_SIZES
from videopose.detect.keypoint_rcnn.backbone import convolution
from videopose.detect.keypoint_rcnn.boxes import clip, decode, has_area, suppress

PER_LEVEL, PER_PICTURE = 1000, 1000
"""Proposals that go into and come out of the suppression."""
OVERLAP = 0.7


def anchors(height: int, width: int, stride: int, size: float, device: torch.device) -> Tensor:
    """(height * width * 3, 4) boxes of one area and three ratios, height to width, on pixels `stride` apart."""
    ratios = torch.tensor(ANCHOR_RATIOS, dtype=torch.float64)
    widths = torch.sqrt(size**2 / ratios)
    half = torch.stack([widths, widths * ratios], dim=1) / 2
    cell = torch.cat([-half, half], dim=1).to(device, torch.float32)
    y = torch.arange(height, device=device, dtype=torch.float32) * stride
    x = torch.arange(width, device=device, dtype=torch.float32) * stride
    grid_y, grid_x = torch.meshgrid(y, x, indexing="ij")
    corner = torch.stack([grid_x, grid_y, grid_x, grid_y], dim=-1)
    return (corner[:, :, None] + cell).reshape(-1, 4)


class ProposalNetwork(nn.Module):
    """Boxes that may hold somebody."""

    def __init__(self, arrays: Mapping[str, Tensor]) -> None:
        super().__init__()
        head = "proposal_generator.rpn_head"
        self.conv = convolution(arrays, f"{head}.conv", padding=1)
        self.objectness = convolution(arrays, f"{head}.objectness_logits")
        self.deltas = convolution(arrays, f"{head}.anchor_deltas")

    def forward(self, pyramid: Sequence[Tensor], width: int, height: int) -> tuple[Tensor, Tensor]:
        """Propose.

        Args:
            pyramid: five maps (B, 256, h, w).
            width: of the pictures without padding, pixels; boxes are clipped to it.
            height: likewise.

        Returns:
            (B, N, 4) boxes by falling score, N at most 1000, and (B, N) bool: real, not padding.
        """
        found, scores, kept = [], [], []
        for level, (maps, size) in enumerate(zip(pyramid, ANCHOR_SIZES, strict=True)):
            inner = self.conv(maps).relu_()
            batch, _, rows, columns = maps.shape
            logits = self.objectness(inner).float().permute(0, 2, 3, 1).reshape(batch, -1)
            deltas = self.deltas(inner).float().permute(0, 2, 3, 1).reshape(batch, -1, 4)
            best, index = logits.topk(min(PER_LEVEL, logits.shape[1]), dim=1)
            start = anchors(rows, columns, 4 << level, size, maps.device)[index]
            boxes = decode(start, deltas.gather(1, index[..., None].expand(-1, -1, 4)), (1.0, 1.0, 1.0, 1.0))
            real = boxes.isfinite().all(dim=-1) & best.isfinite()
            boxes = clip(boxes, width, height)
            found.append(boxes)
            scores.append(best)
            kept.append(suppress(boxes, real & has_area(boxes), OVERLAP))
        ranked = torch.cat(scores, dim=1).masked_fill(~torch.cat(kept, dim=1), -torch.inf)
        best, index = ranked.topk(min(PER_PICTURE, ranked.shape[1]), dim=1)
        boxes = torch.cat(found, dim=1).gather(1, index[..., None].expand(-1, -1, 4))
        return boxes, best > -torch.inf
