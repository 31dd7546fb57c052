"""Damaged and hostile files of weights: lifters of both forms, and a detector's checkpoint."""

from pathlib import Path
from typing import Any

import pytest
from fuzzing.damage import damage
from fuzzing.material import Material
from fuzzing.runner import Case, Runner
from fuzzing.values import change
from fuzzing.weights import changed_bin, changed_safetensors, hostile_bin, saved


def lift(case: Case, material: Material, lifter: Path) -> list[Any]:
    """`infer`, `lift` or `evaluate` with this lifter."""
    what = case.chance.random()
    if what < 0.5:
        line = ["infer", material.video, "-o", case.out, "--detections", material.points]
        return [*line, "--lifter", lifter, "--formats", case.chance.choice(("npz", "npz,json", "bvh", "npz,bvh"))]
    if what < 0.75 or lifter.suffix != ".bin":
        return ["lift", material.points, "-o", case.out / "lifted.npz", "--lifter", lifter]
    line = ["evaluate", "--data", material.poses_folder, "--dataset", "human36m", "--lifter", lifter]
    return [*line, "--json", case.out / "errors.json", *case.chance.choice(([], [], ["--causal"], ["--dense"]))]


@pytest.mark.shared
def test_damaged_safetensors(runner: Runner, material: Material) -> None:
    small, other = material.lifter.read_bytes(), material.shipped.read_bytes()

    def build(case: Case) -> list[Any]:
        data = small if case.chance.random() < 0.85 else other
        return lift(case, material, case.write("lifter.safetensors", damage(data, case.chance, [other[:400_000]])))

    runner.run("safetensors-bytes", build, succeed=(0.04, 0.9))


@pytest.mark.shared
def test_changed_safetensors(runner: Runner, material: Material) -> None:
    small = material.lifter.read_bytes()

    def build(case: Case) -> list[Any]:
        return lift(case, material, case.write("lifter.safetensors", changed_safetensors(small, case.chance)))

    runner.run("safetensors-content", build, succeed=(0.04, 0.9))


@pytest.mark.shared
def test_damaged_published_checkpoints(runner: Runner, material: Material) -> None:
    plain, published = material.checkpoint_bytes, (material.golden / "pretrained_27f_64c.bin").read_bytes()

    def build(case: Case) -> list[Any]:
        data = plain if case.chance.random() < 0.5 else published
        return lift(case, material, case.write("coco.bin", damage(data, case.chance, [plain])))

    runner.run("bin-bytes", build, succeed=(0.04, 0.9))


@pytest.mark.shared
def test_changed_published_checkpoints(runner: Runner, material: Material) -> None:
    def build(case: Case) -> list[Any]:
        name = case.chance.choice(("coco.bin", "coco.bin", "coco.bin", "h36m.bin"))
        return lift(case, material, case.write(name, changed_bin(material.checkpoint, case.chance)))

    runner.run("bin-content", build, succeed=(0.04, 0.9))


@pytest.mark.shared
def test_hostile_checkpoints(runner: Runner, material: Material) -> None:
    """A quarter of them for a detector, which has a reader of its own."""
    line = ["infer", material.video, "--formats", "npz", "--detector", "keypoint-rcnn-r50", "--lifter", material.lifter]

    def build(case: Case) -> list[Any]:
        data = hostile_bin(material.checkpoint, case.canary, case.chance)
        if case.chance.random() < 0.25:
            return [*line, "-o", case.out, "--weights", case.write("detector.pkl", data)]
        return lift(case, material, case.write("coco.bin", data))

    # The code may lie where nobody looks.
    runner.run("bin-hostile", build, succeed=(0, 0.3))


@pytest.mark.shared
def test_damaged_checkpoints_of_runs(runner: Runner, material: Material) -> None:
    """`train` goes on from what lies in its folder."""
    content, good = material.run_content, material.run_bytes

    def build(case: Case) -> list[Any]:
        chance = case.chance
        what = chance.random()
        if what < 0.4:
            data = damage(good, chance)
        elif what < 0.7:
            data = saved(change(content, chance), chance)
        else:
            data = hostile_bin({"epoch": 1, "model_pos": content}, case.canary, chance)
        case.write("out/last.pt", data)
        return [*material.train_line, "--data", material.poses_folder, "-o", case.out, "--epochs", "2"]

    runner.run("run", build, succeed=(0, 0.9))
