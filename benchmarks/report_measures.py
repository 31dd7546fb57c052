"""Whether the measures of `videopose report` tell how far a result is from the truth.

    python benchmarks/report_measures.py --json benchmarks/results/report_measures.json

The 66 fixed views of running and martial arts that no lifter was trained on, each lifted from keypoints without noise,
with noise as of a detector, and with 2.5 times that noise. Gives, for each measure, the rank correlation (Spearman)
with the mean error of the joints (MPJPE), with the error of acceleration, and with MPJPE within one noise and one kind
of movement; the errors behind each grade; and the errors of angles with noise as of a detector. These are the figures
in `videopose/report/limits.py`.
"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from writing import write_results

from videopose.kinematics import ANGLES, joint_angles
from videopose.lift_file import lift_file
from videopose.report import LIMITS, Grade, build_report
from videopose.report.limits import KNOWN_ANGLE_ERRORS
from videopose.report.verdicts import Verdict
from videopose.settings import MotionSettings
from videopose.types import Motion
from videopose.world import CAMERA_WORLD

VIEWS = Path(__file__).resolve().parents[2] / "shared" / "mocap" / "validation_views"
NOISES = (0.0, 1.0, 2.5)
_MEASURES = ("fit", "bones", "jitter", "sliding")
_GRADES = (Grade.GOOD, Grade.FAIR, Grade.POOR)


def measure(view: Path, noise: float, folder: Path) -> dict[str, Any]:
    """One view lifted with one noise: its measures, grades and true errors."""
    with np.load(view) as file:
        content = dict(file)
    clean, noisy = content.pop("keypoints_2d_clean"), content["keypoints_2d"]
    content["keypoints_2d"] = np.concatenate(
        [clean[..., :2] + noise * (noisy[..., :2] - clean[..., :2]), noisy[..., 2:]], axis=-1
    )
    target = content.pop("target_joints_3d")[0].astype(np.float64)
    given = folder / "given.npz"
    np.savez(given, **{key: value for key, value in content.items() if key != "target_root_3d"})
    recording = lift_file(given, folder / "lifted.npz", "wild-243", MotionSettings())
    person = build_report(recording).people[0]
    motion = recording.motions[0]
    joints = motion.joints.astype(np.float64)
    step_s = float(np.median(np.diff(motion.time_s)))
    acceleration = (np.diff(joints, 2, axis=0) - np.diff(target, 2, axis=0)) / step_s**2
    row: dict[str, Any] = {"view": view.stem, "noise": noise, "running": view.stem.startswith("09_")}
    row["mpjpe_mm"] = 1000 * float(np.linalg.norm(joints - target, axis=-1).mean())
    row["acceleration_m_s2"] = float(np.linalg.norm(acceleration, axis=-1).mean())
    given_verdicts: dict[str, Verdict] = {verdict.measure: verdict for verdict in person.verdicts}
    for name in _MEASURES:
        row[name], row[f"{name}_grade"] = given_verdicts[name].value, given_verdicts[name].grade
    row["angles"] = _angle_errors(motion, target)
    return row


def _angle_errors(motion: Motion, target: np.ndarray) -> dict[str, np.ndarray]:
    true = replace(motion, joints=target.astype(np.float32))
    error = np.abs(joint_angles(motion, CAMERA_WORLD) - joint_angles(true, CAMERA_WORLD))
    error = np.minimum(error, np.abs(360.0 - error))
    return {angle.name: error[:, place] for place, angle in enumerate(ANGLES)}


def correlations(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Rank correlations of one measure, over all results and within groups."""

    def rank(chosen: list[dict[str, Any]], error: str) -> float:
        known = [row for row in chosen if np.isfinite(row[name])]
        return round(float(spearmanr([row[name] for row in known], [row[error] for row in known])[0]), 2)

    groups = [
        rank([row for row in rows if row["noise"] == noise and row["running"] == running], "mpjpe_mm")
        for noise in NOISES
        for running in (True, False)
    ]
    return {
        "mpjpe": rank(rows, "mpjpe_mm"),
        "acceleration": rank(rows, "acceleration_m_s2"),
        "mpjpe_within_groups": [min(groups), max(groups)],
        "median_by_noise": [float(np.nanmedian([row[name] for row in rows if row["noise"] == n])) for n in NOISES],
    }


def errors_by_grade(rows: list[dict[str, Any]], *names: str) -> dict[str, Any]:
    """Number of results, median and tenth and ninetieth percentile of MPJPE, by the worst grade of the measures."""
    table: dict[str, Any] = {}
    for grade in _GRADES:
        chosen = []
        for row in rows:
            grades = [row[f"{name}_grade"] for name in names]
            if Grade.UNJUDGED not in grades and max(grades, key=_GRADES.index) is grade:
                chosen.append(row["mpjpe_mm"])
        quantiles = np.quantile(chosen, [0.5, 0.1, 0.9]).round().tolist() if chosen else None
        table[grade.value] = {"results": len(chosen), "mpjpe_mm": quantiles}
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(view, noise, Path(folder)) for noise in NOISES for view in sorted(VIEWS.glob("*.npz"))]
    usual = [row["angles"] for row in rows if row["noise"] == 1.0]
    angles = {
        name: round(
            float(np.nanmedian(np.concatenate([a[f"{side}_{name}"] for a in usual for side in ("left", "right")])))
        )
        for name in KNOWN_ANGLE_ERRORS
    }
    results = {
        "machine": {"cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d")},
        "results": len(rows),
        "limits": {name: [LIMITS[name].good, LIMITS[name].fair] for name in _MEASURES},
        "rank_correlations": {name: correlations(rows, name) for name in _MEASURES},
        "errors_by_grade": {name: errors_by_grade(rows, name) for name in _MEASURES},
        "errors_by_grade_of_fit_and_bones": errors_by_grade(rows, "fit", "bones"),
        "angle_errors_degrees": angles,
    }
    write_results(results, arguments.json)


if __name__ == "__main__":
    main()
