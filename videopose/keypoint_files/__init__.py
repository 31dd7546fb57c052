"""2D keypoints in the file formats of other programs: read, recognised, mapped to COCO's order, written."""

from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.reading import READ_FORMATS, read_keypoint_file

__all__ = ["READ_FORMATS", "KeypointFrames", "read_keypoint_file"]
