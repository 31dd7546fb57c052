"""Another figure follows our files in Blender as soon as the names of its bones are chosen."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from blender import blender_python, run_blender
from movement import recording_of

from videopose.export import ExportSettings, write_bvh, write_fbx, write_glb
from videopose.types import Motion


@pytest.mark.shared
def test_rigifys_metarig_follows_by_name(
    recorded_motion: Callable[[str], tuple[Motion, float]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every limb keeps the angle to ours that the two rest poses have, in every frame of somebody fighting."""
    motion, fps = recorded_motion("135_02_view1")
    motion = replace(motion, time_s=motion.time_s - motion.time_s[0], frame_index=np.arange(len(motion)))
    settings = ExportSettings(names="rigify", rest_pose="a")
    paths = [tmp_path / "a.bvh", tmp_path / "a.glb"]
    write_bvh(motion, paths[0], fps=fps, settings=settings)
    write_glb(recording_of([motion], fps, motion.time_s), paths[1], settings=settings)
    python, folder = blender_python()
    if python == sys.executable:
        monkeypatch.setenv("PYTHONPATH", str(folder))
        paths.append(tmp_path / "a.fbx")
        write_fbx(motion, paths[2], fps=fps, settings=replace(settings, up="z"))
    for angles in run_blender(Path(__file__).with_name("retarget_probe.py"), *map(str, paths)):
        assert len(angles) == 8
        for limb, degrees in angles.items():
            assert max(degrees) < 25, limb
            assert np.ptp(degrees) < 3, limb
