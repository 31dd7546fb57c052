"""The embedded detector, built on Google's BlazePose networks; runs on any CPU."""

from videopose.detect.blazepose.detector import BlazePoseDetector

__all__ = ["BlazePoseDetector"]
