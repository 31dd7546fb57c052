"""Pages of recorded movement, in a real browser."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Browser, Watched, chromium
from pages import READY, lengthened

from videopose.types import Motion, Recording, Track, VideoInfo
from videopose.viewer import write_view

VIEWS = ("09_12_view1", "135_02_view1", "135_07_view0", "135_11_view1")

Recorded = Callable[..., Recording]
Shown = Callable[..., AbstractContextManager[Watched]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def recorded(shared_dir: Path) -> Recorded:
    """A recording of people from motion capture, seen by the camera of the first."""

    def make(
        people: int = 2, frames: int = 90, *, fps: Fraction = Fraction(30), time_s: np.ndarray | None = None,
        size: tuple[int, int] = (1920, 1080), first_frame: int = 0,
    ) -> Recording:  # fmt: skip
        index = first_frame + np.arange(frames)
        times = index / float(fps) if time_s is None else time_s
        tracks, motions = [], []
        for place in range(people):
            with np.load(shared_dir / "mocap" / "validation_views" / f"{VIEWS[place % 4]}.npz") as view:
                joints = lengthened(view["target_joints_3d"][0], frames, 0.002)
                root = lengthened(view["target_root_3d"][0], frames, 0.002) + np.float32([place - people / 2, 0, 0])
                keypoints = lengthened(view["keypoints_2d"][0], frames, 0.3)
                seen = lengthened(view["observed"][0], frames, 0)
            keypoints = keypoints * np.float32([size[0] / 1920, size[1] / 1080, 1])
            boxes = np.concatenate([keypoints[..., :2].min(1), keypoints[..., :2].max(1)], axis=-1)
            tracks.append(Track(place + 1, index, keypoints, boxes, seen))
            motions.append(Motion(place + 1, index, times, joints, root))
        info = VideoInfo("", *size, fps, frames, None, 0)
        return Recording(
            info, index, times, tuple(tracks), tuple(motions), {"focal_px": 1700.0, "lifter": {"name": "x"}}
        )

    return make


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Shown:
    """Write a recording's page and open it; nothing may have gone wrong in it when it is closed again."""

    @contextmanager
    def show(recording: Recording, video: Path | None = None, name: str = "page", **context: Any) -> Iterator[Watched]:
        path = tmp_path / f"{name}.html"
        write_view(recording, path, video=None if video is None else str(video))
        with browser.open(path, **context) as watched:
            watched.page.wait_for_function(READY)
            assert watched.page.evaluate("videopose.failure") is None
            yield watched
            assert watched.errors == []
            assert watched.network() == []

    return show
