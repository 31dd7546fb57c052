"""Trials of the CMU motion capture: their files' own turns, and our angles."""

import zipfile
from pathlib import Path

import numpy as np
from kinematics.bodies import FACING

from videopose.data.asfamc import Pose, forward_kinematics, parse_amc, parse_asf
from videopose.data.mocap import capture_joints
from videopose.kinematics import ANGLES, joint_angles
from videopose.types import Motion
from videopose.world import CAMERA_WORLD

EVERY = 4
"""Of the 120 recorded frames per second."""
NAMES = [angle.name for angle in ANGLES]


class Recorded:
    """One trial."""

    def __init__(self, shared_dir: Path, trial: str) -> None:
        subject = trial.split("_")[0]
        with zipfile.ZipFile(shared_dir / "mocap" / "cmu_asfamc_subset.zip") as archive:
            asf, amc = (
                archive.read(f"all_asfamc/subjects/{subject}/{name}").decode("latin-1")
                for name in (f"{subject}.asf", f"{trial}.amc")
            )
        self.skeleton = parse_asf(asf)
        turns = parse_amc(amc, self.skeleton)
        self.turns = {bone: values[::EVERY] for bone, values in turns.items()}
        self.pose: Pose = forward_kinematics(self.skeleton, self.turns)
        places = (capture_joints(self.pose)[:, :17] * [1, -1, -1]).astype(np.float32)
        frames = np.arange(len(places))
        self.motion = Motion(1, frames, frames * EVERY / 120, places - places[:, :1], places[:, 0])
        self.angles = dict(zip(NAMES, joint_angles(self.motion, CAMERA_WORLD).T, strict=True))

    def between(self, bone: str, other: str) -> np.ndarray:
        """(T, 3, 3) turn from one bone's axes to another's: forward, up, right in the rest pose, facing +Z."""
        turns = self.pose.rotations[bone].inv() * self.pose.rotations[other]
        return np.asarray(FACING.T @ turns.as_matrix() @ FACING)

    def direction(self, bone: str, other: str) -> np.ndarray:
        """(T, 3) along a bone, in another's axes."""
        offset = next(each.offset for each in self.skeleton.bones if each.name == other)
        return np.asarray(self.between(bone, other) @ FACING.T @ offset / np.linalg.norm(offset))
