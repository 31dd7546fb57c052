"""Run by `fbx.py` as a program of its own, with Blender's Python module: builds a moving figure and writes an FBX file.

Usage: python -P fbx_blender.py [FIGURE.npz FILE.fbx]. Without arguments it only tells whether Blender can start.
Imports nothing of videopose, so that it starts quickly and shares nothing with the process that asked.
"""

import contextlib
import os
import sys
from typing import Any

import numpy as np

NO_BLENDER, BROKEN_BLENDER = 3, 4
"""Exit codes: the module is missing, or cannot be loaded (a message says why)."""
_SHORTEST = 0.001
"""Metres: Blender drops bones without length."""


def main(arguments: list[str]) -> int:
    """Exit code."""
    try:
        import bpy
    except ModuleNotFoundError as error:
        print(error, file=sys.stderr)
        return NO_BLENDER if error.name == "bpy" else BROKEN_BLENDER
    except ImportError as error:
        print(error, file=sys.stderr)
        return BROKEN_BLENDER
    if arguments:
        figure, path = arguments
        with np.load(figure, allow_pickle=False) as arrays:
            write(bpy, {name: arrays[name] for name in arrays.files}, path)
    return 0


def write(bpy: Any, figure: dict[str, np.ndarray], path: str) -> None:
    """Build the scene and export it.

    Args:
        bpy: Blender.
        figure: the arrays that `fbx.py` names.
        path: of the FBX file.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    # Blender's unit becomes the file's: numbers and transformations go into it as they are, with a scale of 1.
    scene.unit_settings.system = "METRIC"
    scene.unit_settings.scale_length = 1 / float(figure["units_per_metre"])
    scene.render.fps, scene.render.fps_base = int(figure["fps"][0]), float(figure["fps"][1])
    scene.frame_start, scene.frame_end = 0, len(figure["place"]) - 1
    up = str(figure["up"])
    armature = _armature(bpy, figure, up)
    _mesh(bpy, figure, armature)
    _animate(bpy, figure, armature)
    with contextlib.redirect_stdout(sys.stderr):
        bpy.ops.export_scene.fbx(
            filepath=path,
            axis_up=up,
            axis_forward="-Z" if up == "Y" else "Y",
            apply_unit_scale=True,
            apply_scale_options="FBX_SCALE_UNITS",
            add_leaf_bones=False,
            bake_anim_use_nla_strips=False,
            bake_anim_use_all_actions=False,
            bake_anim_simplify_factor=0.0,
            use_metadata=False,
        )


def _armature(bpy: Any, figure: dict[str, np.ndarray], up: str) -> Any:
    from mathutils import Euler

    data = bpy.data.armatures.new("Armature")
    # Unreal takes a top node of this name for no bone.
    armature = bpy.data.objects.new("Armature", data)
    bpy.context.collection.objects.link(armature)
    if up == "Y":  # undone by the exporter's turn from Z up to Y up: the file has no turn at all
        armature.rotation_euler = Euler((np.pi / 2, 0, 0))
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    shortest = _SHORTEST * float(figure["units_per_metre"])
    for name, parent, head, tail in zip(
        figure["names"], figure["parents"], figure["heads"], figure["tails"], strict=True
    ):
        bone = data.edit_bones.new(str(name))
        if np.linalg.norm(tail - head) < shortest:
            tail = head + shortest * np.array([0.0, 1.0, 0.0] if up == "Y" else [0.0, 0.0, 1.0])
        bone.head, bone.tail = head, tail
        if parent >= 0:
            bone.parent = data.edit_bones[str(figure["names"][parent])]
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def _mesh(bpy: Any, figure: dict[str, np.ndarray], armature: Any) -> None:
    data = bpy.data.meshes.new("Body")
    data.from_pydata(figure["corners"].tolist(), [], figure["triangles"].tolist())
    data.polygons.foreach_set("use_smooth", np.ones(len(figure["triangles"]), bool))
    data.polygons.foreach_set("material_index", figure["sides"].astype(np.int32))
    for name, colour in zip(figure["side_names"], figure["colours"], strict=True):
        material = bpy.data.materials.new(str(name))
        material.diffuse_color = (*colour, 1.0)
        material.roughness = 0.6
        data.materials.append(material)
    body = bpy.data.objects.new("Body", data)
    bpy.context.collection.objects.link(body)
    body.parent = armature
    body.modifiers.new("Armature", "ARMATURE").object = armature
    for row, name in enumerate(figure["names"]):
        group = body.vertex_groups.new(name=str(name))
        for corner, slot in np.argwhere((figure["joints"] == row) & (figure["weights"] > 0)).tolist():
            group.add([corner], float(figure["weights"][corner, slot]), "ADD")


def _animate(bpy: Any, figure: dict[str, np.ndarray], armature: Any) -> None:
    action = bpy.data.actions.new("motion")
    armature.animation_data_create().action = action
    frames = np.arange(len(figure["place"]))

    def keys(path: str, values: np.ndarray) -> None:
        for index, column in enumerate(values.T):
            curve = action.fcurves.new(path, index=index)
            curve.keyframe_points.add(len(frames))
            curve.keyframe_points.foreach_set("co", np.stack([frames, column], axis=-1).ravel())
            curve.keyframe_points.foreach_set("interpolation", np.full(len(frames), 1, np.int32))  # 1: linear
            curve.update()

    for row, name in enumerate(figure["names"]):
        bone = armature.pose.bones[str(name)]
        bone.rotation_mode = "QUATERNION"
        axes = np.array(bone.bone.matrix_local)[:3, :3]
        turns = figure["turns"][row]
        # From the file's axes into the bone's own: a turn keeps its angle, its axis moves along.
        keys(f'pose.bones["{name}"].rotation_quaternion', np.column_stack([turns[:, 3], turns[:, :3] @ axes]))
        if row == 0:
            keys(f'pose.bones["{name}"].location', (figure["place"] - figure["heads"][0]) @ axes)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # Blender sometimes crashes when Python takes it down, with everything written
