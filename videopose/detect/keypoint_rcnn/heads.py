"""What the two heads say of regions of interest: is it a person, where exactly, and where are the keypoints.

Source: Ren et al., Faster R-CNN, NIPS 2015; He et al., Mask R-CNN, ICCV 2017 (human keypoints).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from videopose.detect.keypoint_rcnn.architecture import BOX_POOL, FPN_CHANNELS, KEYPOINT_CONVOLUTIONS
from videopose.detect.keypoint_rcnn.backbone import convolution

DELTA_WEIGHTS = (10.0, 10.0, 5.0, 5.0)


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    made = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    made.weight, made.bias = nn.Parameter(weight, False), nn.Parameter(bias, False)
    return made


class BoxHead(nn.Module):
    """Two wide layers, then person or not, and a correction of the box."""

    def __init__(self, arrays: Mapping[str, Tensor]) -> None:
        super().__init__()
        head, predictor = "roi_heads.box_head", "roi_heads.box_predictor"
        # The checkpoint counts channels first, regions come with channels last.
        first = arrays[f"{head}.fc1.weight"].view(-1, FPN_CHANNELS, BOX_POOL, BOX_POOL)
        first = first.permute(0, 2, 3, 1).reshape(len(first), -1)
        self.fc1 = _linear(first, arrays[f"{head}.fc1.bias"])
        self.fc2 = _linear(arrays[f"{head}.fc2.weight"], arrays[f"{head}.fc2.bias"])
        # Both small layers at once.
        self.predict = _linear(
            torch.cat([arrays[f"{predictor}.{part}.weight"] for part in ("cls_score", "bbox_pred")]),
            torch.cat([arrays[f"{predictor}.{part}.bias"] for part in ("cls_score", "bbox_pred")]),
        )

    def forward(self, regions: Tensor) -> tuple[Tensor, Tensor]:
        """(R, 7, 7, 256) to (R,) float32 scores of being a person, and (R, 4) float32 deltas."""
        inner = self.fc1(regions.flatten(1)).relu_()
        inner = self.fc2(inner).relu_()
        both = self.predict(inner).float()
        return both[:, :2].softmax(dim=1)[:, 0], both[:, 2:]


class KeypointHead(nn.Module):
    """Eight convolutions, then a heat map for each keypoint."""

    def __init__(self, arrays: Mapping[str, Tensor]) -> None:
        super().__init__()
        head = "roi_heads.keypoint_head"
        numbers = range(1, KEYPOINT_CONVOLUTIONS + 1)
        self.layers = nn.ModuleList(convolution(arrays, f"{head}.conv_fcn{number}", padding=1) for number in numbers)
        weight = arrays[f"{head}.score_lowres.weight"]
        upward = nn.ConvTranspose2d(weight.shape[0], weight.shape[1], 4, stride=2, padding=1, device="meta")
        upward.weight = nn.Parameter(weight, False)
        upward.bias = nn.Parameter(arrays[f"{head}.score_lowres.bias"], False)
        self.upward = upward

    def forward(self, regions: Tensor) -> Tensor:
        """(P, 14, 14, 256) to (P, 17, 56, 56) float32 maps."""
        inner = regions.permute(0, 3, 1, 2)
        for layer in self.layers:
            inner = layer(inner).relu_()
        maps = self.upward(inner).float()
        return functional.interpolate(maps, scale_factor=2.0, mode="bilinear", align_corners=False)
