"""Joint names of the skeletons in files, as other programs know them, so that retargeting finds the bones by itself.

Sources: Human3.6M (Ionescu et al., PAMI 2014) in the spelling of `skeletons.py`; the rig of mixamo.com; the BVH
conversion of the CMU motion capture database that animators use; Blender's Rigify metarig `human`.
"""

from videopose.export.humanoid import JOINTS

END = "_end"
"""What the end of a joint without children is called, after the joint's own name."""
ENDED = ("Head", "LeftHand", "RightHand", "LeftFoot", "RightFoot")

_VIDEOPOSE = tuple(joint.name for joint in JOINTS)

_H36M = {
    "Hips": "hip", "LeftHip": "left_pelvis", "RightHip": "right_pelvis",
    "LeftUpLeg": "left_hip", "LeftLeg": "left_knee", "LeftFoot": "left_ankle",
    "RightUpLeg": "right_hip", "RightLeg": "right_knee", "RightFoot": "right_ankle",
    "Spine": "lower_spine", "Spine1": "spine", "Spine2": "thorax", "Neck": "lower_neck", "Head": "neck",
    "LeftShoulder": "left_collar", "LeftArm": "left_shoulder", "LeftForeArm": "left_elbow", "LeftHand": "left_wrist",
    "RightShoulder": "right_collar", "RightArm": "right_shoulder", "RightForeArm": "right_elbow",
    "RightHand": "right_wrist", "Head_end": "head",
}  # fmt: skip
"""A joint is called after the body joint it sits at; helpers at the place of another have names of their own."""

_MIXAMO_ENDS = {
    "Head_end": "HeadTop_End", "LeftFoot_end": "LeftToe_End", "RightFoot_end": "RightToe_End",
}  # fmt: skip

_CMU = {"LeftHip": "LHipJoint", "RightHip": "RHipJoint", "Spine": "LowerBack", "Spine1": "Spine", "Spine2": "Spine1"}

_RIGIFY = {
    "Hips": "spine", "Spine": "spine.001", "Spine1": "spine.002", "Spine2": "spine.003", "Neck": "spine.004",
    "Head": "spine.006",
}  # fmt: skip
_RIGIFY_SIDES = {
    "Hip": "pelvis", "UpLeg": "thigh", "Leg": "shin", "Foot": "foot",
    "Shoulder": "shoulder", "Arm": "upper_arm", "ForeArm": "forearm", "Hand": "hand",
}  # fmt: skip


def joint_names(preset: str) -> dict[str, str]:
    """Names to write, unique, by our own.

    Args:
        preset: one of `settings.NAMES`.

    Returns:
        The name of every joint of `humanoid.JOINTS`, and, as `Head_end` and so on, of the ends in `ENDED`.
    """
    special = {"h36m": _H36M, "mixamo": _mixamo(), "cmu": _CMU, "rigify": _rigify()}.get(preset, {})
    names = {name: special.get(name, name) for name in _VIDEOPOSE}
    return names | {name + END: special.get(name + END, names[name] + END) for name in ENDED}


def _mixamo() -> dict[str, str]:
    return {name: f"mixamorig:{name}" for name in _VIDEOPOSE} | {
        end: f"mixamorig:{name}" for end, name in _MIXAMO_ENDS.items()
    }


def _rigify() -> dict[str, str]:
    sides = {side + ours: f"{theirs}.{side[0]}" for ours, theirs in _RIGIFY_SIDES.items() for side in ("Left", "Right")}
    return _RIGIFY | sides
