"""The whole of `videopose infer`: frames/s, processor time besides the detector's networks, and memory by length.

    python benchmarks/infer.py --json benchmarks/results/infer.json
    python benchmarks/infer.py --json benchmarks/results/infer.json --minutes 1,10

The clip is the 1080p one of a single person in ../shared/videos, repeated without re-encoding; all four outputs are
written. Memory is the proportional set size of the process and its children (ffmpeg), sampled twice a second. Every run
is a process of its own. With --minutes only the memory part runs, and is added to the file.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from writing import write_results

from videopose.video import ffmpeg_path

CLIP = Path(__file__).resolve().parents[2] / "shared" / "videos" / "seated_singer.mp4"
CLIP_S = 5.0


def repeated(folder: Path, seconds: float) -> Path:
    """The clip, as often as needed, its packets copied."""
    path = folder / f"{seconds:g}s.mp4"
    loops = round(seconds / CLIP_S) - 1
    command = [ffmpeg_path(), "-v", "error", "-stream_loop", str(loops), "-i", str(CLIP), "-c", "copy", str(path)]
    subprocess.run(command, check=True)
    return path


def child(video: Path, folder: Path, threads: int) -> None:
    """Run `infer` in this process and print what it took, as JSON."""
    from videopose.detect.blazepose import networks
    from videopose.pipeline import infer
    from videopose.settings import InferSettings

    inside = [0.0]
    inner: Any = networks.Network.run

    def run(network: networks.Network, values: Any) -> Any:
        begin = time.thread_time()
        outputs = inner(network, values)
        inside[0] += time.thread_time() - begin
        return outputs

    setattr(networks.Network, "run", run)  # noqa: B010 (mypy does not like a method assigned)
    start, start_cpu = time.perf_counter(), processor_s()
    result = infer(str(video), folder, InferSettings(threads=threads, overwrite=True))
    wall, cpu = time.perf_counter() - start, processor_s() - start_cpu
    frames = len(result.recording.frame_index)
    print(
        json.dumps(
            {
                "frames": frames,
                "people": len(result.recording.tracks),
                "frames_per_s": frames / wall,
                "cpu_ms": 1e3 * cpu / frames,
                "networks_cpu_ms": 1e3 * inside[0] / frames,
                "stage_s": result.seconds,
            }
        )
    )


def processor_s() -> float:
    """Processor time of this process and of its children that ended."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in usage)


def measured(video: Path, folder: Path, threads: int) -> dict[str, Any]:
    """One run in a process of its own, with its peak memory."""
    command = [sys.executable, __file__, "--child", str(video), str(folder), "--threads", str(threads)]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        peak = [0]
        sampler = threading.Thread(target=_watch, args=(process, peak))
        sampler.start()
        output, _ = process.communicate()
        sampler.join()
    if process.returncode:
        sys.exit("the run failed")
    numbers: dict[str, Any] = json.loads(output.splitlines()[-1])
    return numbers | {"peak_mib": peak[0] / 1024}


def _watch(process: "subprocess.Popen[str]", peak: list[int]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], sum(_pss_kib(pid) for pid in _family(process.pid)))
        time.sleep(0.5)


def _family(pid: int) -> list[int]:
    members = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            members += [member for kid in path.read_text().split() for member in _family(int(kid))]
        except OSError:
            continue
    return members


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians and ranges over the runs."""
    out: dict[str, Any] = {"frames": runs[0]["frames"], "people": runs[0]["people"]}
    for name in ("frames_per_s", "cpu_ms", "peak_mib"):
        values = [run[name] for run in runs]
        out[name] = {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}
    out["stage_s"] = {name: statistics.median(run["stage_s"][name] for run in runs) for name in runs[0]["stage_s"]}
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="file to write the numbers to, or to add them to")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the clip for speed (default 60)")
    parser.add_argument("--repeats", type=int, default=3, help="runs for speed (default 3)")
    parser.add_argument("--minutes", help="lengths for memory, for example 1,10")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        video, folder = arguments.child
        child(video, folder, arguments.threads)
        return
    if not CLIP.is_file():
        sys.exit(f"{CLIP} is missing: put the shared folder beside the checkout")
    results: dict[str, Any] = {}
    if arguments.json and arguments.json.exists():
        results = json.loads(arguments.json.read_text())
    machine = {
        "processor": platform.processor() or platform.machine(),
        "threads": arguments.threads,
        "load": os.getloadavg()[0],
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "opencv-python-headless", "ai-edge-litert", "imageio-ffmpeg")},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.minutes:
            lengths = [float(minutes) for minutes in arguments.minutes.split(",")]
            by_length = {m: measured(repeated(folder, 60 * m), folder / "out", arguments.threads) for m in lengths}
            results["memory"] = {"machine": machine} | {
                f"{m:g}_min": {key: run[key] for key in ("frames", "peak_mib")} for m, run in by_length.items()
            }
            results["memory"]["longest_over_shortest"] = (
                by_length[max(lengths)]["peak_mib"] / by_length[min(lengths)]["peak_mib"]
            )
        else:
            video = repeated(folder, arguments.seconds)
            measured(repeated(folder, CLIP_S), folder / "out", arguments.threads)
            runs = [measured(video, folder / "out", arguments.threads) for _ in range(arguments.repeats)]
            results["speed"] = {"machine": machine} | summary(runs)
            # With one thread the networks run where they are called, so that their share can be told.
            alone = measured(video, folder / "out", 1)
            networks_ms, all_ms = alone["networks_cpu_ms"], alone["cpu_ms"]
            results["speed"]["one_thread"] = {"networks_cpu_ms": networks_ms, "other_cpu_ms": all_ms - networks_ms}
    write_results(results, arguments.json)


if __name__ == "__main__":
    main()
