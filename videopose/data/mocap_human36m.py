"""Motion capture in the form of the public Human3.6M archives: its joints, cameras, subjects' names and frame rate.

Every recording is turned about the vertical and moved along the floor so that it plays before Human3.6M's own four
cameras; where somebody walks farther than they see, it is cut into parts. Besides exact keypoints, an archive holds
those of a detector: wrong by DETECTOR's errors and a constant offset of each joint. Over the whole CMU subset and the
dances (183,728 frames x 4 cameras, people 330 pixels high) these are 9.3 pixels or 40 mm root mean square, with a mean
of 5.7 pixels and a median of 4.4: the worst twentieth, hidden or exchanged, makes up two thirds of the squares.
A third kind of keypoints are COCO's, as detectors of people in ordinary videos have them, with errors of the same size.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from videopose.camera import project, world_to_camera
from videopose.data import bvh
from videopose.data.actions import action_word
from videopose.data.archive import write_objects
from videopose.data.asfamc import CMU_METRES_PER_UNIT, Pose
from videopose.data.capture_room import CaptureRoom, Part
from videopose.data.detector_errors import DetectorErrors
from videopose.data.keypoint_layouts import sides
from videopose.data.mocap import CAPTURE_JOINTS, FACE, Trial, at_rate
from videopose.data.rig import Camera, cameras, frame_rate
from videopose.data.views import ViewSettings, annotated_points
from videopose.errors import InputError, UsageError
from videopose.skeletons import COCO17, H36M17, H36M17_FROM_H36M32, H36M32, Skeleton

ARCHIVES = (
    "data_3d_h36m.npz",
    "data_2d_h36m_gt.npz",
    "data_2d_h36m_detected.npz",
    "data_2d_h36m_detected_coco.npz",
)
"""Files that are written: joints, exact keypoints, a detector's keypoints of the same joints and of COCO's."""
DATASET = "human36m"
FRAME_RATE = frame_rate(DATASET)
"""Frames per second of the archives."""
MIN_FRAMES = 50
"""Trials and parts shorter than a second are left out."""
SUBJECTS = {
    "S1": ("49",),
    "S5": ("14",),
    "S6": ("29", "16", "127", "03", "17"),
    "S7": ("salsa",),
    "S8": ("01", "indian"),
    "S9": ("09",),
    "S11": ("135",),
}
"""Whose recordings go under which name. S1, a part of which is labelled in semi-supervised training, is one person, who
dances and does gymnastics; S9 and S11 are the subjects to validate on."""

_ERRORS = partial(
    DetectorErrors,
    jitter_m_range=(0.003, 0.012),
    drift_m_range=(0.005, 0.02),
    hidden_probability=0.15,
    swap_probability=0.04,
    slow_frames=67,
    middle_frames=12,
    stretch_frames=500,
)
DETECTOR = _ERRORS(H36M17)
"""A detector tuned for these joints; drift changes over the same times as in the views drawn at 30 frames/s, hidden
parts and swaps are drawn anew every 10 s."""
COCO_DETECTOR = _ERRORS(COCO17)
"""The same of COCO's keypoints."""
OFFSET_M = 0.01
"""Standard deviation, along each axis of the body, of the constant offset of a joint in one view."""

_FLOOR_M = 0.08
"""Height of the lowest joint, mostly an ankle, in Human3.6M."""
_CMU_ENDS = {"toe_base": "foot", "toe_tip": "toes", "hand": "wrist", "thumb": "thumb", "finger_base": "hand",
             "finger_tip": "fingers"}  # fmt: skip
_FIGURE_HAND = {"thumb": "Thumb2", "finger_base": "Mid1", "finger_tip": "Mid2"}


@dataclass(frozen=True, slots=True)
class Sequence:
    """Where a sequence of the archives comes from."""

    subject: str
    """In the archives."""
    action: str
    """In the archives."""
    person: str
    """Subject of the motion capture."""
    trial: str
    """Of the motion capture."""
    part: Part
    """Frames of the trial at 50 frames/s, and where it was placed."""


