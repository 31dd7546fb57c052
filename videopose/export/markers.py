"""Joints as the markers of motion capture files: names, places at an even rate, numbers of frames."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from videopose.export.sampling import at_rows, even_rows
from videopose.export.settings import ExportSettings
from videopose.skeletons import H36M17
from videopose.types import Motion
from videopose.world import World, world_joints


@dataclass(frozen=True, slots=True)
class Marker:
    """A point of a file."""

    name: str
    sources: tuple[str, ...]
    """Joints of H36M17 in the middle of which it is."""
    description: str


MARKERS = (
    Marker("Hip", ("hip",), "middle of the hip joints"),
    Marker("RHip", ("right_hip",), "right hip joint"),
    Marker("RKnee", ("right_knee",), "right knee joint"),
    Marker("RAnkle", ("right_ankle",), "right ankle joint"),
    Marker("LHip", ("left_hip",), "left hip joint"),
    Marker("LKnee", ("left_knee",), "left knee joint"),
    Marker("LAnkle", ("left_ankle",), "left ankle joint"),
    Marker("Spine", ("spine",), "spine, below the chest"),
    Marker("Thorax", ("thorax",), "top of the chest, between the collar bones"),
    Marker("Nose", ("neck",), "face, at the height of the nose"),
    Marker("Head", ("head",), "top of the head"),
    Marker("LShoulder", ("left_shoulder",), "left shoulder joint"),
    Marker("LElbow", ("left_elbow",), "left elbow joint"),
    Marker("LWrist", ("left_wrist",), "left wrist joint"),
    Marker("RShoulder", ("right_shoulder",), "right shoulder joint"),
    Marker("RElbow", ("right_elbow",), "right elbow joint"),
    Marker("RWrist", ("right_wrist",), "right wrist joint"),
    Marker("Neck", ("left_shoulder", "right_shoulder"), "middle of the shoulder joints"),
)
"""All that files hold: the joints in the order of H36M17, then the neck.

The names are those of HALPE_26, Pose2Sim's usual body, whose markers on OpenSim's model they fit; its neck, too, is the
middle of the shoulders where a detector has none. `Spine` and `Thorax` are ours, and programs that do not know them
leave them aside. Human3.6M calls the face at the height of the nose its neck.
"""


@dataclass(frozen=True, slots=True, repr=False)
class MarkerTracks:
    """Where the markers of one person are, at an even rate."""

    places: np.ndarray
    """(T, M, 3) float64 in axes and units of the file, markers as in `MARKERS`; NaN where not known."""
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
    joints = world_joints(motion, world) @ settings.axes(usual_up).T * settings.scale(usual_scale)
    places = np.stack([joints[:, list(map(H36M17.index, one.sources))].mean(axis=1) for one in MARKERS], axis=1)
    start_s = float(motion.time_s[0])
    return MarkerTracks(at_rows(places, even_rows(motion.time_s, rate)), rate, start_s, round(start_s * rate) + 1)
