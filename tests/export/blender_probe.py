"""Run by test_bvh_readers.py: import BVH files into Blender and print where the bones are, as JSON.

Usage: python blender_probe.py FOLDER_WITH_BPY FILE.bvh...
"""

import json
import os
import sys

sys.path.insert(0, sys.argv[1])
import bpy

imported = []
for path in sys.argv[2:]:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_anim.bvh(filepath=path, update_scene_fps=True)
    armature = bpy.context.object
    scene = bpy.context.scene
    first, last = (int(frame) for frame in armature.animation_data.action.frame_range)
    frames = sorted({first, (first + last) // 3, (first + last) // 2, last})
    poses = []
    for frame in frames:
        scene.frame_set(frame)
        bones = armature.pose.bones
        ends = {bone.name: (armature.matrix_world @ bone.tail)[:] for bone in bones}
        poses.append({"heads": {bone.name: (armature.matrix_world @ bone.head)[:] for bone in bones}, "tails": ends})
    rest = {bone.name: (armature.matrix_world @ bone.head_local)[:] for bone in armature.data.bones}
    rows = [frame - first for frame in frames]
    fps = scene.render.fps / scene.render.fps_base
    imported.append({"rows": rows, "frames": last - first + 1, "fps": fps, "poses": poses, "rest": rest})
print("\n" + json.dumps({"blender": bpy.app.version_string, "files": imported}), flush=True)
os._exit(0)  # Blender sometimes crashes when Python takes it down
