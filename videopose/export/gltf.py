"""Binary glTF 2.0 (.glb): everybody of one video in one scene, as moving figures with skeletons.

Source: Khronos Group, glTF 2.0 Specification, 2021.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videopose import __version__
from videopose.export.gltf_buffer import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, GltfBuffer
from videopose.export.humanoid import JOINTS, PosedHumanoid, pose_humanoid
from videopose.export.humanoid_mesh import COLOURS, LEFT, MIDDLE, RIGHT, SIDE_NAMES, body_mesh
from videopose.export.humanoid_motion import ground_height
from videopose.export.names import END, joint_names
from videopose.export.rest_pose import with_rest_pose
from videopose.export.rotations import continuous_quaternions
from videopose.export.settings import ExportSettings
from videopose.files import atomic_path
from videopose.types import Motion, Recording
from videopose.world import CAMERA_WORLD, World, bridged_root

_STILL = 1e-6
"""Rotations that differ by less, in quaternion components, are one."""


@dataclass(frozen=True, slots=True)
class _Person:
    """One person's movement, metres, Y up."""

    motion: Motion
    body: PosedHumanoid
    place: np.ndarray
    """(T, 3) of the hips."""
    ground: float
    """Height of the ground under the feet."""


def write_glb(
    recording: Recording, path: Path, *, settings: ExportSettings | None = None, world: World = CAMERA_WORLD
) -> None:
    """Write all people of a video as one binary glTF scene.

    * Always metres with Y up, as the format demands: `settings.units` and `settings.up` do not apply. Who faces the
      camera faces +Z. In the camera's world the scene is moved in height by one constant so that the lowest person's
      ground is y = 0, see `humanoid_motion.ground_height`; in the ground's world it is there already.
    * A person is a node `Person 1` (the armature) with the joints below it, in the names of `settings`, and beside it a
      node `Person 1 body` with a figure that the joints move: left side blue, right side orange, the rest grey.
    * One animation holds everybody, so that viewers play all people together. Keys are at the true times of the frames
      (whatever the rate), in seconds from the first frame of the recording. Rotations are unit quaternions without
      changes of sign; joints that never turn against their parent have no channel.
    * Who enters late or leaves early is scaled to 0 meanwhile: a channel of the armature node that switches between 0
      and 1, which the format names as the way to hide things.
    * Bones keep one length, the median over the track; missing places are bridged, as in BVH files.
    * Nobody in the recording gives a valid, empty scene.

    Args:
        recording: with motions.
        path: the file, overwritten when there.
        settings: rest pose and names; by default `ExportSettings()`.
        world: axes to give places in, belonging to `settings.world`.

    Raises:
        OutputError: `path` cannot be written.
    """
    settings = settings or ExportSettings()
    people = [_person(motion, float(recording.video.fps), world) for motion in recording.motions if len(motion)]
    floor = min((person.ground for person in people), default=0.0) if settings.world == "camera" else 0.0
    scene = _Scene(recording, settings)
    for person in people:
        person.place[:, 1] -= floor
        scene.add(person)
    with atomic_path(path) as temporary:
        temporary.write_bytes(scene.file())


def _person(motion: Motion, fps: float, world: World) -> _Person:
    body, place = pose_humanoid(world.directions(motion.joints), fps), world.places(bridged_root(motion))
    return _Person(motion, body, place, ground_height(body, place))


