"""`videopose prepare` for datasets: what it says, and what it does not overwrite."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from videopose.cli.main import run


def human36m_source(folder: Path) -> list[str]:
    path = folder / "S1" / "MyPoses" / "3D_positions" / "Walking.h5"
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        file["3D_positions"] = np.random.default_rng(0).normal(0, 500, (96, 4))
    return ["human36m", str(folder), "--allow-missing"]


def humaneva_source(folder: Path) -> list[str]:
    path = folder / "Train" / "S1" / "Box 1 chunk0.mat"
    path.parent.mkdir(parents=True)
    savemat(path, {"poses_3d": np.ones((4, 15, 3)), "poses_2d": np.ones((4, 3, 15, 2))})
    return ["humaneva", str(folder)]


def custom_source(folder: Path) -> list[str]:
    folder.mkdir()
    np.savez(folder / "a.npz", keypoints_2d=np.ones((1, 4, 17, 3)), image_size=(640, 480), fps=30.0)
    return ["custom", str(folder), "--name", "mine"]


SOURCES = {
    "human36m": (human36m_source, ["data_2d_h36m_gt.npz", "data_3d_h36m.npz"]),
    "humaneva": (humaneva_source, ["data_2d_humaneva15_gt.npz", "data_3d_humaneva15.npz"]),
    "custom": (custom_source, ["data_2d_custom_mine.npz"]),
}


@pytest.mark.parametrize("dataset", SOURCES)
def test_archives_are_written_and_never_replaced_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dataset: str
) -> None:
    make, names = SOURCES[dataset]
    out = tmp_path / "out"
    command = ["prepare", *make(tmp_path / "source"), "-o", str(out)]
    assert run(command) == 0
    assert sorted(path.name for path in out.iterdir()) == names
    said = capsys.readouterr().out
    assert all(name in said for name in names)
    assert "1 sequences, 4 frames" in said
    for name in names[1:]:
        (out / name).unlink()
    (out / names[0]).write_bytes(b"precious")
    assert run(command) == 1
    assert f"{names[0]}: already exists. Use --overwrite" in capsys.readouterr().err
    assert [(path.name, path.read_bytes()) for path in out.iterdir()] == [(names[0], b"precious")]
    assert run([*command, "--overwrite"]) == 0
    assert sorted(path.name for path in out.iterdir()) == names
    assert (out / names[0]).read_bytes() != b"precious"


@pytest.mark.parametrize("dataset", SOURCES)
def test_a_folder_that_cannot_be_written_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dataset: str
) -> None:
    (tmp_path / "file").touch()
    command = SOURCES[dataset][0](tmp_path / "source")
    assert run(["prepare", *command, "-o", str(tmp_path / "file")]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("videopose: ")
    assert "cannot be written" in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["human36m", "nowhere", "-o", "out"], 2, "'nowhere' does not exist"),
        (["human36m", ".", "-o", "out"], 1, "holds no S*/MyPoseFeatures/D3_Positions/*.cdf"),
        (["humaneva", ".", "-o", "out"], 1, "Give the folder converted_15j"),
        (["custom", ".", "-o", "out", "--name", "mine"], 1, "no .npz files"),
        (["custom", ".", "-o", "out", "--name", "../mine"], 2, "has more than letters"),
        (["custom", ".", "-o", "out"], 2, "Missing option '--name'"),
    ],
)
def test_mistakes_end_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["prepare", *arguments]) == code
    complaint = capsys.readouterr().err
    assert message in complaint
    assert complaint.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_help_lists_the_datasets_without_heavy_imports() -> None:
    code = (
        "import sys\nfrom videopose.cli.main import run\nassert run(['prepare', '--help']) == 0\n"
        "assert not {'torch', 'numpy', 'scipy', 'h5py', 'cdflib'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in ("human36m", "humaneva", "mocap", "custom"))
