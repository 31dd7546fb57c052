"""The shipped manifest is complete, and a wrong one is refused with a sentence."""

import re
from pathlib import Path

import pytest

from videopose.assets import load_manifest
from videopose.assets.manifest import parse_manifest
from videopose.errors import AssetError
from videopose.skeletons import SKELETONS

ENTRY = """
[asset.thing]
kind = "sample"
file = "thing.bin"
size = 3
sha256 = "{hash}"
licence = "MIT"
about = "Bytes."
sources = [{{path = "thing.bin"}}]
""".format(hash="0" * 64)


@pytest.mark.parametrize("name", load_manifest())
def test_shipped_entries_are_complete(name: str) -> None:
    asset = load_manifest()[name]
    assert asset.licence
    assert asset.about.endswith(".")
    assert re.fullmatch("[0-9a-f]{64}", asset.sha256) or asset.hash_unknown
    for source in asset.sources:
        assert source.kind != "path"
        assert source.kind != "url" or source.value.startswith("https://")
        assert source.kind != "wheel" or re.fullmatch(r"[a-z0-9-]+==[0-9.]+", source.value)
    if "-NC-" in asset.licence:
        assert asset.by_name_only
    if asset.kind == "lifter":
        assert asset.lifter["layout_in"] in SKELETONS
        assert asset.lifter["layout_out"] in SKELETONS
        assert asset.lifter["receptive_field"] > 0
        assert asset.lifter["frame_rate"] > 0


def test_both_blazepose_networks_come_from_one_wheel() -> None:
    manifest = load_manifest()
    wheels = {manifest[name].sources[0].value for name in ("blazepose-detector", "blazepose-landmarks")}
    assert wheels == {"mediapipe==0.10.21"}


@pytest.mark.parametrize("name", ["keypoint-rcnn-r50", "keypoint-rcnn-r101", "keypoint-rcnn-x101"])
def test_networks_of_detectron2_are_looked_for_in_its_own_cache_first(name: str) -> None:
    asset = load_manifest()[name]
    theirs, address = asset.sources
    assert (theirs.kind, address.kind) == ("iopath", "url")
    assert address.value == "https://dl.fbaipublicfiles.com/" + theirs.value
    assert asset.file == theirs.value.rsplit("/")[-1] == f"model_final_{asset.md5_start}.pkl"
    assert asset.by_name_only


def test_no_two_assets_share_a_file() -> None:
    files = [asset.file for asset in load_manifest().values()]
    assert len(files) == len(set(files))


def test_relative_path_counts_from_the_manifest(tmp_path: Path) -> None:
    (asset,) = parse_manifest(ENTRY, tmp_path).values()
    assert asset.sources[0].value == str(tmp_path / "thing.bin")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param('sha256 = "' + "0" * 64, 'sha256 = "' + "0" * 63, "64 lower-case hex digits", id="short hash"),
        pytest.param('sha256 = "' + "0" * 64 + '"', "", "sha256 or a reason", id="no hash and no reason"),
        pytest.param("size = 3", "", "size must be a positive", id="no size"),
        pytest.param('"sample"', '"song"', "detector, lifter, sample", id="unknown kind"),
        pytest.param('file = "thing.bin"', 'file = "../thing.bin"', "plain file name", id="file outside the cache"),
        pytest.param('licence = "MIT"', "", "licence", id="no licence"),
        pytest.param('{path = "thing.bin"}', "", "sources", id="no source"),
        pytest.param(
            '{path = "thing.bin"}', '{ftp = "x"}', "url, wheel, package, path, iopath, got ftp", id="unknown source"
        ),
        pytest.param('path = "thing.bin"', 'path = "a", url = "b"', "exactly one", id="two kinds of source"),
        pytest.param('path = "thing.bin"', 'path = "a", member = "b"', "does not know member", id="field too many"),
        pytest.param('path = "thing.bin"', 'iopath = "../x"', "lies in the cache", id="path out of Detectron2's cache"),
        pytest.param("size = 3", 'size = 3\nmd5_start = "abc"', "in place of sha256", id="two hashes"),
        pytest.param(
            'sha256 = "' + "0" * 64, 'md5_start = "0x12"\nhash_unknown = "none', "hex digits", id="no digits of an MD5"
        ),
        pytest.param('path = "thing.bin"', 'wheel = "a==1"', "member", id="wheel without member"),
        pytest.param("kind =", "colour = 1\nkind =", "colour", id="unknown field"),
        pytest.param("size = 3", "lifter = 3\nsize = 3", "lifter must be a table", id="lifter no table"),
        pytest.param(
            "size = 3", "lifter = {expected_error_mm = 80}\nsize = 3", "by the name of the data", id="error of no data"
        ),
        pytest.param(
            "size = 3",
            "lifter = {expected_error_mm = {views = 'small'}}\nsize = 3",
            "millimetres",
            id="error no number",
        ),
        pytest.param("size = 3", "size = ", "not valid TOML", id="broken TOML"),
    ],
)
def test_wrong_entries_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in ENTRY
    with pytest.raises(AssetError, match=re.escape(message)):
        parse_manifest(ENTRY.replace(old, new), tmp_path)
