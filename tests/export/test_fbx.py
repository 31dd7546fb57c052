"""FBX files as Blender and three.js read them, and what is said where they cannot be written."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blender import blender_python, run_blender
from browser import unavailable
from movement import FLIP, REST, motion_of, wild
from three_js import ThreeJs, three_js

from videopose.errors import OutputError, UsageError, VideoposeError
from videopose.export import ExportSettings, check_fbx, write_fbx
from videopose.export.humanoid import JOINTS
from videopose.export.humanoid_motion import even_humanoid
from videopose.export.names import joint_names
from videopose.types import Motion
from videopose.world import CAMERA_WORLD

NAMES = [joint.name for joint in JOINTS]


@pytest.fixture
def with_blender(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets `write_fbx` find Blender's module, as if it were installed."""
    python, folder = blender_python()
    if python != sys.executable:
        unavailable("FBX files are written by the same Python as the tests', which must be one that Blender has")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    try:
        check_fbx()
    except UsageError as error:
        unavailable(str(error))


def expected(motion: Motion, fps: float) -> np.ndarray:
    """(T, J, 3) metres, Y up: where the joints are."""
    body, place = even_humanoid(motion, fps, ExportSettings(units="m"), CAMERA_WORLD)
    return np.asarray(body.positions() + place[:, None])


def blender_scenes(wanted: dict[Path, list[float]]) -> list[dict[str, Any]]:
    """What Blender has of files, at some seconds each."""
    program = Path(__file__).with_name("scene_probe.py")
    scenes: list[dict[str, Any]] = run_blender(program, json.dumps({str(path): at for path, at in wanted.items()}))
    return scenes


def y_up(heads: dict[str, list[float]], names: list[str] = NAMES) -> np.ndarray:
    """(J, 3): Blender has Z up and faces -Y."""
    return np.array([heads[name] for name in names])[:, [0, 2, 1]] * [1, 1, -1]