class _Scene:
    """The document while it is put together."""

    def __init__(self, recording: Recording, settings: ExportSettings) -> None:
        self.recording, self.settings = recording, settings
        self.names = joint_names(settings.names)
        self.buffer = GltfBuffer()
        self.nodes: list[dict[str, Any]] = []
        self.roots: list[int] = []
        self.meshes: list[dict[str, Any]] = []
        self.skins: list[dict[str, Any]] = []
        self.channels: list[dict[str, Any]] = []
        self.samplers: list[dict[str, Any]] = []

    def file(self) -> bytes:
        """The bytes of the .glb."""
        scene: dict[str, Any] = {"name": "videopose"}
        document: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": f"videopose {__version__}"},
            "scene": 0,
            "scenes": [scene],
        }
        if self.nodes:
            scene["nodes"] = self.roots
            document |= {
                "nodes": self.nodes,
                "meshes": self.meshes,
                "skins": self.skins,
                "materials": [_material(side) for side in (LEFT, RIGHT, MIDDLE)],
                "animations": [{"name": "motion", "channels": self.channels, "samplers": self.samplers}],
            }
        return self.buffer.file(document)

    def add(self, person: _Person) -> None:
        """Nodes, mesh, skin and channels of one person."""
        body = with_rest_pose(person.body, self.settings.rest_pose)
        name = f"Person {person.motion.person_id}"
        armature, hips = self._node({"name": name}), len(self.nodes)
        self.nodes[armature]["children"] = [hips]
        joints = self._skeleton(body, person.place[0])
        places = body.rest_places() + person.place[0]
        ends = [places[row] + body.ends[joint.name] for row, joint in enumerate(JOINTS) if joint.name in body.ends]
        inverse = np.tile(np.eye(4, dtype="<f4"), (len(joints), 1, 1))
        inverse[:, 3, :3] = -np.concatenate([places, ends])  # by columns: the last row here is the last column there
        self.skins.append({
            "name": name, "joints": joints, "skeleton": armature, "inverseBindMatrices": self.buffer.add(inverse),
        })  # fmt: skip
        self._mesh(body, person.place[0], name)
        figure = self._node({"name": f"{name} body", "mesh": len(self.meshes) - 1, "skin": len(self.skins) - 1})
        self.roots += [armature, figure]
        self._animate(person, body, armature, hips)

    def _node(self, node: dict[str, Any]) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _skeleton(self, body: PosedHumanoid, start: np.ndarray) -> list[int]:
        """Nodes of all joints in the rest pose, then those of the ends; their numbers."""
        numbers = {
            joint.name: self._node({
                "name": self.names[joint.name],
                "translation": (start if joint.parent is None else body.offsets[row]).tolist(),
            })
            for row, joint in enumerate(JOINTS)
        }  # fmt: skip
        for joint in JOINTS:
            if joint.parent is not None:
                self.nodes[numbers[joint.parent]].setdefault("children", []).append(numbers[joint.name])
        ends = {
            joint.name: self._node({
                "name": self.names[joint.name + END], "translation": body.ends[joint.name].tolist(),
            })
            for joint in JOINTS if joint.name in body.ends
        }  # fmt: skip
        for joint_name, number in ends.items():
            self.nodes[numbers[joint_name]]["children"] = [number]
        return [*numbers.values(), *ends.values()]

    def _mesh(self, body: PosedHumanoid, start: np.ndarray, name: str) -> None:
        mesh = body_mesh(body)
        unused, share = np.zeros_like(mesh.joints), np.rint(mesh.weights[:, :1] * 255)
        weights = np.concatenate([share, 255 - share, unused], axis=1).astype("u1")
        joints = np.where(weights > 0, np.concatenate([mesh.joints, unused], axis=1), 0).astype("u1")
        attributes = {
            "POSITION": self.buffer.add((mesh.places + start).astype("<f4"), target=ARRAY_BUFFER, bounds=True),
            "NORMAL": self.buffer.add(mesh.normals.astype("<f4"), target=ARRAY_BUFFER),
            "JOINTS_0": self.buffer.add(joints, target=ARRAY_BUFFER),
            "WEIGHTS_0": self.buffer.add(weights, target=ARRAY_BUFFER, normalized=True),
        }
        primitives = []
        for side in (LEFT, RIGHT, MIDDLE):
            corners = mesh.triangles[mesh.sides == side].ravel().astype("<u2")
            indices = self.buffer.add(corners, target=ELEMENT_ARRAY_BUFFER)
            primitives.append({"attributes": attributes, "indices": indices, "material": side})
        self.meshes.append({"name": f"{name} body", "primitives": primitives})

    def _animate(self, person: _Person, body: PosedHumanoid, armature: int, hips: int) -> None:
        times = self._times(person.motion.time_s)
        self._channel(hips, "translation", times, person.place.astype("<f4"))
        for row, joint in enumerate(JOINTS):
            turns = continuous_quaternions(body.local_rotation(joint))
            if np.abs(turns - turns[0]).max() > _STILL:
                self._channel(hips + row, "rotation", times, turns.astype("<f4"))
            elif 1 - turns[0, 3] > _STILL:
                self.nodes[hips + row]["rotation"] = turns[0].tolist()
        shown = _presence(person.motion, self.recording)
        if shown is not None:
            seconds, visible = shown
            scales = np.repeat(visible, 3).reshape(-1, 3).astype("<f4")
            self._channel(armature, "scale", self._times(seconds), scales, "STEP")

    def _times(self, time_s: np.ndarray) -> int:
        return self.buffer.add((time_s - self.recording.time_s[0]).astype("<f4"), bounds=True)

    def _channel(self, node: int, path: str, times: int, values: np.ndarray, interpolation: str = "LINEAR") -> None:
        output = self.buffer.add(values)
        self.channels.append({"sampler": len(self.samplers), "target": {"node": node, "path": path}})
        self.samplers.append({"input": times, "output": output, "interpolation": interpolation})


def _presence(motion: Motion, recording: Recording) -> tuple[np.ndarray, np.ndarray] | None:
    """Times, in the recording's seconds, and from then on 1 (shown) or 0 (hidden); None for who is always there."""
    times, visible = [motion.time_s[0]], [1.0]
    if motion.time_s[0] > recording.time_s[0]:
        times, visible = [recording.time_s[0], *times], [0.0, *visible]
    later = recording.time_s[recording.time_s > motion.time_s[-1]]
    if len(later):
        times, visible = [*times, later[0]], [*visible, 0.0]
    if len(later) > 1:  # so that the animation lasts as long as the recording
        times, visible = [*times, later[-1]], [*visible, 0.0]
    return (np.array(times), np.array(visible)) if len(times) > 1 else None


def _material(side: int) -> dict[str, Any]:
    red, green, blue = (_linear(value / 255) for value in COLOURS[side])
    return {
        "name": SIDE_NAMES[side],
        "pbrMetallicRoughness": {
            "baseColorFactor": [red, green, blue, 1.0],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.6,
        },
    }


def _linear(value: float) -> float:
    """Light of an sRGB value, both 0..1 (IEC 61966-2-1)."""
    return round(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4, 5)
