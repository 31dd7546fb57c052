"""Binary glTF files, read by the specification: places, times, who is there, meshes, odd movement."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from glb import Glb
from movement import FLIP, REST, motion_of, recording_of, wild
from scipy.spatial.transform import Rotation

from videopose import __version__
from videopose.errors import OutputError
from videopose.export import ExportSettings, write_glb
from videopose.export.humanoid import JOINTS, pose_humanoid
from videopose.export.names import joint_names
from videopose.skeletons import H36M17
from videopose.types import Motion, Recording
from videopose.world import CAMERA_WORLD, bridged_root

NODES = {
    "hip": "Hips", "right_hip": "RightUpLeg", "right_knee": "RightLeg", "right_ankle": "RightFoot",
    "left_hip": "LeftUpLeg", "left_knee": "LeftLeg", "left_ankle": "LeftFoot", "spine": "Spine1", "thorax": "Spine2",
    "neck": "Head", "head": "Head_end", "left_shoulder": "LeftArm", "left_elbow": "LeftForeArm",
    "left_wrist": "LeftHand", "right_shoulder": "RightArm", "right_elbow": "RightForeArm", "right_wrist": "RightHand",
}  # fmt: skip


def written(recording: Recording, folder: Path, **settings: str) -> Glb:
    write_glb(recording, folder / "a.glb", settings=ExportSettings(**settings))
    return Glb(folder / "a.glb")


def later(motion: Motion, person_id: int, first: int, fps: float = 25.0) -> Motion:
    """The same movement by another person who enters at frame `first`."""
    index = np.arange(len(motion)) + first
    return replace(motion, person_id=person_id, frame_index=index, time_s=index / fps)


def body_places(glb: Glb, seconds: float) -> np.ndarray:
    """(17, 3) of the body's joints of the only person."""
    matrices = glb.matrices(seconds)
    return np.stack([matrices[glb.node(NODES[name]), :3, 3] for name in H36M17.joint_names])


