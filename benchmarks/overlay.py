"""How fast the overlay is drawn, and how fast a video is decoded, drawn on and encoded.

    python benchmarks/overlay.py --json benchmarks/results/overlay.json

Drawing is timed as processor time per 1080p frame, without decoding and encoding, for several numbers of people. The
whole second pass over a video (decode, draw, encode to H.264) is timed by the clock and in processor time; without
`--video` it runs on ../shared/videos/seated_singer.mp4 (1920x1080, 125 frames), once for each repeat.
"""

import argparse
import os
import platform
import statistics
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from writing import write_results

from videopose.export.overlay import OverlayRenderer
from videopose.skeletons import COCO17, H36M17
from videopose.types import Frame, Motion, Recording, Track, VideoInfo
from videopose.video import VideoReader, VideoWriter, prefetch

SHARED_VIDEO = Path(__file__).resolve().parents[2] / "shared" / "videos" / "seated_singer.mp4"
HEIGHTS_M = {
    "ankle": 0.84,
    "knee": 0.42,
    "hip": 0.0,
    "spine": -0.25,
    "wrist": -0.02,
    "elbow": -0.25,
    "shoulder": -0.48,
    "thorax": -0.5,
    "neck": -0.58,
    "nose": -0.6,
    "ear": -0.61,
    "eye": -0.63,
    "head": -0.75,
}
SWING_M = {"ankle": 0.35, "knee": 0.15, "wrist": -0.3, "elbow": -0.12}
WIDTH_M = {
    "hip": 0.12,
    "knee": 0.13,
    "ankle": 0.14,
    "shoulder": 0.18,
    "elbow": 0.22,
    "wrist": 0.24,
    "ear": 0.07,
    "eye": 0.03,
}


def walk(names: tuple[str, ...], time_s: np.ndarray) -> np.ndarray:
    """(T, J, 3) metres: somebody walking on the spot towards the camera, relative to the hips."""
    joints = np.zeros((len(time_s), len(names), 3))
    for j, name in enumerate(names):
        part = name.split("_")[-1]
        side = {"left": 1.0, "right": -1.0}.get(name.split("_")[0], 0.0)
        joints[:, j, 0] = side * WIDTH_M.get(part, 0.0)
        joints[:, j, 1] = HEIGHTS_M[part]
        joints[:, j, 2] = side * SWING_M.get(part, 0.0) * np.sin(2 * np.pi * time_s)
    return joints


def make_recording(info: VideoInfo, people: int, length: int) -> Recording:
    """People side by side, 4 m from the camera, who sway to and fro."""
    time_s = np.arange(length) / float(info.fps)
    index = np.arange(length)
    tracks, motions = [], []
    for i in range(people):
        root = np.stack(
            [1.1 * (i - (people - 1) / 2) + 0.3 * np.sin(time_s), 0 * time_s, 4 + 0.5 * np.cos(time_s)], axis=1
        )
        points = walk(COCO17.joint_names, time_s) + root[:, None]
        keypoints = np.full((length, len(COCO17), 3), 0.9, np.float32)
        keypoints[..., :2] = 1.2 * info.width * points[..., :2] / points[..., 2:] + (info.width / 2, info.height / 2)
        boxes = np.concatenate([keypoints[..., :2].min(axis=1), keypoints[..., :2].max(axis=1)], axis=1)
        tracks.append(Track(i + 1, index, keypoints, boxes, np.ones(length, bool)))
        joints = walk(H36M17.joint_names, time_s).astype(np.float32)
        motions.append(Motion(i + 1, index, time_s, joints, root.astype(np.float32)))
    return Recording(info, index, time_s, tuple(tracks), tuple(motions))


def time_drawing(people: int, frames: int, repeats: int) -> dict[str, float]:
    """Milliseconds of processor time for one 1080p frame."""
    info = VideoInfo("synthetic", 1920, 1080, Fraction(30), frames, frames / 30, 0)
    started = time.process_time()
    renderer = OverlayRenderer(make_recording(info, people, frames))
    prepare_ms = 1e3 * (time.process_time() - started)
    noise = np.random.default_rng(0)
    images = [noise.integers(0, 256, (1080, 1920, 3), dtype=np.uint8) for _ in range(8)]
    taken = []
    for _ in range(repeats + 1):
        started = time.process_time()
        for i in range(frames):
            renderer.draw(Frame(i, i / 30, images[i % len(images)]))
        taken.append(1e3 * (time.process_time() - started) / frames)
    taken = taken[1:]  # the first round warms up
    return {
        "median_ms": statistics.median(taken),
        "lowest_ms": min(taken),
        "highest_ms": max(taken),
        "prepare_ms": prepare_ms,
    }


def _processor_s() -> float:
    """Processor time of this process and of the ended processes that it started, seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def time_second_pass(source: Path, people: int, repeats: int) -> dict[str, Any]:
    """Frames per second of decoding alone, and of decoding, drawing and encoding."""
    with VideoReader(str(source)) as reader:
        info = reader.info
        started = time.perf_counter()
        times_s = [frame.time_s for frame in reader]
        decode_fps = len(times_s) / (time.perf_counter() - started)
    renderer = OverlayRenderer(make_recording(info, people, len(times_s)))
    width, height = renderer.size
    rates, processor_ms = [], []
    for _ in range(repeats + 1):
        with tempfile.TemporaryDirectory() as folder:
            started, before = time.perf_counter(), _processor_s()
            path = Path(folder) / "overlay.mp4"
            with (
                VideoReader(str(source)) as reader,
                VideoWriter(path, width, height, fps=info.fps, times_s=times_s, audio_from=str(source)) as writer,
            ):
                for frame in prefetch(reader):
                    writer.write(renderer.draw(frame))
            rates.append(len(times_s) / (time.perf_counter() - started))
            processor_ms.append(1e3 * (_processor_s() - before) / len(times_s))
            size = path.stat().st_size
    rates, processor_ms = rates[1:], processor_ms[1:]  # the first round warms up
    return {
        "video": f"{source.name}, {info.width}x{info.height}, {len(times_s)} frames",
        "canvas": [width, height],
        "people": people,
        "decode_fps": decode_fps,
        "median_fps": statistics.median(rates),
        "lowest_fps": min(rates),
        "highest_fps": max(rates),
        "processor_ms_per_frame": statistics.median(processor_ms),
        "megabits_per_s": 8e-6 * size * float(info.fps) / len(times_s),
    }


def machine() -> dict[str, Any]:
    """What the numbers were taken on; a load near or above the number of cores makes frames/s by the clock too low."""
    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = f"{len(names)} x {names[0]}" if names else model
    versions = {"python": platform.python_version(), "opencv": cv2.__version__, "numpy": np.__version__}
    return {"processor": model, "load": os.getloadavg()[0], **versions}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    parser.add_argument("--video", type=Path, default=SHARED_VIDEO, help="video of the second pass")
    parser.add_argument("--frames", type=int, default=100, help="frames of each drawing round (default 100)")
    parser.add_argument("--repeats", type=int, default=3, help="rounds; the median counts (default 3)")
    arguments = parser.parse_args()
    results: dict[str, Any] = {
        "machine": machine(),
        "drawing_1080p": {str(n): time_drawing(n, arguments.frames, arguments.repeats) for n in (1, 2, 4)},
    }
    if arguments.video.exists():
        results["second_pass"] = time_second_pass(arguments.video, 1, arguments.repeats)
    write_results(results, arguments.json)


if __name__ == "__main__":
    main()
