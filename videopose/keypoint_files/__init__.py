"""2D keypoints in the file formats of other programs: read, recognised, mapped to COCO's order, written."""

from videopose.keypoint_files.frames import KeypointFrames

__all__ = ["KeypointFrames"]
