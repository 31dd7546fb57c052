"""Lifting: from the 2D keypoints of a track to 3D joints in metres."""

from videopose.lift.checkpoint import LifterInfo, LifterWeights, load_lifter_weights, save_lifter_weights
from videopose.lift.lifter import Lifter
from videopose.lift.resolve import resolve_lifter
from videopose.lift.root import RootResult, solve_root, standing_height

__all__ = [
    "Lifter",
    "LifterInfo",
    "LifterWeights",
    "RootResult",
    "load_lifter_weights",
    "resolve_lifter",
    "save_lifter_weights",
    "solve_root",
    "standing_height",
]
