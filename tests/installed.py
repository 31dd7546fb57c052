"""Packages for tests, installed once into a cache, beside and not into the environment of the tests."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from browser import unavailable


def cache_folder() -> Path:
    """Where they lie: `$VIDEOPOSE_TEST_CACHE`, or a folder for temporary files."""
    folder = Path(os.environ.get("VIDEOPOSE_TEST_CACHE") or Path(tempfile.gettempdir()) / "videopose-test-cache")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def install(name: str, command: list[str], made: str) -> Path:
    """The folder `name` of the cache; skips the test where it cannot be made, and fails it in CI.

    Args:
        name: of the folder.
        command: that makes it; `{}` stands for an empty folder.
        made: what of that folder is kept.
    """
    folder = cache_folder() / name
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            words = [word.replace("{}", temporary) for word in command]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode:
                unavailable(f"{name} cannot be installed: {done.stderr[-500:]}")
            if not folder.is_dir():  # another run may have been faster
                Path(temporary, made).rename(folder)
    return folder


def python_package(requirement: str, *options: str, python: str = sys.executable, name: str | None = None) -> Path:
    """The folder with a package of Python's and what it needs, to be put on a path.

    Args:
        requirement: for pip, `opensim==4.6`.
        options: of pip.
        python: for which Python.
        name: of the folder; None: by the requirement and this Python.
    """
    version = f"py{sys.version_info.major}.{sys.version_info.minor}"
    command = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-cache-dir",
        "--target",
        "{}/site",
        *options,
        requirement,
    ]
    return install(name or f"{requirement.replace('==', '-')}-{version}", command, "site")
