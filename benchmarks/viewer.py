"""How large the page of a long recording is, how soon it is there, and how smoothly it plays.

    python benchmarks/viewer.py --json benchmarks/results/viewer.json

Ten minutes of four people at 30 frames/s, without a video: motion capture of ../shared, there and back at changing
speed and with noise of 2 mm and 0.3 px, so that packing cannot make use of movement that comes again. The page is
opened in headless Chromium, which computes WebGL on the processor (SwiftShader): a graphics card is much faster.
`program_ms_per_frame` is what the page's own program takes to go to another frame, without the painting of the scene.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from writing import write_results

from videopose.types import Motion, Recording, Track, VideoInfo
from videopose.viewer import write_view

ROOT = Path(__file__).resolve().parents[1]
VIEWS = ROOT.parent / "shared" / "mocap" / "validation_views"
NAMES = ("09_12_view1", "135_02_view1", "135_07_view0", "135_11_view1")
SIZE = {"width": 1280, "height": 800}

sys.path.insert(0, str(ROOT / "tests"))

PROGRAM = """(rows) => { const { player } = videopose, began = performance.now();
  for (let row = rows; row > 0; row--) player.seek(row);
  return (performance.now() - began) / rows; }"""
PAINTED = """(milliseconds) => new Promise((resolve) => { const { player, world } = videopose;
  const painted = world.painted, row = player.row, time = player.time, began = performance.now(); player.play();
  setTimeout(() => { const seconds = (performance.now() - began) / 1000;
    resolve({ pictures_per_s: (world.painted - painted) / seconds, time_ratio: (player.time - time) / seconds });
    player.pause(); }, milliseconds); })"""


def make_recording(people: int, frames: int) -> Recording:
    """People of motion capture beside each other."""
    lengthened = import_module("pages").lengthened
    index, tracks, motions = np.arange(frames), [], []
    for place in range(people):
        with np.load(VIEWS / f"{NAMES[place % len(NAMES)]}.npz") as view:
            keypoints = lengthened(view["keypoints_2d"][0], frames, 0.3)
            seen = lengthened(view["observed"][0], frames, 0)
            joints = lengthened(view["target_joints_3d"][0], frames, 0.002)
            root = lengthened(view["target_root_3d"][0], frames, 0.002) + np.array([place, 0, 0], np.float32)
        boxes = np.concatenate([keypoints[..., :2].min(1), keypoints[..., :2].max(1)], axis=-1)
        tracks.append(Track(place + 1, index, keypoints, boxes, seen))
        motions.append(Motion(place + 1, index, index / 30.0, joints, root))
    info = VideoInfo("", 1920, 1080, Fraction(30), frames, frames / 30, 0)
    return Recording(info, index, index / 30.0, tuple(tracks), tuple(motions))


def measure(people: int, minutes: float, repeats: int) -> dict[str, Any]:
    """Write the page and watch it in the browser."""
    chromium = import_module("browser").chromium
    recording = make_recording(people, round(minutes * 60 * 30))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        began = time.perf_counter()
        write_view(recording, path, video=None)
        write_s = time.perf_counter() - began
        loads, rates, ratios, programs = [], [], [], []
        with chromium() as browser:
            for _ in range(repeats + 1):
                began = time.perf_counter()
                with browser.open(path, viewport=SIZE) as watched:
                    watched.page.wait_for_function("() => window.videopose.ready")
                    loads.append(time.perf_counter() - began)
                    played = watched.page.evaluate(PAINTED, 5000)
                    rates.append(played["pictures_per_s"])
                    ratios.append(played["time_ratio"])
                    programs.append(watched.page.evaluate(PROGRAM, 800))
        size = path.stat().st_size
    # the first round warms up
    return {
        "people": people,
        "minutes": minutes,
        "file_mb": size / 1e6,
        "write_s": write_s,
        "load_s": spread(loads[1:]),
        "painted_per_s": spread(rates[1:]),
        "page_seconds_per_second": spread(ratios[1:]),
        "program_ms_per_frame": spread(programs[1:]),
    }


def spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    short, long = measure(4, 0.5, options.repeats), measure(4, 10, options.repeats)
    result = {
        "machine": {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "date": time.strftime("%Y-%m-%d"),
        "viewport": SIZE,
        "short": short,
        "long": long,
        "long_over_short_program": long["program_ms_per_frame"]["median"] / short["program_ms_per_frame"]["median"],
        "load_average_at_end": os.getloadavg()[0],
    }
    write_results(result, options.json)


if __name__ == "__main__":
    main()
