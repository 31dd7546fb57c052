"""Recordings of which everything is known, and ways to put faults into them."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from videopose.skeletons import COCO17, H36M17
from videopose.types import Motion, Recording, Track, VideoInfo

FOCAL_PX = 1000.0
SIZE = (1280, 720)
SHARED = [name for name in COCO17.joint_names if name in H36M17.joint_names]


def projected(joints: np.ndarray, root: np.ndarray, score: float = 0.9) -> np.ndarray:
    """(T, 17, 3) keypoints exactly where a pinhole camera sees the joints; the face is at the head."""
    placed = joints.astype(np.float64) + root[:, None]
    pixels = FOCAL_PX * placed[..., :2] / placed[..., 2:] + np.array(SIZE) / 2.0
    keypoints = np.full((len(joints), len(COCO17), 3), score)
    for place, name in enumerate(COCO17.joint_names):
        keypoints[:, place, :2] = pixels[:, H36M17.index(name if name in SHARED else "head")]
    return keypoints


def recording_of(
    joints: np.ndarray, root: np.ndarray, time_s: np.ndarray, keypoints: np.ndarray | None = None
) -> Recording:
    """One person with these joints, and keypoints that fit exactly unless others are given."""
    count = len(joints)
    points = (projected(joints, root) if keypoints is None else keypoints).astype(np.float32)
    boxes = np.concatenate([points[..., :2].min(1), points[..., :2].max(1)], axis=-1)
    rate = Fraction(1 / float(np.median(np.diff(time_s)))).limit_denominator(1000) if count > 1 else Fraction(30)
    return Recording(
        video=VideoInfo("walk.mp4", *SIZE, rate, count, None, 0),
        frame_index=np.arange(count),
        time_s=time_s,
        tracks=(Track(1, np.arange(count), points, boxes, np.ones(count, bool)),),
        motions=(Motion(1, np.arange(count), time_s, joints.astype(np.float32), root.astype(np.float32)),),
        provenance={"focal_px": FOCAL_PX, "focal_known": True, "source": "walk.mp4"},
    )


def standing(count: int = 200, rate: float = 50.0) -> Recording:
    """Somebody who stands 4 m from the camera and does not move at all."""
    pose = np.zeros((len(H36M17), 3))
    places = {
        "right_hip": (-0.13, 0, 0), "right_knee": (-0.13, 0.45, 0), "right_ankle": (-0.13, 0.88, 0),
        "left_hip": (0.13, 0, 0), "left_knee": (0.13, 0.45, 0), "left_ankle": (0.13, 0.88, 0),
        "spine": (0, -0.23, 0), "thorax": (0, -0.49, 0), "neck": (0, -0.6, 0), "head": (0, -0.72, 0),
        "left_shoulder": (0.17, -0.45, 0), "left_elbow": (0.2, -0.17, 0), "left_wrist": (0.22, 0.08, 0),
        "right_shoulder": (-0.17, -0.45, 0), "right_elbow": (-0.2, -0.17, 0), "right_wrist": (-0.22, 0.08, 0),
    }  # fmt: skip
    for name, place in places.items():
        pose[H36M17.index(name)] = place
    return recording_of(np.tile(pose, (count, 1, 1)), np.tile([0.0, 0.0, 4.0], (count, 1)), np.arange(count) / rate)


def with_motion(recording: Recording, joints: np.ndarray | None = None, root: np.ndarray | None = None) -> Recording:
    """The same keypoints with another motion."""
    motion = recording.motions[0]
    changed = replace(
        motion,
        joints=motion.joints if joints is None else joints.astype(np.float32),
        root=motion.root if root is None else root.astype(np.float32),
    )
    return replace(recording, motions=(changed,))


def with_track(
    recording: Recording, keypoints: np.ndarray | None = None, observed: np.ndarray | None = None
) -> Recording:
    """The same motion with other keypoints."""
    track = recording.tracks[0]
    changed = replace(
        track,
        keypoints=track.keypoints if keypoints is None else keypoints.astype(np.float32),
        observed=track.observed if observed is None else observed,
    )
    return replace(recording, tracks=(changed,))
