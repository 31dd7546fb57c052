"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

# Programs that tests start must use the installed package too, not the checkout they are started in: Python looks into
# the current folder first, and there the package lacks its data folders.
os.environ["PYTHONSAFEPATH"] = "1"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of recorded results, clips and motion capture beside the checkout; in CI it must be there."""
    folder = Path(__file__).resolve().parents[1].parent / "shared"
    if not folder.is_dir():
        message = f"{folder} is missing: put the shared folder beside the checkout"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder
