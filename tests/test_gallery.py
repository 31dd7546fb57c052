"""The documents' pictures, the gallery's figures, and the drawn person who stands where the movement says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from rendering.body import make_body
from rendering.room import Room
from rendering.shot import Camera, Scene, Shot
from scipy.spatial.transform import Rotation
from showcase.cases import CASES
from showcase.measuring import Found, errors

from videopose.data.asfamc import CMU_METRES_PER_UNIT, AsfSkeleton, Bone, Pose, forward_kinematics
from videopose.data.mocap import capture_joints
from videopose.skeletons import H36M17
from videopose.video import VideoReader

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

ONE_SIDE = {
    "hipjoint": ("root", (9, -10, 4), ""),
    "femur": ("hipjoint", (14, -39, 0), "rx ry rz"),
    "tibia": ("femur", (14, -39, 0), "rx"),
    "foot": ("tibia", (0, -3, 12), "rx rz"),
    "toes": ("foot", (0, 0, 6), "rx"),
    "clavicle": ("thorax", (18, 8, -3), "ry rz"),
    "humerus": ("clavicle", (31, 0, 0), "rx ry rz"),
    "radius": ("humerus", (20, 0, 0), "rx"),
    "wrist": ("radius", (10, 0, 0), "ry"),
    "hand": ("wrist", (3, 0, 0), "rx rz"),
    "fingers": ("hand", (3, 0, 0), "rx"),
    "thumb": ("wrist", (3, 0, 3), "rx rz"),
}
"""A skeleton of the database's kind: bone, its parent, where it ends (cm from there, left side), how it turns."""
MIDDLE = {
    "lowerback": ("root", (0, 11, -2), "rx ry rz"),
    "upperback": ("lowerback", (0, 11, 0), "rx ry rz"),
    "thorax": ("upperback", (0, 11, 0), "rx ry rz"),
    "lowerneck": ("thorax", (0, 10, 0), "rx ry rz"),
    "upperneck": ("lowerneck", (0, 10, 0), "rx ry rz"),
    "head": ("upperneck", (0, 10, 0), "rx ry rz"),
}


def skeleton() -> AsfSkeleton:
    bones = []

    def add(name: str, parent: str, centimetres: tuple[int, ...], dof: str) -> None:
        offset = np.array(centimetres) / 100 / CMU_METRES_PER_UNIT
        bones.append(Bone(name, parent, offset, Rotation.identity(), tuple(dof.split())))

    for name, (parent, place, dof) in MIDDLE.items():
        add(name, parent, place, dof)
    for side, sign in (("l", 1), ("r", -1)):
        for name, (parent, place, dof) in ONE_SIDE.items():
            own = parent if parent in (*MIDDLE, "root") else side + parent
            add(side + name, own, (sign * place[0], *place[1:]), dof)
    return AsfSkeleton(tuple(bones))


def dancing(frames: int) -> Pose:
    """Every joint turned by up to 40 degrees, at random; upright, in the middle of the room."""
    rng = np.random.default_rng(5)
    bones = skeleton()
    motion = {bone.name: rng.uniform(-40, 40, (frames, len(bone.dof))) for bone in bones.bones if bone.dof}
    motion["root"] = np.zeros((frames, 6))
    motion["root"][:, 1] = 1.0 / CMU_METRES_PER_UNIT
    motion["root"][:, 4] = rng.uniform(0, 360, frames)
    return forward_kinematics(bones, motion)


@pytest.fixture(scope="module")
def shot() -> Shot:
    camera = Camera((0.6, 1.7, 3.2), (0.0, 1.0, 0.0), 60.0, (320, 240))
    return Shot(Scene(camera, Room((-2.5, 0.0, -2.5), (2.5, 2.8, 4.0)), make_body(skeleton(), step_m=0.012)))


def shown(page: Path) -> list[Path]:
    return [page.parent / name for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text("utf-8"))]


def test_every_picture_exists_is_small_and_is_shown() -> None:
    pictures = {picture.resolve() for page in PAGES for picture in shown(page) if "://" not in str(picture)}
    assert len(pictures) >= len(CASES)
    for picture in pictures:
        taken, image = cv2.VideoCapture(str(picture)).read()
        assert taken and image.shape[1] >= 800, picture
        assert picture.stat().st_size < (300_000 if picture.suffix == ".jpg" else 1_500_000), picture
    assert sum(picture.stat().st_size for picture in pictures) < 3_000_000
    assert set((ROOT / "docs" / "pictures").iterdir()) <= pictures


def test_the_page_is_the_one_the_figures_give() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "docs"), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, str(ROOT / "docs" / "gallery.py"), "check"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_captions_tell_the_measured_figures(case) -> None:  # type: ignore[no-untyped-def]
    page = (ROOT / "docs" / "gallery.md").read_text("utf-8")
    figures = json.loads((ROOT / "docs" / "gallery.json").read_text("utf-8"))[case.name]
    entry = re.search(rf"### {re.escape(case.title)}\n(.*?)(?=\n##|\Z)", page, re.DOTALL)
    assert entry is not None
    text = entry.group(1)
    assert f"pictures/{case.name}.jpg" in text
    if "mpjpe_mm" in figures:
        found = re.search(r"Seen in (\d+) of (\d+) frames\. MPJPE (\d+) mm, P-MPJPE (\d+) mm", text)
        assert found is not None
        measured = (figures["frames_seen"], figures["frames"], figures["mpjpe_mm"], figures["p_mpjpe_mm"])
        assert [int(number) for number in found.groups()] == [round(number) for number in measured]
    else:
        assert "Nobody was found" in text
    assert case.good or ("**Why:**" in text and "**What to do:**" in text)


