"""From keypoints to joints: rates, lengths, padding, mirroring, time."""

from pathlib import Path

import numpy as np
import pytest
import torch

from videopose.errors import InputError
from videopose.lift import Lifter, load_lifter_weights
from videopose.skeletons import COCO17, H36M17

SIZE, FOCAL_PX = (1280, 720), 1100.0


def walking(time_s: np.ndarray, seed: int = 0) -> np.ndarray:
    """(T, 17, 3) COCO keypoints: somebody drifting across, every joint swinging at 0.3 to 1.2 Hz."""
    random = np.random.default_rng(seed)
    base = np.stack([random.uniform(-60, 60, 17), np.linspace(-200, 200, 17)], -1)
    phase, rate = random.uniform(0, 2 * np.pi, (17, 2)), random.uniform(0.3, 1.2, (17, 2))
    swing = 25 * np.sin(2 * np.pi * rate * np.asarray(time_s)[:, None, None] + phase)
    drift = np.stack([500 + 40 * time_s, np.full(len(time_s), 360.0)], -1)[:, None]
    return np.concatenate([base + swing + drift, np.ones((len(time_s), 17, 1))], -1).astype(np.float32)


def lift(lifter: Lifter, time_s: np.ndarray, keypoints: np.ndarray | None = None) -> np.ndarray:
    return lifter.lift(walking(time_s) if keypoints is None else keypoints, time_s, SIZE, FOCAL_PX)


@pytest.mark.parametrize("normalisation", ["screen", "person"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 100])
@pytest.mark.parametrize("fps", [5, 30, 60])
def test_a_row_for_every_frame(weights, normalisation, count, fps):
    lifter = Lifter(weights(normalisation=normalisation, frame_rate=30.0))
    joints = lift(lifter, np.arange(count) / fps)
    assert joints.shape == (count, 17, 3) and joints.dtype == np.float32
    assert np.isfinite(joints).all()
    assert np.all(joints[:, 0] == 0)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("tta", [False, True])
def test_equals_the_network_run_by_hand(weights, causal, tta):
    given = weights(causal=causal)
    time_s = np.arange(50) / 50
    keypoints = walking(time_s)

    def run(xy: np.ndarray) -> np.ndarray:
        screen = xy * 2 / 1280 - np.array([1, 720 / 1280])
        padded = np.concatenate(
            [screen[:1]] * (26 if causal else 13) + [screen] + [screen[-1:]] * (0 if causal else 13)
        )
        with torch.inference_mode():
            return given.model(torch.from_numpy(padded.astype(np.float32)).flatten(1)[None])[0].numpy()

    xy = keypoints[..., :2].astype(np.float64)
    expected = run(xy)
    if tta:
        mirror = run((np.array([1280, 0]) + np.array([-1, 1]) * xy)[:, COCO17.mirror])
        expected = (expected + (mirror * np.array([-1, 1, 1]))[:, H36M17.mirror]) / 2
    joints = lift(Lifter(given, tta=tta, precision="float32"), time_s, keypoints)
    np.testing.assert_allclose(joints, expected - expected[:, :1], atol=1e-5)


@pytest.mark.parametrize("normalisation", ["screen", "person"])
def test_the_mirror_image_gives_the_mirrored_motion(weights, normalisation):
    lifter = Lifter(weights(normalisation=normalisation))
    time_s = np.arange(60) / 50
    keypoints = walking(time_s)
    mirrored = keypoints.copy()
    mirrored[..., 0] = 1280 - mirrored[..., 0]
    expected = lift(lifter, time_s, keypoints) * np.array([-1, 1, 1])
    np.testing.assert_allclose(lift(lifter, time_s, mirrored[:, COCO17.mirror]), expected[:, H36M17.mirror], atol=2e-5)


@pytest.mark.parametrize(("causal", "future_matters"), [(False, True), (True, False)])
def test_frames_after_t_change_the_result_at_t(weights, causal, future_matters):
    lifter = Lifter(weights(causal=causal))
    time_s = np.arange(60) / 50
    keypoints = walking(time_s)
    changed = keypoints.copy()
    changed[31:, :, :2] += 20.0
    before, after = lift(lifter, time_s, keypoints), lift(lifter, time_s, changed)
    assert bool(np.abs(after[30] - before[30]).max() > 1e-4) is future_matters
    # nothing reaches beyond the receptive field
    np.testing.assert_array_equal(before[:17], after[:17])


def test_a_track_cut_in_two_and_lifted_as_one_has_no_seam(weights):
    lifter = Lifter(weights())
    time_s = np.arange(200) / 50
    keypoints = walking(time_s)
    whole = lift(lifter, time_s, keypoints)
    halves = (slice(0, 100), slice(100, 200))
    together = np.concatenate([keypoints[half] for half in halves])
    np.testing.assert_array_equal(lift(lifter, time_s, together), whole)
    apart = np.concatenate([lift(lifter, time_s[half], keypoints[half]) for half in halves])
    # each half alone differs near the cut, as its edge frame is repeated there, and nowhere else
    far = np.abs(np.arange(200) - 99.5) > 13
    np.testing.assert_allclose(apart[far], whole[far], atol=1e-5)
    step = np.linalg.norm(np.diff(whole, axis=0), axis=-1).max(1)
    assert step[99] < 1.5 * np.median(step) < np.linalg.norm(apart[100] - apart[99], axis=-1).max()


