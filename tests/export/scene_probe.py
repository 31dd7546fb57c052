"""Run by tests of .glb and .fbx files: import one into Blender and print what there is, as JSON.

Usage: python scene_probe.py FOLDER_WITH_BPY FILE SECONDS...
"""

import json
import os
import sys

sys.path.insert(0, sys.argv[1])
import bpy

path = sys.argv[2]
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
if path.endswith(".glb"):
    scene.render.fps = 100  # glTF knows seconds only: what follows is asked for in hundredths
    bpy.ops.import_scene.gltf(filepath=path)
else:
    bpy.ops.import_scene.fbx(filepath=path)
fps = scene.render.fps / scene.render.fps_base
armatures = [item for item in scene.objects if item.type == "ARMATURE"]
bodies = [item for item in scene.objects if item.type == "MESH" and item.find_armature()]
# FBX files start at frame 1 in Blender, glTF ones at 0.
actions = [item.animation_data.action for item in armatures if item.animation_data]
first = 0.0 if path.endswith(".glb") else min(action.frame_range[0] for action in actions)
poses = []
for seconds in map(float, sys.argv[3:]):
    frame = seconds * fps + first
    scene.frame_set(int(frame), subframe=frame - int(frame))
    heads = {
        armature.name: {bone.name: (armature.matrix_world @ bone.head)[:] for bone in armature.pose.bones}
        for armature in armatures
    }
    boxes = {}
    for body in bodies:
        shown = body.evaluated_get(bpy.context.evaluated_depsgraph_get())
        corners = [shown.matrix_world @ corner.co for corner in shown.data.vertices]
        boxes[body.name] = [[pick(corner[axis] for corner in corners) for axis in range(3)] for pick in (min, max)]
    poses.append(
        {"heads": heads, "boxes": boxes, "scales": {item.name: item.matrix_world.to_scale()[:] for item in armatures}}
    )
rest = {
    armature.name: {bone.name: (armature.matrix_world @ bone.head_local)[:] for bone in armature.data.bones}
    for armature in armatures
}
ranges = [action.frame_range[:] for action in actions]
print("\n" + json.dumps({"fps": fps, "poses": poses, "rest": rest, "ranges": ranges, "first": first}), flush=True)
os._exit(0)  # Blender sometimes crashes when Python takes it down
