"""Training examples: the same as padding and cutting each sequence by hand."""

import numpy as np
import pytest
import torch

from videopose.camera import project
from videopose.data.poses import PoseData, PoseSequence
from videopose.train.losses import project as project_tensor
from videopose.train.windows import Shuffle, Windows, mirrored

FIELD = 9


def sequence(subject: str, frames: int, seed: int, labelled: bool = True) -> PoseSequence:
    rng = np.random.default_rng(seed)

    def numbers(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    joints = numbers(frames, 17, 3)
    root = numbers(frames, 3) + np.array([0, 0, 5], np.float32)
    return PoseSequence(
        subject, "Walk 1", 0, numbers(frames, 17, 2), (1000, 1000),
        joints - joints[:, :1] if labelled else None, root if labelled else None, numbers(9),
    )  # fmt: skip


def data(*sequences: PoseSequence) -> PoseData:
    return PoseData("made", "h36m17", "h36m17", 50.0, sequences)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("stride", [1, 4])
def test_examples_are_windows_of_padded_sequences(causal: bool, stride: int) -> None:
    parts = [sequence("S1", 7, 0), sequence("S5", 30, 1), sequence("S6", 1, 2)]
    windows = Windows(data(*parts), FIELD, causal, stride)
    expected = []
    for part in parts:
        runs = -(-len(part) // stride)
        missing = runs * stride - len(part)
        before, after = missing // 2, missing - missing // 2
        lead = FIELD - 1 if causal else FIELD // 2
        pad = (before + lead, after + FIELD - 1 - lead)
        keypoints = np.pad(part.keypoints, (pad, (0, 0), (0, 0)), "edge")
        joints = np.pad(part.joints, ((before, after), (0, 0), (0, 0)), "edge")
        roots = np.pad(part.root, ((before, after), (0, 0)), "edge")
        for run in range(runs):
            first = run * stride
            seen = keypoints[first : first + FIELD - 1 + stride].reshape(-1, 34)
            expected.append((seen, joints[first : first + stride], roots[first : first + stride], part.intrinsics))
    assert len(windows) == len(expected)
    batch = windows.batch(torch.arange(len(windows)))
    for found, place in ((batch.inputs, 0), (batch.targets, 1), (batch.roots, 2), (batch.intrinsics, 3)):
        np.testing.assert_array_equal(found.numpy(), np.stack([example[place] for example in expected]))
    middle = FIELD - 1 if causal else FIELD // 2
    answered = batch.inputs.unflatten(2, (17, 2))[:, middle : middle + stride]
    assert torch.equal(batch.keypoints[1], answered[1])


def test_mirror_images_come_after_and_are_their_own_inverse() -> None:
    part = sequence("S1", 12, 0)
    windows = Windows(data(part), FIELD, flip=True)
    assert len(windows) == 24
    batch = windows.batch(torch.tensor([3, 15]))
    left, right = 4, 1  # hips
    assert torch.equal(batch.targets[0, 0, left, 0], -batch.targets[1, 0, right, 0])
    assert torch.equal(batch.targets[0, 0, left, 1:], batch.targets[1, 0, right, 1:])
    twice = mirrored(mirrored(part, "h36m17", "h36m17"), "h36m17", "h36m17")
    for name in ("keypoints", "joints", "root", "intrinsics"):
        np.testing.assert_array_equal(getattr(twice, name), getattr(part, name))


def test_mirrored_camera_sees_the_mirrored_body_in_the_mirror() -> None:
    part = sequence("S1", 5, 0)
    part.intrinsics[:] = [2.3, 2.2, 0.02, 0.01, -0.2, 0.24, -0.003, -0.001, 0.0014]
    other = mirrored(part, "h36m17", "h36m17")
    image, reflected = (
        project_tensor(torch.from_numpy(p.joints + p.root[:, None])[None], torch.from_numpy(p.intrinsics)[None])[0]
        for p in (part, other)
    )
    swap = [0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]
    torch.testing.assert_close(reflected[:, swap] * torch.tensor([-1.0, 1.0]), image)


def test_projection_equals_that_of_the_camera_module() -> None:
    part = sequence("S1", 5, 0)
    part.intrinsics[:] = [2.3, 2.2, 0.02, 0.01, -0.2, 0.24, -0.003, -0.001, 0.0014]
    # Well inside the picture: beyond its edge directions are held.
    points = 0.3 * part.joints + np.array([0.2, -0.1, 5.0], np.float32)
    focal, center, radial, tangential = np.split(part.intrinsics.astype(np.float64), [2, 4, 7])
    for linear in (False, True):
        found = project_tensor(torch.from_numpy(points)[None], torch.from_numpy(part.intrinsics)[None], linear)[0]
        terms = () if linear else (radial, tangential)
        np.testing.assert_allclose(found, project(points.astype(np.float64), focal, center, *terms), atol=2e-6)


def test_unlabelled_data_has_no_targets() -> None:
    windows = Windows(data(sequence("S1", 7, 0), sequence("S5", 4, 1, labelled=False)), FIELD)
    batch = windows.batch(torch.arange(11))
    assert batch.targets is None and batch.roots is None and batch.keypoints.shape == (11, 1, 17, 2)


def test_shuffle_goes_through_everything_once_a_pass() -> None:
    shuffle = Shuffle(10, seed=3)
    row = torch.cat([shuffle.slice(first, 4) for first in range(0, 40, 4)])
    for number in range(4):
        part = row[10 * number : 10 * number + 10]
        assert sorted(part.tolist()) == list(range(10))
        assert torch.equal(part, Shuffle(10, seed=3).order(number))
    assert not torch.equal(row[:10], row[10:20])
    assert not torch.equal(Shuffle(10, seed=4).order(0), row[:10])
    assert torch.equal(shuffle.slice(7, 26), row[7:33])
