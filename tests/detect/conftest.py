"""The real detector, loaded once, and frames of the shared clips."""

import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from videopose.detect import Detector, DetectorSettings, create_detector
from videopose.errors import AssetError
from videopose.types import Frame
from videopose.video import VideoReader

ReadClip = Callable[..., list[Frame]]


@pytest.fixture(scope="session")
def detector() -> Iterator[Detector]:
    """BlazePose with two threads; skipped where its weights cannot be had, but not in CI."""
    try:
        made = create_detector(DetectorSettings("blazepose"), threads=2)
    except AssetError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    yield made
    made.close()


@pytest.fixture(scope="session")
def read_clip(shared_dir: Path) -> ReadClip:
    """Frames of a shared clip: `read_clip(name, count, start_s=0)`."""

    def read(name: str, count: int, start_s: float = 0.0) -> list[Frame]:
        with VideoReader(str(shared_dir / "videos" / f"{name}.mp4"), start_s=start_s) as reader:
            return list(islice(reader, count))

    return read