@pytest.mark.shared
def test_blender_and_three_js_show_the_same_places(
    with_blender: None, recorded_motion: Callable[[str], tuple[Motion, float]], tmp_path: Path
) -> None:
    """Upright and in true size, whatever the file's own axes and units."""
    motion, fps = recorded_motion("135_02_view1")
    motion = replace(motion, time_s=motion.time_s - motion.time_s[0])
    rows = (0, 33, len(motion) // 2, len(motion) - 1)
    cases = {"usual": (1.0, {}), "z_m": (100.0, {"up": "z", "units": "m"}), "mm": (0.1, {"units": "mm"})}
    paths = {name: tmp_path / f"{name}.fbx" for name in cases}
    for name, (_, settings) in cases.items():
        write_fbx(motion, paths[name], fps=fps, settings=ExportSettings(**settings))
    wanted = expected(motion, fps)
    for scene in blender_scenes({path: [row / fps for row in rows] for path in paths.values()}):
        assert scene["fps"] == pytest.approx(fps)
        assert [last - first for first, last in scene["ranges"]] == [len(motion) - 1]
        for row, pose in zip(rows, scene["poses"], strict=True):
            np.testing.assert_allclose(y_up(pose["heads"]["Armature"]), wanted[row], atol=3e-4)
            low, high = pose["boxes"]["Body"]
            assert 0.3 < high[2] - low[2] < 2.3
    with three_js() as reader:
        for name, (unit_cm, _) in cases.items():
            loaded = reader.load(paths[name])
            assert loaded["unit_cm"] == pytest.approx(unit_cm)
            assert [clip[1] for clip in loaded["clips"]] == [pytest.approx((len(motion) - 1) / fps, abs=1e-4)]
            for row in rows:
                places = three_places(reader, row / fps) * unit_cm / 100
                np.testing.assert_allclose(places, wanted[row], atol=3e-4)


@pytest.mark.parametrize("rest_pose", ["a", "first"])
def test_the_rest_pose_changes_nothing_that_is_shown(rest_pose: str, with_blender: None, tmp_path: Path) -> None:
    motion = motion_of(wild(30, 1))
    write_fbx(motion, tmp_path / "a.fbx", fps=25, settings=ExportSettings(rest_pose=rest_pose))
    (scene,) = blender_scenes({tmp_path / "a.fbx": [0, 0.4, 1.16]})
    for row, pose in zip((0, 10, 29), scene["poses"], strict=True):
        np.testing.assert_allclose(y_up(pose["heads"]["Armature"]), expected(motion, 25)[row], atol=3e-4)
    rest = dict(zip(NAMES, y_up(scene["rest"]["Armature"]), strict=True))
    start, half = expected(motion, 25)[0], np.sqrt(0.5) * 0.3
    first = start[NAMES.index("LeftHand")] - start[NAMES.index("LeftForeArm")]
    wanted = {"a": [half, -half, 0], "first": first}[rest_pose]
    np.testing.assert_allclose(rest["LeftHand"] - rest["LeftForeArm"], wanted, atol=1e-3)
    np.testing.assert_allclose(rest["Hips"][[0, 2]], 0, atol=1e-4)


def test_names(with_blender: None, tmp_path: Path) -> None:
    presets = ("h36m", "mixamo", "cmu", "rigify")
    for names in presets:
        write_fbx(motion_of(REST[None]), tmp_path / f"{names}.fbx", fps=25, settings=ExportSettings(names=names))
    for names, scene in zip(presets, blender_scenes({tmp_path / f"{names}.fbx": [] for names in presets}), strict=True):
        chosen = joint_names(names)
        assert set(scene["rest"]["Armature"]) == {chosen[name] for name in NAMES}


def test_frame_rates(with_blender: None, tmp_path: Path) -> None:
    rates = {name: Fraction(name) for name in ("30000/1001", "5", "25/2", "240", "1/2")}
    paths = {name: tmp_path / f"{rate.numerator}_{rate.denominator}.fbx" for name, rate in rates.items()}
    motions = {name: motion_of(wild(11, 1), time_s=np.arange(11) / float(rate)) for name, rate in rates.items()}
    for name, rate in rates.items():
        write_fbx(motions[name], paths[name], fps=rate)
    for rate, scene in zip(rates.values(), blender_scenes({path: [] for path in paths.values()}), strict=True):
        assert scene["fps"] == pytest.approx(float(rate), rel=1e-5)
    with three_js() as reader:
        for name, rate in rates.items():
            loaded = reader.load(paths[name])
            assert loaded["clips"][0][1] == pytest.approx(float(10 / rate), rel=1e-6)
            for row in (3, 10):
                wanted = 100 * expected(motions[name], float(rate))[row]
                np.testing.assert_allclose(three_places(reader, float(row / rate)), wanted, atol=0.03)


def three_places(reader: ThreeJs, seconds: float) -> np.ndarray:
    """(J, 3) in the file's units."""
    found = {name: place for (_, name), place in reader.bones(seconds).items()}
    return np.array([found[name] for name in NAMES])


def test_odd_movement(with_blender: None, tmp_path: Path) -> None:
    """One frame, all joints in one point, no root, a joint that is missing, a variable rate."""
    gaps = np.tile(REST * FLIP, (4, 1, 1)).astype(np.float32)
    gaps[1:3, 13] = np.nan
    time_s = np.r_[0, np.sort(np.random.default_rng(1).uniform(0, 2, 70)), 2.0]
    root = np.stack([time_s, np.zeros(72), np.zeros(72)], axis=-1)
    cases = {
        "one frame": motion_of(REST[None]),
        "one point": motion_of(np.zeros((2, 17, 3)), np.full((2, 3), np.nan)),
        "gaps": Motion(1, np.arange(4), np.arange(4) / 25, gaps, np.full((4, 3), np.nan, np.float32)),
        "variable rate": motion_of(np.tile(REST, (72, 1, 1)), root, time_s),
    }
    for name, motion in cases.items():
        write_fbx(motion, tmp_path / f"{name}.fbx", fps=25)
    scenes = blender_scenes({tmp_path / f"{name}.fbx": [0, 1, 2] for name in cases})
    for motion, scene in zip(cases.values(), scenes, strict=True):
        heads = y_up(scene["poses"][0]["heads"]["Armature"])
        np.testing.assert_allclose(heads, expected(motion, 25)[0], atol=3e-4)
    # In the last one somebody moves by a metre a second.
    np.testing.assert_allclose(
        [pose["heads"]["Armature"]["Hips"][0] for pose in scenes[-1]["poses"]], [0, 1, 2], atol=1e-3
    )


def test_calls_without_a_frame_or_rate(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 frames"):
        write_fbx(motion_of(REST[None][:0]), tmp_path / "a.fbx", fps=25)
    with pytest.raises(ValueError, match="fps=0"):
        write_fbx(motion_of(REST[None]), tmp_path / "a.fbx", fps=0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "kind", "words"),
    [
        (
            "raise ModuleNotFoundError(\"No module named 'bpy'\", name='bpy')",
            UsageError,
            'which runs with Python 3.11. Install it with: pip install -c constraints.txt ".[fbx]"',
        ),
        (
            "raise ImportError('libxkbcommon.so.0: cannot open shared object file: No such file or directory')",
            UsageError,
            "cannot be loaded (libxkbcommon.so.0: cannot open shared object file: No such file or directory). Install",
        ),
        ("class ops:\n    pass", OutputError, "Blender could not write it (AttributeError"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", OutputError, "Blender could not write it (it was"),
    ],
    ids=["missing", "system library", "error", "crash"],
)
def test_what_is_said_where_blender_fails(
    module: str, kind: type[VideoposeError], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that fails like Blender's does."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "bpy.py").write_text(module)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    with pytest.raises(kind) as raised:
        write_fbx(motion_of(REST[None]), tmp_path / "out" / "a.fbx", fps=25)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_the_asking_process_does_not_load_blender(with_blender: None, tmp_path: Path) -> None:
    write_fbx(motion_of(REST[None]), tmp_path / "a.fbx", fps=25)
    assert "bpy" not in sys.modules
