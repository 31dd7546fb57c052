"""A recording as one HTML page: video, 3D scene, time line and curves, without a server or a network."""

from videopose.viewer.media import default_video
from videopose.viewer.opening import open_page
from videopose.viewer.page import write_view

__all__ = ["default_video", "open_page", "write_view"]
