"""Binary glTF files as others read them: Khronos' validator, three.js in a browser, and Blender."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from blender import run_blender
from browser import unavailable
from movement import REST, motion_of, recording_of, wild
from npm import GLTF_VALIDATOR, npm_package
from three_js import ThreeJs, three_js

from videopose.export import ExportSettings, write_glb
from videopose.export.humanoid import JOINTS, pose_humanoid
from videopose.types import Motion, Recording
from videopose.world import CAMERA_WORLD, bridged_root

NAMES = [joint.name for joint in JOINTS]


def scene_of(first: Motion, second: Motion, fps: float) -> Recording:
    """Two people, the second from frame 20 to 60 only, at the times of the first."""
    times = first.time_s - first.time_s[0]
    first = replace(first, frame_index=np.arange(len(first)), time_s=times)
    rows = slice(20, 60)
    second = Motion(2, np.arange(20, 60), times[rows], second.joints[rows], second.root[rows])
    return recording_of([first, second], fps, times)


@pytest.fixture(scope="module")
def recorded(
    recorded_motion: Callable[[str], tuple[Motion, float]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Recording, Path]:
    """Two people of recorded movement, and their file."""
    motion, fps = recorded_motion("135_02_view1")
    recording = scene_of(motion, recorded_motion("09_12_view1")[0], fps)
    path = tmp_path_factory.mktemp("glb") / "a.glb"
    write_glb(recording, path, settings=ExportSettings(world="ground"))
    return recording, path


@pytest.fixture(scope="module")
def reader() -> Iterator[ThreeJs]:
    """A browser takes seconds to start."""
    with three_js() as page:
        yield page


def expected(motion: Motion, fps: float) -> np.ndarray:
    """(T, J, 3) metres: where the joints are."""
    joints = pose_humanoid(CAMERA_WORLD.directions(motion.joints), fps).positions()
    return np.asarray(joints + CAMERA_WORLD.places(bridged_root(motion))[:, None])


def test_khronos_validator_finds_nothing(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        unavailable("Node.js is missing")
    uneven = np.cumsum(np.random.default_rng(3).uniform(0.001, 0.1, 90))
    people = scene_of(motion_of(wild(90, 1), time_s=uneven), motion_of(wild(90, 2), time_s=uneven), 25)
    point = motion_of(np.zeros((3, 17, 3)), np.full((3, 3), np.nan))
    cases = {
        **{f"names {name}": (people, {"names": name}) for name in ("videopose", "h36m", "mixamo", "cmu", "rigify")},
        **{f"rest {pose}": (people, {"rest_pose": pose}) for pose in ("a", "first")},
        "ground": (people, {"world": "ground"}),
        "one frame": (recording_of([motion_of(REST[None])]), {}),
        "one point": (recording_of([point]), {}),
        "nobody": (recording_of([]), {}),
        "hour": (recording_of([motion_of(np.tile(REST, (9, 1, 1)), time_s=3600 + np.arange(9) / 240)]), {}),
    }
    for name, (recording, settings) in cases.items():
        write_glb(recording, tmp_path / f"{name}.glb", settings=ExportSettings(**settings))
    program = Path(__file__).with_name("gltf_validate.js")
    command = [str(node), str(program), str(npm_package(GLTF_VALIDATOR))]
    done = subprocess.run(
        [*command, *(str(tmp_path / f"{name}.glb") for name in cases)], capture_output=True, text=True, check=True
    )
    reports = json.loads(done.stdout)
    assert len(reports) == len(cases)
    for name, report in zip(cases, reports, strict=True):
        assert report["issues"]["messages"] == [], name
        assert report["info"]["version"] == "2.0"
        assert report["info"].get("animationCount", 0) == (name != "nobody")


@pytest.mark.shared
def test_three_js_shows_the_same_places(recorded: tuple[Recording, Path], reader: ThreeJs) -> None:
    recording, path = recorded
    fps, times = float(recording.video.fps), recording.time_s
    loaded = reader.load(path)
    assert [(name, pytest.approx(duration)) for name, duration, _ in loaded["clips"]] == [("motion", times[-1])]
    for row in (0, 20, 37, 59, len(times) - 1):
        found = reader.bones(float(np.float32(times[row])))  # as the file has it
        for motion in recording.motions:
            at = np.flatnonzero(motion.frame_index == row)
            if len(at):
                # three.js makes names unique: the second person's joints are called `Hips_1` and so on.
                suffix = "" if motion.person_id == 1 else "_1"
                places = np.array([found[f"Person_{motion.person_id}", name + suffix] for name in NAMES])
                np.testing.assert_allclose(places, expected(motion, fps)[at[0]], atol=1e-4)
    # Hidden before and after, as tall as a person in between.
    for row, shown in ((19, False), (20, True), (59, True), (60, False)):
        low, high = np.array(reader.corners(times[row] + 1e-4)["Person_2_body_1"])
        assert ((high - low)[1] > 0.5) == shown
    assert reader.watched.errors == []


def test_a_picture_has_blue_on_the_left_and_orange_on_the_right(reader: ThreeJs, tmp_path: Path) -> None:
    """Of a figure seen from the front the left side is on the right of the picture."""
    front = recording_of([motion_of(np.tile(REST, (2, 1, 1)))])
    write_glb(front, tmp_path / "front.glb")
    reader.load(tmp_path / "front.glb")
    png = reader.render(0.0, [0.0, 1.0, -1.0], [0.0, 1.0, -4.0])
    assert reader.watched.errors == []
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR).astype(int)
    blue, red = picture[..., 0], picture[..., 2]
    columns = np.arange(picture.shape[1])
    left, right = (mask.sum(0) @ columns / mask.sum() for mask in (blue > red + 60, red > blue + 60))
    assert right + 50 < picture.shape[1] / 2 < left - 50


@pytest.mark.shared
def test_blender_shows_the_same_places(recorded: tuple[Recording, Path]) -> None:
    recording, path = recorded
    fps, times, rows = float(recording.video.fps), recording.time_s, (0, 20, 37, 59, len(recording.time_s) - 1)
    wanted = json.dumps({str(path): [times[row] for row in rows]})
    (scene,) = run_blender(Path(__file__).with_name("scene_probe.py"), wanted)
    assert set(scene["rest"]) == {"Person 1", "Person 2"}
    for row, pose in zip(rows, scene["poses"], strict=True):
        assert set(pose["boxes"]) == {"Person 1 body", "Person 2 body"}
        for motion in recording.motions:
            at = np.flatnonzero(motion.frame_index == row)
            name = f"Person {motion.person_id}"
            assert pose["scales"][name] == pytest.approx([float(len(at))] * 3)
            if len(at):
                places = np.array([pose["heads"][name][joint] for joint in NAMES])[:, [0, 2, 1]] * [1, 1, -1]
                # Blender counts time in hundredths here, and moves 2 mm a frame between them.
                np.testing.assert_allclose(places, expected(motion, fps)[at[0]], atol=2e-4)
                low, high = pose["boxes"][f"{name} body"]
                assert (places[:, [0, 2, 1]] * [1, -1, 1] > np.array(low) - 0.05).all()
                assert (places[:, [0, 2, 1]] * [1, -1, 1] < np.array(high) + 0.05).all()
