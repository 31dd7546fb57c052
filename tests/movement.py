"""Made-up movement, and recordings of it."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from videopose.skeletons import H36M17
from videopose.types import Motion, Recording, Track, VideoInfo

T_POSE = {  # metres, Y up, facing +Z
    "hip": (0, 0, 0), "left_hip": (0.1, 0, 0), "left_knee": (0.1, -0.4, 0), "left_ankle": (0.1, -0.8, 0),
    "right_hip": (-0.1, 0, 0), "right_knee": (-0.1, -0.4, 0), "right_ankle": (-0.1, -0.8, 0),
    "spine": (0, 0.25, 0), "thorax": (0, 0.5, 0), "neck": (0, 0.698, 0.03), "head": (0, 0.822, -0.126),
    "left_shoulder": (0.18, 0.5, 0), "left_elbow": (0.46, 0.5, 0), "left_wrist": (0.7, 0.5, 0),
    "right_shoulder": (-0.18, 0.5, 0), "right_elbow": (-0.46, 0.5, 0), "right_wrist": (-0.7, 0.5, 0),
}  # fmt: skip
REST = np.array([T_POSE[name] for name in H36M17.joint_names])
FLIP = np.array([1.0, -1.0, -1.0])


def motion_of(joints: np.ndarray, root: np.ndarray | None = None, time_s: np.ndarray | None = None) -> Motion:
    """A motion from Y-up joints (T, 17, 3) and Y-up root, 25 frames per second unless times are given."""
    frames = len(joints)
    root = np.tile([0.0, 0.0, -4.0], (frames, 1)) if root is None else root
    return Motion(
        person_id=1,
        frame_index=np.arange(frames),
        time_s=np.arange(frames) / 25 if time_s is None else time_s,
        joints=(joints * FLIP).astype(np.float32),
        root=(root * FLIP).astype(np.float32),
    )


def wild(frames: int, seed: int) -> np.ndarray:
    """Joints whose bones swing anywhere, smoothly, through poles and folded and straight limbs."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0, frames / 25, frames)
    joints = np.zeros((frames, 17, 3))
    for parent, child in H36M17.bones:
        phase, rate = rng.uniform(0, 2 * np.pi, (3, 1)), rng.uniform(0.5, 3, (3, 1))
        way = np.sin(rate * time + phase).T
        way /= np.linalg.norm(way, axis=-1, keepdims=True)
        joints[:, child] = joints[:, parent] + 0.3 * way
    return joints


def recording_of(
    motions: Sequence[Motion], fps: Fraction | float = 25, time_s: np.ndarray | None = None, frames: int | None = None
) -> Recording:
    """A recording of `frames` frames (as many as the longest motion needs), in which the motions' frames lie."""
    last = max((int(motion.frame_index[-1]) + 1 for motion in motions if len(motion)), default=10)
    count = len(time_s) if time_s is not None else frames or last
    video = VideoInfo("walk.mp4", 640, 480, Fraction(fps).limit_denominator(1001), count, None, 0)
    tracks = [
        Track(
            motion.person_id,
            motion.frame_index,
            np.zeros((len(motion), 17, 3), np.float32),
            np.zeros((len(motion), 4), np.float32),
            np.ones(len(motion), bool),
        )
        for motion in motions
    ]
    times = np.arange(count) / float(fps) if time_s is None else time_s
    return Recording(video, np.arange(count), times, tuple(tracks), tuple(motions))
