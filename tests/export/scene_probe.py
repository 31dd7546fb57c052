"""Run by tests of .glb and .fbx files: import them into Blender and print what there is, as JSON.

Usage: python scene_probe.py FOLDER_WITH_BPY JSON, an object with the seconds to look at by file.
"""

import json
import os
import sys

sys.path.insert(0, sys.argv[1])
import bpy


def probe(path, times_s):
    """What is in the scene, and where at each time."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    if path.endswith(".glb"):
        scene.render.fps = 100  # glTF knows seconds only: what follows is asked for in hundredths
        bpy.ops.import_scene.gltf(filepath=path)
    else:
        bpy.ops.import_scene.fbx(filepath=path)
    armatures = [item for item in scene.objects if item.type == "ARMATURE"]
    bodies = [item for item in scene.objects if item.type == "MESH" and item.find_armature()]
    actions = [item.animation_data.action for item in armatures if item.animation_data]
    # FBX files start at frame 1 in Blender, glTF ones at 0. Keys of FBX files lie at whole frames per second.
    first = 0.0 if path.endswith(".glb") else min(action.frame_range[0] for action in actions)
    poses = []
    for seconds in times_s:
        frame = seconds * scene.render.fps + first
        scene.frame_set(int(frame), subframe=frame - int(frame))
        boxes = {}
        for body in bodies:
            shown = body.evaluated_get(bpy.context.evaluated_depsgraph_get())
            corners = [shown.matrix_world @ corner.co for corner in shown.data.vertices]
            boxes[body.name] = [[pick(corner[axis] for corner in corners) for axis in range(3)] for pick in (min, max)]
        heads = {
            item.name: {bone.name: (item.matrix_world @ bone.head)[:] for bone in item.pose.bones} for item in armatures
        }
        scales = {item.name: item.matrix_world.to_scale()[:] for item in armatures}
        poses.append({"heads": heads, "boxes": boxes, "scales": scales})
    return {
        "fps": scene.render.fps / scene.render.fps_base,
        "poses": poses,
        "rest": {
            item.name: {bone.name: (item.matrix_world @ bone.head_local)[:] for bone in item.data.bones}
            for item in armatures
        },
        "ranges": [action.frame_range[:] for action in actions],
    }


found = [probe(path, times_s) for path, times_s in json.loads(sys.argv[2]).items()]
print("\n" + json.dumps(found), flush=True)
os._exit(0)  # Blender sometimes crashes when Python takes it down
