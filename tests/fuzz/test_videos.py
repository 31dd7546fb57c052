"""Damaged videos of many containers and codecs, seen by the detector or beside keypoints from a file."""

from typing import Any

import pytest
from fuzzing.damage import damage, damage_boxes
from fuzzing.material import Material
from fuzzing.runner import Case, Runner

FORMATS = ("npz", "npz", "npz,json", "bvh", "mp4", "npz,json,bvh,mp4")


def infer(case: Case, material: Material, video: Any) -> list[Any]:
    """A third of the cases look with the detector, which takes longest."""
    chance = case.chance
    line = ["infer", video, "-o", case.out, "--lifter", material.lifter, "--formats", chance.choice(FORMATS)]
    if chance.random() < 0.67:
        line += ["--detections", material.points]
    line += chance.choice(([], [], [], [], ["--end", "1"], ["--start", "0.5"], ["--fps", "240"], ["--height", "1.7"]))
    return line


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["mp4", "matroska", "avi-mov", "streams", "pictures"])
def test_damaged_videos(runner: Runner, material: Material, kind: str) -> None:
    clips = material.clips(kind)

    def build(case: Case) -> list[Any]:
        name = case.chance.choice(list(clips))
        data = clips[name][0]
        if name.endswith((".mp4", ".mov")) and case.chance.random() < 0.6:
            data = damage_boxes(data, case.chance)
        else:
            data = damage(data, case.chance, [clips[name][1]])
        return infer(case, material, case.write(f"clip.{name}", data))

    assert material.points.exists()
    runner.run(kind, build, succeed=(0.2, 0.95))


@pytest.mark.shared
def test_videos_with_another_ending(runner: Runner, material: Material) -> None:
    clips = {name: both[0] for kind in ("mp4", "matroska", "avi-mov") for name, both in material.clips(kind).items()}
    endings = ("mp4", "avi", "gif", "txt", "npz", "png", "jpg", "wav", "m3u8", "ffconcat", "y4m", "h264", "srt", "")

    def build(case: Case) -> list[Any]:
        data = clips[case.chance.choice(list(clips))]
        return infer(case, material, case.write(f"clip.{case.chance.choice(endings)}", data))

    assert material.points.exists()
    runner.run("renamed", build, succeed=(0.2, 1))
