"""Where the ground is and which way is up, as the feet and the bodies tell."""

from videopose.ground.estimate import Ground, chosen_world, estimate_ground, recorded_ground

__all__ = ["Ground", "chosen_world", "estimate_ground", "recorded_ground"]
