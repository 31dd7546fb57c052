"""Results as files: NPZ and JSON arrays, and BVH motion for animation programs."""

from videopose.export.arrays import KEYPOINT_KEYS, RecordingArrays, to_arrays, to_recording
from videopose.export.bvh import write_bvh
from videopose.export.json import recording_schema, write_json
from videopose.export.npz import KeypointArrays, read_keypoints, read_npz, write_npz

__all__ = [
    "KEYPOINT_KEYS",
    "KeypointArrays",
    "RecordingArrays",
    "read_keypoints",
    "read_npz",
    "recording_schema",
    "to_arrays",
    "to_recording",
    "write_bvh",
    "write_json",
    "write_npz",
]
