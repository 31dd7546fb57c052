"""How well the vertical and the floor are found, against the assumption of a level camera.

    videopose prepare mocap cmu_asfamc_subset.zip -o mocap.npz
    python benchmarks/ground.py --data mocap.npz --json benchmarks/results/ground.json

Views of the first 8 s of every trial of the two subjects that the shipped lifter was not trained on (running, martial
arts), three cameras each, one person a view. Cameras are tilted as in the lifter's training (8 degrees down, standard
deviation 14, to the sides 4) or as people hold them (3 down, 5, and 2); nobody says what their focal lengths are
(standard deviation 20 %). Joints and roots are the true ones, or lifted from noisy keypoints the way `infer` does. The
estimate's standard deviations were chosen on other views of these and of the training subjects, so they are not blind
to the subjects; the axis of the body was fitted to the training subjects alone.

* `error_degrees`: angle between the estimated and the true vertical
* `expected_degrees`: what the estimate says of its own error, root mean square
* `hip_height_mm`: how far the hip's mean height over the floor is from the truth; with a level camera, the floor is
  as low as the lowest twentieth of the ankles' places
* `better`: share of the views in which the vertical is nearer than a level camera's
"""

import argparse
import os
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from writing import write_results

from videopose.assets import DEFAULT_LIFTER
from videopose.data.clip_views import IMAGE_SIZE, ClipView, render_clip
from videopose.data.mocap import at_rate, read_archive
from videopose.data.views import ViewSettings
from videopose.ground import estimate_ground
from videopose.ground.estimate import ANKLE_M
from videopose.lift import Lifter, resolve_lifter, solve_root
from videopose.motion import lift_joints
from videopose.skeletons import H36M17
from videopose.track import smooth
from videopose.types import Motion
from videopose.world import world_joints

SUBJECTS = ("09", "135")
CAMERAS = {
    "as in training": ViewSettings(),
    "as held": ViewSettings(pitch_degrees_mean=3.0, pitch_degrees_spread=5.0, roll_degrees_spread=2.0),
}
VIEWS, LENGTH_S, LEAST_S = 3, 8, 1
LEVEL = np.array([0.0, -1.0, 0.0])
ANKLES = [H36M17.index("left_ankle"), H36M17.index("right_ankle")]
LOWEST_PERCENT = 5.0


def drawn_views(archive: Path, settings: ViewSettings) -> Iterator[ClipView]:
    for clip in read_archive(archive):
        positions = at_rate(clip.positions, clip.fps, settings.frame_rate)[: round(LENGTH_S * settings.frame_rate)]
        if clip.subject in SUBJECTS and len(positions) >= LEAST_S * settings.frame_rate:
            for camera in range(VIEWS):
                yield render_clip(positions, settings, zlib.crc32(f"{clip.name} {camera} ground".encode()))


def as_motion(joints: np.ndarray, root: np.ndarray, time_s: np.ndarray) -> Motion:
    return Motion(1, np.arange(len(time_s)), time_s, joints.astype(np.float32), root.astype(np.float32))


def lifted(lifter: Lifter, view: ClipView) -> Motion:
    keypoints = np.concatenate([view.keypoints, np.ones((len(view.time_s), 17, 1))], axis=-1)
    given = (view.time_s, IMAGE_SIZE, view.focal_px)
    joints = lift_joints(lifter, keypoints, *given)
    found = solve_root(keypoints, joints, *given)
    return as_motion(found.joints, smooth(found.root, view.time_s), view.time_s)


def angle_degrees(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1, 1))))


def hip_height_m(motion: Motion, up: np.ndarray) -> float:
    """Mean height over the lowest ankles."""
    ankles = (motion.root[:, None].astype(np.float64) + motion.joints[:, ANKLES]) @ up
    return float(np.mean(motion.root @ up) - np.percentile(ankles, LOWEST_PERCENT) + ANKLE_M)


def judge(motion: Motion, truth: Motion, up: np.ndarray) -> dict[str, float]:
    """The figures of one view, before and after."""
    ground = estimate_ground([motion])
    height = hip_height_m(truth, up)
    return {
        "level": angle_degrees(LEVEL, up),
        "found": angle_degrees(ground.world.rotation[1], up),
        "expected": ground.error_degrees,
        "level hip": 1000 * abs(hip_height_m(motion, LEVEL) - height),
        "found hip": 1000 * abs(float(world_joints(motion, ground.world)[:, 0, 1].mean()) - height),
    }


def summary(rows: list[dict[str, float]]) -> dict[str, Any]:
    table = {name: np.array([row[name] for row in rows]) for name in rows[0]}

    def spread(values: np.ndarray) -> dict[str, float]:
        return {
            "rms": round(float(np.sqrt(np.mean(values**2))), 2),
            "median": round(float(np.median(values)), 2),
            "90 %": round(float(np.percentile(values, 90)), 2),
        }

    return {
        "views": len(rows),
        "level camera": {"error_degrees": spread(table["level"]), "hip_height_mm": spread(table["level hip"])},
        "estimated": {
            "error_degrees": spread(table["found"]),
            "hip_height_mm": spread(table["found hip"]),
            "expected_degrees": spread(table["expected"])["rms"],
            "better": round(float(np.mean(table["found"] < table["level"])), 3),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="archive made by videopose prepare mocap")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    parser.add_argument("--lifter", default=DEFAULT_LIFTER, help="name or file of the weights")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if not arguments.data.is_file():
        sys.exit(f"{arguments.data} is missing: make it with videopose prepare mocap")
    torch.set_num_threads(arguments.threads)
    lifter = Lifter(resolve_lifter(arguments.lifter), precision="float32")
    results: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d"), "torch": torch.__version__},
        "lifter": lifter.provenance(),
    }
    for name, settings in CAMERAS.items():
        rows: dict[str, list[dict[str, float]]] = {"true joints": [], "lifted joints": []}
        for view in drawn_views(arguments.data, settings):
            truth = as_motion(view.joints, view.root, view.time_s)
            rows["true joints"].append(judge(truth, truth, view.up))
            rows["lifted joints"].append(judge(lifted(lifter, view), truth, view.up))
        results[f"cameras tilted {name}"] = {kind: summary(each) for kind, each in rows.items()}
    write_results(results, arguments.json)


if __name__ == "__main__":
    main()
