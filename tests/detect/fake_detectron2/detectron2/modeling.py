"""The model."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

SEEN: list[tuple[int, ...]] = []
"""Shape of each batch's pictures, in order."""


class RedModel(nn.Module):
    """Gives the box of what is red twice, with the scores 0.9 and 0.3, and keypoints on its diagonal."""

    def __init__(self, cfg: Any) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.full((17,), torch.nan))
        self.register_buffer("pixel_mean", torch.zeros(3, 1, 1))
        self.red = cfg.INPUT.FORMAT.index("R")
        self.threshold = cfg.MODEL.ROI_HEADS.SCORE_THRESH_TEST

    def forward(self, batched_inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert not self.training and torch.is_inference_mode_enabled()
        SEEN.append((len(batched_inputs), *batched_inputs[0]["image"].shape))
        return [{"instances": self.find(**one)} for one in batched_inputs]

    def find(self, image: Tensor, height: int, width: int) -> SimpleNamespace:
        assert image.dtype == torch.float32
        rows, columns = torch.nonzero(image[self.red] - image[2 - self.red] > 100, as_tuple=True)
        scores = torch.tensor([0.9, 0.3] if len(rows) else [])
        scores = scores[scores > self.threshold]
        scale = torch.tensor([width / image.shape[2], height / image.shape[1]]).repeat(2)
        box = torch.zeros(4)
        if len(rows):
            box = torch.stack([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) * scale
        boxes = box.expand(len(scores), 4)
        share = torch.linspace(0, 1, 17)[:, None]
        points = torch.cat([box[:2] + share * (box[2:] - box[:2]), self.gain[:, None]], dim=1)
        keypoints = points.expand(len(scores), 17, 3)
        return SimpleNamespace(pred_boxes=SimpleNamespace(tensor=boxes), scores=scores, pred_keypoints=keypoints)


def build_model(cfg: Any) -> nn.Module:
    return RedModel(cfg).to(cfg.MODEL.DEVICE)
