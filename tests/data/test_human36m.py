"""Preparing Human3.6M: the recorded archives come back from raw files in every form."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cdflib.cdfwrite
import h5py
import numpy as np
import pytest
from scipy.io import savemat

from videopose.camera import project, world_to_camera
from videopose.cli.main import run
from videopose.data.archive import read_objects
from videopose.data.human36m import SUBJECTS, action_name, project_positions, project_world, read_positions
from videopose.data.open_archives import open_poses
from videopose.data.rig import cameras
from videopose.errors import InputError
from videopose.skeletons import H36M17_FROM_H36M32

Positions = dict[str, dict[str, np.ndarray]]


def write_cdf(folder: Path, subject: str, action: str, millimetres: np.ndarray) -> Path:
    path = folder / subject / "MyPoseFeatures" / "D3_Positions" / f"{action}.cdf"
    path.parent.mkdir(parents=True, exist_ok=True)
    file = cdflib.cdfwrite.CDF(path, cdf_spec={"Majority": "row_major"}, delete=True)
    spec = {"Variable": "Pose", "Data_Type": 45, "Num_Elements": 1, "Rec_Vary": True, "Dim_Sizes": millimetres.shape}
    file.write_var(spec, var_data=millimetres[None])
    file.close()
    return path


def write_mat(folder: Path, subject: str, action: str, millimetres: np.ndarray) -> Path:
    path = folder / subject / "MyPoseFeatures" / "D3_Positions" / f"{action}.cdf.mat"
    path.parent.mkdir(parents=True, exist_ok=True)
    cell = np.empty((1, 1), object)
    cell[0, 0] = millimetres
    savemat(path, {"data": cell})
    return path


def write_h5(folder: Path, subject: str, action: str, millimetres: np.ndarray) -> Path:
    path = folder / "h36m" / subject / "MyPoses" / "3D_positions" / f"{action.replace(' ', '_')}.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["3D_positions"] = millimetres.T
    return path


WRITERS: dict[str, Callable[[Path, str, str, np.ndarray], Path]] = {
    "cdf": write_cdf, "cdf.mat": write_mat, "h5": write_h5,
}  # fmt: skip


@pytest.fixture(scope="module")
def recorded(shared_dir: Path) -> dict[str, Any]:
    folder = shared_dir / "golden" / "human36m_form"
    return read_objects(folder / "data_3d_h36m.npz", ["positions_3d"]) | read_objects(
        folder / "data_2d_h36m_gt.npz", ["positions_2d", "metadata"]
    )


def raw(joints: np.ndarray) -> np.ndarray:
    """(T, 96) millimetres."""
    return joints.reshape(len(joints), 96).astype(np.float64) * 1000


def zip_folder(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*.*"):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return path


@pytest.mark.shared
@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("form", WRITERS)
def test_the_recorded_archives_come_back(recorded: dict[str, Any], tmp_path: Path, form: str, zipped: bool) -> None:
    source = tmp_path / "raw"
    for subject, actions in recorded["positions_3d"].items():
        for action, joints in actions.items():
            WRITERS[form](source, subject, action, raw(joints))
    if zipped:
        source = zip_folder(source, tmp_path / "h36m.zip")
    out = tmp_path / "out"
    assert run(["prepare", "human36m", str(source), "-o", str(out), "--allow-missing"]) == 0
    ours = read_objects(out / "data_3d_h36m.npz", ["positions_3d"])["positions_3d"]
    assert list(ours) == list(recorded["positions_3d"])
    for subject, actions in recorded["positions_3d"].items():
        assert set(ours[subject]) == set(actions)
        for action, joints in actions.items():
            assert ours[subject][action].dtype == np.float32
            np.testing.assert_array_equal(ours[subject][action], joints)
    ours = read_objects(out / "data_2d_h36m_gt.npz", ["positions_2d", "metadata"])
    assert ours["metadata"] == recorded["metadata"]
    assert list(ours["metadata"]) == list(recorded["metadata"])
    assert list(ours["positions_2d"]) == list(recorded["positions_2d"])
    for subject, actions in recorded["positions_2d"].items():
        assert set(ours["positions_2d"][subject]) == set(actions)
        for action, views in actions.items():
            assert len(ours["positions_2d"][subject][action]) == len(views)
            for mine, theirs in zip(ours["positions_2d"][subject][action], views, strict=True):
                assert mine.dtype == theirs.dtype
                np.testing.assert_array_equal(mine, theirs)


@pytest.mark.shared
def test_projection_is_that_of_the_camera_model(recorded: dict[str, Any]) -> None:
    camera = cameras("human36m", "S9")[2]
    world = recorded["positions_3d"]["S9"]["Walking"].astype(np.float64)
    moved = world_to_camera(world, camera.orientation.astype(np.float64), camera.position_m.astype(np.float64))
    inner = (camera.focal_px, camera.center_px, camera.radial, camera.tangential)
    assert all(part is not None for part in inner)
    np.testing.assert_allclose(project_world(world.astype(np.float32), camera), project(moved, *inner), atol=2e-3)


@pytest.mark.shared
def test_prepared_archives_open(recorded: dict[str, Any], tmp_path: Path) -> None:
    write_h5(tmp_path, "S9", "Greeting 1", raw(recorded["positions_3d"]["S9"]["Walking"]))
    assert run(["prepare", "human36m", str(tmp_path), "-o", str(tmp_path), "--allow-missing"]) == 0
    data = open_poses(tmp_path, "human36m", "gt")
    assert [sequence.name for sequence in data.sequences] == [f"S9/Greeting 1/{camera}" for camera in range(4)]


@pytest.mark.parametrize(
    ("raw_name", "expected"),
    [
        ("Walking", "Walking"),
        ("Walking 1", "Walking 1"),
        ("Walking_1", "Walking 1"),
        ("TakingPhoto", "Photo"),
        ("WalkingDog 1", "WalkDog 1"),
        ("WalkTogether_2", "WalkTogether 2"),
    ],
)
def test_actions_have_the_archives_names(raw_name: str, expected: str) -> None:
    assert action_name(raw_name) == expected


def complete(folder: Path, write: Callable[[Path, str, str, np.ndarray], Path]) -> None:
    """A whole copy: seven subjects with 30 files of one frame."""
    frame = np.random.default_rng(0).normal(0, 500, (1, 96))
    for subject in SUBJECTS:
        for index in range(13):
            for action in (f"Action{index}", f"Action{index} 1"):
                write(folder, subject, action, frame)
        for action in ("Directions", "Directions 1", "WalkingDog", "TakingPhoto 1"):
            write(folder, subject, action, frame)


def test_a_whole_copy_is_taken_without_the_corrupt_recording(tmp_path: Path) -> None:
    complete(tmp_path, write_h5)
    write_h5(tmp_path, "S2", "Walking", np.zeros((1, 96)))
    write_h5(tmp_path, "S1", "_ALL", np.zeros((1, 96)))
    positions = read_positions(tmp_path)
    assert list(positions) == list(SUBJECTS)
    assert "Directions" not in positions["S11"]
    assert {"Directions 1", "WalkDog", "Photo 1"} < set(positions["S11"])
    assert {subject: len(actions) for subject, actions in positions.items()} == dict.fromkeys(SUBJECTS, 30) | {
        "S11": 29
    }
    assert project_positions(positions)["S9"]["WalkDog"][3].shape == (1, len(H36M17_FROM_H36M32), 2)


def test_a_missing_file_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    complete(tmp_path, write_h5)
    (tmp_path / "h36m" / "S7" / "MyPoses" / "3D_positions" / "Action3.h5").unlink()
    out = tmp_path / "out"
    assert run(["prepare", "human36m", str(tmp_path), "-o", str(out)]) == 1
    complaint = capsys.readouterr().err
    assert "has 29 .h5 files of the subject S7, not 30" in complaint
    assert "--allow-missing" in complaint
    assert not out.exists()
    assert len(read_positions(tmp_path, allow_missing=True)["S7"]) == 29


def test_the_fuller_form_is_taken(tmp_path: Path) -> None:
    write_mat(tmp_path, "S1", "Walking", np.full((2, 96), 5.0))
    write_cdf(tmp_path, "S1", "Walking", np.full((3, 96), 1000.0))
    write_cdf(tmp_path, "S1", "Eating", np.full((3, 96), 1000.0))
    positions = read_positions(tmp_path, allow_missing=True)
    assert set(positions["S1"]) == {"Walking", "Eating"}
    assert (positions["S1"]["Walking"] == 1).all()


def broken(path: Path, how: str) -> None:
    if how == "cut off":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    elif how == "empty":
        path.write_bytes(b"")
    else:
        path.write_bytes(b"hello there" * 100)


@pytest.mark.parametrize("how", ["cut off", "empty", "something else"])
@pytest.mark.parametrize("form", WRITERS)
def test_broken_files_are_named(tmp_path: Path, form: str, how: str) -> None:
    path = WRITERS[form](tmp_path, "S1", "Walking", np.random.default_rng(0).normal(size=(50, 96)))
    broken(path, how)
    with pytest.raises(InputError, match=rf"{path.name}: (cannot be read|holds)") as caught:
        read_positions(tmp_path, allow_missing=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (np.zeros((5, 51)), r"holds float64 of shape .*\(5, 51\), not a row of 96 numbers"),
        (np.zeros((0, 96)), "not a row of 96"),
        (np.full((5, 96), np.nan), "holds NaN"),
        (np.zeros((5, 96), np.int64), "holds int64"),
    ],
    ids=["17 joints", "no frames", "NaN", "integers"],
)
def test_other_content_is_refused(tmp_path: Path, content: np.ndarray, message: str) -> None:
    write_h5(tmp_path, "S1", "Walking", content)
    with pytest.raises(InputError, match=rf"Walking\.h5: .*{message}|Walking\.h5: {message}"):
        read_positions(tmp_path, allow_missing=True)


def test_two_files_of_one_action_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_h5(tmp_path / folder, "S1", "Walking", np.zeros((5, 96)))
    with pytest.raises(InputError, match="S1/Walking is there twice"):
        read_positions(tmp_path, allow_missing=True)


def test_other_folders_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no S"):
        read_positions(tmp_path)
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(InputError, match="no folder and no zip"):
        read_positions(tmp_path / "a.txt")
