"""`videopose prepare mocap --as human36m` as a user runs it."""

import zipfile
from pathlib import Path

import pytest

from videopose.cli.main import run

pytestmark = pytest.mark.shared
ARCHIVES = ["data_2d_h36m_detected.npz", "data_2d_h36m_detected_coco.npz", "data_2d_h36m_gt.npz", "data_3d_h36m.npz"]


@pytest.fixture(scope="module")
def capture(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A jump of subject 16 and a run of subject 09."""
    folder = tmp_path_factory.mktemp("capture")
    with zipfile.ZipFile(shared_dir / "mocap" / "cmu_asfamc_subset.zip") as archive:
        for name in ("16/16.asf", "16/16_01.amc", "09/09.asf", "09/09_01.amc"):
            archive.extract(f"all_asfamc/subjects/{name}", folder)
    return folder


def prepare(capture: Path, output: Path, *options: str) -> int:
    return run(["prepare", "mocap", str(capture), "-o", str(output), "--as", "human36m", *options])


def test_the_archives_and_what_is_in_them(capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(capture, tmp_path / "out") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ARCHIVES
    said = capsys.readouterr().out
    assert "2 sequences before 4 cameras" in said
    assert "S6 134 (of 16), S9 " in said
    assert "root mean square" in said
    assert prepare(capture, tmp_path / "out") == 1
    assert "data_3d_h36m.npz: already exists. Use --overwrite" in capsys.readouterr().err
    assert prepare(capture, tmp_path / "out", "--overwrite") == 0


def test_subjects_of_ones_own_choice(capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(capture, tmp_path / "out", "--subject", "S11=16") == 0
    said = capsys.readouterr().out
    assert "S11 134 (of 16)" in said
    assert "left out, subjects without a name: 09" in said


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--subject", "S1"], 2, "--subject 'S1' is not a name and whose recordings. Give for example S1=16,49."),
        (["--subject", "S1="], 2, "--subject 'S1=' is not a name"),
        (["--subject", "S2=16"], 2, "--subject 'S2' is not a subject of Human3.6M. Choose from S1, S5,"),
        (["--subject", "S1=16", "--subject", "S5=16"], 2, "16 is both S1 and S5"),
        (["--subject", "S1=77"], 1, "no recording of the subjects 77 is 1 s long"),
        (["--as", "archive", "--subject", "S1=16"], 2, "Use it with --as human36m"),
    ],
    ids=["no people", "empty", "no rig", "twice", "nobody", "other form"],
)
def test_subjects_that_make_no_sense(
    capture: Path,
    tmp_path: Path,
    options: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert prepare(capture, tmp_path / "out", *options) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder(capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out.npz").touch()
    assert prepare(capture, tmp_path / "out.npz", "--overwrite") == 1
    assert "out.npz: is a file, but --as human36m writes several. Give a folder with -o." in capsys.readouterr().err
