"""The CSV table: read by the standard library, compared with what it was made from."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_motion import made_recording, without, y_up

from videopose.errors import OutputError
from videopose.export import ExportSettings
from videopose.export.csv import write_csv
from videopose.kinematics import ANGLES, joint_angles, joint_speeds
from videopose.skeletons import COCO17, H36M17
from videopose.types import Motion
from videopose.world import CAMERA_WORLD


def read(path: Path) -> tuple[list[str], np.ndarray]:
    """Names of columns, and (R, C) numbers with NaN for empty cells."""
    with path.open(newline="", encoding="utf-8") as stream:
        names, *rows = csv.reader(stream)
    return names, np.array([[float(cell or "nan") for cell in row] for row in rows]).reshape(len(rows), len(names))


def block(names: list[str], values: np.ndarray, *columns: str) -> np.ndarray:
    """(R, C) of the named columns."""
    return values[:, [names.index(column) for column in columns]]


def test_every_person_and_frame_has_a_row(tmp_path: Path) -> None:
    recording = made_recording(20, [(0, 20), (4, 11)], start=100)
    write_csv(recording, tmp_path / "walk.csv")
    names, values = read(tmp_path / "walk.csv")
    assert len(set(names)) == len(names)
    person, frame, time_s, observed, root_known = block(
        names, values, "person_id", "frame_index", "time_s", "observed", "root_known"
    ).T
    assert person.tolist() == [1] * 20 + [2] * 7
    assert frame.tolist() == [*range(100, 120), *range(104, 111)]
    np.testing.assert_allclose(time_s, frame / 30, atol=6e-7)
    assert observed.tolist() == np.concatenate([track.observed for track in recording.tracks]).tolist()
    assert root_known.all()
    start = 0
    for track, motion in zip(recording.tracks, recording.motions, strict=True):
        rows = values[start : start + len(track)]
        start += len(track)
        joints = [f"{joint}_{axis}_m" for joint in H36M17.joint_names for axis in "xyz"]
        np.testing.assert_allclose(block(names, rows, *joints).reshape(-1, 17, 3), y_up(motion), atol=6e-7)
        keypoints = [f"{keypoint}_{part}" for keypoint in COCO17.joint_names for part in ("x_px", "y_px", "score")]
        np.testing.assert_allclose(block(names, rows, *keypoints).reshape(-1, 17, 3), track.keypoints, atol=6e-4)
        angles = [f"{angle.name}_deg" for angle in ANGLES]
        np.testing.assert_allclose(block(names, rows, *angles), joint_angles(motion, CAMERA_WORLD), atol=6e-4)
        speeds = [f"{joint}_speed_m_s" for joint in H36M17.joint_names]
        np.testing.assert_allclose(block(names, rows, *speeds), joint_speeds(motion), atol=6e-5)
    assert len(names) == 5 + 17 * 3 + 17 * 3 + len(ANGLES) + 17


def test_axes_and_units_on_demand(tmp_path: Path) -> None:
    recording = made_recording(4, [(0, 4)])
    write_csv(recording, tmp_path / "walk.csv", settings=ExportSettings(up="z", units="mm"))
    names, values = read(tmp_path / "walk.csv")
    assert "hip_x_m" not in names
    x, y, z = y_up(recording.motions[0])[:, H36M17.index("left_wrist")].T * 1000
    wrist = block(names, values, "left_wrist_x_mm", "left_wrist_y_mm", "left_wrist_z_mm")
    np.testing.assert_allclose(wrist, np.stack([x, -z, y], axis=-1), atol=6e-4)


def test_what_is_not_known_is_an_empty_cell(tmp_path: Path) -> None:
    recording = made_recording(8, [(0, 8)])
    motion = without(recording.motions[0], joints=[(2, "left_knee")], root=slice(5, 7))
    keypoints = recording.tracks[0].keypoints.copy()
    keypoints[3, COCO17.index("nose")] = np.nan
    recording = replace(recording, motions=(motion,), tracks=(replace(recording.tracks[0], keypoints=keypoints),))
    write_csv(recording, tmp_path / "walk.csv")
    names, values = read(tmp_path / "walk.csv")
    assert "nan" not in (tmp_path / "walk.csv").read_text()
    knee = block(names, values, "left_knee_x_m", "left_knee_y_m", "left_knee_z_m", "left_knee_flexion_deg")
    assert np.argwhere(np.isnan(knee)).tolist() == [[2, column] for column in range(4)]
    nose = block(names, values, "nose_x_px", "nose_y_px", "nose_score")
    assert np.argwhere(np.isnan(nose)).tolist() == [[3, column] for column in range(3)]
    assert block(names, values, "root_known").ravel().tolist() == [1, 1, 1, 1, 1, 0, 0, 1]
    assert np.isfinite(block(names, values, "hip_x_m")).all()


def test_somebody_without_any_root(tmp_path: Path) -> None:
    recording = made_recording(4, [(0, 4)])
    recording = replace(recording, motions=(without(recording.motions[0], root=slice(None)),))
    write_csv(recording, tmp_path / "walk.csv")
    names, values = read(tmp_path / "walk.csv")
    assert not block(names, values, "root_known", "hip_x_m", "hip_y_m", "hip_z_m", "hip_speed_m_s").any()
    head = H36M17.index("head")
    np.testing.assert_allclose(
        block(names, values, "head_y_m").ravel(), -recording.motions[0].joints[:, head, 1], atol=6e-7
    )


def test_nobody_is_a_line_of_names(tmp_path: Path) -> None:
    write_csv(made_recording(5, []), tmp_path / "empty.csv")
    names, values = read(tmp_path / "empty.csv")
    assert names[:3] == ["person_id", "frame_index", "time_s"]
    assert len(values) == 0


def test_tracks_that_were_not_lifted_have_keypoints_only(tmp_path: Path) -> None:
    recording = made_recording(6, [(1, 5)], lifted=False)
    write_csv(recording, tmp_path / "walk.csv")
    names, values = read(tmp_path / "walk.csv")
    assert np.isnan(block(names, values, "hip_x_m", "left_knee_flexion_deg", "hip_speed_m_s")).all()
    assert np.isfinite(block(names, values, "nose_x_px")).all()
    assert not block(names, values, "root_known").any()


def test_a_single_frame_has_no_speed(tmp_path: Path) -> None:
    write_csv(made_recording(1, [(0, 1)]), tmp_path / "walk.csv")
    names, values = read(tmp_path / "walk.csv")
    assert values.shape[0] == 1
    assert np.isnan(block(names, values, "hip_speed_m_s")).all()
    assert np.isfinite(block(names, values, "hip_x_m")).all()


def test_an_unwritable_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_csv(made_recording(3, [(0, 3)]), tmp_path / "file" / "walk.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.shared
def test_a_recorded_walk(recorded_motion: Callable[[str], tuple[Motion, float]], tmp_path: Path) -> None:
    motion, fps = recorded_motion("09_12_view0")
    made = made_recording(len(motion), [(0, len(motion))])
    recording = replace(made, motions=(motion,), time_s=motion.time_s)
    write_csv(recording, tmp_path / "walk.csv")
    names, values = read(tmp_path / "walk.csv")
    # a walk of so many metres in so many seconds
    path = block(names, values, "hip_x_m", "hip_y_m", "hip_z_m")
    way = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
    speed = block(names, values, "hip_speed_m_s").ravel()
    assert speed.mean() == pytest.approx(way / (len(motion) - 1) * fps, rel=0.02)
    knee = block(names, values, "left_knee_flexion_deg").ravel()
    assert 50 < knee.max() < 80
