"""Lifting: from the 2D keypoints of a track to 3D joints in metres."""