@dataclass(slots=True)
class Archives:
    """What was written."""

    sequences: list[Sequence] = field(default_factory=list)
    short_trials: list[str] = field(default_factory=list)
    """Trials that are shorter than a second."""
    subjects_left_out: set[str] = field(default_factory=set)
    """Subjects of the motion capture that go to no name."""
    frames_out_of_sight: int = 0
    """Frames that no place brings into all pictures, or in stretches shorter than a second."""
    squares: np.ndarray = field(default_factory=lambda: np.zeros(2))
    """Sum of the detected keypoints' squared errors, pixels and millimetres."""
    keypoints: int = 0

    @property
    def detector_rms(self) -> tuple[float, float]:
        """Root mean square distance of detected from exact keypoints: pixels, millimetres at the joint's depth."""
        pixels, millimetres = np.sqrt(self.squares / max(self.keypoints, 1))
        return float(pixels), float(millimetres)

    def frames(self) -> dict[str, int]:
        """Frames by subject of the archives."""
        counts = dict.fromkeys(SUBJECTS, 0)
        for each in self.sequences:
            counts[each.subject] += each.part.stop - each.part.start
        return {name: count for name, count in counts.items() if count}

    def people(self, subject: str) -> list[str]:
        """Subjects of the motion capture under a name of the archives."""
        return sorted({each.person for each in self.sequences if each.subject == subject})


_COCO_VIEWS = ViewSettings(offset_m=OFFSET_M)
"""How COCO's keypoints differ from joints: hips drawn lower and farther out, faces higher."""


def _upright(points: np.ndarray) -> np.ndarray:
    """From Y up to Z up."""
    turned: np.ndarray = np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)
    return turned


def human36m_joints(trial: Trial) -> np.ndarray:
    """(T, 32, 3) float32 metres, Z up, at the trial's rate; joints that were not recorded repeat others."""
    capture = trial.joints()
    points = {name: capture[:, i] for i, name in enumerate(CAPTURE_JOINTS)}
    points["spine_base"] = points["hip"]
    for side in ("left", "right"):
        points |= {f"{side}_{joint}": where for joint, where in _extremities(trial, side, points).items()}
        # Collar bones start where the neck does.
        points[f"{side}_collar"] = points["thorax"]
    joints = np.stack([points[name] for name in H36M32.joint_names], axis=1)
    return _upright(joints)


def _with_face(trial: Trial) -> np.ndarray:
    """(T, 37, 3) float32 metres, Z up: `human36m_joints`, then the face."""
    face = _upright(trial.joints()[:, [CAPTURE_JOINTS.index(name) for name in FACE]])
    return np.concatenate([human36m_joints(trial), face], axis=1)


