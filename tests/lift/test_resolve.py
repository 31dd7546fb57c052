"""Lifters by name and by file."""

from pathlib import Path

import pytest
import torch

from videopose.assets import Asset, Source
from videopose.errors import AssetError, UsageError
from videopose.lift import LifterInfo, resolve, resolve_lifter, save_lifter_weights
from videopose.lift.model import TemporalModel


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a lifter of ours and a published one."""
    model = TemporalModel(34, 17, (3, 3), channels=8)
    save_lifter_weights(tmp_path / "ours.safetensors", model, LifterInfo("ours", frame_rate=30.0))
    torch.save({"model_pos": model.state_dict()}, tmp_path / "theirs.bin")
    return tmp_path


def described(path: Path, **lifter: object) -> Asset:
    return Asset(
        "known",
        "lifter",
        path.name,
        "MIT",
        "A test.",
        (Source("path", str(path)),),
        hash_unknown="a test",
        lifter=lifter,
    )


@pytest.fixture
def manifest(monkeypatch, files):
    def use(**lifter: object) -> None:
        asset = described(files / "theirs.bin", **lifter)
        monkeypatch.setattr(resolve, "load_manifest", lambda: {"known": asset})

    return use


def test_by_name_with_the_manifests_description(manifest):
    manifest(layout_in="coco17", frame_rate=25.0, normalisation="screen", receptive_field=9)
    assert resolve_lifter("known").info == LifterInfo("known", layout_in="coco17", frame_rate=25.0)


def test_a_file_the_manifest_knows(manifest, files):
    manifest(layout_in="coco17", causal=True)
    assert resolve_lifter(str(files / "theirs.bin")).info.causal


def test_a_file_describes_itself(manifest, files):
    manifest()
    assert resolve_lifter(str(files / "ours.safetensors")).info == LifterInfo("ours", frame_rate=30.0)


def test_unknown_names(manifest):
    manifest()
    with pytest.raises(UsageError, match=r"'nobody'\. Give a file or one of known"):
        resolve_lifter("nobody")


def test_a_wrong_description(manifest):
    manifest(normalisation="window")
    with pytest.raises(AssetError, match="'known' is described wrongly"):
        resolve_lifter("known")
