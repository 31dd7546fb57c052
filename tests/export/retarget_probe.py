"""Run by test_retargeting.py: let Rigify's human metarig follow imported files by the names of the bones alone.

Usage: python retarget_probe.py FOLDER_WITH_BPY FILE... prints, as JSON, for each file and limb the angles in degrees
between the file's limb and the metarig's over the frames.
"""

import json
import math
import os
import sys

sys.path.insert(0, sys.argv[1])
import bpy

LIMBS = (("upper_arm", "forearm"), ("forearm", "hand"), ("thigh", "shin"), ("shin", "foot"))


def way(armature, start, end):
    """The world direction from one bone to another."""
    bones = armature.pose.bones
    return armature.matrix_world.to_3x3() @ (bones[end].head - bones[start].head)


def follow(path):
    """Angles by limb."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    if path.endswith(".glb"):
        bpy.ops.import_scene.gltf(filepath=path)
    elif path.endswith(".fbx"):
        bpy.ops.import_scene.fbx(filepath=path)
    else:
        bpy.ops.import_anim.bvh(filepath=path, global_scale=0.01)
    source = next(item for item in scene.objects if item.type == "ARMATURE")
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_human_metarig_add()
    target = bpy.context.object
    for bone in target.pose.bones:
        if bone.name in source.pose.bones:
            turn = bone.constraints.new("COPY_ROTATION")
            turn.target, turn.subtarget = source, bone.name
            turn.target_space, turn.owner_space = "LOCAL_OWNER_ORIENT", "LOCAL"
    first, last = source.animation_data.action.frame_range
    angles = {}
    for step in range(9):
        scene.frame_set(round(first + (last - first) * step / 8))
        for upper, lower in LIMBS:
            for side in (".L", ".R"):
                ours, theirs = (way(armature, upper + side, lower + side) for armature in (source, target))
                angles.setdefault(upper + side, []).append(math.degrees(ours.angle(theirs)))
    return angles


found = [follow(path) for path in sys.argv[2:]]
print("\n" + json.dumps(found), flush=True)
os._exit(0)  # Blender sometimes crashes when Python takes it down
