"""The networks against what Detectron2 0.6 recorded with the same weights and pictures."""

import copy
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from videopose.detect.keypoint_rcnn.architecture import ARCHITECTURES, parameter_shapes
from videopose.detect.keypoint_rcnn.model import KeypointRCNN, People
from videopose.detect.keypoint_rcnn.weights import load_weights

pytestmark = pytest.mark.shared

PICTURES = ((480, 640, 0), (720, 1280, 1))
"""Height, width, seed of the recorded pictures: one is made larger for the network, one smaller."""


@pytest.fixture(scope="module")
def r50(r50_file: Path) -> KeypointRCNN:
    architecture = ARCHITECTURES["keypoint-rcnn-r50"]
    return KeypointRCNN(load_weights(r50_file, parameter_shapes(architecture)), architecture).eval()


def find(network: KeypointRCNN, *pictures: np.ndarray, most: int = 12, short_side: int = 800) -> People:
    return network(torch.from_numpy(np.stack(pictures)), score_threshold=0.05, most=most, short_side=short_side)


@pytest.mark.parametrize("name", ["r50", "r101", "x101"])
def test_names_and_shapes_are_those_of_the_published_files(name: str, shared_dir: Path) -> None:
    recorded = json.loads((shared_dir / "golden" / f"keypoint_rcnn_{name}.shapes.json").read_text())
    shapes = parameter_shapes(ARCHITECTURES[f"keypoint-rcnn-{name}"])
    assert shapes == {key: tuple(shape) for key, shape in recorded.items()}


@pytest.mark.parametrize("name", ["r50", "r101", "x101"])
def test_people_are_those_that_detectron2_finds(name: str, shared_dir: Path, formula: ModuleType) -> None:
    architecture = ARCHITECTURES[f"keypoint-rcnn-{name}"]
    arrays = formula.weights(parameter_shapes(architecture))
    network = KeypointRCNN({key: torch.from_numpy(array) for key, array in arrays.items()}, architecture).eval()
    golden = np.load(shared_dir / "golden" / f"keypoint_rcnn_{name}.npz", allow_pickle=False)
    for height, width, seed in PICTURES:
        people = find(network, formula.picture(height, width, seed))
        recorded = {key: golden[f"{height}x{width}_{key}"] for key in ("boxes", "scores", "keypoints")}
        np.testing.assert_allclose(people.boxes, recorded["boxes"], rtol=0, atol=0.01)
        np.testing.assert_allclose(people.scores, recorded["scores"], rtol=0, atol=1e-5)
        np.testing.assert_allclose(people.keypoints[..., :2], recorded["keypoints"][..., :2], rtol=0, atol=0.01)
        # exp of heights in the hundreds: a digit of float32 less in them is four digits less here
        np.testing.assert_allclose(people.keypoints[..., 2], recorded["keypoints"][..., 2], rtol=2e-3)


def test_a_batch_gives_what_single_pictures_give(r50: KeypointRCNN, formula: ModuleType) -> None:
    pictures = [formula.picture(180, 320, seed) for seed in (1, 2, 3)]
    together = find(r50, *pictures, short_side=192)
    alone = [find(r50, picture, short_side=192) for picture in pictures]
    np.testing.assert_array_equal(together.picture, np.repeat([0, 1, 2], [len(one.scores) for one in alone]))
    for key in ("boxes", "scores", "keypoints"):
        expected = torch.cat([getattr(one, key) for one in alone])
        torch.testing.assert_close(getattr(together, key)[..., :2], expected[..., :2], rtol=0, atol=1e-3)


def test_bfloat16_moves_boxes_and_keypoints_by_a_fraction_of_a_pixel(r50: KeypointRCNN, formula: ModuleType) -> None:
    picture = formula.picture(480, 640, 0)
    exact = find(r50, picture)
    # a copy: what rounding takes from the weights does not come back
    rounded = find(copy.deepcopy(r50).to(torch.bfloat16), picture, most=40)
    far = (exact.boxes[:, None] - rounded.boxes[None]).abs().amax(dim=2)
    same = far.argmin(dim=1)
    assert far.amin(dim=1).median() < 0.2
    assert (exact.keypoints - rounded.keypoints[same])[..., :2].norm(dim=-1).median() < 0.3


def test_nobody_is_found_above_every_score(r50: KeypointRCNN, formula: ModuleType) -> None:
    people = r50(torch.from_numpy(formula.picture(100, 100, 0))[None], score_threshold=1.0)
    assert (people.boxes.shape, people.keypoints.shape) == ((0, 4), (0, 17, 3))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 400), (400, 3), (64, 64)])
def test_pictures_of_any_shape_pass(r50: KeypointRCNN, height: int, width: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    people = r50(torch.from_numpy(picture)[None], short_side=64, score_threshold=0.0, most=3)
    assert torch.isfinite(people.boxes).all()
    assert (
        (people.boxes >= 0).all() and (people.boxes[:, 0::2] <= width).all() and (people.boxes[:, 1::2] <= height).all()
    )
