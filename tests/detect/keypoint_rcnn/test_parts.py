"""Each part of the network against its definition, written plainly, or another library."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from videopose.detect.keypoint_rcnn.boxes import clip, decode, has_area, overlap, suppress
from videopose.detect.keypoint_rcnn.heat_maps import decode_heat_maps
from videopose.detect.keypoint_rcnn.picture import prepare, resize, resized_size
from videopose.detect.keypoint_rcnn.proposals import anchors
from videopose.detect.keypoint_rcnn.roi_align import pool


def random_boxes(rng: np.random.Generator, count: int, extent: float) -> torch.Tensor:
    corners = rng.uniform(0, extent, (count, 2, 2)).astype(np.float32)
    return torch.from_numpy(np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((480, 640), (800, 1067)),
        ((720, 1280), (750, 1333)),
        ((333, 200), (100, 60)),
        ((17, 333), (40, 500)),
        ((50, 50), (50, 50)),
        ((50, 61), (50, 30)),
        ((1, 1), (64, 64)),
        ((300, 200), (1, 1)),
    ],
    ids=str,
)
def test_resized_pictures_are_those_of_pillow(before: tuple[int, int], after: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*before, 3), np.uint8)
    pillow = Image.fromarray(picture).resize(after[::-1], Image.Resampling.BILINEAR)
    ours = resize(torch.from_numpy(picture)[None], after[1], after[0])[0]
    np.testing.assert_array_equal(ours, np.asarray(pillow))


@pytest.mark.parametrize(
    ("size", "short_side", "expected"),
    [
        ((640, 480), 800, (1067, 800)),
        ((1280, 720), 800, (1333, 750)),
        ((720, 1280), 800, (750, 1333)),
        ((1920, 1080), 400, (667, 375)),
        ((800, 800), 800, (800, 800)),
        ((10000, 1), 800, (1333, 1)),
    ],
    ids=str,
)
def test_sizes(size: tuple[int, int], short_side: int, expected: tuple[int, int]) -> None:
    assert resized_size(*size, short_side) == expected


def test_pictures_are_normalised_and_padded_with_zeros() -> None:
    picture = torch.full((1, 20, 30, 3), 200, dtype=torch.uint8)
    ready = prepare(picture, 30, 20, (2.0, 4.0, 5.0))
    assert ready.shape == (1, 3, 32, 32)
    expected = [(200 - 103.53) / 2, (200 - 116.28) / 4, (200 - 123.675) / 5]
    torch.testing.assert_close(ready[0, :, 19, 29], torch.tensor(expected))
    assert not ready[:, :, 20:].any() and not ready[:, :, :, 30:].any()


def test_anchors_keep_the_area_and_have_the_ratios() -> None:
    boxes = anchors(2, 3, 8, 32.0, torch.device("cpu")).view(2, 3, 3, 4)
    size = boxes[..., 2:] - boxes[..., :2]
    torch.testing.assert_close(size.prod(dim=-1), torch.full((2, 3, 3), 1024.0))
    torch.testing.assert_close(size[1, 2, :, 1] / size[1, 2, :, 0], torch.tensor([0.5, 1.0, 2.0]))
    torch.testing.assert_close((boxes[..., :2] + boxes[..., 2:])[1, 2, 0] / 2, torch.tensor([16.0, 8.0]))


def test_deltas_move_and_scale() -> None:
    box = torch.tensor([[10.0, 20.0, 30.0, 60.0]])
    moved = decode(box, torch.tensor([[1.0, -0.5, math.log(2) * 5, 100.0]]), (10.0, 10.0, 5.0, 5.0))
    # centre (20, 40) + (0.1 * 20, -0.05 * 40), width doubled, height at most 1000 / 16 times
    torch.testing.assert_close(moved, torch.tensor([[2.0, 38.0 - 1250.0, 42.0, 38.0 + 1250.0]]))
    clipped = clip(moved, 40, 50)
    torch.testing.assert_close(clipped, torch.tensor([[2.0, 0.0, 40.0, 50.0]]))
    assert has_area(clipped).tolist() == [True]
    assert has_area(torch.tensor([[1.0, 1.0, 1.0, 5.0]])).tolist() == [False]


def greedy(boxes: torch.Tensor, valid: torch.Tensor, threshold: float) -> list[bool]:
    share = overlap(boxes[None])[0]
    kept: list[int] = []
    for index in range(len(boxes)):
        if valid[index] and not any(share[index, other] > threshold for other in kept):
            kept.append(index)
    return [index in kept for index in range(len(boxes))]


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.7])
def test_suppression_is_the_greedy_one(threshold: float) -> None:
    rng = np.random.default_rng(2)
    boxes = torch.stack([random_boxes(rng, 120, 100.0) for _ in range(3)])
    valid = torch.from_numpy(rng.random((3, 120)) < 0.9)
    kept = suppress(boxes, valid, threshold)
    for one, real, result in zip(boxes, valid, kept, strict=True):
        assert result.tolist() == greedy(one, real, threshold)


def test_suppression_of_a_chain_takes_every_second_box() -> None:
    # each overlaps its neighbours by 2 / 3 alone: the longest way to the fixed point
    start = torch.arange(60.0)[:, None]
    boxes = torch.cat([start, torch.zeros(60, 1), start + 5, torch.ones(60, 1)], dim=1)[None]
    kept = suppress(boxes, torch.ones(1, 60, dtype=torch.bool), 0.65)
    assert kept[0].tolist() == [index % 2 == 0 for index in range(60)]


def test_overlap_of_known_boxes() -> None:
    boxes = torch.tensor([[[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [3, 3, 3, 3]]])
    share = overlap(boxes)[0]
    torch.testing.assert_close(share[0], torch.tensor([1.0, 1 / 3, 0.0, 0.0]))
    assert share[3, 3] == 0


def bilinear(maps: np.ndarray, y: float, x: float) -> np.ndarray:
    """(C,) of (C, H, W), zero more than a pixel outside."""
    _, height, width = maps.shape
    if y < -1 or y > height or x < -1 or x > width:
        return np.zeros(len(maps))
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = math.floor(y), math.floor(x)
    below, right = min(top + 1, height - 1), min(left + 1, width - 1)
    fy, fx = y - top, x - left
    upper = maps[:, top, left] * (1 - fx) + maps[:, top, right] * fx
    lower = maps[:, below, left] * (1 - fx) + maps[:, below, right] * fx
    return upper * (1 - fy) + lower * fy


def align(maps: np.ndarray, box: np.ndarray, stride: int, cells: int) -> np.ndarray:
    """RoIAlign by its definition, sample by sample."""
    x0, y0, x1, y1 = box / stride - 0.5
    step_x, step_y = (x1 - x0) / cells, (y1 - y0) / cells
    across, down = max(1, math.ceil(step_x)), max(1, math.ceil(step_y))
    result = np.zeros((cells, cells, len(maps)))
    for row in range(cells):
        for column in range(cells):
            samples = [
                bilinear(maps, y0 + (row + (i + 0.5) / down) * step_y, x0 + (column + (j + 0.5) / across) * step_x)
                for i in range(down)
                for j in range(across)
            ]
            result[row, column] = np.mean(samples, axis=0)
    return result


@pytest.mark.parametrize("cells", [7, 14])
def test_regions_are_those_of_the_definition(cells: int) -> None:
    rng = np.random.default_rng(3)
    width, height = 640, 416
    pyramid = [torch.from_numpy(rng.normal(size=(2, 3, height // s, width // s))).float() for s in (4, 8, 16, 32, 64)]
    boxes = random_boxes(rng, 30, 400.0)
    special = [
        [0, 0, 640, 416],
        [0, 0, 3, 2],
        [630, 400, 640, 416],
        [0, 200, 640, 204],
        [5, 5, 5, 5],
        [100, 0, 104, 416],
    ]
    boxes = torch.cat([boxes, torch.tensor(special, dtype=torch.float32)])
    picture = torch.arange(len(boxes)) % 2
    found = pool(pyramid, boxes, picture, cells)
    for box, number, region in zip(boxes.numpy(), picture.tolist(), found.numpy(), strict=True):
        area = float(box[2] - box[0]) * float(box[3] - box[1])
        level = min(max(math.floor(4 + math.log2(math.sqrt(area) / 224 + 1e-8)), 2), 5)
        expected = align(pyramid[level - 2][number].numpy(), box, 2**level, cells)
        np.testing.assert_allclose(region, expected, atol=2e-4)


def test_no_regions() -> None:
    maps = [torch.zeros(1, 8, 4, 4)] * 5
    assert pool(maps, torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), 7).shape == (0, 7, 7, 8)


def test_keypoints_are_the_highest_pixels_of_the_resized_maps() -> None:
    rng = np.random.default_rng(4)
    sizes = [(300.4, 120.7), (56.0, 56.0), (3.2, 200.0), (0.5, 0.5), (90.0, 700.0)]
    corners = [(rng.uniform(0, 100), rng.uniform(0, 100)) for _ in sizes]
    boxes = torch.tensor([[x, y, x + w, y + h] for (x, y), (w, h) in zip(corners, sizes, strict=True)])
    maps = torch.from_numpy(rng.normal(size=(len(sizes), 17, 56, 56))).float()
    found = decode_heat_maps(maps, boxes)
    for box, stack, keypoints in zip(boxes, maps, found, strict=True):
        width, height = (box[2:] - box[:2]).clamp(min=1).tolist()
        across, down = math.ceil(width), math.ceil(height)
        resized = functional.interpolate(stack[None], (down, across), mode="bicubic", align_corners=False)[0]
        highest, place = resized.flatten(1).max(dim=1)
        expected_x = box[0] + (place % across + 0.5) * width / across
        expected_y = box[1] + (place // across + 0.5) * height / down
        torch.testing.assert_close(keypoints[:, :2], torch.stack([expected_x, expected_y], dim=1), rtol=0, atol=1e-3)
        score = 1 / (stack - highest[:, None, None]).exp().sum(dim=(1, 2))
        torch.testing.assert_close(keypoints[:, 2], score, rtol=1e-3, atol=0)


def test_large_maps_are_resized_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = torch.from_numpy(np.random.default_rng(5).normal(size=(2, 17, 56, 56))).float()
    boxes = torch.tensor([[0.0, 0, 200, 333], [10.0, 10, 90, 60]])
    whole = decode_heat_maps(maps, boxes)
    monkeypatch.setattr("videopose.detect.keypoint_rcnn.heat_maps._CHUNK", 2 * 17 * 200 * 7)
    torch.testing.assert_close(decode_heat_maps(maps, boxes), whole, rtol=0, atol=0)


def test_nobody_has_no_keypoints() -> None:
    assert decode_heat_maps(torch.zeros(0, 17, 56, 56), torch.zeros(0, 4)).shape == (0, 17, 3)
