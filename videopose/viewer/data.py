"""What the page knows: a description as JSON, and the packed arrays it points into."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from videopose.export.drawing import Colour, letter_colour, person_colour
from videopose.kinematics import ANGLES, UNKNOWABLE, joint_angles, joint_speeds
from videopose.skeletons import COCO17, H36M17, Skeleton
from videopose.types import Motion, Recording, Track
from videopose.viewer.packing import Packer, quantised
from videopose.viewer.placing import Stage, camera_mark, stage

ABSENT, FILLED, BETWEEN, SEEN = range(4)
"""State of a person in a frame: not there; filled in over a gap; between frames that were looked at; seen."""
PLACE_STEP_M = 0.001
SPEED_STEP_M_S = 0.001
ANGLE_STEP_DEGREES = 0.1
SCORE_STEP = 1 / 250
_KEYPOINT_STEPS = 16_000
"""Steps along the picture's longer side; twice the picture's size is the furthest that is kept."""
_UNKNOWN_SCORE = 255


@dataclass(frozen=True, slots=True)
class PageData:
    """Everything of a recording that the page shows, without the video."""

    description: dict[str, Any]
    """JSON-able; `arrays` of it point into `packed`."""
    packed: str
    """Base64 of deflated bytes, see `packing.Packer`."""


def page_data(recording: Recording, title: str) -> PageData:
    """Describe a recording for the page.

    Args:
        recording: the results.
        title: what the page is called.
    """
    packer = Packer()
    staged = stage(recording)
    start_s = float(recording.time_s[0]) if len(recording.time_s) else 0.0
    description = {
        "title": title,
        "size": [recording.video.width, recording.video.height],
        "fps": float(recording.video.fps),
        "frames": len(recording.frame_index),
        "firstFrame": int(recording.frame_index[0]) if len(recording.frame_index) else 0,
        "startTime": start_s,
        "time": packer.add(recording.time_s.astype(np.float64) - start_s),
        "skeleton": _layout(H36M17),
        "keypoints": _layout(COCO17),
        "camera": camera_mark(recording, staged.world),
        "angles": [{"name": a.name, "title": a.title, "hint": f"0: {a.zero}. More: {a.positive}."} for a in ANGLES],
        "unknowable": [{"name": one.name, "reason": one.reason} for one in UNKNOWABLE],
        "facts": _facts(recording, staged.ground),
        "people": [_person(recording, place, staged, packer) for place in range(len(recording.tracks))],
    }
    return PageData(description, packer.text())


def _layout(skeleton: Skeleton) -> dict[str, Any]:
    sides = [
        "left" if n.startswith("left_") else "right" if n.startswith("right_") else "" for n in skeleton.joint_names
    ]
    return {"names": list(skeleton.joint_names), "bones": [list(bone) for bone in skeleton.bones], "sides": sides}


def _person(recording: Recording, place: int, staged: Stage, packer: Packer) -> dict[str, Any]:
    """One person's row of the description; its arrays have a row for each frame from `start` on."""
    track = recording.tracks[place]
    longest_px = max(recording.video.width, recording.video.height)
    scores = track.keypoints[..., 2]
    levels = np.clip(np.rint(np.nan_to_num(scores) / SCORE_STEP), 0, 1 / SCORE_STEP)
    step_px = longest_px / _KEYPOINT_STEPS
    arrays = {
        "state": packer.add(_state(track)),
        "keypoints": packer.add(quantised(track.keypoints[..., :2], step_px), step_px),
        "scores": packer.add(np.where(np.isfinite(scores), levels, _UNKNOWN_SCORE).astype(np.uint8), SCORE_STEP),
    }
    if recording.motions:
        arrays |= _motion_arrays(recording.motions[place], staged, packer)
    colour = person_colour(track.person_id)
    return {
        "id": track.person_id,
        "colour": _css(colour),
        "letters": _css(letter_colour(colour)),
        "start": int(track.frame_index[0] - recording.frame_index[0]) if len(track) else 0,
        "rows": len(track),
        "placed": track.person_id not in staged.unplaced,
        "arrays": arrays,
    }


def _css(colour: Colour) -> str:
    blue, green, red = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def _motion_arrays(motion: Motion, staged: Stage, packer: Packer) -> dict[str, Any]:
    places = staged.places.get(motion.person_id, np.zeros((0, len(H36M17), 3)))
    root = np.where(np.isfinite(places[:, 0]), places[:, 0], 0.0)
    whole = np.rint(np.clip(root, -1e6, 1e6) / PLACE_STEP_M).astype(np.int32)
    # relative to the root as it is written, so that errors of rounding do not add up
    relative = places - whole[:, None] * PLACE_STEP_M
    return {
        "root": packer.add(whole, PLACE_STEP_M),
        "joints": packer.add(quantised(relative, PLACE_STEP_M), PLACE_STEP_M),
        "angles": packer.add(quantised(joint_angles(motion, staged.world), ANGLE_STEP_DEGREES), ANGLE_STEP_DEGREES),
        "speeds": packer.add(quantised(joint_speeds(motion), SPEED_STEP_M_S), SPEED_STEP_M_S),
    }


def _state(track: Track) -> np.ndarray:
    """(T,) uint8."""
    return np.where(track.observed, SEEN, np.where(track.supported, BETWEEN, FILLED)).astype(np.uint8)


def _facts(recording: Recording, ground: str) -> list[list[str]]:
    """Where the results come from, as pairs of words for the notes."""
    known = recording.provenance
    facts = []
    for title, keys in (
        ("Video", ("source",)),
        ("Made", ("created",)),
        ("Detector", ("detector", "name")),
        ("Lifter", ("lifter", "name")),
        ("videopose", ("videopose",)),
    ):
        value: Any = known
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            facts.append([title, value])
    if known.get("focal_known") is False:
        facts.append(["Focal length", "not known, taken to be usual: distances along the view are less certain."])
    if ground:
        facts.append(["Ground", f"{ground}."])
    return facts
