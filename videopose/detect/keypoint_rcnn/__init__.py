"""Keypoint R-CNN, Detectron2's networks for people, on plain torch."""

from videopose.detect.keypoint_rcnn.detector import KeypointRcnnDetector

__all__ = ["KeypointRcnnDetector"]
