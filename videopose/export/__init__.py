"""Results as files: NPZ and JSON arrays, and BVH, glTF and FBX motion for animation programs."""

from videopose.export.arrays import KEYPOINT_KEYS, RecordingArrays, to_arrays, to_recording, video_of
from videopose.export.bvh import write_bvh
from videopose.export.fbx import check_fbx, write_fbx
from videopose.export.gltf import write_glb
from videopose.export.json import recording_schema, write_json
from videopose.export.npz import KeypointArrays, read_keypoints, read_npz, read_recording, write_npz
from videopose.export.settings import ExportSettings

__all__ = [
    "KEYPOINT_KEYS",
    "ExportSettings",
    "KeypointArrays",
    "RecordingArrays",
    "check_fbx",
    "read_keypoints",
    "read_npz",
    "read_recording",
    "recording_schema",
    "to_arrays",
    "to_recording",
    "video_of",
    "write_bvh",
    "write_fbx",
    "write_glb",
    "write_json",
    "write_npz",
]