def test_the_person_covers_the_joints(shot: Shot) -> None:
    pose = dancing(4)
    joints = capture_joints(pose)
    for frame in range(4):
        cover = shot.cover(pose, frame)
        places = shot.scene.camera.project(joints[frame])
        columns, rows = np.floor(places).astype(int).T
        # Nose, eyes and ears lie on the surface.
        assert (cover[rows, columns] > 0.5)[: len(H36M17)].all()
        far = np.linalg.norm(np.argwhere(cover > 0)[:, None, ::-1] + 0.5 - places, axis=-1).min(axis=1)
        # Hands and feet reach about 25 cm beyond the last joints.
        assert far.max() < 0.3 * shot.scene.camera.focal_px / 2.5
        assert 0.02 < cover.mean() < 0.2


def test_what_is_covered_is_what_changes_in_the_picture(shot: Shot) -> None:
    pose = dancing(2)
    pictures = [shot.take(pose, frame).astype(int) for frame in range(2)]
    covers = [shot.cover(pose, frame) > 0 for frame in range(2)]
    changed = np.abs(pictures[0] - pictures[1]).max(axis=-1) > 60
    either = covers[0] | covers[1]
    assert changed[covers[0] ^ covers[1]].mean() > 0.5
    # Beyond the person only shadows move.
    assert changed[~either].mean() < 0.05
    assert np.array_equal(pictures[0], shot.take(pose, 0))


def test_left_and_right_are_not_swapped(shot: Shot) -> None:
    """Somebody who faces the camera has the left hand at the right of the picture."""
    bones = skeleton()
    motion = {bone.name: np.zeros((1, len(bone.dof))) for bone in bones.bones if bone.dof}
    motion["root"] = np.array([[0, 1.0 / CMU_METRES_PER_UNIT, 0, 0, 0, 0]])
    pose = forward_kinematics(bones, motion)
    place = shot.scene.camera.project(capture_joints(pose)[0])
    assert place[H36M17.index("left_wrist"), 0] > place[H36M17.index("right_wrist"), 0]


def test_errors_of_a_pose_that_is_known() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(5, 17, 3)).astype(np.float32) + np.array([0, 0, 4], np.float32)
    joints = truth - truth[:, :1]
    joints[:, 1:] += np.array([0.017, 0, 0], np.float32)
    joints[4] = np.nan
    seen = np.array([True, True, True, False, False])
    figures = errors(Found(joints, np.full(5, 3.5), seen, 1), truth)
    assert figures["mpjpe_mm"] == pytest.approx(16.0, abs=0.1)
    assert figures["wrists_mm"] == pytest.approx(17.0, abs=0.1)
    assert (figures["frames"], figures["frames_seen"], figures["frames_with_result"]) == (5, 3, 4)
    assert figures["distance_found_m"] == 3.5
    nobody = errors(Found(np.full((5, 17, 3), np.nan), np.full(5, np.nan), np.zeros(5, bool), 0), truth)
    assert "mpjpe_mm" not in nobody and nobody["frames_with_result"] == 0


@pytest.mark.shared
def test_a_recorded_trial_becomes_a_video(shared_dir: Path, tmp_path: Path) -> None:
    archive = shared_dir / "mocap" / "cmu_asfamc_subset.zip"
    video = tmp_path / "run.mp4"
    options = ("--start", "0.2", "--seconds", "0.2", "--fps", "10", "--width", "320", "--height", "180")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "docs"), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, str(ROOT / "docs" / "mocap_video.py"), str(archive), "09_01", "-o", str(video), *options]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    with VideoReader(str(video)) as reader:
        assert [frame.image.shape for frame in reader] == [(180, 320, 3)] * 2
    with np.load(video.with_suffix(".truth.npz")) as truth:
        joints = truth["joints_3d"]
        assert joints.shape == (2, 17, 3)
        # The hip is that far from a camera 4.5 m from the middle of the way, at a height of 1.4 m.
        assert np.linalg.norm(joints[:, 0], axis=-1) == pytest.approx(4.5, abs=0.6)
        places = joints[..., :2] / joints[..., 2:] * truth["focal_px"] + (160, 90)
    assert (places > 0).all() and (places < (320, 180)).all()


@pytest.mark.shared
def test_a_trial_that_is_not_there(shared_dir: Path, tmp_path: Path) -> None:
    archive = shared_dir / "mocap" / "cmu_asfamc_subset.zip"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "docs"), os.environ.get("PYTHONPATH", "")])}
    command = [
        sys.executable,
        str(ROOT / "docs" / "mocap_video.py"),
        str(archive),
        "09_99",
        "-o",
        str(tmp_path / "a.mp4"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert "no trial 09_99" in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
