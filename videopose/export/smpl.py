"""NPZ with joints in the order of the SMPL body model, for programs that compare or fit that model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videopose.export.settings import ExportSettings
from videopose.files import atomic_path
from videopose.skeletons import H36M17
from videopose.types import Recording
from videopose.world import CAMERA_WORLD, World, world_joints


@dataclass(frozen=True, slots=True)
class SmplJoint:
    """A joint of SMPL's skeleton."""

    name: str
    parent: int
    """Its parent's number, -1 for the root."""
    sources: tuple[str, ...] = ()
    """The joint of ours that is there or nearby, or two it lies between; empty: there is none."""
    note: str = ""
    """How ours differs, or why there is none; empty: the same joint of the body."""
    approximate: bool = False
    """Ours is only near."""


_NOTHING_LIKE_IT = "none of the 17 joints is there"
_SHOULDERS = ("left_shoulder", "right_shoulder")
_FOOT = "feet are not among the 17 joints"
SMPL_JOINTS = (
    SmplJoint("pelvis", -1, ("hip",), "the middle of the hip joints; SMPL's pelvis lies above it", approximate=True),
    SmplJoint("left_hip", 0, ("left_hip",)),
    SmplJoint("right_hip", 0, ("right_hip",)),
    SmplJoint("spine1", 0, (), _NOTHING_LIKE_IT),
    SmplJoint("left_knee", 1, ("left_knee",)),
    SmplJoint("right_knee", 2, ("right_knee",)),
    SmplJoint("spine2", 3, ("spine",), "about six tenths of the way from the hips to the shoulders", approximate=True),
    SmplJoint("left_ankle", 4, ("left_ankle",)),
    SmplJoint("right_ankle", 5, ("right_ankle",)),
    SmplJoint("spine3", 6, (), _NOTHING_LIKE_IT),
    SmplJoint("left_foot", 7, (), _FOOT),
    SmplJoint("right_foot", 8, (), _FOOT),
    SmplJoint("neck", 9, _SHOULDERS, "the middle of the shoulders; SMPL's neck lies above it", approximate=True),
    SmplJoint("left_collar", 9, (), _NOTHING_LIKE_IT),
    SmplJoint("right_collar", 9, (), _NOTHING_LIKE_IT),
    SmplJoint(
        "head", 12, ("neck",), "the face at the height of the nose; SMPL's is inside the skull", approximate=True
    ),
    SmplJoint("left_shoulder", 13, ("left_shoulder",)),
    SmplJoint("right_shoulder", 14, ("right_shoulder",)),
    SmplJoint("left_elbow", 16, ("left_elbow",)),
    SmplJoint("right_elbow", 17, ("right_elbow",)),
    SmplJoint("left_wrist", 18, ("left_wrist",)),
    SmplJoint("right_wrist", 19, ("right_wrist",)),
    SmplJoint("left_hand", 20, (), "hands are not among the 17 joints"),
    SmplJoint("right_hand", 21, (), "hands are not among the 17 joints"),
)
"""The 24 joints in SMPL's order, and what of ours stands for each.

Source: Loper et al., SMPL: A Skinned Multi-Person Linear Model, 2015; names as in its public code.
"""


def write_smpl(
    recording: Recording, path: Path, *, settings: ExportSettings | None = None, world: World = CAMERA_WORLD
) -> None:
    """Write the joints of everybody in SMPL's order, as plain arrays (`allow_pickle=False`).

    They are places, not SMPL's pose and shape: those come from fitting the model to them. Identical results give
    identical bytes. The arrays, for P persons, T frames of the recording and 24 joints:

    * `joints (P, T, 24, 3)` float32 in the world; Y up and metres unless `settings` say otherwise; NaN where a joint
      has no counterpart, a person is absent or a place not known; a missing root is bridged;
    * `mapped (24,)` bool: has a counterpart; `approximate (24,)` bool: one that is only near (the others are the same
      joint of the body, though SMPL places it by its own surface); `notes (24,)`: what to know of it;
    * `joint_names (24,)`, `parents (24,)`, `source_names (24,)`: the joint of ours, two with a blank
      between where it is their middle, or empty;
    * `person_id (P,)`, `observed (P, T)`, `root_known (P, T)` bool, `frame_index (T,)`, `time_s (T,)`, `fps`;
    * `units` (`m` or `mm`), `up_axis` (`y` or `z`), `world` (`camera` or `ground`).

    Args:
        recording: the results.
        path: the file, overwritten when there.
        settings: axes and units; None: the usual ones.
        world: where to place the joints.

    Raises:
        OutputError: `path` cannot be written.
    """
    settings = settings or ExportSettings()
    people, frames = len(recording.tracks), len(recording.frame_index)
    mapped = np.array([bool(joint.sources) for joint in SMPL_JOINTS])
    sources = [list(map(H36M17.index, joint.sources)) for joint in SMPL_JOINTS if joint.sources]
    joints = np.full((people, frames, len(SMPL_JOINTS), 3), np.nan, np.float32)
    observed, root_known = np.zeros((people, frames), bool), np.zeros((people, frames), bool)
    first = int(recording.frame_index[0]) if frames else 0
    turn, scale = settings.axes("y"), settings.scale(1.0)
    for person, track in enumerate(recording.tracks):
        observed[person, track.frame_index - first] = track.observed
    for person, motion in enumerate(recording.motions):
        rows = motion.frame_index - first
        places = world_joints(motion, world) @ turn.T * scale
        joints[person, rows[:, None], np.flatnonzero(mapped)] = np.stack(
            [places[:, some].mean(axis=1) for some in sources], axis=1
        )
        root_known[person, rows] = np.isfinite(motion.root).all(-1)
    content: dict[str, Any] = {
        "joints": joints,
        "mapped": mapped,
        "approximate": np.array([joint.approximate for joint in SMPL_JOINTS]),
        "notes": np.array([joint.note for joint in SMPL_JOINTS]),
        "joint_names": np.array([joint.name for joint in SMPL_JOINTS]),
        "parents": np.array([joint.parent for joint in SMPL_JOINTS], np.int64),
        "source_names": np.array([" ".join(joint.sources) for joint in SMPL_JOINTS]),
        "person_id": np.array([track.person_id for track in recording.tracks], np.int64),
        "observed": observed,
        "root_known": root_known,
        "frame_index": recording.frame_index.astype(np.int64),
        "time_s": recording.time_s.astype(np.float64),
        "fps": np.float64(recording.video.fps),
        "units": np.array(settings.units or "m"),
        "up_axis": np.array(settings.up or "y"),
        "world": np.array(settings.world),
    }
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        # Without dates, owners or order of a file system: identical content gives identical bytes.
        np.savez_compressed(stream, allow_pickle=False, **content)
