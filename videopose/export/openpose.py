"""OpenPose's folder of JSON files, one for each frame, with the joints in space beside those in the picture."""

from pathlib import Path

import numpy as np

from videopose.export.settings import ExportSettings
from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.layouts import BODY25
from videopose.keypoint_files.write_openpose import write_openpose
from videopose.skeletons import COCO17, H36M17
from videopose.types import Detections, Motion, Recording, Track
from videopose.world import CAMERA_WORLD, World, world_joints

_PAIRS = {"neck": ("left_shoulder", "right_shoulder"), "hip": ("left_hip", "right_hip")}
"""Joints in the middle of two, and as sure as the less sure of these, as `in_layout` has it for the picture."""
_SOURCES = {"nose": "neck"}
"""Joints of ours with another name; Human3.6M calls the face at the height of the nose its neck."""


def write_openpose_3d(
    recording: Recording,
    folder: Path,
    stem: str,
    *,
    settings: ExportSettings | None = None,
    world: World = CAMERA_WORLD,
) -> None:
    """Write a folder of `STEM_000000000012_keypoints.json` (version 1.3, BODY_25), one for each frame.

    * `pose_keypoints_2d`: x, y in pixels, score. Neck and middle hip are made from shoulders and hips.
    * `pose_keypoints_3d`: x, y, z, score in the world; Y up and metres unless `settings` say otherwise. The nose is
      the face joint, the neck the middle of the shoulders, as in 2D. The score is that of the keypoint in the picture.
      Empty where nothing was lifted.
    * What is not known, like eyes and ears in space and feet, is 0, 0, 0(, 0). A joint filled in over a gap has its
      place and the score 0.
    * `person_id` is the track's. Frames without people have a file too.

    The folder appears when all files are there, in place of one that was there.

    Args:
        recording: the results.
        folder: to write; what is in its place must pass `keypoint_files.write_openpose.check_folder`.
        stem: what files are called, the video's name.
        settings: axes and units; None: the usual ones.
        world: where to place the joints.

    Raises:
        OutputError: the folder cannot be written, or holds other files.
    """
    settings = settings or ExportSettings()
    present: list[list[tuple[int, int]]] = [[] for _ in recording.frame_index]
    first = int(recording.frame_index[0]) if len(recording.frame_index) else 0
    for person, track in enumerate(recording.tracks):
        for row, index in enumerate(track.frame_index.tolist()):
            present[index - first].append((person, row))
    frames = KeypointFrames(
        source=recording.video.path,
        format="openpose",
        frame_index=recording.frame_index,
        detections=tuple(_people(recording.tracks, rows) for rows in present),
        person_ids=tuple(np.array([recording.tracks[person].person_id for person, _ in rows]) for rows in present),
    )
    places = None
    if recording.motions:
        bodies = [
            _body25(motion, track, settings, world)
            for motion, track in zip(recording.motions, recording.tracks, strict=True)
        ]
        places = [np.array([bodies[person][row] for person, row in rows]) for rows in present]
    write_openpose(folder, frames, stem, places=places)


def _people(tracks: tuple[Track, ...], rows: list[tuple[int, int]]) -> Detections:
    """The people of one frame, given by their track and the row in it."""
    if not rows:
        return Detections.empty()
    keypoints = np.stack([tracks[person].keypoints[row] for person, row in rows])
    boxes = np.stack([tracks[person].boxes[row] for person, row in rows])
    return Detections(boxes, keypoints[..., 2].mean(1), keypoints)


def _body25(motion: Motion, track: Track, settings: ExportSettings, world: World) -> np.ndarray:
    """(T, 25, 4) float64 x, y, z, score; NaN where not known."""
    joints = world_joints(motion, world) @ settings.axes("y").T * settings.scale(1.0)
    body = np.full((len(motion), len(BODY25), 4), np.nan)
    for column, name in enumerate(BODY25):
        if name == "neck":
            body[:, column, :3] = joints[:, [H36M17.index(one) for one in _PAIRS["neck"]]].mean(1)
        elif _SOURCES.get(name, name) in H36M17.joint_names:
            body[:, column, :3] = joints[:, H36M17.index(_SOURCES.get(name, name))]
        seen = [COCO17.index(one) for one in _PAIRS.get(name, (name,)) if one in COCO17.joint_names]
        if seen:
            body[:, column, 3] = track.keypoints[:, seen, 2].min(1)
    return body
