"""Angles of joints and speeds of joints, from motion of 17 joints."""

from videopose.kinematics.angles import ANGLES, UNKNOWABLE, Angle, Unknowable
from videopose.kinematics.joint_angles import joint_angles
from videopose.kinematics.speeds import joint_speeds, relative_to_hip

__all__ = ["ANGLES", "UNKNOWABLE", "Angle", "Unknowable", "joint_angles", "joint_speeds", "relative_to_hip"]
