"""Where the person stands: solving the root from 2D and 3D joints against a network that predicts it.

    videopose prepare mocap cmu_asfamc_subset.zip -o mocap.npz
    python benchmarks/root.py --data mocap.npz --network root.safetensors --json benchmarks/results/root.json

Trains a small network on the root first (2600 steps, 8 minutes on one processor core; kept in --network). Judged on the
two subjects that no network here was trained on (running, martial arts), cameras known: the 66 fixed views, noisy and
clean, and views drawn as in training but with the focal length known. Everything goes the way `infer` goes: lifted,
smoothed, refined, root found, smoothed. Figures, means over frames:

* `absolute_mm`, `scaled_mm`: distance of the root; scaled: up to one factor per view (a person's size cannot be seen)
* `drift_mm_per_s`: speed of the error averaged over a second; `acceleration_mm`: mm/frame^2 at 30 frames/s
* `slide_mm`: movement of an ankle, root and joints together, while the true ankle is slower than 0.1 m/s; mm/frame at
  30 frames/s

Ways: `single frames` (solved depth, each frame by itself), `no feet` (its likeliest path, without standing feet),
`solved` (what `infer` does), `predicted` (the network alone), `predicted depth` and `mean of both` (the network's
depth, or the mean of its logarithm and of the solved one's, on the same path with standing feet). `camera retreats`
measures `no feet` and `solved` on fixed views whose camera travels back at 0.5 m/s: there no foot stands in camera
axes.

What came out (benchmarks/results/root.json, up to scale): alone, the network is 43 % worse than solving on fixed views
(clean: 69 %), 17 % on views drawn like its training data. Its depth on the solver's path is 27, 52 and 9 % worse, the
mean of both 8 and 17 % worse, and 1 % better on drawn views. (Without a scale the mean looks better on noisy views,
since the two err to different sides; clean it is far worse.) Feet slide alike. With a lifter whose P-MPJPE was 16 mm
worse, solving and the mean tied: the better the lifter, the better the solved root. Ten more minutes of training on 81
frames took 3 % off the network's own error. So the root is solved. With that first lifter, solving with trunk and legs
alone, or without wrists, was no better, and with lifted bodies of uneven size 10 % worse. The recorded network was
trained with the bodies and detectors of an earlier recipe.
"""

import argparse
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from root_network import obtain, predict_root
from writing import write_results

from videopose.assets import DEFAULT_LIFTER
from videopose.data.clip_views import IMAGE_SIZE, render_clip
from videopose.data.mocap import at_rate, read_archive
from videopose.data.views import ViewSettings
from videopose.lift import Lifter, depth, resolve_lifter, root, solve_root
from videopose.motion import lift_joints
from videopose.skeletons import COCO17, H36M17
from videopose.track import smooth
from videopose.train.datasets import ViewFolder

VIEWS = Path(__file__).resolve().parents[2] / "shared" / "mocap" / "validation_views"
SUBJECTS = ("09", "135")
STILL_M_PER_S = 0.1
RETREAT_M_PER_S = 0.5
ANKLES = [H36M17.index("left_ankle"), H36M17.index("right_ankle")]


@dataclass(frozen=True)
class View:
    """One person before one camera, with the truth."""

    keypoints: np.ndarray
    time_s: np.ndarray
    image_size: tuple[int, int]
    focal_px: float
    target: np.ndarray
    root: np.ndarray
    lifted: np.ndarray
    predicted: np.ndarray
    """(T, 3) by the network."""


Way = Callable[[View, np.ndarray], np.ndarray]
"""(view, joints) -> (T, 3) root."""


def fixed_views(clean: bool) -> Iterator[View]:
    for view in ViewFolder(VIEWS, clean=clean):
        assert view.root is not None
        yield View(
            view.keypoints, view.time_s, view.image_size, view.focal_px, view.target, view.root,
            np.empty(0), np.empty(0),
        )  # fmt: skip


def drawn_views(archive: Path) -> Iterator[View]:
    """Two views of the first 8 s of every trial of the held-out subjects."""
    settings = ViewSettings(focal_error=0.0)
    for clip in read_archive(archive):
        positions = at_rate(clip.positions, clip.fps, settings.frame_rate)[:240]
        if clip.subject in SUBJECTS and len(positions) >= 60:
            for camera in range(2):
                view = render_clip(positions, settings, zlib.crc32(f"{clip.name} {camera}".encode()))
                keypoints = np.concatenate([view.keypoints, np.ones((len(positions), 17, 1))], -1)
                yield View(
                    keypoints, view.time_s, IMAGE_SIZE, view.focal_px, view.joints, view.root, np.empty(0), np.empty(0)
                )


def retreating(view: View) -> View:
    """The same from a camera that travels back: keypoints move as the true joints' pictures do."""
    path = view.root + np.outer(view.time_s - view.time_s[0], [0.0, 0.0, RETREAT_M_PER_S])
    keypoints = view.keypoints.astype(np.float64)
    for name in root.SHARED_JOINTS:
        before, after = (place + view.target[:, H36M17.index(name)] for place in (view.root, path))
        moved = after[:, :2] / after[:, 2:] - before[:, :2] / before[:, 2:]
        keypoints[:, COCO17.index(name), :2] += view.focal_px * moved
    return replace(view, keypoints=keypoints, root=path)


