"""What users can set for the files that other programs open."""

from dataclasses import dataclass

import numpy as np

from videopose.errors import UsageError
from videopose.world import WORLDS

UPS = ("y", "z")
UNITS = {"m": 1.0, "mm": 1000.0}
"""Units of length and how many of them make a metre."""
REST_POSES = ("t", "a", "first")
NAMES = ("videopose", "h36m", "mixamo", "cmu", "rigify")

_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Y up, facing +Z becomes Z up, facing -Y, as Blender has it."""


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """Axes, units and names of motion files.

    Raises:
        UsageError: a value is none of those there are.
    """

    world: str = "camera"
    """`camera`: its own axes, turned to point up; `ground`: gravity and floor as the feet tell them."""
    up: str | None = None
    """Axis that points up, `y` or `z`; None: what readers of the format expect."""
    units: str | None = None
    """Of length, `m` or `mm`; None: what readers of the format expect."""
    rest_pose: str = "t"
    """Of skeletons: `t` (arms to the sides), `a` (arms half down), or `first`: the first frame's pose."""
    names: str = "videopose"
    """Joint names of skeletons, one of `NAMES`."""

    def __post_init__(self) -> None:
        for option, value, choices in (
            ("--world", self.world, WORLDS),
            ("--up", self.up, UPS),
            ("--units", self.units, tuple(UNITS)),
            ("--rest-pose", self.rest_pose, REST_POSES),
            ("--names", self.names, NAMES),
        ):
            if value is not None and value not in choices:
                raise UsageError(f"{option} {value!r}: there is no such choice. Choose from {', '.join(choices)}.")

    def axes(self, usual_up: str) -> np.ndarray:
        """(3, 3) float64: turns Y-up vectors into the file's axes.

        Args:
            usual_up: axis that points up where nothing else was asked for.
        """
        return np.eye(3) if (self.up or usual_up) == "y" else _Z_UP.copy()

    def scale(self, usual: float) -> float:
        """Units of the file per metre.

        Args:
            usual: the same where nothing else was asked for.
        """
        return usual if self.units is None else UNITS[self.units]
