"""What `pip install .` takes along: every package, and the data that belongs to it."""

import configparser
from importlib import resources
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_every_package_is_listed() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "videopose").rglob("__init__.py")}
    assert set(setup["options"]["packages"].split()) == folders | {"videopose.pipelines", "videopose.weights"}


@pytest.mark.parametrize(
    ("package", "folder"), [("videopose.weights", "weights"), ("videopose.pipelines", "pipelines")]
)
def test_data_folders_are_installed_whole(package: str, folder: str) -> None:
    wanted = {path.name for path in (ROOT / folder).iterdir() if path.suffix in (".toml", ".safetensors", ".md")}
    installed = {path.name for path in resources.files(package).iterdir()}
    assert wanted <= installed
