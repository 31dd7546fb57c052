"""Write the README's table of measurements from the JSON files in benchmarks/results.

python benchmarks/report.py           rewrites the table between the two markers
python benchmarks/report.py --check   fails when the table is not the one the files give
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- benchmarks:begin -->", "<!-- benchmarks:end -->"

Row = tuple[str, str, str]
"""What, measured, by which script."""


def infer_rows(data: dict[str, Any]) -> Iterator[Row]:
    if "speed" in data:
        speed = data["speed"]
        rate = speed["frames_per_s"]
        yield (
            f"`infer`, all outputs, one person, 1080p, {speed['frames']} frames",
            f"{rate['median']:.1f} frames/s ({rate['lowest']:.1f} to {rate['highest']:.1f})",
            "infer.py",
        )
        yield (
            "processor time a frame in the detector's networks, and besides them",
            f"{speed['one_thread']['networks_cpu_ms']:.1f} ms, {speed['one_thread']['other_cpu_ms']:.1f} ms",
            "infer.py",
        )
    if "memory" in data:
        memory = data["memory"]
        lengths = [name for name in memory if name.endswith("_min")]
        peaks = ", ".join(f"{memory[name]['peak_mib']:.0f} MiB ({name.removesuffix('_min')} min)" for name in lengths)
        yield (
            f"peak memory by length of the video, 1080p: {peaks}",
            f"{memory['longest_over_shortest']:.2f} times",
            "infer.py",
        )


def overlay_rows(data: dict[str, Any]) -> Iterator[Row]:
    second = data["second_pass"]
    yield (
        "decoding, drawing and encoding the overlay alone, 1080p",
        f"{second['median_fps']:.1f} frames/s, {second['processor_ms_per_frame']:.1f} ms of processor time a frame",
        "overlay.py",
    )


def lift_rows(data: dict[str, Any]) -> Iterator[Row]:
    for name, network in data["networks"].items():
        pair = network["measurements"][-1]
        factors = ", ".join(
            f"{engine} {pair[engine]['speed_up']['median']:.2f} times"
            for engine in ("float32", "bfloat16")
            if engine in pair
        )
        yield f"lifting against a plain `Conv1d` pass, {network['channels']} channels ({name})", factors, "lift.py"
    for name, forms in data["bfloat16 against float32"].items():
        distance = forms["with augmentation"]["distance_mm"]
        yield (
            f"lifted joints in bfloat16 against float32 ({name}, validation views)",
            f"{distance['mean']:.2f} mm apart on average, {distance['max']:.2f} mm at most",
            "lift.py",
        )


def detect_rows(data: dict[str, Any]) -> Iterator[Row]:
    people = data["people"].values()
    found, labelled, ghosts = (sum(clip[key] for clip in people) for key in ("found", "labelled", "ghosts"))
    yield "people found on labelled frames of six real clips", f"{found} of {labelled}, {ghosts} ghosts", "detect.py"


def track_rows(data: dict[str, Any]) -> Iterator[Row]:
    kept = data["identities"]
    yield (
        "identities kept, three people crossing, hidden up to a second (" + ", ".join(kept) + ")",
        ", ".join(f"{100 * rate['carried']:.0f} %" for rate in kept.values()),
        "track.py",
    )


def view_rows(data: dict[str, Any]) -> Iterator[Row]:
    for kind in ("noisy", "clean"):
        for form in ("raw", "smoothed"):
            part = data[kind][form]
            yield (
                f"default lifter on 66 unseen views, {kind} 2D, {form}",
                f"MPJPE {part['mpjpe_mm']:.1f} mm, P-MPJPE {part['p_mpjpe_mm']:.1f} mm, "
                f"acceleration {part['acceleration_mm']:.1f} mm/frame²",
                "validation_views.py",
            )


TABLE = {
    "infer": infer_rows,
    "overlay": overlay_rows,
    "lift": lift_rows,
    "detect": detect_rows,
    "track": track_rows,
    "validation_views": view_rows,
}


def table() -> str:
    """The Markdown table of all results that there are."""
    lines = ["| what | measured | by `benchmarks/` |", "|---|---|---|"]
    for name, rows in TABLE.items():
        path = RESULTS / f"{name}.json"
        if path.exists():
            lines += [f"| {what} | {value} | {script} |" for what, value, script in rows(json.loads(path.read_text()))]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when the table is out of date")
    arguments = parser.parse_args()
    readme = ROOT / "README.md"
    text = readme.read_text("utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    new = f"{before}{BEGIN}\n{table()}\n{END}{after}"
    if arguments.check:
        sys.exit(0 if new == text else "README.md is out of date: run python benchmarks/report.py")
    readme.write_text(new, "utf-8")


if __name__ == "__main__":
    main()
