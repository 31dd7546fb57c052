"""Settings as workers and the ledger take them: files by their content, and found from any folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from videopose.batch.job import settings_facts, with_whole_paths
from videopose.detect import DetectorSettings
from videopose.settings import InferSettings


def test_files_are_named_from_the_root_and_networks_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("my.safetensors", "r50.pkl", "wild-27"):
        Path(name).write_text("weights")
    detector = DetectorSettings("keypoint-rcnn-r50", weights=Path("r50.pkl"))
    whole = with_whole_paths(InferSettings(lifter="my.safetensors", detector=detector))
    assert whole.lifter == str(tmp_path / "my.safetensors")
    assert whole.detector.weights == tmp_path / "r50.pkl"
    for name in ("wild-27", "nonsense"):
        assert with_whole_paths(InferSettings(lifter=name)).lifter == name
    config = DetectorSettings("detectron2", d2_config="COCO-Keypoints/keypoint_rcnn_R_50_FPN_3x.yaml")
    assert with_whole_paths(InferSettings(detector=config)).detector == config


def test_what_counts_of_a_file_is_its_content(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "my.safetensors" for folder in ("here", "there")]
    for path in paths:
        path.parent.mkdir()
        path.write_text("weights")
    here, there = (settings_facts(InferSettings(lifter=str(path))) for path in paths)
    assert here == there
    assert here["lifter"] == "my.safetensors"
    paths[1].write_text("other weights")
    assert settings_facts(InferSettings(lifter=str(paths[1]))) != here


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"threads": 7}, True),
        ({"overwrite": True}, True),
        ({"formats": ("mp4", "bvh", "json", "npz")}, True),
        ({"formats": ("npz",)}, False),
        ({"person": "largest"}, False),
        ({"end_s": 3.0}, False),
        ({"detector": DetectorSettings(every=2)}, False),
    ],
    ids=str,
)
def test_settings_that_change_results_count(change: dict[str, object], same: bool) -> None:
    settings = InferSettings(threads=1)
    assert (settings_facts(replace(settings, **change)) == settings_facts(settings)) is same
