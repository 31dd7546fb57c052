"""Damaged files of 2D keypoints, in each format that `--detections` and `lift` read."""

import json
from pathlib import Path
from typing import Any

import pytest
from fuzzing.archives import lie, npz
from fuzzing.damage import damage
from fuzzing.material import HEIGHT, WIDTH, Material
from fuzzing.pickles import hostile_archive
from fuzzing.runner import Case, Runner
from fuzzing.values import JSON, change

FORMATS = ("npz", "npz", "npz,json", "npz,bvh", "bvh,json")


def take(case: Case, material: Material, path: Path) -> list[Any]:
    """Beside the video that the keypoints were found in, or alone: with size and rate where the format has none."""
    if case.chance.random() < 0.3:
        line = ["lift", path, "-o", case.out / "lifted.npz", "--lifter", material.lifter]
        bare = path.suffix != ".npz" and path.name != "json.json"
        return [*line, "--image-size", f"{WIDTH}x{HEIGHT}", "--fps", "5"] if bare else line
    line = ["infer", material.video, "-o", case.out, "--detections", path, "--lifter", material.lifter]
    return [*line, "--formats", case.chance.choice(FORMATS)]


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["json", "coco", "openpose", "alphapose", "mmpose"])
def test_damaged_json(runner: Runner, material: Material, kind: str) -> None:
    files = material.found[kind]

    def build(case: Case) -> list[Any]:
        chance = case.chance
        written = dict(files)
        for name in chance.sample(sorted(files), min(len(files), chance.choice((1, 1, 3)))):
            if chance.random() < 0.3:
                written[name] = damage(files[name], chance)
            else:
                text = json.dumps(change(json.loads(files[name]), chance, JSON))
                written[name] = text.encode(chance.choice(("utf-8",) * 8 + ("utf-8-sig", "utf-16")))
        paths = [case.write(name, data) for name, data in written.items()]
        return take(case, material, paths[0].parent if kind == "openpose" else paths[0])

    runner.run(f"found-{kind}", build, succeed=(0.04, 0.9))


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["npz", "detectron", "videopose3d"])
def test_damaged_archives(runner: Runner, material: Material, kind: str) -> None:
    ((name, data),) = material.found[kind].items()
    content = material.arrays(kind)

    def build(case: Case) -> list[Any]:
        chance = case.chance
        what = chance.random()
        if what < 0.3:
            changed = damage(data, chance)
        elif what < 0.45:
            changed = lie(data, chance)
        else:
            changed = npz(change(content, chance))
        return take(case, material, case.write(name, changed))

    runner.run(f"found-{kind}", build, succeed=(0.04, 0.9))


@pytest.mark.shared
def test_hostile_pickles(runner: Runner, material: Material) -> None:
    contents = {kind: material.arrays(kind) for kind in ("npz", "detectron", "videopose3d")}

    def build(case: Case) -> list[Any]:
        chance = case.chance
        content = contents[chance.choice(sorted(contents))]
        return take(case, material, case.write("video.npz", hostile_archive(content, case.canary, chance)))

    runner.run("found-hostile", build, succeed=(0, 0.3))
