import numpy as np
import pytest

from videopose.detect.blazepose.decoding import (
    COCO_LANDMARKS,
    DETECTOR_SIZE,
    anchors,
    decode_people,
    overlap,
    refine,
    sigmoid,
)


def test_anchors_follow_the_closed_form() -> None:
    found = anchors()
    assert found.shape == (28 * 28 * 2 + 14 * 14 * 2 + 7 * 7 * 6, 2) == (2254, 2)
    np.testing.assert_allclose(found[0], [0.5 / 28, 0.5 / 28])
    np.testing.assert_allclose(found[2], [1.5 / 28, 0.5 / 28])  # two a cell, x runs first
    np.testing.assert_allclose(found[28 * 28 * 2], [0.5 / 14, 0.5 / 14])
    np.testing.assert_allclose(found[-1], [6.5 / 7, 6.5 / 7])


def raw(proposals: dict[int, tuple[float, list[float]]]) -> tuple[np.ndarray, np.ndarray]:
    regressors, logits = np.zeros((2254, 12), np.float32), np.full(2254, -50, np.float32)
    for k, (score, values) in proposals.items():
        regressors[k], logits[k] = values, np.log(score / (1 - score))
    return regressors, logits


def test_a_proposal_is_read_relative_to_its_anchor() -> None:
    values = [10, -5, 40, 20, 0, 0, 0, -60, 1, 2, 3, 4]
    scores, points = decode_people(*raw({100: (0.9, values)}), 0.5)
    centre = anchors()[100] * DETECTOR_SIZE
    assert scores == pytest.approx([0.9], abs=1e-6)
    expected = centre + np.array([[-10, -15], [30, 5], [0, 0], [0, -60], [1, 2], [3, 4]])
    np.testing.assert_allclose(points[0] * DETECTOR_SIZE, expected, atol=1e-4)


def test_overlapping_proposals_become_their_weighted_mean_and_others_stay() -> None:
    at_0 = [0, 0, 60, 60] + [0] * 8
    at_0_shifted = [8, 0, 60, 60] + [8, 0] * 4
    far = [0, 0, 30, 30] + [0] * 8
    # anchors 0 and 1 share a cell; the last one lies in the opposite corner
    scores, points = decode_people(*raw({0: (0.8, at_0), 1: (0.4, at_0_shifted), 2253: (0.6, far)}), 0.3)
    np.testing.assert_allclose(scores, [0.8, 0.6], atol=1e-6)
    hip = (points[0, 2] - anchors()[0]) * DETECTOR_SIZE
    np.testing.assert_allclose(hip, [8 * 0.4 / 1.2, 0], atol=1e-4)


def test_nobody() -> None:
    scores, points = decode_people(*raw({}), 0.3)
    assert scores.shape == (0,)
    assert points.shape == (0, 6, 2)


def test_overlap_is_intersection_over_union() -> None:
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6], [0, 0, 0, 0]], float)
    np.testing.assert_allclose(overlap(boxes[0], boxes), [1, 1 / 3, 0, 0])


def heatmaps(place: tuple[float, float], landmark: int = 3) -> np.ndarray:
    """Logits of a blob whose probability is a Gaussian around a cell index (x, y); nothing elsewhere."""
    y, x = np.mgrid[0:64, 0:64]
    blob = 0.9 * np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / 2)
    maps = np.full((64, 64, 39), -20.0, np.float32)
    maps[..., landmark] = np.log(np.maximum(blob, 1e-9) / (1 - blob))
    return maps


@pytest.mark.parametrize("offset", [(0.0, 0.0), (1.5, -1.0), (-2.0, 2.2)])
def test_refining_finds_the_centre_of_the_blob(offset: tuple[float, float]) -> None:
    points = np.full((39, 2), 0.5)
    points[3] = np.array([30.3 + offset[0], 20.6 + offset[1]]) / 64
    refined, peaks = refine(points, heatmaps((30.3, 20.6)))
    np.testing.assert_allclose(refined[3] * 64, [30.3, 20.6], atol=0.1)
    assert peaks[3] == pytest.approx(0.9, abs=0.12)
    assert (np.delete(peaks, 3) < 1e-6).all()
    np.testing.assert_array_equal(np.delete(refined, 3, axis=0), np.delete(points, 3, axis=0))


@pytest.mark.parametrize("point", [(-0.2, 0.5), (0.5, 1.0), (7.0, -9.0)])
def test_landmarks_outside_of_the_map_stay(point: tuple[float, float]) -> None:
    points = np.full((39, 2), point)
    refined, peaks = refine(points, np.full((64, 64, 39), 9.0, np.float32))
    np.testing.assert_array_equal(refined, points)
    assert not peaks.any()


def test_sigmoid_stands_large_numbers() -> None:
    np.testing.assert_allclose(sigmoid(np.array([-1e9, 0, 1e9])), [0, 0.5, 1], atol=1e-12)


def test_coco_takes_17_of_the_landmarks() -> None:
    assert len(set(COCO_LANDMARKS)) == 17
