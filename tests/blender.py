"""Blender for tests, as a Python module in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from browser import unavailable

BLENDER = "bpy==4.2.0"
BLENDER_PYTHON = "3.11"


@cache
def blender_python() -> tuple[str, Path]:
    """Python and the folder with Blender's module, installed once, beside and not into the environment of the tests.

    Skips the test where they cannot be had, and fails it in CI.
    """
    python = sys.executable if sys.version.startswith(BLENDER_PYTHON) else shutil.which(f"python{BLENDER_PYTHON}")
    if python is None:
        unavailable(f"Blender's module needs python{BLENDER_PYTHON}")
    cache = Path(os.environ.get("VIDEOPOSE_TEST_CACHE") or Path(tempfile.gettempdir()) / "videopose-test-cache")
    folder = cache / BLENDER.replace("==", "-")
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as temporary:
            target = Path(temporary) / "site"
            command = [
                str(python),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-cache-dir",
                "--target",
                str(target),
                BLENDER,
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                unavailable(f"{BLENDER} cannot be installed: {done.stderr[-500:]}")
            if not folder.is_dir():  # another run may have been faster
                target.rename(folder)
    return str(python), folder


def run_blender(program: Path, *arguments: str) -> Any:
    """What a program that gets the folder with Blender's module and `arguments` prints last, as JSON."""
    python, folder = blender_python()
    command = [python, str(program), str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "cannot open shared object file" in done.stderr:
        unavailable(f"Blender lacks a system library: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])
