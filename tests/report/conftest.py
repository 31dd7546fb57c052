"""Recorded movement of which everything is known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from known_recordings import recording_of

from videopose.types import Recording


@pytest.fixture(scope="session")
def recorded(shared_dir: Path) -> Callable[[str], Recording]:
    """A validation view as a recording without any error: true joints, and keypoints that are their projections."""

    def load(name: str) -> Recording:
        with np.load(shared_dir / "mocap" / "validation_views" / f"{name}.npz") as view:
            return recording_of(view["target_joints_3d"][0], view["target_root_3d"][0], view["time_s"])

    return load
