"""How well people are followed and motions smoothed, on real motion capture with known truth (quality, not speed).

`python benchmarks/track.py --shared ../shared --json track.json`. Scenes put recorded bodies on crossing paths; the
detector's failings are added: jitter, people hidden behind others, both detections on the body in front, lost frames,
false detections, left and right exchanged, spikes.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from writing import write_results

from videopose.skeletons import COCO17
from videopose.track import TrackSettings, build_tracks, smooth
from videopose.types import Detections, Track

IMAGE_SIZE = (1920, 1080)
STATURE_PX = 450.0
HIDDEN = 0.22
"""Somebody behind another body is not seen while the hips are this near, statures."""
LONGEST_HIDDEN_S = 1.0
"""Scenes with longer occlusions are not used: the tracker promises one second."""
RATES: tuple[float | None, ...] = (5.0, 10.0, 30.0, 60.0, None)


def load_bodies(folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """(times, (T, 17, 2) keypoints about the body's path, in statures) of martial arts, which stay in place."""
    bodies = []
    for path in sorted(folder.glob("135_*.npz"))[::2]:
        with np.load(path, allow_pickle=False) as data:
            xy, time_s = data["keypoints_2d_clean"][0][..., :2].astype(float), data["time_s"]
        hips = xy[:, 11:13].mean(axis=1)
        line = np.polynomial.polynomial.polyfit(time_s, hips, 1)
        centre = line[0] + time_s[:, None] * line[1]
        height = np.median(xy[..., 1].max(axis=1) - xy[..., 1].min(axis=1)) * 1.05
        bodies.append((time_s, (xy - centre[:, None]) / height))
    return bodies


def pose_at(body: tuple[np.ndarray, np.ndarray], wanted_s: np.ndarray) -> np.ndarray:
    """Poses at any time: the recording played forth and back."""
    time_s, xy = body
    length = time_s[-1]
    phase = np.abs((wanted_s + length) % (2 * length) - length)
    flat = xy.reshape(len(xy), -1)
    columns = [np.interp(phase, time_s, flat[:, k]) for k in range(flat.shape[1])]
    poses: np.ndarray = np.stack(columns, axis=1).reshape(len(wanted_s), 17, 2)
    return poses


def frame_times(rate: float | None, duration_s: float, rng: np.random.Generator) -> np.ndarray:
    """At a fixed rate, or irregular between 10 and 60 fps."""
    if rate is not None:
        return np.arange(int(duration_s * rate)) / rate
    times = np.cumsum(rng.uniform(1 / 60, 1 / 10, int(duration_s * 60)))
    kept: np.ndarray = times[times < duration_s] - times[0]
    return kept


def crossing_scene(
    bodies: list[tuple[np.ndarray, np.ndarray]], rate: float | None, rng: np.random.Generator
) -> tuple[list[Detections], np.ndarray, np.ndarray]:
    """Three people on paths through the middle; detections, times and the true poses (3, T, 17, 2)."""
    while True:
        time_s = frame_times(rate, 6.0, rng)
        people = []
        for index, number in enumerate(rng.choice(len(bodies), 3, replace=False)):
            speed = rng.uniform(0.3, 1.0) * STATURE_PX * (-1 if index % 2 else 1)
            height = STATURE_PX * rng.uniform(0.8, 1.2)
            path = np.stack([960 + speed * (time_s - rng.uniform(2.0, 4.0)), np.full(len(time_s), 600.0)], axis=1)
            people.append(pose_at(bodies[number], time_s + rng.uniform(0, 3)) * height + path[:, None])
        truth = np.stack(people)
        hips = truth[:, :, 11:13, 0].mean(axis=2)
        # hidden[p, q]: q stands in front of p
        hidden = np.abs(hips[:, None] - hips[None]) < HIDDEN * STATURE_PX
        hidden &= np.tri(3, k=-1, dtype=bool)[:, :, None]
        if longest_s(hidden.any(axis=1), time_s) <= LONGEST_HIDDEN_S:
            break
    detections = []
    # a detector that follows landmarks goes over to the body in front
    goes_over = rng.random(3) < 0.3
    for t in range(len(time_s)):
        poses, scores = [], []
        for person in range(3):
            front = np.flatnonzero(hidden[person, :, t])
            if rng.random() < 0.05 or (len(front) and not goes_over[person]):
                continue
            pose = truth[front[0] if len(front) else person, t]
            pose = pose + rng.normal(scale=0.008 * STATURE_PX, size=(17, 2))
            poses.append(pose[COCO17.mirror] if rng.random() < 0.1 else pose)
            scores.append(0.9)
        if rng.random() < 0.03:
            poses.append(rng.uniform((100, 100), (1800, 900)) + rng.normal(scale=60, size=(17, 2)))
            scores.append(0.6)
        detections.append(as_detections(poses, scores))
    return detections, time_s, truth


def longest_s(hidden: np.ndarray, time_s: np.ndarray) -> float:
    """Longest stretch in which anyone of (P, T) is hidden."""
    longest = 0.0
    for row in hidden:
        edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(int)))
        for first, last in edges.reshape(-1, 2):
            longest = max(longest, float(time_s[min(last, len(row) - 1)] - time_s[first]))
    return longest