@pytest.mark.parametrize("fps", [15, 25, 60, 120])
@pytest.mark.parametrize("normalisation", ["screen", "person"])
def test_the_same_movement_at_another_rate(weights, normalisation, fps):
    lifter = Lifter(weights(normalisation=normalisation, frame_rate=30.0))
    expected = lift(lifter, np.arange(121) / 30)
    joints = lift(lifter, np.arange(4 * fps + 1) / fps)
    common = [(i, round(i * fps / 30)) for i in range(15, 106) if i * fps % 30 == 0]
    ours, theirs = (np.array(rows) for rows in zip(*common, strict=True))
    distance = np.linalg.norm(joints[theirs] - expected[ours], axis=-1)
    assert distance.mean() < 0.02 * np.linalg.norm(expected, axis=-1).mean()


def test_5_frames_a_second_agree_with_60(weights):
    lifter = Lifter(weights(frame_rate=30.0))
    keypoints = lambda time_s: walking(0.4 * time_s)  # noqa: E731
    coarse_s, fine_s = np.arange(31) / 5, np.arange(361) / 60
    coarse, fine = (lift(lifter, time_s, keypoints(time_s)) for time_s in (coarse_s, fine_s))
    distance = np.linalg.norm(coarse - fine[::12], axis=-1)[3:-3]
    assert distance.mean() < 0.05 * np.linalg.norm(fine, axis=-1).mean()


def test_frames_dropped_from_a_video(weights):
    lifter = Lifter(weights(frame_rate=30.0))
    time_s = np.arange(150) / 30
    kept = np.sort(np.random.default_rng(0).permutation(150)[:110])
    distance = np.linalg.norm(lift(lifter, time_s[kept]) - lift(lifter, time_s)[kept], axis=-1)
    assert distance[5:-5].mean() < 0.02 * np.linalg.norm(lift(lifter, time_s), axis=-1).mean()


@pytest.mark.shared
def test_bfloat16_stays_close_on_a_trained_network(shared_dir: Path):
    folder = shared_dir / "golden" / "human36m_form"
    weights = load_lifter_weights(folder / "pretrained_27f_64c.bin")
    exact, rounded = (Lifter(weights, precision=p) for p in ("float32", "bfloat16"))
    time_s = np.arange(300) / 50
    keypoints = walking(time_s)
    a, b = lift(exact, time_s, keypoints), lift(rounded, time_s, keypoints)
    size_m = np.linalg.norm(a, axis=-1).mean()
    assert 0 < np.linalg.norm(a - b, axis=-1).mean() < 0.004 * size_m


def test_what_it_says_of_itself(weights):
    provenance = Lifter(weights(frame_rate=30.0), precision="bfloat16", tta=False, device="cpu").provenance()
    assert provenance["receptive_field"] == 27
    assert provenance["precision"] == "bfloat16"
    assert (provenance["frame_rate"], provenance["tta"], provenance["device"]) == (30.0, False, "cpu")


def test_wrong_number_of_joints(weights):
    with pytest.raises(InputError, match=r"'small' takes 17 joints \(coco17\), got 15"):
        Lifter(weights()).lift(np.zeros((4, 15, 2)), np.arange(4) / 30, SIZE, FOCAL_PX)


@pytest.mark.parametrize("info", [{"layout_in": "sh12"}, {"layout_out": "humaneva15"}])
def test_layouts_that_videos_do_not_have(weights, info):
    with pytest.raises(InputError, match=next(iter(info.values()))):
        Lifter(weights(**info))


@pytest.mark.parametrize(
    ("keypoints", "time_s", "message"),
    [
        (np.zeros((4, 17, 2)), np.arange(3), "keypoints must be"),
        (np.full((4, 17, 2), np.nan), np.arange(4), "finite"),
        (np.zeros((4, 17, 2)), np.array([0, 1, 1, 2]), "strictly increasing"),
    ],
)
def test_wrong_arguments(weights, keypoints, time_s, message):
    with pytest.raises(ValueError, match=message):
        Lifter(weights()).lift(keypoints, time_s, SIZE, FOCAL_PX)


@pytest.mark.parametrize("factor", [1e9, 1e37, float("nan")])
def test_an_answer_that_is_no_body_is_refused(weights, factor):
    given = weights()
    with torch.no_grad():
        given.model.shrink.weight *= factor
    with pytest.raises(InputError, match=r"joints .* m from the hip, which is no body"):
        lift(Lifter(given), np.arange(20) / 50)
