"""Joint names: unique, and those that the other programs' own skeletons have."""

from pathlib import Path

import pytest
from blender import run_blender

from videopose.export.humanoid import JOINTS
from videopose.export.names import END, ENDED, joint_names
from videopose.export.settings import NAMES
from videopose.skeletons import H36M17

MIXAMO = {
    "HeadTop_End", "LeftToe_End", "RightToe_End", "Hips", "Spine", "Spine1", "Spine2", "Neck", "Head",
    "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand", "RightShoulder", "RightArm", "RightForeArm", "RightHand",
    "LeftUpLeg", "LeftLeg", "LeftFoot", "RightUpLeg", "RightLeg", "RightFoot",
}  # fmt: skip
"""Bones of a figure downloaded from mixamo.com, fingers and toes left out."""
CMU = {
    "Hips", "LHipJoint", "LeftUpLeg", "LeftLeg", "LeftFoot", "RHipJoint", "RightUpLeg", "RightLeg", "RightFoot",
    "LowerBack", "Spine", "Spine1", "Neck", "Head", "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand",
    "RightShoulder", "RightArm", "RightForeArm", "RightHand",
}  # fmt: skip
"""Joints of the BVH conversion of the CMU database; without Neck1, fingers and toes."""
PARENTS = {joint.name: joint.parent for joint in JOINTS}


def bones(preset: str) -> dict[str, str]:
    """Names of the joints, without those of the ends."""
    return {ours: name for ours, name in joint_names(preset).items() if not ours.endswith(END)}


@pytest.mark.parametrize("preset", NAMES)
def test_every_joint_has_a_name_of_its_own(preset: str) -> None:
    names = joint_names(preset)
    assert list(names) == [joint.name for joint in JOINTS] + [name + END for name in ENDED]
    assert len(set(names.values())) == len(names)
    # One word each, as BVH wants; Blender cuts names of bones behind 63 bytes.
    assert all(name.isascii() and name.isprintable() and " " not in name and len(name) < 64 for name in names.values())


@pytest.mark.parametrize("preset", NAMES)
def test_left_and_right_are_named_alike(preset: str) -> None:
    swaps = (("Left", "Right"), ("left", "right"), ("LHip", "RHip"), (".L", ".R"))
    names = joint_names(preset)
    for ours, name in names.items():
        if ours.startswith("Left"):
            other = names["Right" + ours.removeprefix("Left")]
            assert other != name
            assert other in {name.replace(left, right) for left, right in swaps}


def test_mixamo_names() -> None:
    helpers = {"mixamorig:LeftHip", "mixamorig:RightHip", "mixamorig:LeftHand_end", "mixamorig:RightHand_end"}
    assert set(joint_names("mixamo").values()) == {f"mixamorig:{name}" for name in MIXAMO} | helpers


def test_cmu_names() -> None:
    assert set(bones("cmu").values()) == CMU
    assert PARENTS["Spine1"] == "Spine"
    assert [bones("cmu")[name] for name in ("Spine", "Spine1", "Spine2")] == ["LowerBack", "Spine", "Spine1"]


def test_h36m_names_are_those_of_the_body_joints() -> None:
    names = joint_names("h36m")
    at = {joint.name: joint.at for joint in JOINTS}
    own = {ours: name for ours, name in names.items() if name in H36M17.joint_names}
    assert {name for ours, name in own.items() if ours in at and at[ours] == name} | {"head"} == set(H36M17.joint_names)
    assert own["Head_end"] == "head"


def test_rigify_names_are_those_of_the_metarig() -> None:
    metarig = run_blender(Path(__file__).with_name("rigify_probe.py"))
    names = bones("rigify")
    assert set(names.values()) <= set(metarig)
    for ours, name in names.items():
        ancestors, bone = set(), metarig[name]
        while bone is not None:
            ancestors.add(bone)
            bone = metarig[bone]
        parent = names.get(PARENTS[ours] or "")
        # Rigify's pelvis bones have no children: thighs start at the spine.
        assert parent is None or parent in ancestors or parent.startswith("pelvis")
