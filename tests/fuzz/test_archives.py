"""Damaged and hostile archives of poses, as `evaluate`, `train` and `prepare custom` read them."""

from typing import Any

import numpy as np
import pytest
from fuzzing.archives import lie, npz
from fuzzing.damage import damage
from fuzzing.material import Material
from fuzzing.pickles import hostile_archive
from fuzzing.runner import Build, Case, Runner
from fuzzing.values import change


def evaluate(case: Case, material: Material, changed: dict[str, bytes]) -> list[Any]:
    """Measure with a folder of archives of which some are changed; a tenth of the cases train."""
    for name, data in {**material.archives, **changed}.items():
        case.write(f"data/{name}", data)
    if case.chance.random() < 0.1:
        return [*material.train_line, "--data", case.folder / "data", "-o", case.out]
    lifter = material.golden / "semi_27f_32c.bin"
    line = ["evaluate", "--data", case.folder / "data", "--dataset", "human36m", "--subjects", "S9", "--lifter", lifter]
    return [
        *line,
        "--json",
        case.out / "errors.json",
        *case.chance.choice(([], ["--by-subject"], ["--measures", "all"])),
    ]


def changing(material: Material, change_one: Any) -> Build:
    """Cases in which one archive is changed."""

    def build(case: Case) -> list[Any]:
        name = case.chance.choice(sorted(material.archives))
        return evaluate(case, material, {name: change_one(case, name)})

    return build


@pytest.mark.shared
def test_damaged_bytes(runner: Runner, material: Material) -> None:
    def damaged(case: Case, name: str) -> bytes:
        return damage(material.archives[name], case.chance, list(material.archives.values()))

    runner.run("archive-bytes", changing(material, damaged), succeed=(0.02, 0.9))


@pytest.mark.shared
def test_changed_content(runner: Runner, material: Material) -> None:
    def changed(case: Case, name: str) -> bytes:
        return npz(change(material.poses[name], case.chance))

    runner.run("archive-content", changing(material, changed), succeed=(0.04, 0.9))


@pytest.mark.shared
def test_archives_that_lie(runner: Runner, material: Material) -> None:
    def lying(case: Case, name: str) -> bytes:
        return lie(material.archives[name], case.chance)

    runner.run("archive-zip", changing(material, lying), succeed=(0.02, 0.9))


@pytest.mark.shared
def test_hostile_pickles(runner: Runner, material: Material) -> None:
    def hostile(case: Case, name: str) -> bytes:
        return hostile_archive(material.poses[name], case.canary, case.chance)

    runner.run("archive-hostile", changing(material, hostile), succeed=(0, 0.3))


@pytest.mark.shared
def test_sources_of_custom_archives(runner: Runner, material: Material) -> None:
    good = {kind: material.arrays(kind) for kind in ("npz", "detectron")}

    def build(case: Case) -> list[Any]:
        chance = case.chance
        content = good[chance.choice(sorted(good))]
        data = chance.choice(
            (
                lambda: damage(npz(content), chance),
                lambda: lie(npz(content), chance),
                lambda: npz(change(content, chance)),
                lambda: npz(change(content, chance)),
                lambda: hostile_archive(content, case.canary, chance),
            )
        )()
        return ["prepare", "custom", case.write("in/video.npz", data), "-o", case.out, "--name", "a"]

    runner.run("custom", build, succeed=(0.04, 0.9))


@pytest.mark.shared
def test_views(runner: Runner, material: Material) -> None:
    """`evaluate` of keypoints with true joints beside them."""
    with np.load(material.shared / "mocap" / "validation_views" / "09_08_view2.npz") as arrays:
        content = {key: arrays[key] for key in arrays.files}

    def build(case: Case) -> list[Any]:
        chance = case.chance
        data = chance.choice(
            (
                lambda: damage(npz(content), chance),
                lambda: lie(npz(content), chance),
                lambda: npz(change(content, chance)),
                lambda: npz(change(content, chance)),
                lambda: hostile_archive(content, case.canary, chance),
            )
        )()
        case.write("data/09_08_view2.npz", data)
        line = ["evaluate", "--data", case.folder / "data", "--lifter", material.lifter]
        return [*line, "--json", case.out / "errors.json", *chance.choice(([], ["--clean"], ["--by-view"]))]

    runner.run("views", build, succeed=(0.04, 0.9))
