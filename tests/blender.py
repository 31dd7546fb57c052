"""Blender for tests, as a Python module in a process of its own."""

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from browser import unavailable
from installed import python_package

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
    assert python is not None
    return python, python_package(BLENDER, python=python, name=BLENDER.replace("==", "-"))


def run_blender(program: Path, *arguments: str) -> Any:
    """What a program that gets the folder with Blender's module and `arguments` prints last, as JSON."""
    python, folder = blender_python()
    command = [python, str(program), str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "cannot open shared object file" in done.stderr:
        unavailable(f"Blender lacks a system library: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])
