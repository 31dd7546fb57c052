"""What `videopose batch` costs beside `infer`, and what a second worker brings.

    python benchmarks/batch.py --json benchmarks/results/batch.json

For two kinds of clips, 768x576 (three people) and 1080p (one person), each several times under other names: `infer` on
one after the other in a single process that loads everything once, `batch` with one worker and `batch` with two, every
one limited to a thread a worker, all outputs, in turn and repeated. The clips have just been copied, so no run waits
for the disk. One worker keeps more than one core busy: ffmpeg decodes and encodes in processes of its own. How many is
given, too: two cores divided by it is the most that a second worker could bring.
"""

import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from writing import write_results

VIDEOS = Path(__file__).resolve().parents[2] / "shared" / "videos"
CLIPS = {"768x576, three people": "seated_trio.mp4", "1920x1080, one person": "seated_singer.mp4"}
ONE_BY_ONE = """
import sys
from pathlib import Path
from videopose.processors import limit_threads
limit_threads(1)
from videopose.pipeline import infer
from videopose.settings import InferSettings
for video in sys.argv[2:]:
    infer(video, Path(sys.argv[1]), InferSettings(threads=1))
"""


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds that a command takes, and of the processor."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "PYTHONSAFEPATH": "1"}
    before, begin = processor_s(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"the run failed: {done.stderr}")
    return time.perf_counter() - begin, processor_s() - before


def processor_s() -> float:
    """Processor time of the children that ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def commands(videos: list[str], folder: Path, output: Path) -> dict[str, list[str]]:
    """The three ways."""
    batch = [sys.executable, "-m", "videopose.cli.main", "batch", str(folder), "-o", str(output), "--threads", "1"]
    return {
        "infer": [sys.executable, "-c", ONE_BY_ONE, str(output), *videos],
        "one worker": [*batch, "--workers", "1"],
        "two workers": [*batch, "--workers", "2"],
    }


def measure(clip: Path, count: int, repeats: int) -> dict[str, Any]:
    """All ways with one kind of clip, in turn."""
    runs: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, output = Path(name, "in"), Path(name, "out")
        folder.mkdir()
        videos = [str(shutil.copyfile(clip, folder / f"clip{number}.mp4")) for number in range(count)]
        for _ in range(repeats):
            for way, command in commands(videos, folder, output).items():
                taken = timed(command)
                shutil.rmtree(output)
                print(f"{clip.name}, {way}: {taken[0]:.1f} s, processor {taken[1]:.1f} s", file=sys.stderr, flush=True)
                runs.setdefault(way, []).append(taken)
    seconds = {way: [run[0] for run in several] for way, several in runs.items()}
    rounds = list(zip(seconds["infer"], seconds["one worker"], seconds["two workers"], strict=True))
    busy = statistics.median(cpu / wall for wall, cpu in runs["one worker"])
    return {
        "videos": count,
        "seconds": seconds,
        "processor_seconds": {way: [run[1] for run in several] for way, several in runs.items()},
        "overhead": statistics.median(one / alone - 1 for alone, one, _ in rounds),
        "two_against_one": statistics.median(one / two for _, one, two in rounds),
        "cores_of_one_worker": busy,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="file to write the numbers to")
    parser.add_argument("--videos", type=int, default=10, help="of each kind (default 10)")
    parser.add_argument("--repeats", type=int, default=3, help="of each way, in turn (default 3)")
    arguments = parser.parse_args()
    if not VIDEOS.is_dir():
        sys.exit(f"{VIDEOS} is missing: put the shared folder beside the checkout")
    results: dict[str, Any] = {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "date": time.strftime("%Y-%m-%d"),
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "opencv-python-headless", "ai-edge-litert", "imageio-ffmpeg")},
        },
        "clips": {what: measure(VIDEOS / name, arguments.videos, arguments.repeats) for what, name in CLIPS.items()},
    }
    write_results(results, arguments.json)


if __name__ == "__main__":
    main()