def _extremities(trial: Trial, side: str, points: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Hand and foot, each (T, 3) metres with Y up."""
    if isinstance(trial.motion, Pose):
        ends = trial.motion.ends
        return {
            joint: (ends[side[0] + bone] * CMU_METRES_PER_UNIT).astype(np.float32) for joint, bone in _CMU_ENDS.items()
        }
    positions, _ = bvh.forward_kinematics(trial.motion)
    index, wrist, ankle = trial.motion.joint_names.index, points[f"{side}_wrist"], points[f"{side}_ankle"]
    hand = positions[:, index(f"{side[0]}Hand")]
    # The figure's arms were moved outwards, its hands go with them.
    moved = {
        joint: (wrist + (positions[:, index(side[0] + name)] - hand) / 100).astype(np.float32)
        for joint, name in _FIGURE_HAND.items()
    }
    return {"hand": wrist, "toe_base": ankle, "toe_tip": ankle, **moved}


def write_human36m(
    trials: Iterable[Trial],
    folder: Path,
    subjects: Mapping[str, tuple[str, ...]] = SUBJECTS,
    progress: Callable[[int], None] = lambda done: None,
) -> Archives:
    """Write the files of ARCHIVES.

    Args:
        trials: motion capture; read one at a time.
        folder: is made where it does not exist; the files in it are replaced.
        subjects: names as in SUBJECTS, and whose trials go there; other subjects are left out.
        progress: is called with the number of trials done.

    Raises:
        InputError: nothing is left, or long enough.
        UsageError: a subject goes to two names, or a name is not among those of SUBJECTS.
        OutputError: a file cannot be written.
    """
    homes = _homes(subjects)
    rigs = {name: cameras(DATASET, name) for name in subjects}
    rooms = {name: CaptureRoom(rig) for name, rig in rigs.items()}
    written = Archives()
    positions: dict[str, dict[str, np.ndarray]] = {}
    exact: dict[str, dict[str, list[np.ndarray]]] = {}
    detected: dict[str, dict[str, list[np.ndarray]]] = {}
    coco: dict[str, dict[str, list[np.ndarray]]] = {}
    numbers: dict[tuple[str, str], int] = {}
    for done, trial in enumerate(trials, start=1):
        name = homes.get(trial.subject)
        if name is None:
            written.subjects_left_out.add(trial.subject)
            continue
        joints = at_rate(_with_face(trial), trial.fps, FRAME_RATE)
        if len(joints) < MIN_FRAMES:
            written.short_trials.append(trial.name)
            continue
        joints[..., 2] += _FLOOR_M - np.percentile(joints[:, H36M17_FROM_H36M32, 2].min(1), 2)
        parts = rooms[name].parts(joints[:, H36M17_FROM_H36M32], MIN_FRAMES, zlib.crc32(trial.name.encode()))
        written.frames_out_of_sight += len(joints) - sum(part.stop - part.start for part in parts)
        word = action_word(trial.subject, trial.name)
        number = numbers[name, word] = numbers.get((name, word), 0) + bool(parts)
        for index, part in enumerate(parts):
            action = f"{word} {number}" + (f" part{index}" if len(parts) > 1 else "")
            world = part.apply(joints).astype(np.float32)
            views = [_view(world[:, H36M17_FROM_H36M32], camera) for camera in rigs[name]]
            seed = zlib.crc32(f"{trial.name} {part.start}".encode())
            seen = _detected(views, rigs[name], seed)
            positions.setdefault(name, {})[action] = world[:, : len(H36M32)]
            exact.setdefault(name, {})[action] = [pixels for _, pixels in views]
            detected.setdefault(name, {})[action] = seen
            coco.setdefault(name, {})[action] = _detected_coco(world, rigs[name], seed)
            written.sequences.append(Sequence(name, action, trial.subject, trial.name, part))
            _count_errors(written, views, rigs[name], seen)
        progress(done)
    if not written.sequences:
        raise InputError(
            f"no recording of the subjects {', '.join(homes)} is {MIN_FRAMES / FRAME_RATE:g} s long. "
            "Give longer motion capture, or say with --subject whose."
        )
    order = [name for name in SUBJECTS if name in positions]
    write_objects(folder / ARCHIVES[0], positions_3d={name: positions[name] for name in order})
    kinds = ((exact, H36M17, "h36m"), (detected, H36M17, "h36m"), (coco, COCO17, "coco"))
    for archive, (keypoints, skeleton, layout) in zip(ARCHIVES[1:], kinds, strict=True):
        in_order = {name: keypoints[name] for name in order}
        write_objects(folder / archive, positions_2d=in_order, metadata=_metadata(skeleton, layout))
    return written


def _homes(subjects: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The archives' name of each subject of the motion capture."""
    homes: dict[str, str] = {}
    for name, people in subjects.items():
        if name not in SUBJECTS:
            raise UsageError(f"--subject {name!r} is not a subject of Human3.6M. Choose from {', '.join(SUBJECTS)}.")
        for person in people:
            if homes.setdefault(person, name) != name:
                raise UsageError(f"--subject {person} is both {homes[person]} and {name}. Give each subject one name.")
    return homes


def _metadata(skeleton: Skeleton, layout: str) -> dict[str, Any]:
    pairs = [list(side) for side in sides(skeleton)]
    return {"layout_name": layout, "num_joints": len(skeleton), "keypoints_symmetry": pairs}


def _view(world: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """(T, 17, 3) metres in camera axes, and (T, 17, 2) float32 pixels."""
    seen = world_to_camera(world.astype(np.float64), camera.orientation.astype(np.float64), camera.position_m)
    return seen, _pixels(seen, camera)


def _pixels(points: np.ndarray, camera: Camera) -> np.ndarray:
    assert camera.focal_px is not None
    assert camera.center_px is not None
    return project(points, camera.focal_px, camera.center_px, camera.radial, camera.tangential).astype(np.float32)


def _detected(views: list[tuple[np.ndarray, np.ndarray]], rig: tuple[Camera, ...], seed: int) -> list[np.ndarray]:
    """(T, 17, 2) float32 pixels for each view, as a detector would have them; the same for the same seed."""
    shifted, metres = [], []
    generator = np.random.default_rng(seed)
    for (points, _), camera in zip(views, rig, strict=True):
        assert camera.focal_px is not None
        offset = OFFSET_M * generator.standard_normal((len(H36M17), 3))
        shifted.append(_pixels(points + np.einsum("jk,tkd->tjd", offset, _body_axes(points)), camera))
        metres.append(points[:, :1, 2:] / camera.focal_px.mean())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        keypoints = torch.from_numpy(np.stack(shifted))
        # One unit of DETECTOR's errors is a metre at the hip's depth: nearer people are missed by more pixels.
        seen = DETECTOR.apply(keypoints, torch.from_numpy(np.stack(metres).astype(np.float32)))
    return list(seen.numpy())


def _detected_coco(world: np.ndarray, rig: tuple[Camera, ...], seed: int) -> list[np.ndarray]:
    """(T, 17, 2) float32 pixels of COCO's keypoints for each camera, of the (T, 37, 3) points in world axes."""
    capture = np.concatenate([world[:, H36M17_FROM_H36M32], world[:, len(H36M32) :]], axis=1)
    seen = [_view(capture, camera)[0].astype(np.float32) for camera in rig]
    focal = np.array([float(camera.focal_px.mean()) for camera in rig if camera.focal_px is not None], np.float32)
    depth = np.stack([points[:, :1, 2:] for points in seen]) / focal[:, None, None, None]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed + 1)
        points, emphasis = annotated_points(torch.from_numpy(np.stack(seen)), _COCO_VIEWS)
        pixels = [_pixels(view.numpy().astype(np.float64), camera) for view, camera in zip(points, rig, strict=True)]
        found = COCO_DETECTOR.apply(torch.from_numpy(np.stack(pixels)), torch.from_numpy(depth), emphasis)
    return list(found.numpy())


def _body_axes(points: np.ndarray) -> np.ndarray:
    """(T, 3, 3) rows left, up, forward of the trunk, in the axes of the (T, 17, 3) points."""
    left = points[:, H36M17.index("left_hip")] - points[:, H36M17.index("right_hip")]
    left /= np.linalg.norm(left, axis=-1, keepdims=True)
    up = points[:, H36M17.index("thorax")] - points[:, 0]
    up -= (up * left).sum(-1, keepdims=True) * left
    up /= np.linalg.norm(up, axis=-1, keepdims=True)
    return np.stack([left, up, np.cross(left, up)], axis=1)


def _count_errors(
    written: Archives, views: list[tuple[np.ndarray, np.ndarray]], rig: tuple[Camera, ...], seen: list[np.ndarray]
) -> None:
    for (points, pixels), camera, found in zip(views, rig, seen, strict=True):
        assert camera.focal_px is not None
        squares = ((found - pixels).astype(np.float64) ** 2).sum(-1)
        millimetres = points[..., 2] / float(camera.focal_px.mean()) * 1000
        written.squares += squares.sum(), (squares * millimetres**2).sum()
        written.keypoints += squares.size
