"""JavaScript packages for tests, installed once, beside and not into the environment of the tests."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from browser import unavailable

THREE = "three@0.187.0"
GLTF_VALIDATOR = "gltf-validator@2.0.0-dev.3.10"


def npm_package(package: str) -> Path:
    """The folder of a package, given as `name@version`; skips the test where it cannot be had, and fails it in CI."""
    cache = Path(os.environ.get("VIDEOPOSE_TEST_CACHE") or Path(tempfile.gettempdir()) / "videopose-test-cache")
    folder, name = cache / package, package.rpartition("@")[0]
    if not folder.is_dir():
        npm = shutil.which("npm")
        if npm is None:
            unavailable("npm is missing: install Node.js")
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as temporary:
            command = [
                str(npm),
                "install",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--prefix",
                temporary,
                package,
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                unavailable(f"{package} cannot be installed: {done.stderr[-500:]}")
            if not folder.is_dir():  # another run may have been faster
                Path(temporary, "node_modules").rename(folder)
    return folder / name
