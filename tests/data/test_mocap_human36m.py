"""Real recordings in the form of Human3.6M's archives."""

import io
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videopose.camera import normalize_screen, project, world_to_camera
from videopose.data.archive import read_objects
from videopose.data.mocap import CAPTURE_JOINTS, Trial, read_trials
from videopose.data.mocap_human36m import (
    ARCHIVES,
    MIN_FRAMES,
    SUBJECTS,
    Archives,
    human36m_joints,
    write_human36m,
)
from videopose.data.open_archives import open_poses
from videopose.data.rig import cameras
from videopose.errors import InputError, UsageError
from videopose.skeletons import COCO17, H36M17, H36M17_FROM_H36M32, H36M32

pytestmark = pytest.mark.shared

TRIALS = ("09/09_01", "16/16_01", "16/16_45", "127/127_27", "135/135_08", "49/49_05", "17/17_03")
SHORT = "all_asfamc/subjects/16/16_99.amc"
JOINT = {name: i for i, name in enumerate(H36M32.joint_names)}


@pytest.fixture(scope="module")
def trials(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    """Jumps, runs, a walk, obstacles, fighting, gymnastics, a dance, and 0.8 s of a jump."""
    path = tmp_path_factory.mktemp("capture") / "some.zip"
    with zipfile.ZipFile(shared_dir / "mocap" / "cmu_asfamc_subset.zip") as cmu, zipfile.ZipFile(path, "w") as some:
        for name in TRIALS:
            folder, number = f"all_asfamc/subjects/{name.split('/')[0]}", name.split("/")[0]
            some.writestr(f"all_asfamc/subjects/{name}.amc", cmu.read(f"all_asfamc/subjects/{name}.amc"))
            if f"{folder}/{number}.asf" not in some.namelist():
                some.writestr(f"{folder}/{number}.asf", cmu.read(f"{folder}/{number}.asf"))
        jump = io.TextIOWrapper(cmu.open("all_asfamc/subjects/16/16_01.amc"), "latin-1").read()
        some.writestr(SHORT, jump[: jump.index("\n97\n") + 1])
        dance = zipfile.ZipFile(shared_dir / "mocap" / "dance_bvh.zip")
        some.writestr("salsa/salsa_10.bvh", dance.read("salsa/salsa_10.bvh"))
    return list(read_trials(path, {"salsa": 60.0}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archives")


@pytest.fixture(scope="module")
def written(trials: list[Trial], folder: Path) -> Archives:
    return write_human36m(trials, folder)


@pytest.fixture(scope="module")
def world(written: Archives, folder: Path) -> dict[str, dict[str, np.ndarray]]:
    content: dict[str, dict[str, np.ndarray]] = read_objects(folder / ARCHIVES[0], ["positions_3d"])["positions_3d"]
    return content


@pytest.fixture(scope="module")
def keypoints(written: Archives, folder: Path) -> list[dict[str, Any]]:
    """Exact and detected."""
    return [read_objects(folder / name, ["positions_2d", "metadata"]) for name in ARCHIVES[1:3]]


def trial_of(trials: list[Trial], name: str) -> Trial:
    return next(trial for trial in trials if trial.name == name)


def test_the_17_joints_mean_what_they_do_elsewhere(trials: list[Trial]) -> None:
    for trial in trials:
        capture = trial.joints()
        assert CAPTURE_JOINTS[:17] == H36M17.joint_names
        upright = np.stack([capture[:, :17, 0], -capture[:, :17, 2], capture[:, :17, 1]], -1)
        np.testing.assert_array_equal(human36m_joints(trial)[:, H36M17_FROM_H36M32], upright)


def test_the_other_joints_are_where_the_recording_has_them(trials: list[Trial]) -> None:
    joints = human36m_joints(trial_of(trials, "16_01"))
    for side in ("left", "right"):
        foot = {part: joints[:, JOINT[f"{side}_{part}"]] for part in ("ankle", "toe_base", "toe_tip")}
        assert 0.08 < np.linalg.norm(foot["toe_base"] - foot["ankle"], axis=-1).mean() < 0.25
        assert 0.02 < np.linalg.norm(foot["toe_tip"] - foot["toe_base"], axis=-1).mean() < 0.12
        wrist = joints[:, JOINT[f"{side}_wrist"]]
        far = {part: np.linalg.norm(joints[:, JOINT[f"{side}_{part}"]] - wrist, axis=-1).mean()
               for part in ("hand", "thumb", "finger_base", "finger_tip")}  # fmt: skip
        assert 0 < far["hand"] < far["finger_base"] < far["finger_tip"] < 0.25
        assert 0.02 < far["thumb"] < 0.2
        np.testing.assert_array_equal(joints[:, JOINT[f"{side}_collar"]], joints[:, JOINT["thorax"]])
    np.testing.assert_array_equal(joints[:, JOINT["spine_base"]], joints[:, JOINT["hip"]])
    dance = human36m_joints(trial_of(trials, "salsa_10"))
    for side in ("left", "right"):
        np.testing.assert_array_equal(dance[:, JOINT[f"{side}_toe_tip"]], dance[:, JOINT[f"{side}_ankle"]])
        tip = np.linalg.norm(dance[:, JOINT[f"{side}_finger_tip"]] - dance[:, JOINT[f"{side}_wrist"]], axis=-1)
        assert 0.05 < tip.mean() < 0.2


def test_bones_are_as_long_as_captured(
    written: Archives, trials: list[Trial], world: dict[str, dict[str, np.ndarray]]
) -> None:
    for each in written.sequences:
        joints = world[each.subject][each.action]
        assert joints.dtype == np.float32
        assert joints.shape == (each.part.stop - each.part.start, 32, 3)
        captured = human36m_joints(trial_of(trials, each.trial))
        for side in ("left", "right"):
            for upper, lower in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
                ends = [JOINT[f"{side}_{upper}"], JOINT[f"{side}_{lower}"]]
                length = [np.linalg.norm(np.diff(some[:, ends], axis=1), axis=-1) for some in (joints, captured)]
                np.testing.assert_allclose(length[0].mean(), length[1].mean(), atol=1e-3)
                # Between two recorded frames a swinging limb's straight interpolation is a little short.
                assert length[0].max() < length[1].max() + 1e-4


def test_time_goes_on_at_50_frames_a_second(written: Archives, trials: list[Trial]) -> None:
    for trial in trials:
        parts = [each.part for each in written.sequences if each.trial == trial.name]
        if trial.name != Path(SHORT).stem:
            frames = len(trial.joints())
            assert parts[-1].stop == pytest.approx((frames - 1) / trial.fps * 50 + 1, abs=1)
            assert all(one.stop <= other.start for one, other in pairwise(parts))
    assert written.short_trials == ["16_99"]


def test_people_stand_upright_on_the_floor(world: dict[str, dict[str, np.ndarray]]) -> None:
    walk = world["S6"]["Walk 1"]
    assert (walk[:, JOINT["head"], 2] - walk[:, JOINT["hip"], 2] > 0.5).all()
    ankles = np.minimum(walk[:, JOINT["left_ankle"], 2], walk[:, JOINT["right_ankle"], 2])
    assert (ankles > 0.06).all()
    assert np.median(ankles) < 0.13
    # The left is on the left: forward is where the face looks.
    forward = walk[:, JOINT["neck"]] - walk[:, JOINT["head"]]
    left = walk[:, JOINT["left_shoulder"]] - walk[:, JOINT["right_shoulder"]]
    assert (np.cross([0, 0, 1.0], forward) * left).sum(-1).min() > 0


def test_exact_keypoints_are_projections_in_every_picture(
    world: dict[str, dict[str, np.ndarray]], keypoints: list[dict[str, Any]]
) -> None:
    for subject, actions in world.items():
        for action, joints in actions.items():
            views = keypoints[0]["positions_2d"][subject][action]
            for pixels, camera in zip(views, cameras("human36m", subject), strict=True):
                assert pixels.dtype == np.float32
                seen = world_to_camera(joints[:, H36M17_FROM_H36M32], camera.orientation, camera.position_m)
                assert (seen[..., 2] > 1.0).all()
                assert (np.abs(seen[..., :2] / seen[..., 2:]) < 1.0).all()
                numbers = camera.intrinsics()
                assert numbers is not None
                again = project(seen, numbers[:2], numbers[2:4], numbers[4:7], numbers[7:])
                np.testing.assert_allclose(normalize_screen(pixels, camera.image_size), again, atol=2e-5)
                assert (pixels > 0).all()
                assert (pixels < np.array(camera.image_size)).all()


def test_subjects_are_kept_apart(written: Archives, world: dict[str, dict[str, np.ndarray]]) -> None:
    people = [person for name in SUBJECTS for person in SUBJECTS[name]]
    assert len(people) == len(set(people))
    for each in written.sequences:
        assert each.person in SUBJECTS[each.subject]
    assert written.people("S9") == ["09"]
    assert written.people("S11") == ["135"]
    assert list(world) == [name for name in SUBJECTS if name in world]
    assert written.frames() == {name: sum(map(len, actions.values())) for name, actions in world.items()}


def test_actions_say_what_is_done(written: Archives, world: dict[str, dict[str, np.ndarray]]) -> None:
    named = {each.trial: each.action for each in written.sequences if "part" not in each.action}
    expected = {"16_01": "Jump 1", "16_45": "Run 1", "17_03": "Walk 1", "09_01": "Run 1", "135_08": "MartialArts 1"}
    assert named.items() >= expected.items()
    pieces = [each.action for each in written.sequences if each.trial == "127_27"]
    assert pieces == ["Obstacles 1 part0", "Obstacles 1 part1"]
    assert len(written.sequences) == sum(map(len, world.values()))


def test_detected_keypoints_are_as_wrong_as_stated(
    written: Archives, world: dict[str, dict[str, np.ndarray]], keypoints: list[dict[str, Any]]
) -> None:
    pixels, millimetres = [], []
    for subject, actions in world.items():
        for action, joints in actions.items():
            pairs = zip(*(each["positions_2d"][subject][action] for each in keypoints), strict=True)
            for (exact, found), camera in zip(pairs, cameras("human36m", subject), strict=True):
                assert found.dtype == np.float32
                assert found.shape == exact.shape
                assert np.isfinite(found).all()
                depth = world_to_camera(joints[:, H36M17_FROM_H36M32], camera.orientation, camera.position_m)[..., 2]
                pixels.append(np.linalg.norm(found - exact, axis=-1))
                millimetres.append(pixels[-1] * depth / 1147 * 1000)
    errors = [np.concatenate(some) for some in (pixels, millimetres)]
    stated = written.detector_rms
    assert [np.sqrt((some**2).mean()) for some in errors] == pytest.approx(stated, rel=0.01)
    assert 6 < stated[0] < 13
    assert 25 < stated[1] < 55
    assert 4 < np.median(errors[0]) < 6
    assert 4.5 < errors[0].mean() < 7.5


def test_the_archives_are_of_the_public_form(folder: Path, keypoints: list[dict[str, Any]]) -> None:
    sides = [[4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]]
    for each in keypoints:
        assert each["metadata"] == {"layout_name": "h36m", "num_joints": 17, "keypoints_symmetry": sides}
    for name in ("gt", "detected"):
        poses = open_poses(folder, "human36m", name)
        assert {sequence.subject for sequence in poses.sequences} == {"S1", "S6", "S7", "S9", "S11"}


def test_coco_keypoints_of_the_same_motion(
    folder: Path, world: dict[str, dict[str, np.ndarray]], keypoints: list[dict[str, Any]]
) -> None:
    """COCO's joints lie where Human3.6M's do but for hips and errors, and the face where the head is."""
    content = read_objects(folder / ARCHIVES[3], ["positions_2d", "metadata"])
    pairs = [[1, 3, 5, 7, 9, 11, 13, 15], [2, 4, 6, 8, 10, 12, 14, 16]]
    assert content["metadata"] == {"layout_name": "coco", "num_joints": 17, "keypoints_symmetry": pairs}
    same = [name for name in COCO17.joint_names if name in H36M17.joint_names and "hip" not in name]
    assert len(same) == 10
    errors, hips, faces = [], [], []
    for subject, actions in world.items():
        assert list(content["positions_2d"][subject]) == list(actions)
        for action in actions:
            exact = keypoints[0]["positions_2d"][subject][action]
            for pixels, found in zip(exact, content["positions_2d"][subject][action], strict=True):
                assert found.dtype == np.float32
                assert found.shape == pixels.shape
                chosen = [[layout.index(name) for name in same] for layout in (COCO17, H36M17)]
                errors.append(np.linalg.norm(found[:, chosen[0]] - pixels[:, chosen[1]], axis=-1))
                both = [[layout.index(f"{side}_hip") for side in ("left", "right")] for layout in (COCO17, H36M17)]
                hips.append((found[:, both[0]] - pixels[:, both[1]]).mean(1))
                head = pixels[:, [H36M17.index("neck"), H36M17.index("head")]].mean(1)
                faces.append(np.linalg.norm(found[:, :5].mean(1) - head, axis=-1))
    distances = np.concatenate(errors)
    assert 3.5 < np.median(distances) < 6.5
    assert np.sqrt((distances**2).mean()) < 15
    # A detector's hips lie lower on the body than the joints' centres, in pictures of upright people too.
    assert 2 < np.median(np.concatenate(hips)[:, 1]) < 20
    assert np.median(np.concatenate(faces)) < 30
    poses = open_poses(folder, "human36m", "detected_coco")
    assert (poses.layout_in, poses.layout_out) == (COCO17.name, H36M17.name)


def test_the_same_again(trials: list[Trial], written: Archives, folder: Path, tmp_path: Path) -> None:
    again = write_human36m(trials, tmp_path)
    assert again.sequences == written.sequences
    for name in ARCHIVES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_a_recording_is_placed_and_detected_by_its_name_alone(
    trials: list[Trial], keypoints: list[dict[str, Any]], tmp_path: Path
) -> None:
    alone = write_human36m([trial_of(trials, "135_08")], tmp_path)
    assert [each.action for each in alone.sequences] == ["MartialArts 1"]
    found = read_objects(tmp_path / ARCHIVES[2], ["positions_2d"])["positions_2d"]["S11"]["MartialArts 1"]
    np.testing.assert_array_equal(found, keypoints[1]["positions_2d"]["S11"]["MartialArts 1"])


def test_other_choices_of_subjects(trials: list[Trial], tmp_path: Path) -> None:
    chosen = [trial_of(trials, name) for name in ("16_01", "49_05", "135_08")]
    other = write_human36m(chosen, tmp_path, {"S5": ("135",), "S9": ("16",)})
    assert (other.people("S5"), other.people("S9"), other.subjects_left_out) == (["135"], ["16"], {"49"})
    with pytest.raises(UsageError, match="16 is both S1 and S5"):
        write_human36m(chosen, tmp_path, {"S1": ("16",), "S5": ("16", "49")})
    with pytest.raises(UsageError, match=r"'S2' is not a subject of Human3\.6M\. Choose from S1, S5"):
        write_human36m(chosen, tmp_path, {"S2": ("16",)})
    with pytest.raises(InputError, match="no recording of the subjects 77 is 1 s long"):
        write_human36m(chosen, tmp_path, {"S1": ("77",)})


def test_a_second_is_the_shortest(written: Archives) -> None:
    assert MIN_FRAMES == 50
    assert all(each.part.stop - each.part.start >= MIN_FRAMES for each in written.sequences)
