"""Joints as the markers of motion capture files: names, places at an even rate, numbers of frames."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from videopose.export.sampling import at_rows, even_rows
from videopose.export.settings import ExportSettings
from videopose.skeletons import H36M17
from videopose.types import Motion
from videopose.world import World, world_joints

MARKERS = {
    "hip": ("Hip", "middle of the hip joints"),
    "right_hip": ("RHip", "right hip joint"),
    "right_knee": ("RKnee", "right knee joint"),
    "right_ankle": ("RAnkle", "right ankle joint"),
    "left_hip": ("LHip", "left hip joint"),
    "left_knee": ("LKnee", "left knee joint"),
    "left_ankle": ("LAnkle", "left ankle joint"),
    "spine": ("Spine", "spine, half way between hips and neck"),
    "thorax": ("Neck", "base of the neck"),
    "neck": ("Nose", "face, at the height of the nose"),
    "head": ("Head", "top of the head"),
    "left_shoulder": ("LShoulder", "left shoulder joint"),
    "left_elbow": ("LElbow", "left elbow joint"),
    "left_wrist": ("LWrist", "left wrist joint"),
    "right_shoulder": ("RShoulder", "right shoulder joint"),
    "right_elbow": ("RElbow", "right elbow joint"),
    "right_wrist": ("RWrist", "right wrist joint"),
}
"""Name and description of the marker by joint, in the order of H36M17.

The names are those of HALPE_26, Pose2Sim's usual body, so that its markers for OpenSim's model fit; `Spine` is ours.
"""


@dataclass(frozen=True, slots=True, repr=False)
class MarkerTracks:
    """Where the markers of one person are, at an even rate."""

    places: np.ndarray
    """(T, 17, 3) float64 in axes and units of the file; NaN where not known."""
    fps: float
    """Rows per second."""
    start_s: float
    """Time of row 0 in the video, seconds from its first frame."""
    first_frame: int
    """Number of row 0, counted from 1 where the video starts: row k is at about (first_frame + k - 1) / fps."""

    def __len__(self) -> int:
        return len(self.places)


def marker_tracks(
    motion: Motion,
    *,
    fps: Fraction | float,
    settings: ExportSettings,
    world: World,
    usual_up: str,
    usual_scale: float,
) -> MarkerTracks:
    """Place the joints of `motion` in the world, in the axes and units of a file.

    Args:
        motion: T at least 1 frame of the 17 Human3.6M joints.
        fps: nominal frames per second of the video. At a constant rate row k is frame k of the track, otherwise the
            places are interpolated in time.
        settings: axes and units that were asked for.
        world: where to place the joints; a missing root is bridged (see `world.bridged_root`).
        usual_up: axis that points up where nothing else was asked for.
        usual_scale: units of the file per metre, likewise.

    Raises:
        ValueError: the motion has no frame or other joints, or `fps` is not positive.
    """
    if len(motion) == 0 or not fps > 0:
        raise ValueError(f"a file of markers needs a frame and a positive rate, got {len(motion)} and fps={fps}")
    if motion.skeleton.joint_names != H36M17.joint_names:
        raise ValueError(f"markers are known for the joints of {H36M17.name}, got {motion.skeleton.name}")
    rate = float(fps)
    places = world_joints(motion, world) @ settings.axes(usual_up).T * settings.scale(usual_scale)
    start_s = float(motion.time_s[0])
    return MarkerTracks(at_rows(places, even_rows(motion.time_s, rate)), rate, start_s, round(start_s * rate) + 1)
