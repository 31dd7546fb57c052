"""A network that predicts where the person stands from 2D keypoints alone; benchmarks/root.py compares solving with it.

The person normalisation says in which direction the person is, so that three numbers are left for each frame: how far
the root lies from the view's centre, in sizes of the person in the picture, and the logarithm of the depth relative to
that at which a flat body of the standard size would look as large.
"""

import copy
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from videopose.data.mocap import read_archive
from videopose.data.variation import VariationSettings, vary
from videopose.data.views import (
    STANDARD_SIZE_M,
    ViewSampler,
    random_body,
    random_camera,
    random_detections,
    repeat_edges,
)
from videopose.lift.model import TemporalModel
from videopose.lift.normalisation import person_view
from videopose.lift.resample import Timeline
from videopose.skeletons import COCO17
from videopose.train.recipe import read_recipe

FILTER_WIDTHS = (3, 3, 3)
CHANNELS = 256
BATCH = 64
ANSWERS = 24
EVERY = 3
FRAME_RATE = 30.0
_RATE = 1e-3
_WARMUP_STEPS = 200


def look(plane: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(N, T, 17, 2) on the plane at distance 1 -> inputs (N, T, 34), size (N, T) on that plane, rotations."""
    inputs, rotation = person_view(plane)
    rays = functional.pad(plane, (0, 1), value=1.0) @ rotation.transpose(-1, -2)
    local = rays[..., :2] / rays[..., 2:].clamp(min=0.1)
    # the median over keypoints: one far outside is held at the normalisation's limit
    size = (local.norm(dim=-1) / inputs.norm(dim=-1).clamp(min=1e-6)).median(dim=-1).values
    return inputs.flatten(2), size.clamp(min=1e-6), rotation


class RootSampler(ViewSampler):
    """Endless views with the root as target."""

    def draw_roots(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs (N, L', 34), targets (N, L, 3) and validity (N, L) of `count` sequences."""
        capture, valid = self._movement(count)
        capture = vary(capture, self._movement(count)[0], self.variation or VariationSettings(0.0, 0.0))
        camera, _ = random_camera(random_body(capture, self.settings), self.settings)
        present = self._presence(valid)
        inputs, size, rotation = look(random_detections(camera, self.settings))
        answered = slice(self.lead, self.lead + self.length, self.every)
        root = (rotation[:, answered] @ camera[:, answered, 0, :, None])[..., 0]
        scale = size[:, answered, None]
        depth = root[..., 2:]
        target = torch.cat([root[..., :2] / depth / scale, (depth * scale / STANDARD_SIZE_M).log()], -1)
        return repeat_edges(inputs, present), target, present[:, answered]


def build() -> TemporalModel:
    return TemporalModel(2 * len(COCO17), 1, FILTER_WIDTHS, CHANNELS, dropout=0.1)


def train(archive: Path, steps: int) -> TemporalModel:
    """Train on the subjects that the default lifter is trained on, with its bodies, cameras and detectors."""
    recipe = read_recipe("wild-243")
    # what a wrong focal length does to depth cannot be seen, so that it need not be learnt
    settings = replace(recipe.views, focal_error=0.05)
    clips = [clip for clip in read_archive(archive) if clip.subject not in recipe.validation_subjects]
    sampler = RootSampler(
        clips, math.prod(FILTER_WIDTHS), ANSWERS, settings, recipe.subject_weights, every=EVERY,
        variation=VariationSettings(),
    )  # fmt: skip
    torch.manual_seed(5)
    model = build()
    averaged = copy.deepcopy(model).eval()
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=1e-4, fused=True)
    for step in range(steps):
        rate = (
            _RATE * min(1.0, (step + 1) / _WARMUP_STEPS) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        )
        for group in optimizer.param_groups:
            group["lr"] = rate
        with torch.no_grad():
            inputs, target, present = sampler.draw_roots(BATCH)
        with torch.autocast("cpu", torch.bfloat16):
            predicted = model(inputs, every=EVERY)[:, :, 0]
        difference = predicted.float() - target
        valid = present[..., None].float()
        both = valid[:, 1:] * valid[:, :-1]
        moved = difference[:, 1:] - difference[:, :-1]
        loss = (difference.abs() * valid).sum() / valid.sum() + (moved.abs() * both).sum() / both.sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        decay = min(0.998, step / (step + 10))
        for average, value in zip(averaged.state_dict().values(), model.state_dict().values(), strict=True):
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)
        if step % 100 == 99:
            print(f"root network: step {step + 1} of {steps}, loss {loss.item():.4f}", file=sys.stderr)
    return averaged


def obtain(file: Path | None, archive: Path, steps: int) -> TemporalModel:
    """The network in `file`, else a trained one, which is kept there."""
    if file is None or not file.exists():
        model = train(archive, steps)
        if file is not None:
            save_file(model.state_dict(), file)
        return model
    model = build().eval()
    model.load_state_dict(load_file(file))
    return model


@torch.no_grad()
def predict_root(
    model: TemporalModel, keypoints: np.ndarray, time_s: np.ndarray, image_size: tuple[int, int], focal_px: float
) -> np.ndarray:
    """(T, 3) metres, camera axes, at the size of the standard body; keypoints (T, 17, 2 or 3) pixels."""
    timeline = Timeline.between(time_s, FRAME_RATE)
    points = timeline.to_grid(keypoints[..., :2].astype(np.float64))
    inputs, size, rotation = look(torch.from_numpy((points - np.array(image_size) / 2) / focal_px)[None])
    pairs = inputs.reshape(1, -1, len(COCO17), 2)
    mirrored = pairs[:, :, torch.as_tensor(COCO17.mirror)] * torch.tensor([-1.0, 1.0])
    reach = (model.receptive_field - 1) // 2
    both = torch.cat([inputs, mirrored.flatten(2)]).float().transpose(1, 2)
    answers = model(functional.pad(both, (reach, reach), mode="replicate").transpose(1, 2))[:, :, 0].double()
    answer = (answers[0] + answers[1] * torch.tensor([-1.0, 1.0, 1.0])) / 2
    depth = answer[:, 2:].exp() * STANDARD_SIZE_M / size[0, :, None]
    local = torch.cat([answer[:, :2] * size[0, :, None] * depth, depth], -1)
    root = (rotation[0].transpose(-1, -2) @ local[..., None])[..., 0].numpy()
    return np.asarray(timeline.to_frames(root[:, None])[:, 0])
