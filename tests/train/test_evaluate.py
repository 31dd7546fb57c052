"""Judging lifters: closed forms, the scoring script of the fixed views as oracle, views that stay the same."""

import importlib.util
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from videopose.cli.main import run
from videopose.data.actions import action_of
from videopose.data.clip_views import IMAGE_SIZE, render_clip
from videopose.data.mocap import Clip, read_archive, write_archive
from videopose.data.views import ViewSettings
from videopose.errors import InputError, UsageError, VideoposeError
from videopose.lift import Lifter, LifterInfo, load_lifter_weights, resolve_lifter, save_lifter_weights
from videopose.lift.model import TemporalModel
from videopose.skeletons import COCO17, H36M17
from videopose.train import metrics
from videopose.train.datasets import MocapViews, ViewFolder, open_data
from videopose.train.evaluate import Evaluation, evaluate, frame_errors
from videopose.train.sequences import VIEW_BANDS, EvaluationSequence

VIEWS = ("09_01_view0", "09_12_view1", "135_08_view2")


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    return Lifter(resolve_lifter(), precision="float32")


@pytest.fixture(scope="module")
def views(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three of the fixed views, short ones at different frame rates."""
    folder = tmp_path_factory.mktemp("views")
    for name in VIEWS:
        (folder / f"{name}.npz").symlink_to(shared_dir / "mocap" / "validation_views" / f"{name}.npz")
    return folder


@pytest.fixture(scope="module")
def archive(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runner who is kept out of training and a walker who is not, made by the command."""
    folder = tmp_path_factory.mktemp("archive")
    wanted = ("09/09.asf", "09/09_01.amc", "09/09_02.amc", "03/03.asf", "03/03_01.amc")
    with (
        zipfile.ZipFile(shared_dir / "mocap" / "cmu_asfamc_subset.zip") as whole,
        zipfile.ZipFile(folder / "few.zip", "w") as few,
    ):
        for name in whole.namelist():
            if name.endswith(wanted):
                few.writestr(name, whole.read(name))
    assert run(["prepare", "mocap", str(folder / "few.zip"), "-o", str(folder / "mocap.npz")]) == 0
    return folder / "mocap.npz"


def pose() -> np.ndarray:
    """(17, 3) somebody upright who looks into the camera (camera axes, root-relative)."""
    joints = {
        "hip": (0, 0, 0), "right_hip": (-0.1, 0, 0), "right_knee": (-0.1, 0.45, -0.02), "right_ankle": (-0.1, 0.85, 0),
        "left_hip": (0.1, 0, 0), "left_knee": (0.1, 0.45, -0.02), "left_ankle": (0.1, 0.85, 0), "spine": (0, -0.25, 0),
        "thorax": (0, -0.5, 0), "neck": (0, -0.6, -0.08), "head": (0, -0.77, 0), "left_shoulder": (0.18, -0.47, 0),
        "left_elbow": (0.2, -0.2, 0), "left_wrist": (0.2, 0, -0.05), "right_shoulder": (-0.18, -0.47, 0),
        "right_elbow": (-0.2, -0.2, 0), "right_wrist": (-0.2, 0, -0.05),
    }  # fmt: skip
    return np.array([joints[name] for name in H36M17.joint_names])


def sequence(target: np.ndarray, **other: Any) -> EvaluationSequence:
    frames = len(target)
    keypoints = np.zeros((frames, 17, 2))
    return EvaluationSequence("a", "stand", "1", keypoints, np.arange(frames) / 30, (640, 480), 500.0, target, **other)


def turned(degrees: float) -> np.ndarray:
    """(3, 17, 3) `pose` turned about the vertical."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.repeat((pose() @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]))[None], 3, axis=0)


def test_errors_of_each_frame_average_to_the_metrics() -> None:
    rng = np.random.default_rng(0)
    predicted, target = rng.normal(size=(2, 20, 17, 3))
    names = (metrics.mpjpe, metrics.p_mpjpe, metrics.n_mpjpe, metrics.mpjve, metrics.acceleration_error)
    expected = [1000 * metric(predicted, target) for metric in names]
    np.testing.assert_allclose(np.nanmean(frame_errors(predicted, target), axis=0), expected, rtol=1e-12)


def test_closed_forms() -> None:
    target = np.repeat(pose()[None], 10, axis=0)
    doubled = frame_errors(2 * target, target)
    np.testing.assert_allclose(doubled[:, 0], 1000 * np.linalg.norm(pose(), axis=-1).mean())
    np.testing.assert_allclose(doubled[:, 1:3], 0, atol=1e-9)
    time = np.arange(10.0)[:, None, None]
    drifting = frame_errors(target + 0.004 * time * [0.6, 0.8, 0], target)
    np.testing.assert_allclose(drifting[:, 0], 4 * np.arange(10), atol=1e-9)
    np.testing.assert_allclose(drifting[1:, 3], 4)
    np.testing.assert_allclose(drifting[1:-1, 4], 0, atol=1e-9)
    falling = frame_errors(target + 0.5 * 0.003 * time**2 * [0, 1, 0], target)
    np.testing.assert_allclose(falling[1:-1, 4], 3)
    assert np.isnan(falling[0, 3])
    assert np.isnan(falling[[0, -1], 4]).all()


@pytest.mark.shared
@pytest.mark.parametrize("smooth", [True, False])
def test_equals_the_scoring_script_on_what_lift_writes(
    shared_dir: Path, views: Path, lifter: Lifter, tmp_path: Path, smooth: bool
) -> None:
    spec = importlib.util.spec_from_file_location("score_views", shared_dir / "mocap" / "score_views.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    rows, frames = [], []
    for name in VIEWS:
        output = tmp_path / f"{name}.npz"
        words = ["lift", str(views / output.name), "-o", str(output), "--precision", "float32"]
        assert run([*words, "--smooth" if smooth else "--no-smooth"]) == 0
        with np.load(output) as lifted, np.load(views / output.name) as view:
            target = view["target_joints_3d"][0].astype(float)
            rows.append(script.errors(lifted["joints_3d"][0].astype(float), target))
        frames.append(len(target))
    result = evaluate(lifter, ViewFolder(views), smooth=smooth)
    found = result.average.mpjpe_mm, result.average.p_mpjpe_mm, result.average.acceleration_mm
    np.testing.assert_allclose(found, np.average(rows, axis=0, weights=frames), rtol=1e-3)
    assert (result.sequences, result.frames) == (3, sum(frames))
    assert list(result.actions) == ["martial arts", "run", "walk in all directions"]
    assert list(result.subjects) == ["09", "135"]
    np.testing.assert_allclose(result.subjects["135"].p_mpjpe_mm, rows[2][1], rtol=1e-3)


def check_groups_make_up_the_whole(result: Evaluation) -> None:
    for kind, groups in {"actions": result.actions, "subjects": result.subjects, **result.views}.items():
        frames = [result.group_frames[kind, name] for name in groups]
        assert sum(frames) == result.frames
        mean = np.average([errors.mpjpe_mm for errors in groups.values()], weights=frames)
        assert mean == pytest.approx(result.average.mpjpe_mm)


@pytest.mark.shared
def test_motion_capture_is_seen_the_same_way_every_time(archive: Path, lifter: Lifter) -> None:
    state = torch.get_rng_state()
    data = MocapViews(archive, cameras=2)
    assert data.name == "mocap:09:cameras2"
    assert len(data) == 4
    result = evaluate(lifter, data)
    assert torch.equal(state, torch.get_rng_state())
    again = evaluate(lifter, MocapViews(archive, cameras=2))
    assert again == result
    assert evaluate(lifter, MocapViews(archive, cameras=2, seed=1)).average != result.average
    assert set(result.views) == set(VIEW_BANDS)
    check_groups_make_up_the_whole(result)
    both = {s.name: s for s in MocapViews(archive, ["09", "03"], cameras=3)}
    for one in data:
        np.testing.assert_array_equal(one.keypoints, both[one.name].keypoints)


@pytest.mark.shared
def test_a_lifter_is_better_on_exact_keypoints_and_far_better_than_standing_still(
    archive: Path, lifter: Lifter
) -> None:
    noisy = evaluate(lifter, MocapViews(archive))
    clean = evaluate(lifter, MocapViews(archive, clean=True))
    assert clean.average.mpjpe_mm < noisy.average.mpjpe_mm
    still = [frame_errors(np.repeat(s.target[:1], len(s.target), axis=0), s.target)[:, 1] for s in MocapViews(archive)]
    assert noisy.average.p_mpjpe_mm < 0.7 * np.concatenate(still).mean()


@pytest.mark.shared
def test_long_trials_are_cut_into_windows(archive: Path, tmp_path: Path) -> None:
    clip = read_archive(archive)[0]
    positions = np.concatenate([clip.positions] * 12)[:1250]
    write_archive(tmp_path / "long.npz", [Clip("09", "09_99", positions, 60.0)])
    sequences = list(MocapViews(tmp_path / "long.npz", cameras=1))
    assert [len(s.target) for s in sequences] == [209, 208, 208]  # 20.8 s at 30 frames/s
    assert len({s.keypoints[0, 0, 0] for s in sequences}) == 3


@pytest.mark.shared
def test_rendered_keypoints_are_the_joints_seen_by_the_camera(archive: Path) -> None:
    settings = replace(ViewSettings(), pitch_degrees_mean=30.0, pitch_degrees_spread=0.0, off_axis_degrees=0.0)
    positions = read_archive(archive)[0].positions[::2]
    view = render_clip(positions, settings, seed=3, clean=True)
    camera = view.joints + view.root[:, None]
    pixels = view.focal_px * camera[..., :2] / camera[..., 2:] + np.array(IMAGE_SIZE) / 2
    shared = [name for name in H36M17.joint_names if name in COCO17.joint_names]
    found = view.keypoints[:, [COCO17.index(name) for name in shared]]
    np.testing.assert_allclose(found, pixels[:, [H36M17.index(name) for name in shared]], atol=0.01)
    noisy = render_clip(positions, settings, seed=3)
    np.testing.assert_array_equal(noisy.joints, view.joints)
    assert 1 < np.abs(noisy.keypoints - view.keypoints).mean() < 200
    # A camera that looks down by 30 degrees has the vertical tilted towards it.
    assert np.degrees(np.arcsin(-view.up[2])) == pytest.approx(30, abs=1e-3)
    assert np.median((camera[:, H36M17.index("head")] - camera[:, 0]) @ view.up) > 0.5


@pytest.mark.parametrize(
    ("degrees", "band"),
    [(0, "front"), (40, "front"), (-40, "front"), (50, "side"), (-90, "side"), (130, "side"), (140, "back"),
     (180, "back")],
)  # fmt: skip
def test_facing(degrees: float, band: str) -> None:
    assert set(sequence(turned(degrees)).views()["facing"]) == {band}


def test_facing_counts_from_where_the_camera_sees_the_person() -> None:
    """Who looks along the optical axis, but stands far to the left of it, shows the side."""
    aside = np.repeat([[-5.0, 0.0, 3.0]], 3, axis=0)
    assert set(sequence(turned(0), root=aside).views()["facing"]) == {"side"}
    assert set(sequence(turned(60), root=aside).views()["facing"]) != set(
        sequence(turned(-60), root=aside).views()["facing"]
    )


@pytest.mark.parametrize(
    ("root", "camera", "distance"),
    [
        pytest.param((0, 0, 2.9), "level", "under 3 m", id="near"),
        pytest.param((0, 0.5, 4), "level", "3 to 6 m", id="a little lower than the camera"),
        pytest.param((0, 2, 4), "from above", "3 to 6 m", id="far lower than the camera"),
        pytest.param((0, -2, 6), "from below", "over 6 m", id="higher than the camera"),
    ],
)
def test_height_and_distance(root: tuple[float, ...], camera: str, distance: str) -> None:
    views = sequence(turned(0), root=np.array([root] * 3), up=np.array([0.0, -1.0, 0.0])).views()
    assert set(views["camera"]) == {camera}
    assert set(views["distance"]) == {distance}
    assert set(sequence(turned(0)).views()) == {"facing"}


@pytest.mark.parametrize(
    ("subject", "trial", "action"),
    [("135", "135_02", "martial arts"), ("09", "09_01", "run"), ("09", "09_12", "walk in all directions"),
     ("salsa", "salsa_03", "salsa"), ("7", "7_01", "7_01")],
)  # fmt: skip
def test_actions(subject: str, trial: str, action: str) -> None:
    assert action_of(subject, trial) == action


def write_view(folder: Path, **changed: Any) -> Path:
    """A folder with one small view; a key that is None is left out."""
    folder.mkdir(exist_ok=True)
    target = turned(0)[None]
    keypoints = np.concatenate([np.random.default_rng(0).uniform(100, 400, (1, 3, 17, 2)), np.ones((1, 3, 17, 1))], -1)
    content: dict[str, Any] = {
        "keypoints_2d": keypoints, "image_size": [640, 480], "fps": 30.0, "focal_px": 600.0, "target_joints_3d": target,
    } | changed  # fmt: skip
    np.savez(folder / "1_01_view0.npz", **{key: value for key, value in content.items() if value is not None})
    return folder


def test_a_band_of_one_frame_has_no_acceleration(tmp_path: Path, lifter: Lifter) -> None:
    target = np.concatenate([turned(0), turned(180)[:1], turned(0)])
    keypoints = np.random.default_rng(0).uniform(100, 400, (1, 7, 17, 3))
    write_view(tmp_path / "v", keypoints_2d=keypoints, target_joints_3d=target[None])
    result = evaluate(lifter, ViewFolder(tmp_path / "v")).to_json(by_view=True)
    assert result["frames"]["facing"] == {"front": 6, "back": 1}
    assert result["views"]["facing"]["back"]["acceleration_mm"] is not None
    last = np.concatenate([turned(0), turned(0), turned(180)[:1]])
    write_view(tmp_path / "v", keypoints_2d=keypoints, target_joints_3d=last[None])
    result = evaluate(lifter, ViewFolder(tmp_path / "v")).to_json(by_view=True)
    assert result["views"]["facing"]["back"]["acceleration_mm"] is None
    json.dumps(result, allow_nan=False)


NAN = np.full((1, 3, 17, 3), np.nan)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"target_joints_3d": None}, "`target_joints_3d` is missing", id="no target"),
        pytest.param({"focal_px": None}, "`focal_px` is missing", id="no focal length"),
        pytest.param({"keypoints_2d": None}, "`keypoints_2d` is missing", id="no keypoints"),
        pytest.param({"target_joints_3d": np.zeros((1, 4, 17, 3))}, r"wanted are numbers \(1, 3, 17, 3\)", id="longer"),
        pytest.param({"target_root_3d": np.zeros((1, 2, 3))}, r"target_root_3d is .* \(1, 3, 3\)", id="short root"),
        pytest.param({"target_joints_3d": np.full((1, 3, 17, 3), "a")}, "wanted are numbers", id="text"),
        pytest.param({"target_joints_3d": NAN}, "target are not finite in 3 of 3 frames", id="NaN target"),
        pytest.param({"keypoints_2d": NAN}, "keypoints are not finite in 3 of 3 frames", id="NaN keypoints"),
        pytest.param({"target_joints_3d": 1 + turned(0)[None]}, "not relative to joint 0", id="absolute target"),
        pytest.param({"keypoints_2d": np.zeros((2, 3, 17, 3))}, "2 people", id="two people"),
        pytest.param(
            {"keypoints_2d": np.zeros((1, 2, 17, 3)), "target_joints_3d": np.zeros((1, 2, 17, 3))},
            "at least 3 frames", id="too short",
        ),
    ],
)  # fmt: skip
def test_bad_views(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        list(ViewFolder(write_view(tmp_path / "v", **changed)))
    assert "1_01_view0.npz" in str(error.value)
    with pytest.raises(InputError, match="`keypoints_2d_clean` is missing"):
        list(ViewFolder(write_view(tmp_path / "v"), clean=True))


def mocap(tmp_path: Path, subject: str = "09", **changed: Any) -> Path:
    rng = np.random.default_rng(0)
    clip = Clip(subject, f"{subject}_01", rng.normal(size=(60, 22, 3)).astype(np.float32), 60.0)
    write_archive(tmp_path / "a.npz", [replace(clip, **changed)])
    return tmp_path / "a.npz"


def empty(tmp_path: Path) -> Path:
    (tmp_path / "none").mkdir()
    return tmp_path / "none"


def nonsense(tmp_path: Path) -> Path:
    (tmp_path / "x.npz").write_bytes(b"nonsense")
    return tmp_path / "x.npz"


def one_view(tmp_path: Path) -> Path:
    return write_view(tmp_path / "v")


def brief(tmp_path: Path) -> Path:
    return mocap(tmp_path, positions=np.zeros((4, 22, 3), np.float32))


def with_nan(tmp_path: Path) -> Path:
    return mocap(tmp_path, positions=np.full((60, 22, 3), np.nan, np.float32))


@pytest.mark.parametrize(
    ("make", "options", "kind", "message"),
    [
        pytest.param(empty, {}, InputError, "no NPZ files", id="empty folder"),
        pytest.param(empty, {"kind": "mocap"}, InputError, "a folder. Give an archive", id="folder as motion capture"),
        pytest.param(mocap, {"kind": "views"}, InputError, "not a folder", id="archive as views"),
        pytest.param(nonsense, {}, InputError, "not an archive of motion capture", id="no archive"),
        pytest.param(lambda p: one_view(p) / "1_01_view0.npz", {}, InputError, "not an archive", id="one view"),
        pytest.param(one_view, {"subjects": ["2"]}, UsageError, "no subject 2.* from 1", id="view subject"),
        pytest.param(mocap, {"subjects": ["5", "09"]}, UsageError, "no subject 5.* from 09", id="subject"),
        pytest.param(lambda p: mocap(p, "01"), {}, UsageError, "kept out of training.* from 01", id="none kept out"),
        pytest.param(with_nan, {}, InputError, "09_01 are not finite", id="NaN"),
        pytest.param(brief, {}, InputError, "3 frames long", id="short"),
        pytest.param(mocap, {"recipe": "unheard-of"}, InputError, "no such recipe", id="recipe"),
        pytest.param(one_view, {"seed": 3}, UsageError, "--seed is for motion capture", id="seed of views"),
    ],
)  # fmt: skip
def test_bad_data(
    tmp_path: Path, make: Callable[[Path], Path], options: dict[str, Any], kind: type[VideoposeError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        list(open_data(make(tmp_path), **options))


def test_a_lifter_for_other_keypoints_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_lifter_weights(path, TemporalModel(34, 17, (3,), 8), LifterInfo("other", layout_in="h36m17"))
    other = Lifter(load_lifter_weights(path), precision="float32")
    with pytest.raises(InputError, match="'other' takes h36m17 keypoints, but v has coco17"):
        evaluate(other, ViewFolder(write_view(tmp_path / "v")))


def test_a_recipe_decides_on_the_views_and_the_name(tmp_path: Path) -> None:
    recipe = tmp_path / "far.toml"
    recipe.write_text(
        'name = "far"\nvalidation_subjects = ["1"]\n[views]\ndistance_m_range = [40.0, 41.0]\nframe_rate = 20.0\n'
        "[[stages]]\nfilter_widths=[3]\nepochs=1\nsequence_frames=1\nbatch_size=1\n"
    )
    data = open_data(mocap(tmp_path, "1"), recipe=str(recipe), cameras=1, seed=2)
    (one,) = data
    assert set(one.views()["distance"]) == {"over 6 m"}
    assert one.root is not None
    assert np.linalg.norm(one.root, axis=-1).min() > 30
    assert len(one.target) == 20
    assert data.name == f"mocap:1:{recipe}:cameras1:seed2"
