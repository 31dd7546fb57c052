"""People followed through a video: identities, gaps, left and right, ghosts; and zero-phase smoothing."""

from videopose.track.settings import TrackSettings
from videopose.track.smoothing import smooth
from videopose.track.spread import spread
from videopose.track.tracker import build_tracks

__all__ = ["TrackSettings", "build_tracks", "smooth", "spread"]
