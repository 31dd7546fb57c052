"""From tracks to motions, and from a file of keypoints to a file of joints."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from videopose.cli.lift import command
from videopose.cli.main import run
from videopose.errors import UsageError
from videopose.export import read_keypoints, read_npz
from videopose.lift import Lifter, LifterInfo, LifterWeights, save_lifter_weights, standing_height
from videopose.lift.model import TemporalModel
from videopose.limbs import refine_limbs
from videopose.motion import assumed_focal_px, build_motions, lift_joints, tracks_from_keypoints
from videopose.settings import MotionSettings
from videopose.skeletons import H36M17
from videopose.track import smooth
from videopose.types import Track

SIZE = (1280, 720)


@pytest.fixture(scope="module")
def weights() -> LifterWeights:
    """A small network whose joints span about a metre."""
    torch.manual_seed(0)
    model = TemporalModel(34, 17, (3, 3, 3), channels=16).eval()
    with torch.no_grad():
        model.shrink.bias += torch.randn(51) * 0.4
    return LifterWeights(model, LifterInfo("small", normalisation="person", frame_rate=30.0))


@pytest.fixture(scope="module")
def lifter_file(weights, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_lifter_weights(path, weights.model, weights.info, torch.float32)
    return path


def keypoints(count: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    base = random.uniform((500, 150), (700, 600), (17, 2))
    swing = 20 * np.sin(np.arange(count)[:, None, None] / 8 + random.uniform(0, 6, (17, 2)))
    return np.concatenate([base + swing, np.full((count, 17, 1), 0.9)], -1).astype(np.float32)


def track(person_id: int, first: int, count: int) -> Track:
    points = keypoints(count, person_id)
    boxes = np.concatenate([points[..., :2].min(1), points[..., :2].max(1)], -1)
    return Track(person_id, np.arange(first, first + count), points, boxes, np.ones(count, bool))


def is_limb(name: str) -> bool:
    return name.endswith(("knee", "ankle", "elbow", "wrist"))


def saved(path: Path, points: np.ndarray, **more: object) -> Path:
    np.savez(path, keypoints_2d=points, image_size=np.array(SIZE), **{"fps": 30.0, **more})
    return path


def test_a_motion_for_every_track(weights):
    tracks = (track(1, 100, 50), track(4, 130, 1), track(7, 110, 40))
    index, time_s = np.arange(100, 150), np.arange(50) / 25
    motions = build_motions(tracks, index, time_s, SIZE, 1200.0, Lifter(weights))
    assert [motion.person_id for motion in motions] == [1, 4, 7]
    for given, motion in zip(tracks, motions, strict=True):
        np.testing.assert_array_equal(motion.frame_index, given.frame_index)
        np.testing.assert_array_equal(motion.time_s, time_s[given.frame_index - 100])
        assert np.isfinite(motion.joints).all() and (motion.root[:, 2] > 0).all()
        assert motion.reprojection_error_px > 0


def test_nobody(weights):
    assert build_motions((), np.arange(3), np.arange(3) / 30, SIZE, 1200.0, Lifter(weights)) == ()


def test_smoothing_calms_and_keeps_the_place(weights):
    noisy = track(1, 0, 120)
    noisy.keypoints[..., :2] += np.random.default_rng(0).normal(scale=5.0, size=(120, 17, 2))
    rough, calm = (
        build_motions(
            (noisy,), np.arange(120), np.arange(120) / 30, SIZE, 1200.0, Lifter(weights), MotionSettings(smooth=smooth)
        )[0]
        for smooth in (False, True)
    )
    for name in ("joints", "root"):
        a, b = getattr(rough, name), getattr(calm, name)
        assert np.abs(np.diff(b, 2, axis=0)).mean() < 0.6 * np.abs(np.diff(a, 2, axis=0)).mean()
    # limbs are refined as well
    trunk = [index for index in range(17) if not is_limb(H36M17.joint_names[index])]
    np.testing.assert_allclose(calm.joints[:, trunk].mean(0), rough.joints[:, trunk].mean(0), atol=0.02)


@pytest.mark.parametrize("scores", [True, False])
def test_limbs_alone_are_refined(weights, scores):
    points, time_s, lifter = keypoints(60), np.arange(60) / 30, Lifter(weights)
    points[..., 2] = 1.0
    plain = smooth(lifter.lift(points, time_s, SIZE, 1200.0), time_s)
    joints = lift_joints(lifter, points if scores else points[..., :2], time_s, SIZE, 1200.0)
    moved = np.linalg.norm(joints - plain, axis=-1).max(0)
    np.testing.assert_array_equal(moved > 1e-5, [is_limb(name) for name in H36M17.joint_names])
    np.testing.assert_array_equal(joints, refine_limbs(points, plain.astype(np.float32), time_s, SIZE, 1200.0))


def test_without_smoothing_the_network_alone_answers(weights):
    points, time_s, lifter = keypoints(60), np.arange(60) / 30, Lifter(weights)
    joints = lift_joints(lifter, points, time_s, SIZE, 1200.0, smoothed=False)
    np.testing.assert_array_equal(joints, lifter.lift(points, time_s, SIZE, 1200.0))


def test_keypoints_of_another_layout_refine_nothing(weights):
    points, time_s = keypoints(60), np.arange(60) / 30
    lifter = Lifter(replace(weights, info=replace(weights.info, layout_in=H36M17.name)))
    expected = smooth(lifter.lift(points, time_s, SIZE, 1200.0), time_s)
    np.testing.assert_array_equal(lift_joints(lifter, points, time_s, SIZE, 1200.0), expected.astype(np.float32))


def test_height(weights):
    settings = MotionSettings(height_m=1.5)
    (motion,) = build_motions(
        (track(1, 0, 60),), np.arange(60), np.arange(60) / 30, SIZE, 1200.0, Lifter(weights), settings
    )
    assert standing_height(motion.joints) == pytest.approx(1.5, rel=1e-5)


@pytest.mark.parametrize("height", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_height(height):
    with pytest.raises(UsageError, match="height"):
        MotionSettings(height_m=height)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 640 / np.tan(np.radians(27.5))),
        ({"fov_degrees": 90.0}, 640.0),
        ({"focal_px": 500.0}, 500.0),
        ({"focal_px": 500.0, "fov_degrees": 90.0}, 500.0),
    ],
)
def test_focal_length(options, expected):
    assert assumed_focal_px(SIZE, **options) == pytest.approx(expected)


@pytest.mark.parametrize("options", [{"focal_px": 0.0}, {"focal_px": float("nan")}, {"fov_degrees": 180.0}])
def test_impossible_cameras(options):
    with pytest.raises(UsageError):
        assumed_focal_px(SIZE, **options)


def test_gaps_in_a_file_are_filled(tmp_path):
    points = np.stack([keypoints(20), keypoints(20, 1), keypoints(20, 2)])
    expected = points[0, 8].copy()
    points[0, :3] = points[0, 7:10] = np.nan
    points[0, 15, 4] = np.nan
    points[1] = np.nan
    points[2, :, 6] = np.nan
    given = read_keypoints(saved(tmp_path / "x.npz", points, person_id=np.array([5, 6, 9])))
    first, third = tracks_from_keypoints(given, given.frame_index)
    assert (first.person_id, third.person_id) == (5, 9)
    np.testing.assert_array_equal(first.frame_index, np.arange(3, 20))
    np.testing.assert_array_equal(first.observed, ~np.isin(np.arange(3, 20), [7, 8, 9, 15]))
    assert np.isfinite(first.keypoints).all() and np.isfinite(third.keypoints).all()
    assert np.all(first.keypoints[4:7, :, 2] == 0) and first.keypoints[12, 4, 2] == 0
    np.testing.assert_allclose(first.keypoints[5, :, :2], expected[:, :2], atol=3.0)
    others = np.delete(np.arange(17), 6)
    np.testing.assert_allclose(third.keypoints[:, 6, :2], third.keypoints[:, others, :2].mean(1), rtol=1e-5)


def test_frames_outside_are_cut_off(tmp_path):
    points = keypoints(30)[None]
    given = read_keypoints(saved(tmp_path / "x.npz", points, frame_index=np.arange(100, 130)))
    (kept,) = tracks_from_keypoints(given, np.arange(110, 125))
    np.testing.assert_array_equal(kept.frame_index, np.arange(110, 125))
    np.testing.assert_array_equal(kept.keypoints, points[0, 10:25])
    assert tracks_from_keypoints(given, np.arange(200, 210)) == ()


def test_the_command(lifter_file, tmp_path, capsys):
    points = np.stack([keypoints(40), keypoints(40, 1)])
    points[1, :10] = np.nan
    source, target = saved(tmp_path / "in.npz", points, focal_px=900.0), tmp_path / "out.npz"
    assert run(["lift", str(source), "-o", str(target), "--lifter", str(lifter_file)]) == 0
    assert "person 1 in 40 frames, person 2 in 30 frames" in capsys.readouterr().out
    result = read_npz(target)
    assert result.joints_3d.shape == (2, 40, 17, 3)
    np.testing.assert_array_equal(np.isnan(result.joints_3d).all((2, 3))[1], np.arange(40) < 10)
    assert np.isfinite(result.joints_3d[0]).all() and np.isfinite(result.root_3d[0]).all()
    assert result.provenance["focal_px"] == 900.0
    assert result.provenance["lifter"]["name"] == "small" and len(result.provenance["lifter"]["sha256"]) == 64


@pytest.mark.parametrize(
    ("options", "focal_px"),
    [([], 900.0), (["--focal", "1000"], 1000.0), (["--fov", "90"], 640.0)],
)
def test_where_the_focal_length_comes_from(options, focal_px, lifter_file, tmp_path):
    source, target = saved(tmp_path / "in.npz", keypoints(5)[None], focal_px=900.0), tmp_path / "out.npz"
    assert run(["lift", str(source), "-o", str(target), "--lifter", str(lifter_file), *options]) == 0
    assert read_npz(target).provenance["focal_px"] == pytest.approx(focal_px)


def test_options_reach_the_library(lifter_file, tmp_path):
    source, target = saved(tmp_path / "in.npz", keypoints(30)[None]), tmp_path / "out.npz"
    options = ["--no-tta", "--no-smooth", "--height", "1.6", "--precision", "float32", "--device", "cpu"]
    assert run(["lift", str(source), "-o", str(target), "--lifter", str(lifter_file), *options]) == 0
    provenance = read_npz(target).provenance
    assert provenance["settings"] == {"height_m": 1.6, "smooth": False, "tta": False}
    assert provenance["lifter"]["precision"] == "float32" and provenance["focal_known"] is False


def test_an_existing_file_stays(lifter_file, tmp_path, capsys):
    source, target = saved(tmp_path / "in.npz", keypoints(5)[None]), tmp_path / "out.npz"
    target.write_bytes(b"precious")
    arguments = ["lift", str(source), "-o", str(target), "--lifter", str(lifter_file)]
    assert run(arguments) == 1
    assert "already exists. Use --overwrite" in capsys.readouterr().err
    assert target.read_bytes() == b"precious"
    assert run([*arguments, "--overwrite"]) == 0
    assert read_npz(target).joints_3d.shape == (1, 5, 17, 3)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--focal", "900", "--fov", "50"], 2, "Give one of them"),
        (["--lifter", "nobody"], 2, "no lifter and no file is called 'nobody'"),
        (["--height", "9"], 2, "--height"),
        (["--precision", "float16"], 2, "--precision"),
    ],
)
def test_wrong_options(options, code, message, lifter_file, tmp_path, capsys):
    source = saved(tmp_path / "in.npz", keypoints(5)[None])
    arguments = ["lift", str(source), "-o", str(tmp_path / "out.npz"), "--lifter", str(lifter_file)]
    assert run([*arguments, *options]) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out.npz").exists()


def test_a_file_without_keypoints(lifter_file, tmp_path, capsys):
    np.savez(tmp_path / "in.npz", something=np.zeros(3))
    arguments = ["lift", str(tmp_path / "in.npz"), "-o", str(tmp_path / "out.npz"), "--lifter", str(lifter_file)]
    assert run(arguments) == 1
    assert "is no format of keypoints that is read" in capsys.readouterr().err


def test_help_names_units_and_defaults():
    text = CliRunner().invoke(command, ["--help"]).output
    for piece in ("pixels", "degrees", "metres", "wild-243", "default: 55"):
        assert piece in text
