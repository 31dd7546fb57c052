"""Run by test_names.py: print the bones of Rigify's human metarig, as JSON.

Usage: python rigify_probe.py FOLDER_WITH_BPY
"""

import json
import os
import sys

sys.path.insert(0, sys.argv[1])
import bpy

bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.preferences.addon_enable(module="rigify")
bpy.ops.object.armature_human_metarig_add()
bones = bpy.context.object.data.bones
print("\n" + json.dumps({bone.name: bone.parent.name if bone.parent else None for bone in bones}), flush=True)
os._exit(0)  # Blender sometimes crashes when Python takes it down
