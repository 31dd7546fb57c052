"""`videopose evaluate` as a user runs it, with the shipped lifter."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from videopose.assets import DEFAULT_LIFTER, asset_path, load_manifest
from videopose.cli.main import run

METRICS = ["mpjpe_mm", "p_mpjpe_mm", "n_mpjpe_mm", "mpjve_mm", "acceleration_mm"]
Evaluate = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def views(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder named like the one with all views, with two short ones."""
    folder = tmp_path_factory.mktemp("evaluate") / "validation_views"
    folder.mkdir()
    for name in ("09_01_view0.npz", "135_08_view2.npz"):
        (folder / name).symlink_to(shared_dir / "mocap" / "validation_views" / name)
    return folder


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture[str]) -> Evaluate:
    """Run the command; code, stdout, stderr."""

    def call(*words: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["evaluate", *map(str, words)])
        return code, *capsys.readouterr()

    return call


@pytest.mark.shared
def test_views_by_everything(views: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    code, out, err = evaluate("--data", views, "--by-subject", "--by-view", "--json", output)
    assert code == 0, err
    result = json.loads(output.read_text())
    assert list(result["average"]) == METRICS
    assert all(result["average"][name] > 0 for name in METRICS)
    assert sorted(result["actions"]) == ["martial arts", "run"]
    assert sorted(result["subjects"]) == ["09", "135"]
    assert set(result["views"]) == {"facing", "distance"}
    assert list(result["subjects"]["09"]) == METRICS
    assert result["lifter"]["sha256"] == load_manifest()[DEFAULT_LIFTER].sha256
    assert result["settings"] == {"smooth": True, "tta": True}
    frames = sum(len(np.load(path)["time_s"]) for path in views.glob("*.npz"))
    assert result["frames"]["all"] == frames
    assert f"{DEFAULT_LIFTER} on validation_views: 2 sequences, {frames} frames" in out
    for row in ("all", "action: run", "subject: 135", "facing: front"):
        assert row in out
    mpjpe = result["average"]["mpjpe_mm"]
    expected = load_manifest()[DEFAULT_LIFTER].expected_error_mm["validation_views"]
    assert f"expected {expected:.1f} mm, measured {mpjpe:.1f} mm" in out
    assert f"{mpjpe:.1f}" in next(line for line in out.splitlines() if line.lstrip().startswith("all "))


@pytest.mark.shared
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["--no-tta"], id="not mirrored"),
        pytest.param(["--no-smooth"], id="not smoothed"),
        pytest.param(["--subjects", "09"], id="fewer subjects"),
        pytest.param(["--lifter", "FILE"], id="a file"),
    ],
)
def test_what_nobody_has_measured_before_has_no_expectation(views: Path, evaluate: Evaluate, words: list[str]) -> None:
    weights = asset_path(DEFAULT_LIFTER)
    code, out, err = evaluate("--data", views, *[weights if word == "FILE" else word for word in words])
    assert code == 0, err
    assert "expected" not in out
    assert "action: run" in out
    assert "subject:" not in out


@pytest.mark.shared
def test_options_change_the_numbers(views: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    found = {}
    for words in ("", "--no-tta", "--no-smooth", "--clean"):
        path = tmp_path / f"{words}.json"
        assert evaluate("--data", views, "--json", path, *words.split())[0] == 0
        found[words] = json.loads(path.read_text())["average"]["acceleration_mm"]
    assert len(set(found.values())) == 4
    assert found[""] < found["--no-smooth"]


@pytest.mark.shared
def test_motion_capture(shared_dir: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(shared_dir / "mocap" / "cmu_asfamc_subset.zip") as whole,
        zipfile.ZipFile(tmp_path / "few.zip", "w") as few,
    ):
        for name in whole.namelist():
            if name.endswith(("09/09.asf", "09/09_01.amc", "03/03.asf", "03/03_01.amc")):
                few.writestr(name, whole.read(name))
    archive = tmp_path / "mocap.npz"
    assert run(["prepare", "mocap", str(tmp_path / "few.zip"), "-o", str(archive)]) == 0
    code, out, err = evaluate("--data", archive, "--by-view", "--cameras", 2, "--json", tmp_path / "a.json")
    assert code == 0, err
    assert "mocap:09:cameras2: 2 sequences" in out
    result = json.loads((tmp_path / "a.json").read_text())
    assert "subjects" not in result
    assert set(result["views"]) == {"facing", "camera", "distance"}
    words = ("--cameras", 2, "--subjects", "09, 03", "--by-subject", "--recipe", "wild-243")
    assert evaluate("--data", archive, *words, "--json", tmp_path / "b.json")[0] == 0
    both = json.loads((tmp_path / "b.json").read_text())
    assert both["data"] == {"name": "mocap:03,09:wild-243:cameras2", "path": str(archive)}
    assert set(both["subjects"]) == {"03", "09"}


@pytest.mark.shared
def test_results_are_not_replaced_unasked(views: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    output.write_text("mine")
    code, _, err = evaluate("--data", views, "--json", output)
    assert code == 1
    assert f"{output}: already exists. Use --overwrite" in err
    assert output.read_text() == "mine"
    assert evaluate("--data", views, "--json", output, "--overwrite")[0] == 0
    assert json.loads(output.read_text())["average"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        pytest.param([], 2, "Missing option '--data'", id="no data"),
        pytest.param(["--data", "nowhere"], 2, "does not exist", id="no such data"),
        pytest.param(["--data", "empty"], 1, "no NPZ files", id="folder without views"),
        pytest.param(["--data", "x.npz"], 1, "not an archive of motion capture", id="no archive"),
        pytest.param(["--data", "x.npz", "--dataset", "views"], 1, "not a folder", id="file as views"),
        pytest.param(["--data", ".", "--dataset", "mocap"], 1, "a folder. Give an archive", id="folder as archive"),
        pytest.param(["--data", ".", "--dataset", "moon"], 2, "'moon' is not one of", id="dataset"),
        pytest.param(["--data", "views", "--subjects", "5"], 2, "no subject 5. Choose --subjects from 1", id="subject"),
        pytest.param(["--data", "views", "--subjects", "1,,2"], 2, "an empty name", id="empty subject"),
        pytest.param(
            ["--data", "views", "--cameras", "2"], 2, "--cameras is for motion capture", id="cameras of views"
        ),
        pytest.param(["--data", "views"], 1, "1_01_view0.npz: the key", id="broken view"),
        pytest.param(["--data", "views", "--lifter", "unheard-of"], 2, "no lifter and no file", id="lifter"),
        pytest.param(["--data", "views", "--device", "abacus"], 2, "--device abacus", id="device"),
    ],
)
def test_bad_arguments(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.npz").write_bytes(b"nonsense")
    (tmp_path / "empty").mkdir()
    (tmp_path / "views").mkdir()
    np.savez(tmp_path / "views" / "1_01_view0.npz", image_size=[640, 480])
    found, _, err = evaluate(*words, *(["--json", "out.json"] if words else []))
    assert found == code
    (complaint,) = [line for line in err.splitlines() if line.startswith("videopose: ")]
    assert message in complaint
    assert "Traceback" not in err
    assert not (tmp_path / "out.json").exists()
