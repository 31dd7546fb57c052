"""Movement for the exporters: recorded and made up."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from videopose.types import Motion


@pytest.fixture(scope="session")
def recorded_motion(shared_dir: Path) -> Callable[[str], tuple[Motion, float]]:
    """The motion and frame rate of a validation view, by its name."""

    def load(name: str) -> tuple[Motion, float]:
        with np.load(shared_dir / "mocap" / "validation_views" / f"{name}.npz") as view:
            motion = Motion(
                1, view["frame_index"], view["time_s"], view["target_joints_3d"][0], view["target_root_3d"][0]
            )
            return motion, float(view["fps"])

    return load