def as_detections(poses: list[np.ndarray], scores: list[float]) -> Detections:
    """Boxes around poses."""
    if not poses:
        return Detections.empty()
    xy = np.stack(poses)
    keypoints = np.concatenate([xy, np.full((*xy.shape[:2], 1), 0.9)], axis=-1).astype(np.float32)
    boxes = np.concatenate([xy.min(axis=1), xy.max(axis=1)], axis=1).astype(np.float32)
    return Detections(boxes, np.array(scores, np.float32), keypoints)


def identity_scores(tracks: tuple[Track, ...], truth: np.ndarray) -> dict[str, float]:
    """Share of person-frames carried by the person's main track, changes of identity, tracks per person."""
    people, frames = truth.shape[:2]
    owner = np.full((people, frames), -1)
    switches = 0
    for track in tracks:
        distance = np.linalg.norm(track.keypoints[None, ..., :2] - truth[:, track.frame_index], axis=-1)
        # the middle of the torso tells who it is even where left and right are exchanged
        nearest = distance[:, :, [5, 6, 11, 12]].mean(axis=-1)
        seen = track.observed & (nearest.min(axis=0) < 0.3 * STATURE_PX)
        # while two bodies cover each other nobody can say whose a pose is
        clear = np.sort(nearest, axis=0)[1] > 0.35 * STATURE_PX
        who, at = nearest.argmin(axis=0)[seen & clear], track.frame_index[seen & clear]
        switches += int((np.diff(who) != 0).sum())
        owner[who, at] = track.person_id
    carried, total = 0, 0
    for row in owner:
        ids = row[row >= 0]
        total += len(ids)
        carried += int(np.bincount(ids).max(initial=0)) if len(ids) else 0
    return {"carried": carried / max(total, 1), "switches": float(switches), "tracks": len(tracks) / people}


def measure_identities(bodies: list[tuple[np.ndarray, np.ndarray]], scenes: int) -> dict[str, Any]:
    """Means over scenes, by frame rate."""
    result = {}
    for rate in RATES:
        rng = np.random.default_rng(1)
        rows = []
        for _ in range(scenes):
            detections, time_s, truth = crossing_scene(bodies, rate, rng)
            rows.append(identity_scores(build_tracks(detections, np.arange(len(time_s)), time_s, IMAGE_SIZE), truth))
        result["irregular" if rate is None else f"{rate:g} fps"] = {
            key: round(float(np.mean([row[key] for row in rows])), 3) for key in rows[0]
        }
    return result


def measure_flips(folder: Path) -> dict[str, Any]:
    """Share of frames with left and right exchanged, before and after, in runs of 1 to 15 frames."""
    before, after, frames = 0.0, 0.0, 0
    spikes, found, spoiled, joints = 0, 0, 0, 0
    rng = np.random.default_rng(2)
    for path in sorted(folder.glob("*.npz"))[::2]:
        with np.load(path, allow_pickle=False) as data:
            # three recordings begin with a frame that is somewhere else
            keypoints, time_s = data["keypoints_2d"][0][2:].astype(np.float64), data["time_s"][2:]
        flipped = np.repeat(rng.random(len(time_s)) < 1 / 3, rng.integers(1, 16, len(time_s)))[: len(time_s)]
        given = np.where(flipped[:, None, None], keypoints[:, COCO17.mirror], keypoints)
        track = follow_one(given, time_s)
        legs = np.linalg.norm(track.keypoints[:, 11:17, :2] - keypoints[:, 11:17, :2], axis=-1).mean(axis=1)
        other = np.linalg.norm(track.keypoints[:, 11:17, :2] - keypoints[:, COCO17.mirror[11:17], :2], axis=-1).mean(
            axis=1
        )
        before, after, frames = before + flipped.sum(), after + (legs > other).sum(), frames + len(time_s)

        given, struck = keypoints.copy(), np.zeros(keypoints.shape[:2], bool)
        height = float(np.ptp(keypoints[0, :, 1]))
        for start in range(4, len(time_s) - 6, 7):
            joint, length, angle = rng.integers(17), rng.integers(1, 4), rng.uniform(0, 2 * np.pi)
            given[start : start + length, joint, :2] += (
                height * rng.uniform(0.3, 0.8) * np.array([np.cos(angle), np.sin(angle)])
            )
            struck[start : start + length, joint] = True
        off = np.linalg.norm(follow_one(given, time_s).keypoints[..., :2] - keypoints[..., :2], axis=-1) / height
        spikes, found = spikes + struck.sum(), found + (off[struck] < 0.1).sum()
        spoiled, joints = spoiled + (off[~struck] > 0.05).sum(), joints + (~struck).sum()
    return {
        "flipped_before": round(before / frames, 4),
        "flipped_after": round(after / frames, 4),
        "spikes_repaired": round(float(found / spikes), 4),
        "good_joints_spoiled": round(float(spoiled / joints), 5),
    }


