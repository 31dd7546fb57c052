"""`videopose evaluate --dataset human36m|humaneva15` as users run it, on archives of the public form."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from videopose.cli.evaluate_archive import compare_expected
from videopose.cli.main import run
from videopose.lift import LifterInfo, save_lifter_weights
from videopose.lift.model import TemporalModel
from videopose.skeletons import HUMANEVA15

METRICS = ["mpjpe_mm", "p_mpjpe_mm", "n_mpjpe_mm", "mpjve_mm", "acceleration_mm"]
Evaluate = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def golden(shared_dir: Path) -> Path:
    return shared_dir / "golden" / "human36m_form"


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture[str]) -> Evaluate:
    """Run the command; code, stdout, stderr."""

    def call(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["evaluate", *map(str, words)])
        return code, *capsys.readouterr()

    return call


def human36m(golden: Path, lifter: Path | str = "pretrained_27f_64c.bin") -> list[object]:
    return ["--data", golden, "--dataset", "human36m", "--keypoints", "gt", "--lifter", golden / lifter]


@pytest.mark.shared
def test_the_recorded_numbers(golden: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    code, out, err = evaluate(*human36m(golden), "--by-subject", "--json", output)
    assert code == 0, err
    result = json.loads(output.read_text())
    assert list(result["average"]) == METRICS
    assert result["actions"]["Walking"]["mpjpe_mm"] == pytest.approx(95.81936849281192, rel=1e-5)
    assert result["actions"]["Eating"]["mpjve_mm"] == pytest.approx(4.2000804, rel=1e-5)
    assert list(result["subjects"]) == ["S9", "S11"]
    assert result["subjects"]["S9"]["actions"]["Eating"]["p_mpjpe_mm"] == pytest.approx(51.49369, rel=1e-5)
    assert list(result["subjects"]["S11"]["average"]) == METRICS
    assert result["frames"] == {"all": 3600, "actions": {"Eating": 1200, "Walking": 2400}}
    assert result["data"] == {"name": "human36m:gt", "path": str(golden)}
    assert result["settings"] == {"tta": True, "precision": "float32"}
    assert len(result["lifter"]["sha256"]) == 64
    assert "24 sequences, 3600 frames" in out
    for words in (
        ["average", "3600", "75.9", "59.0", "75.9", "3.28"],
        ["S11: Walking", "1200", "88.1", "62.4", "87.7"],
    ):
        assert any(line.split()[: len(" ".join(words).split())] == " ".join(words).split() for line in out.splitlines())


@pytest.mark.shared
def test_all_measures_some_subjects_and_actions(golden: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    words = ("--measures", "all", "--subjects", "S11", "--actions", "Eat", "--no-tta", "--json", output)
    code, out, err = evaluate(*human36m(golden), *words)
    assert code == 0, err
    result = json.loads(output.read_text())
    assert list(result["actions"]) == ["Eating"]
    assert result["frames"]["all"] == 600
    errors = result["average"]
    assert errors == result["actions"]["Eating"]
    assert set(errors) == {
        *METRICS,
        *("acceleration_mm_s2", "mpjpe_14_mm", "pa_mpjpe_14_mm", "acceleration_14_mm", "acceleration_14_mm_s2"),
        *("pck_150_percent", "auc_150_percent"),
    }
    assert errors["acceleration_mm_s2"] == pytest.approx(2500 * errors["acceleration_mm"], abs=0.01)
    assert errors["pa_mpjpe_14_mm"] < errors["mpjpe_14_mm"]
    assert 0 < errors["auc_150_percent"] < errors["pck_150_percent"] < 100
    assert "PA-MPJPE" in out
    assert "S11" not in out


@pytest.mark.shared
def test_results_are_not_replaced_unasked(golden: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    output.write_text("mine")
    code, _, err = evaluate(*human36m(golden), "--json", output)
    assert code == 1
    assert "already exists. Use --overwrite" in err
    assert output.read_text() == "mine"
    assert evaluate(*human36m(golden), "--json", output, "--overwrite")[0] == 0
    assert json.loads(output.read_text())["average"]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        pytest.param(["--lifter", "wild-27"], 1, "turns coco17 into h36m17, but human36m:gt has h36m17", id="layout"),
        pytest.param(["--keypoints", "cpn"], 1, "data_2d_h36m_cpn.npz", id="no such keypoints"),
        pytest.param(["--subjects", "S2"], 2, "has no subject S2. Choose from", id="subject"),
        pytest.param(["--actions", "Sleeping"], 2, "has no action Sleeping", id="action"),
        pytest.param(["--actions", "Eating,"], 2, "--actions 'Eating,': an empty name", id="empty action"),
        pytest.param(["--no-smooth"], 2, "--smooth/--no-smooth has no meaning for human36m", id="smoothing"),
        pytest.param(["--smooth"], 2, "has no meaning for human36m", id="smoothing as by default"),
        pytest.param(["--clean"], 2, "--clean has no meaning for human36m", id="clean"),
        pytest.param(["--by-view"], 2, "--by-view has no meaning", id="views"),
        pytest.param(["--cameras", "2"], 2, "--cameras has no meaning", id="cameras"),
        pytest.param(["--device", "abacus"], 2, "--device abacus", id="device"),
        pytest.param(["--dataset", "humaneva15"], 1, "data_2d_humaneva15_gt.npz", id="dataset"),
    ],
)
def test_bad_arguments(golden: Path, evaluate: Evaluate, words: list[str], code: int, message: str) -> None:
    found, _, err = evaluate(*human36m(golden), *words)
    assert found == code
    (complaint,) = [line for line in err.splitlines() if line.startswith("videopose: ")]
    assert message in complaint


def recipe(path: Path, dataset: str = "human36m", mpjpe: float = 75.0, **keys: object) -> Path:
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"name": "mine", "dataset": dataset, **keys}.items()]
    path.write_text("\n".join([*lines, "[expected_error_mm]", f"mpjpe = {mpjpe}", "p_mpjpe = 50.0"]))
    return path


@pytest.mark.shared
def test_what_a_recipe_expects(golden: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    path, output = recipe(tmp_path / "r.toml"), tmp_path / "out.json"
    code, out, err = evaluate(*human36m(golden), "--recipe", path, "--json", output)
    assert code == 0, err
    assert f"recipe {path}: MPJPE expected 75.0 mm, measured 75.9 mm: reached (within 2 %)" in out
    assert f"recipe {path}: P-MPJPE expected 50.0 mm, measured 59.0 mm: not reached (within 2 %)" in out
    expected = json.loads(output.read_text())["expected"]
    assert expected == {"by": f"recipe {path}", "mpjpe": 75.0, "p_mpjpe": 50.0, "reached": False}


@pytest.mark.shared
def test_a_recipe_says_what_is_tested(golden: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    path = recipe(tmp_path / "r.toml", test_subjects=["S11"], actions=["Walking"], downsample=2, keypoints="gt")
    words = [word for word in human36m(golden) if word not in ("--keypoints", "gt")]
    code, out, err = evaluate(*words, "--recipe", path)
    assert code == 0, err
    assert "human36m:gt: 8 sequences, 600 frames" in out
    code, out, err = evaluate(*words, "--recipe", path, "--subjects", "S9,S11", "--actions", "Eating")
    assert "human36m:gt: 8 sequences, 600 frames" in out
    assert "Eating" in out
    code, _, err = evaluate(*words, "--recipe", recipe(tmp_path / "e.toml", "humaneva15"))
    assert code == 2
    assert "is for humaneva15. Give its --dataset, or another." in err
    code, _, err = evaluate(*words, "--recipe", "wild-243")
    assert code == 1
    assert "a recipe for synthetic views" in err


@pytest.mark.parametrize("words", [["--keypoints", "gt"], ["--actions", "Walk"], ["--measures", "all"]])
def test_options_of_archives(evaluate: Evaluate, tmp_path: Path, words: list[str]) -> None:
    code, _, err = evaluate("--data", tmp_path, *words)
    assert code == 2
    assert f"{words[0]} is for archives. Leave it out, or add --dataset human36m or humaneva15." in err


@pytest.fixture(scope="module")
def humaneva(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Archives of the HumanEva form, in which two subjects stand still, and a lifter for them as published."""
    folder = tmp_path_factory.mktemp("humaneva")
    rng = np.random.default_rng(0)
    still = rng.normal(size=(1, 15, 3)).astype(np.float32) * 0.3 + np.float32([0, 0, 1])
    positions, points = {}, {}
    for subject in ("Train/S1", "Validate/S1", "Validate/S2"):
        chunks = {"Walking 1 chunk0": np.repeat(still, 20, 0), "Jog 1 chunk0": np.repeat(still, 12, 0)}
        positions[subject] = chunks
        points[subject] = {
            name: [rng.uniform(0, 480, (len(chunk), 15, 2)).astype(np.float32) for _ in range(3)]
            for name, chunk in chunks.items()
        }
    left = [i for i, name in enumerate(HUMANEVA15.joint_names) if name.startswith("left")]
    right = [int(HUMANEVA15.mirror[i]) for i in left]
    metadata = {"layout_name": "humaneva15", "num_joints": 15, "keypoints_symmetry": [left, right]}
    np.savez(folder / "data_3d_humaneva15.npz", positions_3d=np.array(positions, dtype=object))
    np.savez(
        folder / "data_2d_humaneva15_gt.npz",
        positions_2d=np.array(points, dtype=object),
        metadata=np.array(metadata, dtype=object),
    )
    torch.manual_seed(0)
    model = TemporalModel(30, 15, (3, 3, 3), channels=8)
    torch.save({"model_pos": model.state_dict(), "model_traj": None}, folder / "published.bin")
    return folder


