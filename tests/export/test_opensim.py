"""TRC files in OpenSim itself: both of its readers, and inverse kinematics with Pose2Sim's model and markers."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import unavailable
from installed import python_package
from made_motion import at_times, made_motion, markers, without

from videopose.export import ExportSettings
from videopose.export.trc import write_trc
from videopose.kinematics import ANGLES, joint_angles
from videopose.skeletons import H36M17
from videopose.types import Motion
from videopose.world import CAMERA_WORLD

OPENSIM = "opensim==4.6"
POSE2SIM = "pose2sim==0.10.49"
ANGLE_NAMES = [angle.name for angle in ANGLES]


@pytest.fixture(scope="session")
def opensim(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Runs `opensim_probe.py` with arguments and gives what it prints."""
    site = python_package(OPENSIM)

    def run(*arguments: str | Path) -> Any:
        probe = Path(__file__).with_name("opensim_probe.py")
        command = [sys.executable, str(probe), str(site), *map(str, arguments)]
        # it leaves a log where it is started
        folder = tmp_path_factory.mktemp("opensim")
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if done.returncode and "cannot open shared object file" in done.stderr:
            unavailable(f"OpenSim lacks a system library: {done.stderr.strip().splitlines()[-1]}")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])

    return run


def test_opensim_reads_the_same_markers(opensim: Callable[..., Any], tmp_path: Path) -> None:
    whole = made_motion(40, start=12, fps=29.97)
    uneven = at_times(whole, whole.time_s + np.where(np.arange(40) > 20, 0.5, 0.0))
    gaps = without(whole, joints=[(3, "left_knee"), (4, "right_shoulder"), (5, "hip")], root=slice(8, 12))
    cases = {
        "Läufe 走る": (whole, None, 1.0, "meters"),
        "mm": (whole, ExportSettings(units="mm"), 1000.0, "millimeters"),
        "gaps": (gaps, None, 1.0, "meters"),
        "uneven": (uneven, None, 1.0, "meters"),
        "one": (made_motion(1), None, 1.0, "meters"),
        "lost": (without(whole, joints=[(6, name) for name in H36M17.joint_names]), None, 1.0, "meters"),
    }
    paths = [tmp_path / f"{name}.trc" for name in cases]
    for path, (motion, settings, _, _) in zip(paths, cases.values(), strict=True):
        write_trc(motion, path, fps=29.97, settings=settings)
    result = opensim("read", *paths)
    assert result["version"].startswith("4.6")
    for (name, (motion, _, scale, units)), file in zip(cases.items(), result["files"], strict=True):
        table, data = file["table"], file["data"]
        assert table["labels"] == data["labels"]
        assert table["labels"][:4] == ["Hip", "RHip", "RKnee", "RAnkle"]
        assert float(table["rate"]) == data["rate"] == 29.97
        assert (table["units"], data["units"]) == ("mm" if scale > 1 else "m", units)
        first = round(motion.time_s[0] * 29.97) + 1
        assert data["numbers"] == list(range(first, first + len(data["numbers"])))
        for seen in (table, data):
            rows = len(seen["times_s"])
            np.testing.assert_allclose(seen["times_s"], motion.time_s[0] + np.arange(rows) / 29.97, atol=6e-7)
            places = np.array(seen["places"])
            if name == "uneven":
                assert rows == 40 + round(0.5 * 29.97)
                np.testing.assert_allclose(places[:21], markers(motion)[:21], atol=2e-6)
                continue
            expected = markers(motion) * scale
            if name == "gaps":  # bridged, as in `test_trc.py`
                places, expected = np.delete(places, slice(8, 12), 0), np.delete(expected, slice(8, 12), 0)
            np.testing.assert_allclose(places, expected, atol=6e-7 * scale)


@pytest.mark.shared
def test_inverse_kinematics_follow_the_motion(
    opensim: Callable[..., Any], recorded_motion: Callable[[str], tuple[Motion, float]], tmp_path: Path
) -> None:
    """Five seconds of walking. The model has its own place for each joint, so angles differ by a constant."""
    whole, fps = recorded_motion("09_12_view0")
    motion = Motion(1, whole.frame_index[:300], whole.time_s[:300], whole.joints[:300], whole.root[:300])
    write_trc(motion, tmp_path / "walk.trc", fps=fps)
    setup = python_package(POSE2SIM, "--no-deps") / "Pose2Sim" / "OpenSim_Setup"
    found = opensim("kinematics", setup, tmp_path / "walk.trc", tmp_path)
    ours = joint_angles(motion, CAMERA_WORLD)
    assert np.mean(found["marker_error_RMS"]) < 0.045  # metres
    # name in the model, ours, least correlation, most of the constant and of what remains, degrees
    for theirs, name, correlation, offset, spread in (
        ("knee_angle", "knee_flexion", 0.99, 3, 2),
        ("hip_flexion", "hip_flexion", 0.99, 12, 2),
        ("hip_adduction", "hip_adduction", 0.97, 6, 2),
        ("elbow_flex", "elbow_flexion", 0.98, 30, 3),
    ):
        for side in ("left", "right"):
            angle = np.array(found[f"{theirs}_{side[0]}"])
            own = ours[:, ANGLE_NAMES.index(f"{side}_{name}")]
            assert np.corrcoef(angle, own)[0, 1] > correlation
            assert abs(np.mean(angle - own)) < offset
            assert np.std(angle - own) < spread