def solved(view: View, joints: np.ndarray) -> np.ndarray:
    return solve_root(view.keypoints, joints, view.time_s, view.image_size, view.focal_px).root.astype(np.float64)


def without_feet(view: View, joints: np.ndarray) -> np.ndarray:
    with mock.patch.object(depth, "hold_feet"):
        return solved(view, joints)


def single_frames(view: View, joints: np.ndarray) -> np.ndarray:
    with mock.patch.object(root, "likeliest_depth", lambda measured, feet: measured.depth):
        return solved(view, joints)


def predicted(view: View, joints: np.ndarray) -> np.ndarray:
    return view.predicted


def mixed(share: float) -> Way:
    """The solver, with so much of the network's depth among its measurements."""

    def way(view: View, joints: np.ndarray) -> np.ndarray:
        with _measurements(view.predicted[:, 2], share):
            return solved(view, joints)

    return way


@contextmanager
def _measurements(other: np.ndarray, share: float) -> Iterator[None]:
    measure = root._measure

    def mix(*arguments: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        single, noise, trust = measure(*arguments)
        return single ** (1 - share) * other**share, noise, trust

    with mock.patch.object(root, "_measure", mix):
        yield


WAYS: dict[str, Way] = {
    "single frames": single_frames,
    "no feet": without_feet,
    "solved": solved,
    "predicted": predicted,
    "predicted depth": mixed(1.0),
    "mean of both": mixed(0.5),
}


def judge(found: np.ndarray, joints: np.ndarray, view: View) -> tuple[dict[str, float], dict[str, int]]:
    """The figures of one view, and how many frames (or steps of a standing foot) each is a mean over."""
    count, rate = len(found), 1 / float(np.median(np.diff(view.time_s)))
    scale = float((found * view.root).sum() / (found * found).sum())
    error = scale * found - view.root
    second = max(round(rate), 2)
    slow = np.stack([np.convolve(axis, np.full(second, 1 / second), "valid") for axis in error.T], -1)
    ankles = scale * (found[:, None] + joints[:, ANKLES])
    speed = np.linalg.norm(np.diff(view.root[:, None] + view.target[:, ANKLES], axis=0), axis=-1) * rate
    slide = np.linalg.norm(np.diff(ankles, axis=0), axis=-1)[speed < STILL_M_PER_S] * rate / 30

    def mean_mm(vectors: np.ndarray) -> float:
        return 1000 * float(np.linalg.norm(vectors, axis=-1).mean())

    lasts = count >= 2 * second
    figures = {
        "absolute_mm": mean_mm(found - view.root),
        "scaled_mm": mean_mm(error),
        "drift_mm_per_s": mean_mm(np.diff(slow, axis=0)) * rate if lasts else 0.0,
        "acceleration_mm": mean_mm(np.diff(error, 2, axis=0)) * (rate / 30) ** 2,
        "slide_mm": 1000 * float(slide.mean()) if len(slide) else 0.0,
    }
    return figures, dict.fromkeys(figures, count) | {"drift_mm_per_s": count * lasts, "slide_mm": len(slide)}


def figures(views: list[View], way: Way, true_joints: bool = False) -> dict[str, float]:
    """Means over all views."""
    rows, counts = [], []
    for view in views:
        joints = view.target if true_joints else view.lifted
        found, count = judge(smooth(way(view, joints), view.time_s), joints, view)
        rows.append(found)
        counts.append(count)
    return {
        name: round(float(np.average([row[name] for row in rows], weights=[count[name] for count in counts])), 1)
        for name in rows[0]
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="archive made by videopose prepare mocap")
    parser.add_argument("--network", type=Path, help="file of the trained network; trained and written if missing")
    parser.add_argument("--steps", type=int, default=2600, help="of training")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    parser.add_argument("--lifter", default=DEFAULT_LIFTER, help="name or file of the weights")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if not VIEWS.is_dir():
        sys.exit(f"{VIEWS} is missing: put the shared folder beside the checkout")
    torch.set_num_threads(arguments.threads)
    network = obtain(arguments.network, arguments.data, arguments.steps)
    lifter = Lifter(resolve_lifter(arguments.lifter), precision="float32")

    def complete(views: Iterator[View]) -> list[View]:
        results = []
        for view in views:
            given = (view.keypoints, view.time_s, view.image_size, view.focal_px)
            results.append(replace(view, lifted=lift_joints(lifter, *given), predicted=predict_root(network, *given)))
        return results

    kinds = {
        "fixed views, noisy": complete(fixed_views(clean=False)),
        "fixed views, clean": complete(fixed_views(clean=True)),
        "drawn views": complete(drawn_views(arguments.data)),
    }
    moving = [retreating(view) for view in kinds["fixed views, noisy"]]
    results: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d"), "torch": torch.__version__},
        "lifter": lifter.provenance(),
        "steps": arguments.steps,
        "frames": {name: sum(len(view.time_s) for view in views) for name, views in kinds.items()},
        "lifted joints": {
            name: {way: figures(views, function) for way, function in WAYS.items()} for name, views in kinds.items()
        },
        "true joints": {
            name: {way: figures(views, WAYS[way], true_joints=True) for way in ("no feet", "solved", "predicted")}
            for name, views in kinds.items()
        },
        "camera retreats": {way: figures(moving, WAYS[way]) for way in ("no feet", "solved")},
    }
    write_results(results, arguments.json)


if __name__ == "__main__":
    main()
