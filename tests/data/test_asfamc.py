"""Acclaim files: closed forms, malformed input, and real recordings against independently made views."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from videopose.data.asfamc import forward_kinematics, parse_amc, parse_asf
from videopose.data.mocap import CAPTURE_JOINTS, COCO_FROM_CAPTURE, Clip, read_archive, read_recordings, write_archive
from videopose.errors import InputError

ASF = """# comment
:version 1.10
:units
  length 0.45
:root
  order TX TY TZ RX RY RZ
:bonedata
  begin
     name upper
     direction 1 0 0
     length 2
     axis 0 0 0 XYZ
     dof rx ry rz
  end
  begin
     name lower
     direction 1 0 0
     length 3
     axis 0 0 90 XYZ
     dof rx
  end
:hierarchy
  begin
    root upper
    upper lower
  end
"""
AMC = """#!OML:ASF
:FULLY-SPECIFIED
:DEGREES
1
root 1 2 3 0 0 0
upper 0 0 0
lower 0
2
root 1 2 3 0 0 90
upper 0 90 0
lower 90
"""


def test_forward_kinematics_closed_form() -> None:
    skeleton = parse_asf(ASF)
    pose = forward_kinematics(skeleton, parse_amc(AMC, skeleton))
    np.testing.assert_allclose(pose.ends["upper"][0], [3, 2, 3], atol=1e-12)
    np.testing.assert_allclose(pose.ends["lower"][0], [6, 2, 3], atol=1e-12)
    # Frame 2: the root turns x to y; the upper bone's own 90 degrees about y take x to -z.
    np.testing.assert_allclose(pose.ends["upper"][1], [1, 2, 1], atol=1e-12)
    # The lower bone's x axis is the body's y (axis 90 about z): its turn takes x to -z in the parent's frame, which
    # upper turns to -x and the root to -y.
    np.testing.assert_allclose(pose.ends["lower"][1], [1, -1, 1], atol=1e-12)


@pytest.mark.parametrize(
    ("asf", "message"),
    [
        pytest.param(ASF.replace("     name lower\n", ""), "without a name", id="nameless"),
        pytest.param(ASF.replace("length 3", "length long"), "lower is incomplete", id="not a number"),
        pytest.param(ASF.replace("    upper lower\n", ""), "lower is not connected", id="loose bone"),
        pytest.param("nothing of the kind", "no bones", id="another file"),
    ],
)
def test_malformed_skeleton(asf: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_asf(asf)


@pytest.mark.parametrize(
    ("amc", "message"),
    [
        pytest.param(AMC[:-5], "differ in length", id="cut off"),
        pytest.param(AMC.replace("upper 0 90 0\n", "other 0 90 0\n"), "upper is missing", id="another bone"),
        pytest.param(AMC.replace("lower 90", "lower x"), "not a number", id="not a number"),
        pytest.param(AMC.replace("upper 0 0 0\n", "").replace("upper 0 90 0\n", ""), "upper is missing", id="no bone"),
        pytest.param("", "no frames", id="empty"),
    ],
)
def test_malformed_motion(amc: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_amc(amc, parse_asf(ASF))


@pytest.fixture(scope="module")
def subject_09(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    folder = tmp_path_factory.mktemp("mocap")
    with zipfile.ZipFile(shared_dir / "mocap" / "cmu_asfamc_subset.zip") as archive:
        archive.extractall(folder, [name for name in archive.namelist() if "/09/" in name])
    return list(read_recordings(folder))


@pytest.mark.shared
def test_real_motion_equals_independent_views(subject_09: list[Clip], shared_dir: Path) -> None:
    """The validation views were made by another program from the same recordings: one rotation apart."""
    clips = {clip.name: clip.positions for clip in subject_09}
    with np.load(shared_dir / "mocap" / "validation_views" / "09_01_view0.npz") as view:
        target, root = view["target_joints_3d"][0].astype(float), view["target_root_3d"][0]
        focal, size, pixels = float(view["focal_px"]), view["image_size"], view["keypoints_2d_clean"][0, ..., :2]
        positions = clips["09_01"][np.round(view["time_s"] * 60).astype(int)].astype(float)
    ours = positions[:, :17] - positions[:, :1]
    u, _, vt = np.linalg.svd(ours.reshape(-1, 3).T @ target.reshape(-1, 3))
    rotation = u @ vt
    assert np.linalg.det(rotation) > 0
    np.testing.assert_allclose(ours @ rotation, target, atol=1e-5)
    camera = ((positions - positions[:, :1]) @ rotation + root[:, None])[:, COCO_FROM_CAPTURE]
    np.testing.assert_allclose(camera[..., :2] / camera[..., 2:] * focal + size / 2, pixels, atol=0.01)


@pytest.mark.shared
def test_left_is_left(subject_09: list[Clip]) -> None:
    """A runner's face points where he runs; his left is to the left of that."""
    for clip in subject_09:
        joint = {name: clip.positions[:, i] for i, name in enumerate(CAPTURE_JOINTS)}
        forward = joint["nose"] - (joint["left_ear"] + joint["right_ear"]) / 2
        travel = joint["hip"][-1] - joint["hip"][0]
        if np.linalg.norm(travel) > 2:
            assert forward.mean(0) @ travel > 0
        left = (joint["left_hip"] - joint["right_hip"]).mean(0)
        assert np.cross([0, 1, 0], forward.mean(0)) @ left > 0


@pytest.mark.shared
def test_archive_round_trip(subject_09: list[Clip], tmp_path: Path) -> None:
    write_archive(tmp_path / "a.npz", subject_09)
    again = read_archive(tmp_path / "a.npz")
    assert [(c.subject, c.name, c.fps) for c in again] == [(c.subject, c.name, c.fps) for c in subject_09]
    for one, other in zip(again, subject_09, strict=True):
        np.testing.assert_array_equal(one.positions, other.positions)


def test_broken_sources(tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_text("no zip")
    with pytest.raises(InputError, match="neither a folder nor a readable zip"):
        list(read_recordings(tmp_path / "no.zip"))
    with pytest.raises(InputError, match="not an archive"):
        read_archive(tmp_path / "no.zip")
    (tmp_path / "7_1.amc").write_text(AMC)
    with pytest.raises(InputError, match=r"7\.asf is missing"):
        list(read_recordings(tmp_path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no \.amc and no \.bvh"):
        list(read_recordings(tmp_path / "empty"))