def follow_one(keypoints: np.ndarray, time_s: np.ndarray) -> Track:
    """The track of one person's (T, 17, 3) detections."""
    boxes = np.concatenate([keypoints[..., :2].min(axis=1), keypoints[..., :2].max(axis=1)], axis=1)
    score = np.ones(1, np.float32)
    detections = [
        Detections(box[None].astype(np.float32), score, pose[None].astype(np.float32))
        for box, pose in zip(boxes, keypoints, strict=True)
    ]
    tracks = build_tracks(detections, np.arange(len(time_s)), time_s, IMAGE_SIZE, TrackSettings(min_duration_s=0.0))
    return max(tracks, key=len)


def lifter_error(time_s: np.ndarray, std_m: float, jitter_m: float, rng: np.random.Generator) -> np.ndarray:
    """(T, 17, 3): slow error, correlated over half a second, plus white jitter."""
    kernel = np.exp(-0.5 * ((time_s[:, None] - time_s) / 0.25) ** 2) + 1e-6 * np.eye(len(time_s))
    slow = np.linalg.cholesky(kernel) @ rng.normal(size=(len(time_s), 51)) * std_m
    result: np.ndarray = (slow + rng.normal(size=slow.shape) * jitter_m).reshape(-1, 17, 3)
    return result


def measure_smoothing(folder: Path) -> list[dict[str, Any]]:
    """MPJPE and acceleration error before and after, running (09) and martial arts (135), over cutoffs."""

    def errors(predicted: np.ndarray, target: np.ndarray) -> tuple[float, float]:
        apart: Callable[[np.ndarray], float] = lambda x: float(np.linalg.norm(x, axis=-1).mean()) * 1e3  # noqa: E731
        return apart(predicted - target), apart(np.diff(predicted - target, n=2, axis=0))

    rows = []
    for subject in ("09", "135"):
        for jitter_m in (0.004, 0.008):
            for cutoff_hz in (4.0, 5.0, 6.0, 8.0, 10.0):
                rng = np.random.default_rng(3)
                found = []
                for path in sorted(folder.glob(f"{subject}_*.npz"))[::3]:
                    with np.load(path, allow_pickle=False) as data:
                        target, time_s = data["target_joints_3d"][0].astype(float), data["time_s"]
                    lifted = target + lifter_error(time_s, 0.03, jitter_m, rng)
                    clean = errors(smooth(target, time_s, cutoff_hz), target)[0]
                    found.append((*errors(lifted, target), *errors(smooth(lifted, time_s, cutoff_hz), target), clean))
                names = ("mpjpe_before", "acceleration_before", "mpjpe_after", "acceleration_after", "mpjpe_of_clean")
                means = np.mean(found, axis=0)
                row: dict[str, Any] = {"subject": subject, "jitter_mm": jitter_m * 1e3, "cutoff_hz": cutoff_hz}
                rows.append(row | {f"{n}_mm": round(float(m), 2) for n, m in zip(names, means, strict=True)})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with mocap/validation_views")
    parser.add_argument("--scenes", type=int, default=20, help="scenes per frame rate")
    parser.add_argument("--json", type=Path, help="write the results here")
    options = parser.parse_args()
    folder = options.shared / "mocap" / "validation_views"
    results = {
        "identities": measure_identities(load_bodies(folder), options.scenes),
        "cleaning": measure_flips(folder),
        "smoothing": measure_smoothing(folder),
    }
    write_results(results, options.json)


if __name__ == "__main__":
    main()
