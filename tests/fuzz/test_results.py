"""Damaged and hostile results, as `view`, `report`, `export` and `render` read them."""

import io
from typing import Any

import numpy as np
import pytest
from fuzzing.archives import lie, npz
from fuzzing.damage import damage
from fuzzing.material import Material
from fuzzing.pickles import hostile_archive
from fuzzing.runner import Case, Runner
from fuzzing.values import change

FORMATS = ("json,bvh", "glb", "trc,c3d", "csv,smpl", "openpose", "bvh,glb,trc,csv")


@pytest.mark.shared
def test_results(runner: Runner, material: Material) -> None:
    data = material.result
    with np.load(io.BytesIO(data)) as arrays:
        content = {key: arrays[key] for key in arrays.files}

    def build(case: Case) -> list[Any]:
        chance = case.chance
        changed = chance.choice(
            (
                lambda: damage(data, chance),
                lambda: lie(data, chance),
                *[lambda: npz(change(content, chance))] * 4,
                lambda: hostile_archive(content, case.canary, chance),
            )
        )()
        path = case.write("in/walk.npz", changed)
        world = chance.choice(([], ["--world", "ground"], ["--rest-pose", "first"], ["--person", "longest"]))
        return chance.choice(
            (
                ["view", path, "--no-open", "--no-video", "-o", case.out / "walk.html"],
                ["report", path, "-o", case.out],
                ["render", path, "--black", "-o", case.out / chance.choice(("walk.mp4", "walk.gif"))],
                *[["export", path, "-o", case.out, "--formats", chance.choice(FORMATS), *world]] * 3,
            )
        )

    runner.run("results-npz", build, succeed=(0.1, 0.9))
