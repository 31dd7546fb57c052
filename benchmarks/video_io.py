"""What decoding and encoding cost in processor time per 1080p frame, each beside its alternatives.

    python benchmarks/video_io.py --json benchmarks/results/video_io.json

The clip is ../shared/videos/roof_jump_two_people.mp4, scaled to 1920x1080 and played three times. Times are those of
this process and of the ffmpeg it runs, user and system, without the start of Python. Decoding: `VideoReader`, the same
with BGR instead of 4:2:0 through the pipe, and OpenCV's `VideoCapture`; all with as many threads in the decoder.
Encoding: `VideoWriter` on a canvas of 2560x1080 (the picture with a panel beside it), with three presets of x264;
quality is the PSNR of the first frames against what was written. The alternatives of one round run one after the
other, so that a busy machine hits them alike.
"""

import argparse
import os
import platform
import re
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from writing import write_results

from videopose.video import VideoReader, VideoWriter, ffmpeg_path, writer
from videopose.video.ffmpeg import thread_count

CLIP = Path(__file__).resolve().parents[2] / "shared" / "videos" / "roof_jump_two_people.mp4"
CANVAS_WIDTH = 2560
PRESETS = ("ultrafast", "superfast", "veryfast")
QUALITY_FRAMES = 5


def make_clip(folder: Path) -> Path:
    path = folder / "clip.mp4"
    command = [ffmpeg_path(), "-v", "error", "-stream_loop", "2", "-i", str(CLIP), "-vf", "scale=1920:1080"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-an", str(path)]
    subprocess.run(command, check=True)
    return path


def measured(work: Callable[[], int]) -> dict[str, float]:
    """Processor and wall time per frame of something that returns its number of frames."""

    def used_s() -> float:
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime

    cpu_s, wall_s = used_s(), time.perf_counter()
    count = work()
    wall_s = time.perf_counter() - wall_s
    return {"cpu_ms": 1e3 * (used_s() - cpu_s) / count, "frames_per_s": count / wall_s}


def decode_reader(clip: Path) -> int:
    with VideoReader(str(clip)) as reader:
        return sum(1 for _ in reader)


def decode_bgr_pipe(clip: Path) -> int:
    class BgrReader(VideoReader):
        def _planar(self) -> bool:
            return False

    with BgrReader(str(clip)) as reader:
        return sum(1 for _ in reader)


def decode_opencv(clip: Path) -> int:
    capture = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, thread_count(4)])
    count = 0
    while capture.read()[0]:
        capture.get(cv2.CAP_PROP_POS_MSEC)
        count += 1
    return count


def canvases(clip: Path, count: int) -> list[np.ndarray]:
    frames = []
    with VideoReader(str(clip)) as reader:
        for frame in reader:
            canvas = np.full((frame.image.shape[0], CANVAS_WIDTH, 3), 40, np.uint8)
            canvas[:, : frame.image.shape[1]] = frame.image
            cv2.line(canvas, (2000, 200 + frame.index), (2400, 900 - frame.index), (60, 200, 250), 4, cv2.LINE_AA)
            frames.append(canvas)
            if len(frames) == count:
                break
    return frames


def encode(path: Path, images: list[np.ndarray], rounds: int, preset: str) -> int:
    writer.PRESET = preset
    height, width = images[0].shape[:2]
    with VideoWriter(path, width, height, fps=Fraction(30)) as output:
        for number in range(rounds):
            for image in images if number % 2 == 0 else reversed(images):
                output.write(image)
    return output.frames_written


def quality_db(path: Path, images: list[np.ndarray]) -> float:
    with VideoReader(str(path)) as reader:
        pairs = zip(images[:QUALITY_FRAMES], reader, strict=False)
        return statistics.mean(cv2.PSNR(image, frame.image) for image, frame in pairs)


def summary(rounds: list[dict[str, float]]) -> dict[str, Any]:
    """Median, lowest and highest of each number."""
    return {
        key: {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}
        for key in rounds[0]
        for values in [[one[key] for one in rounds]]
    }


def machine() -> dict[str, Any]:
    banner = subprocess.run([ffmpeg_path(), "-version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"ffmpeg version (\S+)", banner)
    info = Path("/proc/cpuinfo")
    models = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else [platform.processor()]
    return {
        "processor": f"{os.cpu_count()} x {models[0] if models else platform.machine()}",
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "ffmpeg": version[1] if version else "",
    }


def run(repeats: int, frames: int, rounds: int) -> dict[str, Any]:
    cv2.setNumThreads(1)
    results: dict[str, Any] = {"machine": machine(), "repeats": repeats}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = make_clip(folder)
        decoders = {"video_reader": decode_reader, "pipe_bgr": decode_bgr_pipe, "opencv": decode_opencv}
        found: dict[str, list[dict[str, float]]] = {name: [] for name in decoders}
        for number in range(repeats + 1):
            for label, decoder in decoders.items():
                one = measured(lambda decoder=decoder: decoder(clip))  # type: ignore[misc]
                if number:  # the first is the warm-up
                    found[label].append(one)
        results["decode_1080p"] = {label: summary(ones) for label, ones in found.items()}

        images = canvases(clip, frames)
        written: dict[str, list[dict[str, float]]] = {preset: [] for preset in PRESETS}
        extra: dict[str, dict[str, float]] = {}
        for number in range(repeats + 1):
            for preset in PRESETS:
                path = folder / f"{preset}.mp4"
                one = measured(lambda path=path, preset=preset: encode(path, images, rounds, preset))  # type: ignore[misc]
                if number:
                    written[preset].append(one)
                else:
                    kb = path.stat().st_size / 1e3 / (frames * rounds)
                    extra[preset] = {"kilobytes_per_frame": kb, "psnr_db": quality_db(path, images)}
        results["encode_2560x1080"] = {preset: summary(ones) | extra[preset] for preset, ones in written.items()}
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    parser.add_argument("--repeats", type=int, default=3, help="rounds after the warm-up (default 3)")
    parser.add_argument(
        "--frames", type=int, default=40, help="different pictures to encode, held in memory (default 40)"
    )
    parser.add_argument("--passes", type=int, default=3, help="times that these are encoded, to and fro (default 3)")
    arguments = parser.parse_args()
    write_results(run(arguments.repeats, arguments.frames, arguments.passes), arguments.json)


if __name__ == "__main__":
    main()
