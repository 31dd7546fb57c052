"""Pages of recorded movement, in a real browser."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Browser, Watched, chromium
from pages import READY

from videopose.types import Motion, Recording, Track, VideoInfo
from videopose.viewer import write_view

VIEWS = ("09_12_view1", "135_02_view1", "135_07_view0", "135_11_view1")

Recorded = Callable[..., Recording]
Shown = Callable[..., AbstractContextManager[Watched]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def _lengthened(values: np.ndarray, frames: int, noise: float) -> np.ndarray:
    """(frames, ...) rows: the first ones of `values`, or there and back at changing speed, no round like another.

    Packing could save most of a movement that repeats itself exactly: `noise` (standard deviation) keeps it from that.
    """
    last = len(values) - 1
    if frames <= last:
        return values[:frames]
    place = np.cumsum(1 + 0.3 * np.sin(0.0137 * np.arange(frames)))
    place = np.abs((place + last) % (2 * last) - last)
    if values.dtype == bool:
        return np.asarray(values[np.rint(place).astype(int)])
    before = np.minimum(place.astype(int), last - 1)
    share = (place - before).reshape(-1, *[1] * (values.ndim - 1))
    smooth = values[before] * (1 - share) + values[before + 1] * share
    return np.asarray(smooth + np.random.default_rng(1).normal(0, noise, smooth.shape), np.float32)


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
                joints = _lengthened(view["target_joints_3d"][0], frames, 0.002)
                root = _lengthened(view["target_root_3d"][0], frames, 0.002) + np.float32([place - people / 2, 0, 0])
                keypoints = _lengthened(view["keypoints_2d"][0], frames, 0.3)
                seen = _lengthened(view["observed"][0], frames, 0)
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
