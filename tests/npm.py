"""JavaScript packages for tests, installed once, beside and not into the environment of the tests."""

import shutil
from pathlib import Path

from browser import unavailable
from installed import install

THREE = "three@0.187.0"
GLTF_VALIDATOR = "gltf-validator@2.0.0-dev.3.10"


def npm_package(package: str) -> Path:
    """The folder of a package, given as `name@version`; skips the test where it cannot be had, and fails it in CI."""
    npm = shutil.which("npm")
    if npm is None:
        unavailable("npm is missing: install Node.js")
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", "{}"]
    return install(package, [str(npm), "install", *options, package], "node_modules") / package.rpartition("@")[0]
