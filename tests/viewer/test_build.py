"""The program of the page is what its sources give."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from browser import unavailable

VIEWER = Path(__file__).resolve().parents[2] / "videopose" / "viewer"


def test_building_again_gives_the_same_bytes(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        unavailable("node or npm is missing")
    assert npm is not None
    folder = tmp_path / "viewer" / "source"
    shutil.copytree(VIEWER / "source", folder, ignore=shutil.ignore_patterns("node_modules"))
    for command in (["ci", "--ignore-scripts"], ["run", "build"]):
        done = subprocess.run([npm, *command], cwd=folder, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode and command[0] == "ci" and "network" in done.stderr and not os.environ.get("CI"):
            pytest.skip("the npm registry cannot be reached")
        assert done.returncode == 0, done.stderr
    for name in ("viewer.js", "three-licence.txt"):
        assert (folder.parent / name).read_bytes() == (VIEWER / name).read_bytes()


def test_program_is_small_and_may_stand_inside_a_page() -> None:
    text = (VIEWER / "viewer.js").read_text("utf-8")
    assert len(text) < 800_000
    assert "</script" not in text.lower() and "<!--" not in text
    assert "three.js authors" in text


def test_lock_file_names_no_addresses() -> None:
    assert "resolved" not in (VIEWER / "source" / "package-lock.json").read_text("utf-8")
