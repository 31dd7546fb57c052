"""Joint layouts of other programs, by joint name, and the way from each to COCO's 17 keypoints.

Source: OpenPose's poseParameters.cpp (BODY_25, COCO, MPI), Halpe-FullBody, CrowdPose, MMPose's dataset descriptions.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videopose.errors import InputError
from videopose.skeletons import COCO17, H36M16, H36M17, HUMANEVA15, MPII16

LIMB_JOINTS = COCO17.joint_names[5:]
"""Shoulders, elbows, wrists, hips, knees, ankles: without these nothing can be lifted."""

_ARMS_AND_LEGS = (
    *("right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"),
    *("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
)
COCO18 = ("nose", "neck", *_ARMS_AND_LEGS, "right_eye", "left_eye", "right_ear", "left_ear")
"""OpenPose's COCO model."""
BODY25 = (
    *("nose", "neck", *_ARMS_AND_LEGS[:6], "hip", *_ARMS_AND_LEGS[6:]),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
    *("left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel"),
)
"""OpenPose's default model."""
MPI15 = ("head", "neck", *_ARMS_AND_LEGS, "thorax")
"""OpenPose's MPI model."""
HALPE26 = (
    *(*COCO17.joint_names, "head", "neck", "hip"),
    *("left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe", "left_heel", "right_heel"),
)
"""Halpe's body; the first 26 of its 136."""
CROWDPOSE14 = (
    *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    *("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "head", "neck"),
)
_FIRST = {"wholebody133": (COCO17.joint_names, 133), "halpe136": (HALPE26, 136)}

LAYOUTS: dict[str, tuple[str, ...]] = {
    "coco17": COCO17.joint_names,
    "coco18": COCO18,
    "body25": BODY25,
    "mpi15": MPI15,
    "halpe26": HALPE26,
    "crowdpose14": CROWDPOSE14,
    # Only the body's joints of these are used, which come first.
    **{name: (*first, *(f"other_{i}" for i in range(len(first), count))) for name, (first, count) in _FIRST.items()},
    **{one.name: one.joint_names for one in (H36M17, H36M16, HUMANEVA15, MPII16)},
}
"""Joint names by the layout's name, in the order of the files."""

_WORDS = {
    "eye": ("eye",),
    "ear": ("ear",),
    "shoulder": ("shoulder", "sho"),
    "elbow": ("elbow", "elb"),
    "wrist": ("wrist", "wri"),
    "hip": ("hip",),
    "knee": ("knee", "kne"),
    "ankle": ("ankle", "ank"),
    # Human3.6M's own name of the ankle; taken where the layout has no ankle.
    "foot": ("foot",),
}
_ALIASES = {"nose": "nose", "head": "head", "headtop": "head", "tophead": "head"} | {
    form: f"{side}_{part}"
    for part, words in _WORDS.items()
    for word in words
    for side in ("left", "right")
    for form in (f"{side}{word}", f"{side[0]}{word}", f"{word}{side}", f"{word}{side[0]}")
}

# Each as shares of other joints, in the order in which they are tried; `up` is the nose seen from the middle of the
# shoulders, `left` the left shoulder seen from the right one. A frontal adult has about these proportions.
_EAR_SIDE, _EYE_SIDE = 0.2, 0.09
_NOSE_RULES = (
    {"left_eye": 0.5, "right_eye": 0.5},
    {"left_ear": 0.5, "right_ear": 0.5},
    {"head": 0.6, "left_shoulder": 0.2, "right_shoulder": 0.2},
)


def _beside_the_nose(up: float, left: float) -> dict[str, float]:
    return {"nose": 1 + up, "left_shoulder": left - up / 2, "right_shoulder": -left - up / 2}


def _rules(name: str) -> tuple[dict[str, float], ...]:
    """Ways to place a joint of the face, best first."""
    if name == "nose":
        return _NOSE_RULES
    side, _, part = name.partition("_")
    other = "right" if side == "left" else "left"
    sign = 1 if side == "left" else -1
    if part == "eye":
        return ({"nose": 0.5, f"{side}_ear": 0.5}, _beside_the_nose(0.15, sign * _EYE_SIDE))
    return ({f"{side}_eye": 1.7, f"{other}_eye": -0.7}, _beside_the_nose(0.1, sign * _EAR_SIDE))


@dataclass(frozen=True, slots=True)
class Placed:
    """A joint that a layout lacks, as a weighted sum of those it has."""

    joint: int
    """Index in COCO17."""
    sources: tuple[int, ...]
    """Indices in the layout."""
    weights: tuple[float, ...]
    """One per source, together 1."""


@dataclass(frozen=True, slots=True)
class CocoMapping:
    """How keypoints of a layout become COCO's 17.

    The twelve joints of arms and legs must be there. What lacks of the face is placed from what the layout has:

    * nose: the middle of the eyes; without eyes that of the ears; without these 0.6 of the way from the middle of the
      shoulders to the top of the head;
    * eye: half-way between nose and the ear of its side; without ears above the nose by 0.15 of the way from the middle
      of the shoulders to the nose, and to its side by 0.09 of the way from one shoulder to the other;
    * ear: on the line of the eyes, 0.7 of their distance further out; without eyes above the nose by 0.1 of the way
      from the shoulders to the nose and to its side by 0.2 of the way between the shoulders.

    The score of a placed joint is half the lowest score of those it was made from. It is not known where one of them is
    not.
    """

    joints: int
    """Keypoints of the layout."""
    known: tuple[int, ...]
    """Indices in COCO17 of what the layout has."""
    sources: tuple[int, ...]
    """For each of `known` its index in the layout."""
    placed: tuple[Placed, ...]
    """What it lacks."""

    def apply(self, keypoints: np.ndarray) -> np.ndarray:
        """COCO's keypoints of people.

        Args:
            keypoints: (N, J, 3) x, y, score; NaN where not known.

        Returns:
            (N, 17, 3) of the same type.
        """
        result = np.empty((len(keypoints), len(COCO17), 3), keypoints.dtype)
        result[:, self.known] = keypoints[:, self.sources]
        for one in self.placed:
            used = keypoints[:, one.sources]
            weights = np.array(one.weights, keypoints.dtype)
            result[:, one.joint, :2] = (used[..., :2] * weights[:, None]).sum(1)
            result[:, one.joint, 2] = used[..., 2].min(1) / 2
        return result


def canonical_name(name: str) -> str:
    """The name that videopose has for a joint: `left_shoulder` for LShoulder, l_shoulder, `left shoulder`, ...

    Names that stand for none of COCO's joints or the top of the head are given back in lower case.
    """
    plain = name.strip().lower()
    return _ALIASES.get(re.sub(r"[^a-z0-9]", "", plain), plain)


def mapping_of(place: str, names: Sequence[str]) -> CocoMapping:
    """The way from a layout to COCO's keypoints; see `CocoMapping`.

    Args:
        place: the file, for messages.
        names: of the layout's joints, in the file's order and any usual spelling.

    Raises:
        InputError: a joint of arms or legs is not there, or nothing of the head is, or one is there twice.
    """
    joints: dict[str, int] = {}
    for index, name in enumerate(map(canonical_name, names)):
        if name in joints and (name in COCO17.joint_names or name == "head"):
            raise InputError(f"{place}: the layout has the joint {name} twice. Correct its joint names.")
        joints[name] = index
    for side in ("left", "right"):
        if f"{side}_ankle" not in joints and f"{side}_foot" in joints:
            joints[f"{side}_ankle"] = joints[f"{side}_foot"]
    lacking = [name for name in LIMB_JOINTS if name not in joints]
    if lacking:
        raise InputError(
            f"{place}: the layout of {len(names)} joints lacks {', '.join(lacking)}, which lifting needs. "
            "Give keypoints of whole bodies."
        )
    known = tuple(index for index, name in enumerate(COCO17.joint_names) if name in joints)
    shares: dict[str, dict[str, float]] = {name: {name: 1.0} for name in joints}
    placed = []
    for index, name in enumerate(COCO17.joint_names[:5]):
        if name in joints:
            continue
        # Eyes that were placed themselves say less of the ears than the nose does.
        usable = {one for one in shares if one in joints or one == "nose"}
        rule = next((rule for rule in _rules(name) if usable.issuperset(rule)), None)
        if rule is None:
            raise InputError(
                f"{place}: the layout of {len(names)} joints has neither nose, eyes, ears nor the top of the head. "
                "Give keypoints of whole bodies."
            )
        total: dict[str, float] = {}
        for source, share in rule.items():
            for base, part in shares[source].items():
                total[base] = total.get(base, 0.0) + share * part
        shares[name] = total
        placed.append(Placed(index, tuple(joints[one] for one in total), tuple(total.values())))
    return CocoMapping(len(names), known, tuple(joints[COCO17.joint_names[index]] for index in known), tuple(placed))


def layout_by_count(place: str, joints: int, choices: Sequence[str]) -> str:
    """The one of `choices`, names in `LAYOUTS`, that has so many joints.

    Raises:
        InputError: none has.
    """
    counts = {len(LAYOUTS[name]): name for name in choices}
    if joints not in counts:
        known = ", ".join(f"{count} ({name})" for count, name in counts.items())
        raise InputError(f"{place}: people have {joints} keypoints, a layout that is not known. Known are {known}.")
    return counts[joints]
