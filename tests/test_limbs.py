"""Limbs that agree with the picture: closed forms, what must not change anything, and real motion."""

from pathlib import Path

import numpy as np
import pytest

from videopose.lift import Lifter, resolve_lifter
from videopose.limbs import refine_limbs
from videopose.motion import lift_joints
from videopose.skeletons import COCO17, H36M17
from videopose.track import smooth
from videopose.train.datasets import ViewFolder
from videopose.train.metrics import acceleration_error, mpjpe, p_mpjpe

SIZE, FOCAL_PX, COUNT = (1920, 1080), 1500.0, 90
ROOT = np.array([0.4, 0.1, 4.0])
LIMBS = [
    [H36M17.index(f"{side}_{part}") for part in parts]
    for parts in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
    for side in ("left", "right")
]
OUTER = [joint for limb in LIMBS for joint in limb[1:]]
OTHERS = [joint for joint in range(17) if joint not in OUTER]
TIME_S = np.arange(COUNT) / 30


def person(count: int = COUNT) -> np.ndarray:
    """(T, 17, 3) metres: somebody whose limbs swing towards the camera and away, of bones that keep their lengths."""
    trunk = {
        "right_hip": (-0.12, 0, 0), "left_hip": (0.12, 0, 0), "spine": (0, -0.25, 0), "thorax": (0, -0.5, 0),
        "neck": (0, -0.6, -0.05), "head": (0, -0.75, 0), "left_shoulder": (0.18, -0.48, 0),
        "right_shoulder": (-0.18, -0.48, 0),
    }  # fmt: skip
    joints = np.zeros((count, 17, 3))
    for name, place in trunk.items():
        joints[:, H36M17.index(name)] = place
    for number, (first, middle, last) in enumerate(LIMBS):
        lengths, way = ((0.43, 0.41), 1.0) if number < 2 else ((0.29, 0.25), -1.0)
        swing = 0.5 * np.sin(np.arange(count) / 15 + 2 * number)
        for start, end, length, angle in (
            (first, middle, lengths[0], swing - 0.35 * way),
            (middle, last, lengths[1], swing + 0.35 * way),
        ):
            towards = np.stack([np.full(count, 0.1), np.cos(angle), np.sin(angle)], -1)
            joints[:, end] = joints[:, start] + length * towards / np.linalg.norm(towards, axis=-1, keepdims=True)
    return joints


def picture(joints: np.ndarray) -> np.ndarray:
    """(T, 17, 3) COCO keypoints of the joints both layouts have; the face on the image's middle."""
    keypoints = np.ones((len(joints), 17, 3))
    keypoints[..., :2] = np.array(SIZE) / 2
    for index, name in enumerate(COCO17.joint_names):
        if name in H36M17.joint_names:
            place = joints[:, H36M17.index(name)] + ROOT
            keypoints[:, index, :2] += FOCAL_PX * place[:, :2] / place[:, 2:]
    return keypoints


def shrunk_for_a_while(joints: np.ndarray) -> np.ndarray:
    """Limbs three quarters as deep as they are, in a third of the frames."""
    shrunk = joints.copy()
    part = slice(40, 70)
    for first, middle, last in LIMBS:
        for joint in (middle, last):
            depth = joints[part, joint, 2] - joints[part, first, 2]
            shrunk[part, joint, 2] = joints[part, first, 2] + 0.75 * depth
    return shrunk


def refined(keypoints: np.ndarray, joints: np.ndarray, **options: np.ndarray) -> np.ndarray:
    return refine_limbs(keypoints, joints, np.arange(len(joints)) / 30, SIZE, FOCAL_PX, **options)


