"""videopose: from ordinary video of people to 3D motion."""

__version__ = "0.1.0"