def test_humaneva(humaneva: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    words = ["--data", humaneva, "--dataset", "humaneva15", "--lifter", humaneva / "published.bin", "--by-subject"]
    code, _, err = evaluate(*words, "--json", output)
    assert code == 0, err
    result = json.loads(output.read_text())
    assert list(result["subjects"]) == ["Validate/S1", "Validate/S2"]
    assert set(result["actions"]) == {"Walking", "Jog"}
    assert result["frames"]["actions"] == {"Jog": 2 * 3 * 12, "Walking": 2 * 3 * 20}
    assert result["lifter"]["layout_in"] == "humaneva15"


def test_a_checkpoint_that_is_causal(humaneva: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    words = ["--data", humaneva, "--dataset", "humaneva15", "--lifter", humaneva / "published.bin"]
    found = {}
    for said in ("", "--causal"):
        path = tmp_path / f"{said}.json"
        assert evaluate(*words, *said.split(), "--json", path)[0] == 0
        found[said] = json.loads(path.read_text())
    assert found["--causal"]["lifter"]["causal"]
    assert found["--causal"]["average"] != found[""]["average"]


def test_a_lifter_of_ours_describes_itself(humaneva: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    info = LifterInfo("mine", "humaneva15", "humaneva15", frame_rate=60.0)
    save_lifter_weights(path, TemporalModel(30, 15, (3, 3), channels=8), info, torch.float32)
    words = ["--data", humaneva, "--dataset", "humaneva15", "--lifter", path]
    assert evaluate(*words)[0] == 0
    code, _, err = evaluate(*words, "--causal")
    assert code == 2
    assert "mine.safetensors: describes itself, and is not causal. Leave --causal out." in err


@pytest.mark.parametrize(
    ("measured", "reached"), [(46.8, True), (30.0, True), (47.7, True), (47.8, False), (float("nan"), False)]
)
def test_reached_within_two_percent(measured: float, reached: bool) -> None:
    for name in ("mpjpe", "mpjpe_mm"):
        ((sentence, found),) = compare_expected({name: 46.8, "unheard-of": 1.0}, {"mpjpe_mm": measured})
        assert found == reached
        assert sentence.startswith(f"MPJPE expected 46.8 mm, measured {measured:.1f} mm: ")
        assert ("not reached" in sentence) != reached