def errors_mm(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """(T, 8) of the outer joints."""
    return np.asarray(1000 * np.linalg.norm(found - true, axis=-1)[:, OUTER])


@pytest.mark.parametrize("count", [1, 2, 3, COUNT])
def test_an_exact_pose_stays(count):
    joints = person(count)
    assert errors_mm(refined(picture(joints), joints), joints).max() < 1.0


def test_depth_that_was_shrunk_comes_back():
    joints = person()
    given = shrunk_for_a_while(joints)
    found = refined(picture(joints), given)
    before, after = errors_mm(given, joints)[42:68], errors_mm(found, joints)[42:68]
    assert before.mean() > 25
    assert after.mean() < 0.4 * before.mean()
    np.testing.assert_array_equal(found[:, OTHERS], given[:, OTHERS].astype(np.float32))


def test_joints_beside_their_rays_go_there():
    joints = person()
    beside = joints.copy()
    beside[:, H36M17.index("left_wrist"), 0] += 0.08
    beside[:, H36M17.index("right_ankle"), 1] += 0.05
    found = refined(picture(joints), beside)
    # bones were measured on the wrong joints: their lengths hold them back
    assert errors_mm(beside, joints).max(0).max() > 79
    assert errors_mm(found, joints).max() < 40


@pytest.mark.parametrize(
    ("name", "frames", "jump"),
    [
        ("left_wrist", slice(50, 51), (600, -400)),
        ("left_elbow", slice(30, 60), (0, -400)),
        ("right_knee", slice(50, 51), (0, -500)),
        ("right_knee", slice(30, 60), (0, -500)),
    ],
)
def test_a_wild_keypoint_changes_nothing(name, frames, jump):
    joints = person()
    wild = picture(joints)
    wild[frames, COCO17.index(name), :2] += jump
    assert errors_mm(refined(wild, joints), joints).max() < 5


@pytest.mark.parametrize("how", ["observed", "score"])
def test_a_picture_that_says_nothing_is_not_followed(how):
    joints = person()
    keypoints, observed = picture(joints), np.ones(COUNT, bool)
    gone = slice(30, 60)
    keypoints[gone, COCO17.index("left_elbow") :, :2] += 60.0
    followed = errors_mm(refined(keypoints, joints), joints)[35:55].max()
    if how == "observed":
        observed[gone] = False
    else:
        keypoints[gone, :, 2] = 0.0
    assert followed > 20
    assert errors_mm(refined(keypoints, joints, observed=observed), joints)[35:55].max() < 5


def test_bending_keeps_its_side():
    joints = person()
    flat = joints.copy()
    for first, middle, last in LIMBS:
        straight = (joints[:, first] + joints[:, last]) / 2
        flat[:, middle] = straight + 0.3 * (joints[:, middle] - straight)

    def bend(pose: np.ndarray) -> np.ndarray:
        return np.stack([pose[:, b, 2] - (pose[:, a, 2] + pose[:, c, 2]) / 2 for a, b, c in LIMBS])

    found = bend(refined(picture(joints), flat))
    assert (np.sign(found) == np.sign(bend(joints))).all()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda keypoints, joints: keypoints.__setitem__((..., 2), 0.0),
        lambda keypoints, joints: keypoints.__setitem__((..., slice(2)), 700.0),
        lambda keypoints, joints: keypoints.__setitem__((..., slice(2)), 1e7),
        lambda keypoints, joints: keypoints.__setitem__((..., 2), np.nan),
        lambda keypoints, joints: joints.fill(0.0),
        lambda keypoints, joints: np.negative(joints, out=joints),
    ],
    ids=["no scores", "one spot", "far outside", "scores missing", "no extent", "upside down"],
)
@pytest.mark.parametrize("count", [1, 40])
def test_nonsense_stays_finite(spoil, count):
    joints = person(count)
    keypoints = picture(joints)
    spoil(keypoints, joints)
    found = refined(keypoints, joints)
    assert found.shape == joints.shape
    assert np.isfinite(found).all()
    assert np.linalg.norm(found - joints, axis=-1).max() < 1.0


def test_frames_without_numbers_stay_as_they_are():
    joints = person()
    keypoints, given = picture(joints), shrunk_for_a_while(joints)
    keypoints[10:12] = np.nan
    given[45] = np.nan
    found = refined(keypoints, given)
    np.testing.assert_array_equal(found[10:12], given[10:12].astype(np.float32))
    np.testing.assert_array_equal(np.isnan(found).any((1, 2)), np.arange(COUNT) == 45)


def test_nobody():
    assert refined(np.zeros((0, 17, 3)), np.zeros((0, 17, 3))).shape == (0, 17, 3)


@pytest.mark.parametrize("name", ["keypoints", "joints"])
def test_wrong_shapes(name):
    arguments = {"keypoints": np.zeros((4, 17, 3)), "joints": np.zeros((4, 17, 3))}
    arguments[name] = arguments[name][:, :15]
    with pytest.raises(ValueError, match=f"{name} must be"):
        refined(**arguments)


@pytest.mark.shared
@pytest.mark.parametrize("clean", [False, True], ids=["noisy", "clean"])
def test_real_motion_comes_closer_to_the_truth(shared_dir: Path, tmp_path: Path, clean: bool):
    for file in sorted((shared_dir / "mocap" / "validation_views").glob("*.npz"))[::6]:
        (tmp_path / file.name).symlink_to(file)
    lifter = Lifter(resolve_lifter(), precision="float32")
    before, after, frames = [], [], []
    for view in ViewFolder(tmp_path, clean=clean):
        given = view.keypoints, view.time_s, view.image_size, view.focal_px
        lifted = smooth(lifter.lift(*given), view.time_s)
        found = lift_joints(lifter, *given)
        for rows, joints in ((before, lifted), (after, found)):
            rows.append([metric(joints, view.target) for metric in (mpjpe, p_mpjpe, acceleration_error)])
        frames.append(len(view.time_s))
    change = np.average(after, axis=0, weights=frames) / np.average(before, axis=0, weights=frames)
    assert change[0] < 1.0
    assert change[1] < (0.95 if clean else 1.0)
    assert change[2] < 1.05
