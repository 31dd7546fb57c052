"""The paper's protocols: the recorded evaluation of the recorded checkpoint, and every sequence by itself as oracle."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from videopose.data.open_archives import open_poses
from videopose.data.poses import PoseData, PoseSequence
from videopose.errors import InputError, UsageError
from videopose.lift import LifterInfo, LifterWeights, load_lifter_weights
from videopose.lift.model import TemporalModel
from videopose.skeletons import H36M17, SKELETONS
from videopose.train import metrics, protocol
from videopose.train.frame_errors import BASIC, COMMON
from videopose.train.protocol import evaluate_poses


@pytest.fixture(scope="module")
def golden(shared_dir: Path) -> Path:
    return shared_dir / "golden" / "human36m_form"


@pytest.fixture(scope="module")
def tested(golden: Path) -> PoseData:
    return open_poses(golden, "human36m", "gt").select(["S9", "S11"])


def expected(golden: Path, run: str) -> dict[str, dict[str, list[float]]]:
    """The recorded errors of one run: by subject ('' for all) and action ('average' too), protocols 1-3, velocity."""
    text = next(
        part.partition("\n")[2] for part in re.split("^== ?", (golden / "expected.txt").read_text(), flags=re.M)[1:]
        if part.partition("\n")[0] == run
    )  # fmt: skip
    found: dict[str, dict[str, list[float]]] = {}
    subject = action = ""
    for line in text.splitlines():
        if match := re.match(r"Evaluating on subject (\S+)", line):
            subject = match[1]
        elif match := re.match(r"----(.+)----", line):
            action = match[1]
        elif match := re.match(r".*(average: | Error \(\S+\): )([\d.]+) mm", line):
            key = "average" if match[1] == "average: " else action
            found.setdefault(subject, {}).setdefault(key, []).append(float(match[2]))
    return found


@pytest.mark.shared
@pytest.mark.parametrize(("run", "tta"), [("", True), ("-no-tta", False), ("--by-subject", True)])
def test_the_recorded_evaluation(golden: Path, tested: PoseData, run: str, tta: bool) -> None:
    result = evaluate_poses(load_lifter_weights(golden / "pretrained_27f_64c.bin"), tested, tta=tta)
    recorded = expected(golden, run)
    groups = result.subjects if "subject" in run else {"": result.together}
    assert list(groups) == list(recorded)
    for subject, actions in recorded.items():
        assert set(actions) == {"Walking", "Eating", "average"}
        for action, numbers in actions.items():
            is_average = action == "average"
            errors = groups[subject].average if is_average else groups[subject].actions[action]
            assert len(numbers) == 4
            # averages were printed with three digits
            tolerance = {"abs": 0.051} if is_average else {"rel": 1e-5}
            assert [errors[name] for name in BASIC[:4]] == pytest.approx(numbers, **tolerance)
            assert not is_average or errors["mpjve_mm"] == pytest.approx(numbers[3], abs=0.0051)
    assert (result.sequences, result.frames) == (24, 3600)


@pytest.mark.shared
def test_a_checkpoint_with_a_trajectory_model(golden: Path, tested: PoseData) -> None:
    weights = load_lifter_weights(golden / "semi_27f_32c.bin")
    result = evaluate_poses(weights, tested)
    assert result.average["mpjpe_mm"] == pytest.approx(one_by_one(weights.model, tested, True)["mpjpe_mm"], rel=1e-6)
    assert result.average["p_mpjpe_mm"] < result.average["mpjpe_mm"] < 300


def one_by_one(model: TemporalModel, data: PoseData, tta: bool) -> dict[str, float]:
    """The protocol with the plain network and formulas: a sequence at a time."""
    mirrors = [SKELETONS[name].mirror for name in (data.layout_in, data.layout_out)]
    past = model.receptive_field - 1
    padding = (past, 0) if model.causal else (past // 2, past // 2)
    sums: dict[str, np.ndarray] = {}
    model = model.eval()
    for sequence in data.sequences:
        views = [sequence.keypoints, sequence.keypoints[:, mirrors[0]] * np.array([-1, 1], np.float32)][: 1 + tta]
        answers = []
        for view in views:
            padded = np.pad(view, (padding, (0, 0), (0, 0)), mode="edge")
            with torch.inference_mode():
                answers.append(model(torch.from_numpy(padded).flatten(1)[None])[0].numpy().astype(float))
        if tta:
            answers[1] = answers[1][:, mirrors[1]] * [-1, 1, 1]
        predicted, target = 1000 * np.mean(answers, 0), 1000 * sequence.joints.astype(float)
        measures = (
            metrics.mpjpe, metrics.p_mpjpe, metrics.n_mpjpe, metrics.mpjve, metrics.acceleration_error,
            metrics.pa_mpjpe_14,
        )  # fmt: skip
        errors = np.array([measure(predicted, target) for measure in measures])
        total = sums.setdefault(sequence.action.split()[0], np.zeros(len(errors) + 1))
        total += len(sequence) * np.append(errors, 1)
    means = np.mean([total[:-1] / total[-1] for total in sums.values()], axis=0)
    return dict(zip([*BASIC, "pa_mpjpe_14_mm"], means, strict=True))


def some_data(lengths: list[int], layout: str = "h36m17") -> PoseData:
    rng = np.random.default_rng(0)
    sequences = []
    for i, length in enumerate(lengths):
        joints = rng.normal(size=(length, len(H36M17), 3)).astype(np.float32) * 0.4
        keypoints = rng.normal(size=(length, len(SKELETONS[layout]), 2)).astype(np.float32)
        action = ("Walking", "Walking 1", "Eating")[i % 3]
        sequences.append(PoseSequence(f"S{i}", action, 0, keypoints, (1000, 1000), joints - joints[:, :1]))
    return PoseData("mine", layout, "h36m17", 50.0, tuple(sequences))


def network(**changes: object) -> TemporalModel:
    torch.manual_seed(0)
    arguments = {"in_features": 34, "out_joints": 17, "filter_widths": (3, 3, 3), "channels": 16, **changes}
    model = TemporalModel(**arguments)
    for norm in (model.expand_bn, *model.layers_bn):
        torch.nn.init.uniform_(norm.running_var, 0.5, 1.5)
        torch.nn.init.normal_(norm.running_mean, std=0.1)
    return model


@pytest.mark.parametrize("tta", [True, False])
@pytest.mark.parametrize("kind", [{}, {"causal": True}, {"dense": True}, {"filter_widths": (1,)}], ids=str)
def test_sequences_side_by_side_are_each_by_itself(monkeypatch: pytest.MonkeyPatch, kind: dict, tta: bool) -> None:
    monkeypatch.setattr(protocol, "PIECE_ROWS", 6 * network(**kind).receptive_field)
    data = some_data([40, 5, 38, 37, 100, 39, 3, 41, 40], "coco17")
    done: list[int] = []
    result = evaluate_poses(network(**kind), data, tta=tta, common=True, report=done.append)
    for name, value in one_by_one(network(**kind), data, tta).items():
        assert result.average[name] == pytest.approx(value, rel=1e-5), name
    assert done == sorted(done)
    assert done[-1] == 9
    assert len(done) >= 5
    assert set(result.average) == {*BASIC, *COMMON, "acceleration_mm_s2", "acceleration_14_mm_s2"}
    assert result.average["acceleration_mm_s2"] == pytest.approx(2500 * result.average["acceleration_mm"])


def test_the_prediction_is_not_rooted_again() -> None:
    model = network()
    data = some_data([40])
    before = evaluate_poses(model, data, tta=False).average
    with torch.no_grad():
        model.shrink.bias += 1.0
    after = evaluate_poses(model, data, tta=False).average
    assert after["mpjpe_mm"] > before["mpjpe_mm"] + 500
    for name in ("p_mpjpe_mm", "mpjve_mm", "acceleration_mm"):
        assert after[name] == pytest.approx(before[name], rel=1e-4)


def test_frames_weigh_the_same_within_an_action_and_actions_in_the_average() -> None:
    data = some_data([30, 70, 10])
    alone = [
        evaluate_poses(network(), PoseData("one", "h36m17", "h36m17", 50.0, (one,))).average["mpjpe_mm"]
        for one in data.sequences
    ]
    result = evaluate_poses(network(), data)
    walking = np.average(alone[:2], weights=[30, 70])
    assert result.together.actions["Walking"]["mpjpe_mm"] == pytest.approx(walking)
    assert result.average["mpjpe_mm"] == pytest.approx((walking + alone[2]) / 2)
    assert result.subjects["S1"].average["mpjpe_mm"] == pytest.approx(alone[1])
    assert result.together.frames == {"Walking": 100, "Eating": 10}


def test_what_is_not_known_does_not_count() -> None:
    whole = some_data([40, 30, 20])
    first, second, third = whole.sequences
    joints = second.joints.copy()
    joints[25:] = np.nan
    partly = PoseSequence("S1", second.action, 0, second.keypoints, (1, 1), joints)
    unlabelled = PoseSequence("S2", "Sitting", 0, third.keypoints, (1, 1))
    lost = PoseSequence("S2", "Posing", 0, third.keypoints, (1, 1), np.full_like(third.joints, np.nan))
    data = PoseData("mine", "h36m17", "h36m17", 50.0, (first, partly, unlabelled, lost))
    result = evaluate_poses(network(), data)
    assert set(result.together.actions) == {"Walking"}
    assert set(result.subjects) == {"S0", "S1"}
    assert (result.sequences, result.frames) == (2, 65)
    with pytest.raises(InputError, match="no true joints of these sequences are known"):
        evaluate_poses(network(), PoseData("mine", "h36m17", "h36m17", 50.0, (unlabelled,)))
    with pytest.raises(InputError, match="are not finite"):
        evaluate_poses(network(), PoseData("mine", "h36m17", "h36m17", 50.0, (lost,)))


def test_a_sequence_without_velocity() -> None:
    result = evaluate_poses(network(), some_data([1]), common=True)
    assert np.isnan(result.average["mpjve_mm"])
    assert result.to_json()["average"]["mpjve_mm"] is None
    assert result.average["mpjpe_mm"] > 0


def test_a_network_in_training_is_left_as_it_is() -> None:
    model = network().train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    evaluate_poses(model, some_data([40]))
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_bfloat16_stays_close() -> None:
    data = some_data([60, 60])
    exact, rounded = (
        evaluate_poses(network(channels=64), data, precision=name).average["mpjpe_mm"]
        for name in ("float32", "bfloat16")
    )
    assert exact != rounded
    assert rounded == pytest.approx(exact, rel=1e-3)


def test_as_json() -> None:
    result = evaluate_poses(network(), some_data([10, 20, 30]), common=True)
    content = result.to_json(True, BASIC)
    assert tuple(content["average"]) == BASIC
    assert tuple(content["actions"]) == ("Eating", "Walking")
    assert set(content["subjects"]) == {"S0", "S1", "S2"}
    assert set(content["subjects"]["S0"]) == {"average", "actions"}
    assert content["frames"] == {"all": 60, "actions": {"Eating": 30, "Walking": 30}}
    assert "subjects" not in result.to_json()
    assert set(result.to_json()["average"]) == set(result.average)
    assert content["average"]["mpjpe_mm"] == pytest.approx(result.average["mpjpe_mm"], abs=1e-6)


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ({"layout_in": "coco17"}, "turns coco17 into h36m17, but mine has h36m17 keypoints and h36m17 joints"),
        ({"layout_out": "humaneva15"}, "turns h36m17 into humaneva15, but mine"),
        ({"normalisation": "person"}, "prepared as 'person', but those of mine are prepared as 'screen'"),
    ],
)
def test_lifters_of_other_kinds(info: dict, message: str) -> None:
    weights = LifterWeights(network(), LifterInfo(**{"name": "x", "layout_in": "h36m17", **info}))
    with pytest.raises(InputError, match=message):
        evaluate_poses(weights, some_data([10]))


def test_data_that_does_not_fit() -> None:
    with pytest.raises(InputError, match="turns 15 keypoints into 15 joints, but mine has"):
        evaluate_poses(network(in_features=30, out_joints=15), some_data([10]))
    data = some_data([10, 20])
    data.sequences[1].keypoints[3] = np.nan
    with pytest.raises(InputError, match="keypoints of S1/Walking 1/0 are not finite"):
        evaluate_poses(network(), data)
    with pytest.raises(UsageError, match="--device abacus"):
        evaluate_poses(network(), some_data([10]), device="abacus")
    with pytest.raises(ValueError, match="precision must be"):
        evaluate_poses(network(), some_data([10]), precision="half")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_measures_the_same() -> None:
    data = some_data([40, 5, 38, 100])
    on_cpu = evaluate_poses(network(), data, common=True, device="cpu").average
    on_gpu = evaluate_poses(network().cuda(), data, common=True, device="cuda").average
    assert on_gpu == pytest.approx(on_cpu, rel=1e-4)
