"""The three published Keypoint R-CNN networks: what tells them apart, and what they share."""

from collections.abc import Mapping
from dataclasses import dataclass

from videopose.skeletons import COCO17

FPN_CHANNELS = 256
LEVELS = (2, 3, 4, 5)
"""Pyramid levels with regions of interest; level k has a stride of 2 ** k pixels. Anchors lie on level 6 too."""
ANCHOR_SIZES = (32.0, 64.0, 128.0, 256.0, 512.0)
ANCHOR_RATIOS = (0.5, 1.0, 2.0)
BOX_POOL, BOX_CHANNELS = 7, 1024
KEYPOINT_POOL, KEYPOINT_CHANNELS, KEYPOINT_CONVOLUTIONS = 14, 512, 8
SIZE_DIVISOR = 32
SHORT_SIDE, LONG_SIDE = 800, 1333
"""Pixels the shorter side is resized to, and the most that the longer one may get."""
BGR_MEAN = (103.53, 116.28, 123.675)


@dataclass(frozen=True, slots=True)
class Architecture:
    """One residual network under the same pyramid and heads.

    Source: He et al., Mask R-CNN, ICCV 2017; Lin et al., Feature pyramid networks, CVPR 2017; Xie et al., Aggregated
    residual transformations, CVPR 2017; Detectron2's model zoo.
    """

    name: str
    """As in `--detector`."""
    blocks: tuple[int, int, int, int]
    """Residual blocks of res2 to res5."""
    groups: int = 1
    """Groups of the 3x3 convolutions."""
    group_width: int = 64
    """Channels of a group in res2; doubles with each stage."""
    stride_in_1x1: bool = True
    """Where a stage's first block halves the resolution: in its first 1x1 convolution, else in its 3x3."""
    bgr_std: tuple[float, float, float] = (1.0, 1.0, 1.0)


ARCHITECTURES: Mapping[str, Architecture] = {
    one.name: one
    for one in (
        Architecture("keypoint-rcnn-r50", (3, 4, 6, 3)),
        Architecture("keypoint-rcnn-r101", (3, 4, 23, 3)),
        Architecture(
            "keypoint-rcnn-x101",
            (3, 4, 23, 3),
            groups=32,
            group_width=8,
            stride_in_1x1=False,
            bgr_std=(57.375, 57.12, 58.395),
        ),
    )
}

KEYPOINTS = len(COCO17)


def parameter_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every array in a published checkpoint of this network, in Detectron2's naming."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, shape, normed in _backbone(architecture):
        shapes[f"{name}.weight"] = shape
        for part in ("weight", "bias", "running_mean", "running_var") if normed else ():
            shapes[f"{name}.norm.{part}"] = shape[:1]
    for name, shape in _heads():
        shapes[f"{name}.weight"] = shape
        shapes[f"{name}.bias"] = (KEYPOINTS,) if name.endswith("score_lowres") else shape[:1]
    return shapes


def _backbone(architecture: Architecture) -> list[tuple[str, tuple[int, ...], bool]]:
    """(name, shape, has a norm) of the residual network's convolutions."""
    found: list[tuple[str, tuple[int, ...], bool]] = [("backbone.bottom_up.stem.conv1", (64, 3, 7, 7), True)]
    channels = 64
    for stage, count in enumerate(architecture.blocks):
        inner, outer = architecture.groups * architecture.group_width << stage, 256 << stage
        for block in range(count):
            prefix = f"backbone.bottom_up.res{stage + 2}.{block}"
            if block == 0:
                found.append((f"{prefix}.shortcut", (outer, channels, 1, 1), True))
            found.append((f"{prefix}.conv1", (inner, channels, 1, 1), True))
            found.append((f"{prefix}.conv2", (inner, inner // architecture.groups, 3, 3), True))
            found.append((f"{prefix}.conv3", (outer, inner, 1, 1), True))
            channels = outer
    return found


def _heads() -> list[tuple[str, tuple[int, ...]]]:
    """(name, shape) of all other weights; each has a bias."""
    wide, boxes, deep = FPN_CHANNELS, BOX_CHANNELS, KEYPOINT_CHANNELS
    anchors = len(ANCHOR_RATIOS)
    found: list[tuple[str, tuple[int, ...]]] = []
    for level in LEVELS:
        found.append((f"backbone.fpn_lateral{level}", (wide, wide << (level - 2), 1, 1)))
        found.append((f"backbone.fpn_output{level}", (wide, wide, 3, 3)))
    rpn, roi = "proposal_generator.rpn_head", "roi_heads"
    found += [
        (f"{rpn}.conv", (wide, wide, 3, 3)),
        (f"{rpn}.objectness_logits", (anchors, wide, 1, 1)),
        (f"{rpn}.anchor_deltas", (4 * anchors, wide, 1, 1)),
        (f"{roi}.box_head.fc1", (boxes, wide * BOX_POOL**2)),
        (f"{roi}.box_head.fc2", (boxes, boxes)),
        (f"{roi}.box_predictor.cls_score", (2, boxes)),
        (f"{roi}.box_predictor.bbox_pred", (4, boxes)),
    ]
    for number in range(1, KEYPOINT_CONVOLUTIONS + 1):
        found.append((f"{roi}.keypoint_head.conv_fcn{number}", (deep, wide if number == 1 else deep, 3, 3)))
    found.append((f"{roi}.keypoint_head.score_lowres", (deep, KEYPOINTS, 4, 4)))
    return found