@pytest.mark.shared
def test_recorded_movement_is_where_it_was(
    recorded_motion: Callable[[str], tuple[Motion, float]], tmp_path: Path
) -> None:
    motion, fps = recorded_motion("135_02_view1")
    motion = replace(motion, time_s=motion.time_s - motion.time_s[0], frame_index=np.arange(len(motion)))
    glb = written(recording_of([motion], fps, motion.time_s), tmp_path)
    joints, root = motion.joints * FLIP, motion.root * FLIP
    ours = pose_humanoid(CAMERA_WORLD.directions(motion.joints), fps).positions()
    floors = []
    for row in (0, 1, 7, len(motion) // 2, len(motion) - 1):
        places = body_places(glb, motion.time_s[row])
        for parent, child in H36M17.bones:
            seen, wanted = places[child] - places[parent], joints[row, child] - joints[row, parent]
            angle = np.arctan2(np.linalg.norm(np.cross(seen, wanted)), seen @ wanted)
            assert np.degrees(angle) < 0.05
        shift = places[0] - root[row]
        np.testing.assert_allclose(shift[[0, 2]], 0, atol=1e-5)
        floors.append(shift[1])
        matrices = glb.matrices(motion.time_s[row])
        all_joints = np.stack([matrices[glb.node(joint.name), :3, 3] for joint in JOINTS])
        np.testing.assert_allclose(all_joints - all_joints[0], ours[row], atol=1e-5)
    assert np.ptp(floors) < 1e-5


@pytest.mark.parametrize("rest_pose", ["a", "first"])
def test_the_rest_pose_changes_nothing_that_is_shown(rest_pose: str, tmp_path: Path) -> None:
    recording = recording_of([motion_of(wild(40, 1))])
    usual, other = written(recording, tmp_path), written(recording, tmp_path, rest_pose=rest_pose)
    assert usual.nodes[usual.node("LeftForeArm")] != other.nodes[other.node("LeftForeArm")]
    for seconds in (0.0, 0.4, 1.56):
        np.testing.assert_allclose(body_places(other, seconds), body_places(usual, seconds), atol=1e-5)
    # The trunk's corners, which several joints move, depend on where they started; all others do not.
    attributes = usual.document["meshes"][0]["primitives"][0]["attributes"]
    rigid = usual.array(attributes["WEIGHTS_0"])[:, 0] == 255
    assert rigid.mean() > 0.9
    figures = [glb.corners(glb.node("Person 1 body"), 0.8)[rigid] for glb in (usual, other)]
    np.testing.assert_allclose(*figures, atol=1e-5)


def test_rotations_are_unit_quaternions_without_jumps(tmp_path: Path) -> None:
    turns = Rotation.from_rotvec(np.linspace(0, 6 * np.pi, 200)[:, None] * [0, 1, 0])
    glb = written(recording_of([motion_of(np.stack([turn.apply(REST) for turn in turns]))]), tmp_path)
    channels = glb.channels()
    rotations = {node: values for (node, path), (_, values, _) in channels.items() if path == "rotation"}
    assert glb.node("Hips") in rotations
    for values in rotations.values():
        np.testing.assert_allclose(np.linalg.norm(values, axis=1), 1, atol=1e-6)
    steps = np.einsum("ti,ti->t", rotations[glb.node("Hips")][1:], rotations[glb.node("Hips")][:-1])
    np.testing.assert_allclose(steps, np.cos(np.radians(6 * 180 / 199 / 2)), atol=1e-5)
    # Hands and feet never turn by themselves: no channel for them.
    assert not {glb.node(f"{side}{part}") for side in ("Left", "Right") for part in ("Hand", "Foot")} & rotations.keys()


def test_wild_rotations_take_the_short_way(tmp_path: Path) -> None:
    glb = written(recording_of([motion_of(wild(300, 4))]), tmp_path)
    for (_, path), (_, values, _) in glb.channels().items():
        assert np.isfinite(values).all()
        if path == "rotation":
            assert (np.einsum("ti,ti->t", values[1:], values[:-1]) > 0).all()


def test_times_are_those_of_the_frames(tmp_path: Path) -> None:
    """A variable rate, and a recording that starts a minute into the video."""
    time_s = 60 + np.cumsum(np.random.default_rng(0).uniform(0.01, 0.2, 50))
    motion = motion_of(wild(50, 2), time_s=time_s)
    glb = written(recording_of([motion], 10, time_s), tmp_path)
    (animation,) = glb.animations
    for sampler in animation["samplers"]:
        accessor = glb.document["accessors"][sampler["input"]]
        np.testing.assert_allclose(glb.array(sampler["input"]), time_s - time_s[0], atol=1e-6)
        assert accessor["min"] == [0.0]
        assert accessor["max"] == [float(np.float32(time_s[-1] - time_s[0]))]


def test_who_is_absent_is_scaled_to_nothing(tmp_path: Path) -> None:
    whole, part = motion_of(wild(50, 1)), motion_of(wild(20, 2))
    glb = written(recording_of([whole, later(part, 4, 10)]), tmp_path)
    assert glb.document["scenes"][0]["nodes"] == [
        glb.node(name) for name in ("Person 1", "Person 1 body", "Person 4", "Person 4 body")
    ]
    scales = {node: channel for (node, path), channel in glb.channels().items() if path == "scale"}
    assert list(scales) == [glb.node("Person 4")]
    times, values, interpolation = scales[glb.node("Person 4")]
    assert interpolation == "STEP"
    np.testing.assert_allclose(times, [0, 10 / 25, 30 / 25, 49 / 25], atol=1e-6)
    np.testing.assert_array_equal(values, np.repeat([[0], [1], [0], [0]], 3, axis=1))
    for seconds, shown in ((0.0, False), (9.9 / 25, False), (0.4, True), (29 / 25, True), (30 / 25, False)):
        height = np.ptp(glb.corners(glb.node("Person 4 body"), seconds)[:, 1])
        assert (height > 0.3) == shown


def test_one_animation_holds_everybody(tmp_path: Path) -> None:
    glb = written(recording_of([later(motion_of(wild(10, k)), k, 2 * k) for k in range(1, 5)]), tmp_path)
    assert len(glb.animations) == 1
    moved = {node for node, path in glb.channels() if path == "translation"}
    hips = [node for node in range(len(glb.nodes)) if glb.nodes[node]["name"] == "Hips"]
    assert moved == set(hips)
    assert [glb.nodes[glb.parents[node]]["name"] for node in hips] == [f"Person {k}" for k in range(1, 5)]


def test_nobody_gives_an_empty_scene(tmp_path: Path) -> None:
    glb = written(recording_of([]), tmp_path)
    assert set(glb.document) == {"asset", "scene", "scenes"}
    assert "nodes" not in glb.document["scenes"][0]
    assert glb.block == b""


def test_one_frame_is_a_file(tmp_path: Path) -> None:
    glb = written(recording_of([motion_of(REST[None])]), tmp_path)
    places = body_places(glb, 0.0)
    np.testing.assert_allclose(places - places[0], REST, atol=0.01)


def test_missing_places_are_bridged(tmp_path: Path) -> None:
    joints, root = np.tile(REST, (10, 1, 1)), np.tile([0.0, 0.0, -3.0], (10, 1))
    joints[3:5, H36M17.index("left_wrist")] = np.nan
    root[:2] = root[6] = np.nan
    root[7:] = [1.0, 0.0, -3.0]
    glb = written(recording_of([motion_of(joints, root)]), tmp_path)
    _, values, _ = glb.channels()[glb.node("Hips"), "translation"]
    np.testing.assert_allclose(values[:, 0], [0, 0, 0, 0, 0, 0, 0.5, 1, 1, 1], atol=1e-6)
    assert all(np.isfinite(values).all() for _, values, _ in glb.channels().values())


@pytest.mark.parametrize("rest_pose", ["t", "first"])
def test_all_joints_in_one_point_and_no_root(rest_pose: str, tmp_path: Path) -> None:
    motion = motion_of(np.zeros((5, 17, 3)), np.full((5, 3), np.nan))
    glb = written(recording_of([motion]), tmp_path, rest_pose=rest_pose)
    corners = glb.corners(glb.node("Person 1 body"), 0.1)
    assert np.isfinite(corners).all()
    for accessor in range(len(glb.document["accessors"])):
        assert np.isfinite(glb.array(accessor)).all()


def test_the_figure_encloses_the_joints(tmp_path: Path) -> None:
    glb = written(recording_of([motion_of(np.tile(REST, (2, 1, 1)))]), tmp_path)
    corners, joints = glb.corners(glb.node("Person 1 body"), 0.0), body_places(glb, 0.0)
    low, high = corners.min(0), corners.max(0)
    assert (joints > low - 0.02).all()
    assert (joints < high + 0.02).all()
    assert low[1] == pytest.approx(0, abs=0.03)  # stands on the floor
    np.testing.assert_allclose(high - low, [1.65, 1.75, 0.3], atol=0.15)
    # The left side, at +X of who faces the camera, is blue; the right one orange.
    mesh = glb.document["meshes"][0]
    for primitive, sign in zip(mesh["primitives"][:2], (1, -1), strict=True):
        assert (sign * corners[np.unique(glb.array(primitive["indices"])), 0]).min() > -0.03
        red, _, blue, _ = glb.document["materials"][primitive["material"]]["pbrMetallicRoughness"]["baseColorFactor"]
        assert (blue > red) == (sign > 0)


def test_surfaces_are_closed_and_face_outwards(tmp_path: Path) -> None:
    glb = written(recording_of([motion_of(REST[None])]), tmp_path)
    primitives = glb.document["meshes"][0]["primitives"]
    triangles = np.concatenate([glb.array(part["indices"]).reshape(-1, 3) for part in primitives])
    places = glb.array(primitives[0]["attributes"]["POSITION"]).astype(float)
    normals = glb.array(primitives[0]["attributes"]["NORMAL"])
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    assert set(map(tuple, edges.tolist())) == set(map(tuple, edges[:, ::-1].tolist()))
    first, second, third = (places[triangles[:, corner]] - places.mean(0) for corner in range(3))
    litres = 1000 * np.einsum("fi,fi->f", first, np.cross(second, third)).sum() / 6
    assert 40 < litres < 110
    faces = np.cross(second - first, third - first)
    assert (np.einsum("fi,fi->f", faces, normals[triangles].mean(1)) > 0).all()


@pytest.mark.parametrize("names", ["h36m", "mixamo", "cmu", "rigify"])
def test_names(names: str, tmp_path: Path) -> None:
    glb = written(recording_of([motion_of(REST[None])]), tmp_path, names=names)
    (skin,) = glb.document["skins"]
    assert sorted(glb.nodes[joint]["name"] for joint in skin["joints"]) == sorted(joint_names(names).values())
    assert glb.nodes[skin["joints"][0]]["name"] == joint_names(names)["Hips"]


def test_the_ground_of_the_world_is_kept(tmp_path: Path) -> None:
    motion = motion_of(np.tile(REST, (4, 1, 1)), np.tile([0.5, 1.5, -3.0], (4, 1)))
    kept = written(recording_of([motion]), tmp_path, world="ground")
    np.testing.assert_allclose(body_places(kept, 0)[0], [0.5, 1.5, -3.0], atol=1e-6)
    assert body_places(written(recording_of([motion]), tmp_path), 0)[0, 1] == pytest.approx(0.8 + 0.18 * 0.4, abs=1e-5)


def test_one_floor_for_all(tmp_path: Path) -> None:
    """Who stands on a table still does: heights between people are kept."""
    low, high = (motion_of(np.tile(REST, (4, 1, 1)), np.tile([x, x, -3.0], (4, 1))) for x in (0.0, 0.7))
    glb = written(recording_of([low, replace(high, person_id=2)]), tmp_path)
    feet = [glb.corners(glb.node(f"Person {k} body"), 0)[:, 1].min() for k in (1, 2)]
    np.testing.assert_allclose(feet, [0, 0.7], atol=0.03)


def test_units_and_axes_are_the_formats_own(tmp_path: Path) -> None:
    recording = recording_of([motion_of(wild(5, 1))])
    write_glb(recording, tmp_path / "a.glb")
    write_glb(recording, tmp_path / "b.glb", settings=ExportSettings(units="mm", up="z"))
    assert (tmp_path / "a.glb").read_bytes() == (tmp_path / "b.glb").read_bytes()


def test_the_file_is_small_and_says_who_made_it(tmp_path: Path) -> None:
    glb = written(recording_of([motion_of(wild(250, 1))]), tmp_path)
    assert glb.document["asset"] == {"version": "2.0", "generator": f"videopose {__version__}"}
    assert (tmp_path / "a.glb").stat().st_size < 250_000


def test_roots_are_bridged_as_everywhere(tmp_path: Path) -> None:
    root = np.stack([np.linspace(0, 1, 6), np.zeros(6), np.full(6, -3.0)], axis=-1)
    root[2:4] = np.nan
    motion = motion_of(np.tile(REST, (6, 1, 1)), root)
    glb = written(recording_of([motion]), tmp_path, world="ground")
    _, values, _ = glb.channels()[glb.node("Hips"), "translation"]
    np.testing.assert_allclose(values, CAMERA_WORLD.places(bridged_root(motion)), atol=1e-6)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write_glb(recording_of([]), tmp_path / "file" / "a.glb")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
