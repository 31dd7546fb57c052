"""What Keypoint R-CNN costs a frame, how near it is to Detectron2's own results, and what a GPU makes of it.

    python benchmarks/keypoint_rcnn.py --json benchmarks/results/keypoint_rcnn.json
    python benchmarks/keypoint_rcnn.py --device cuda --json benchmarks/results/keypoint_rcnn_gpu.json

On a processor: seconds a 1280x720 frame in float32, in bfloat16 where the processor multiplies it natively, and with
smaller pictures; the variants take turns, a few frames each, so that a slower moment of the machine strikes all. On a
GPU: frames a second at 1920x1080, one frame at a time in float32 against batches in the precision that is the default
there, and the share of the peak of a large bfloat16 product measured in the same run. Decoding is part of both; the
clip is ../shared/videos/roof_jump_two_people.mp4, scaled. On either: how far boxes, keypoints and scores are from those
that Detectron2 recorded (../shared/golden), and bfloat16's from float32's.

Without --weights the networks have the stand-in weights of the recorded results. With those nearly everything is a
person, and the keypoint head would take most of the time, which it does not with trained ones: only the three likeliest
people of a frame are kept (in the recorded comparison: as many as were recorded). Boxes and people mean nothing then,
the work is that of trained weights.
"""

import argparse
import importlib.util
import json
import os
import pickle
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import torch
from runs import machine
from torch.utils.flop_counter import FlopCounterMode
from writing import write_results

from videopose.detect.keypoint_rcnn import KeypointRcnnDetector
from videopose.detect.keypoint_rcnn.architecture import ARCHITECTURES, SHORT_SIDE, parameter_shapes
from videopose.detect.keypoint_rcnn.model import KeypointRCNN, People
from videopose.following import READ_AHEAD
from videopose.precision import choose_precision, has_fast_bfloat16
from videopose.types import Detections, Frame
from videopose.video import VideoReader, ffmpeg_path, prefetch

SHARED = Path(__file__).resolve().parents[2] / "shared"
CLIP = "roof_jump_two_people.mp4"
FEW = 3
"""People kept in a frame with the stand-in weights."""
SHORT_SIDES = (SHORT_SIDE, 480, 320)
MOST_SECONDS = 3.4
LEAST_RATIO = 3.0
FARTHEST = {"boxes_px": 0.01, "keypoints_px": 0.01, "scores": 1e-5}
RECORDED = ((480, 640, 0), (720, 1280, 1))
"""Height, width, seed of the pictures of the recorded results."""
RECORDED_THRESHOLD, RECORDED_PEOPLE = 0.05, 12


@dataclass(frozen=True)
class Networks:
    """Where detectors get their weights from."""

    name: str
    weights: Path
    stand_in: bool

    def detector(self, device: str, dtype: torch.dtype, **options: Any) -> KeypointRcnnDetector:
        """A detector, which keeps a few people when its weights are the stand-in."""
        made = KeypointRcnnDetector(self.name, self.weights, device=device, dtype=dtype, **options)
        if self.stand_in:
            made._network.register_forward_pre_hook(_few_people, with_kwargs=True)
        return made


def _few_people(_: Any, inputs: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return inputs, options | {"most": FEW}


def formula(shared: Path) -> ModuleType:
    """The program that fills in the stand-in weights and draws the recorded pictures."""
    spec = importlib.util.spec_from_file_location("formula", shared / "golden" / "formula.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stand_in(name: str, shared: Path, folder: Path) -> Path:
    """A checkpoint in the form of the published ones."""
    path = folder / f"{name}.pkl"
    with path.open("wb") as stream:
        pickle.dump({"model": formula(shared).weights(parameter_shapes(ARCHITECTURES[name]))}, stream)
    return path


def scaled_clip(shared: Path, folder: Path, width: int, height: int, frames: int) -> Path:
    """So many frames of the clip, played again and again, in H.264."""
    path = folder / f"{height}p.mp4"
    command = [ffmpeg_path(), "-v", "error", "-stream_loop", "-1", "-i", str(shared / "videos" / CLIP)]
    command += ["-vf", f"scale={width}:{height}", "-frames:v", str(frames), "-an"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True)
    return path


def decoded(clip: Path, count: int | None = None) -> Iterator[Frame]:
    """Frames as `infer` gets them, decoded ahead in a thread; None: all."""
    with VideoReader(str(clip)) as reader, closing(prefetch(reader, depth=READ_AHEAD)) as frames:
        yield from islice(frames, count)


def summary(values: list[float], unit: str) -> dict[str, Any]:
    return {
        f"median_{unit}": statistics.median(values),
        f"lowest_{unit}": min(values),
        f"highest_{unit}": max(values),
        "all": values,
    }


def people(found: list[Detections]) -> list[int]:
    """Fewest and most in a frame."""
    counts = [len(one.scores) for one in found]
    return [min(counts), max(counts)]


def seconds_a_frame(networks: Networks, clip: Path, threads: int, frames: int, rounds: int) -> dict[str, Any]:
    """Seconds a frame on the processor, of each precision and size."""
    cpu = torch.device("cpu")
    precisions = [torch.float32, torch.bfloat16] if has_fast_bfloat16() else [torch.float32]
    variants = {
        f"{str(dtype).removeprefix('torch.')}, {side}": networks.detector("cpu", dtype, short_side=side)
        for dtype in precisions
        for side in SHORT_SIDES
    }
    torch.set_num_threads(threads)
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    seen: dict[str, list[Detections]] = {name: [] for name in variants}
    for number in range(rounds):
        for name, detector in variants.items():
            stream = detector.detect(decoded(clip, frames + 1))
            next(stream)  # starts decoder and threads; the next frame is in work from now on
            before = time.perf_counter()
            for found in stream:
                now = time.perf_counter()
                seconds[name].append(now - before)
                seen[name].append(found)
                before = now
        print(number, {name: round(values[-1], 3) for name, values in seconds.items()}, flush=True)
    for detector in variants.values():
        detector.close()
    measured = {name: summary(values, "s") | {"people": people(seen[name])} for name, values in seconds.items()}
    median = {name: one["median_s"] for name, one in measured.items()}
    kinds = [str(dtype).removeprefix("torch.") for dtype in precisions]
    return {
        "frame": "1280x720",
        "default_precision": str(choose_precision("auto", cpu)).removeprefix("torch."),
        "variants": measured,
        "marks": {
            f"at most {MOST_SECONDS} s a frame": {
                kind: median[f"{kind}, {SHORT_SIDE}"] <= MOST_SECONDS for kind in kinds
            },
            "less with a smaller --short-side": {
                kind: all(
                    median[f"{kind}, {small}"] < median[f"{kind}, {large}"] for large, small in pairwise(SHORT_SIDES)
                )
                for kind in kinds
            },
        },
    }


def exactness(shared: Path, device: torch.device) -> dict[str, Any]:
    """Distances from the recorded results in pixels (scores: 0..1), and of bfloat16 from float32, by network."""
    draw = formula(shared)
    results: dict[str, Any] = {}
    for name, architecture in ARCHITECTURES.items():
        arrays = {key: torch.from_numpy(value) for key, value in draw.weights(parameter_shapes(architecture)).items()}
        network = KeypointRCNN(arrays, architecture).eval().to(device)
        golden = np.load(shared / "golden" / f"keypoint_rcnn_{name.removeprefix('keypoint-rcnn-')}.npz")
        pictures = {f"{height}x{width}": draw.picture(height, width, seed) for height, width, seed in RECORDED}
        exact = {size: _found(network, picture, RECORDED_PEOPLE) for size, picture in pictures.items()}
        # more, since people of like scores change places
        network.to(torch.bfloat16)
        rounded = {size: _found(network, picture, 4 * RECORDED_PEOPLE) for size, picture in pictures.items()}
        results[name] = {
            "against_detectron2": {size: _from_recorded(exact[size], golden, size) for size in pictures},
            "bfloat16_against_float32_median": _apart(list(exact.values()), list(rounded.values())),
        }
        print(name, json.dumps(results[name]), flush=True)
    distances = [one for result in results.values() for one in result["against_detectron2"].values()]
    marks = {
        f"{what} at most {limit:g}": all(one[what] <= limit for one in distances) for what, limit in FARTHEST.items()
    }
    return {"networks": results, "marks": marks}


def _found(network: KeypointRCNN, picture: np.ndarray, most: int) -> People:
    device = network.backbone.stem.weight.device
    # TF32, torch's default for convolutions, would round float32 to ten bits
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        found: People = network(
            torch.from_numpy(picture)[None].to(device), score_threshold=RECORDED_THRESHOLD, most=most
        )
    return People(found.picture.cpu(), found.boxes.cpu(), found.scores.cpu(), found.keypoints.cpu())


def _from_recorded(found: People, golden: Mapping[str, np.ndarray], size: str) -> dict[str, float]:
    boxes, scores, keypoints = (torch.from_numpy(golden[f"{size}_{key}"]) for key in ("boxes", "scores", "keypoints"))
    if len(found.scores) != len(scores):
        sys.exit(f"picture {size}: found {len(found.scores)} people, Detectron2 recorded {len(scores)}")
    return {
        "boxes_px": float((found.boxes - boxes).abs().max()),
        "keypoints_px": float((found.keypoints - keypoints)[..., :2].abs().max()),
        "scores": float((found.scores - scores).abs().max()),
    }


def _apart(exact: list[People], rounded: list[People]) -> dict[str, float]:
    boxes, keypoints = [], []
    for one, other in zip(exact, rounded, strict=True):
        far = (one.boxes[:, None] - other.boxes[None]).abs().amax(dim=2)
        nearest = far.min(dim=1)
        boxes.append(nearest.values)
        keypoints.append((one.keypoints - other.keypoints[nearest.indices])[..., :2].norm(dim=-1).flatten())
    return {"boxes_px": float(torch.cat(boxes).median()), "keypoints_px": float(torch.cat(keypoints).median())}


def throughput(networks: Networks, clip: Path, device: torch.device, rounds: int, size: int = 8192) -> dict[str, Any]:
    """Frames a second, decoding included, of one frame at a time in float32 and of the shipped way.

    Args:
        networks: whose.
        clip: all its frames are used.
        device: where.
        rounds: measured ones, after two that find batch sizes and algorithms.
        size: of the square matrices that give the peak.
    """
    alone = networks.detector(str(device), torch.float32, batch_size=1)
    dtype = choose_precision("auto", device)
    shipped = networks.detector(str(device), dtype)
    frames = list(decoded(clip))
    ways: dict[str, Callable[[], list[Detections]]] = {
        "shipped": lambda: list(shipped.detect(decoded(clip))),  # first: it looks at how much memory was needed
        "one_at_a_time": lambda: [found for frame in decoded(clip) for found in alone.detect([frame])],
        "one_at_a_time_tf32": lambda: [_in_tf32(alone, frame) for frame in decoded(clip)],
        "shipped_without_decoding": lambda: list(shipped.detect(frames)),
    }
    rates: dict[str, list[float]] = {name: [] for name in (*ways, "decoding_alone")}
    counts: dict[str, list[int]] = {}
    for number in range(rounds + 2):
        for name, way in ways.items():
            begin = time.perf_counter()
            found = way()  # on the processor, so the device is through
            if number >= 2:
                rates[name].append(len(found) / (time.perf_counter() - begin))
                counts[name] = people(found)
        begin = time.perf_counter()
        count = sum(1 for _ in decoded(clip))
        if number >= 2:
            rates["decoding_alone"].append(count / (time.perf_counter() - begin))
            print(number - 2, {name: round(values[-1], 2) for name, values in rates.items()}, flush=True)
    operations = operations_a_frame(shipped, frames[0], device)
    peak = matrix_peak(device, size)
    measured = {name: summary(values, "frames_per_s") for name, values in rates.items()}
    median = {name: one["median_frames_per_s"] for name, one in measured.items()}
    ratio = median["shipped"] / median["one_at_a_time"]
    results = {
        "frame": f"{frames[0].image.shape[1]}x{frames[0].image.shape[0]}",
        "frames": len(frames),
        "people": counts,
        "precision": {
            "one_at_a_time": "float32",
            "one_at_a_time_tf32": "float32, convolutions in TF32 where the GPU has it, as torch does by default",
            "shipped": str(dtype).removeprefix("torch."),
        },
        "batch_size": shipped._batches.size,
        "rates": measured,
        "ratio": ratio,
        "ratio_tf32": median["shipped"] / median["one_at_a_time_tf32"],
        "operations_a_frame": operations,
        "matrix_peak_per_s": peak,
        "share_of_peak": {
            name: median[name] * operations / peak for name in ("one_at_a_time", "shipped", "shipped_without_decoding")
        },
        "marks": {f"at least {LEAST_RATIO:g} times one frame at a time in float32": ratio >= LEAST_RATIO},
    }
    alone.close()
    shipped.close()
    return results


def _in_tf32(detector: KeypointRcnnDetector, frame: Frame) -> Detections:
    """What programs that leave torch as it is do; the detector itself keeps float32 exact."""
    picture = detector._on_device([frame.image])
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=True):
        found = detector._network(picture, short_side=detector._short_side, score_threshold=detector._threshold)
    return Detections(
        found.boxes.cpu().numpy(), found.scores.cpu().numpy(), found.keypoints.cpu().numpy().clip(0, None)
    )


def operations_a_frame(detector: KeypointRcnnDetector, frame: Frame, device: torch.device) -> int:
    """Multiplications and additions in convolutions and matrix products."""
    picture = torch.from_numpy(np.ascontiguousarray(frame.image))[None].to(device)
    with FlopCounterMode(display=False) as counter:
        detector._network(picture, short_side=detector._short_side, score_threshold=detector._threshold)
    return int(counter.get_total_flops())


def matrix_peak(device: torch.device, size: int) -> float:
    """Operations a second of a large square product in bfloat16, the best of several."""
    one, other = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    rates = []
    for number in range(8):
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        begin = time.perf_counter()
        for _ in range(10):
            one @ other
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if number >= 2:
            rates.append(10 * 2 * size**3 / (time.perf_counter() - begin))
    return max(rates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--part",
        action="append",
        choices=("seconds", "exactness", "throughput"),
        help="what to measure, may be repeated (default: exactness, and seconds on a processor, else throughput)",
    )
    parser.add_argument("--weights", type=Path, metavar="FILE", help="trained ones (default: the stand-in)")
    parser.add_argument("--network", choices=tuple(ARCHITECTURES), help="default: R50 on a processor, else R101")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frames", type=int, help="a round (default: 3 of each variant on a processor, else 256)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shared", type=Path, default=SHARED, metavar="FOLDER", help="with clips and recorded results")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    if not (arguments.shared / "golden").is_dir():
        sys.exit(f"{arguments.shared} is missing: put the shared folder beside the checkout")
    on_cpu = device.type == "cpu"
    name = arguments.network or ("keypoint-rcnn-r50" if on_cpu else "keypoint-rcnn-r101")
    frames = arguments.frames or (3 if on_cpu else 256)
    parts = arguments.part or ["seconds" if on_cpu else "throughput", "exactness"]
    torch.set_num_threads(arguments.threads)
    results: dict[str, Any] = {
        "machine": machine(arguments.threads)
        | {
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else arguments.device,
            "processor": platform.processor() or platform.machine(),
            "python": platform.python_version(),
            "opencv": cv2.__version__,
            "load_before": list(os.getloadavg()),
        },
        "network": name,
        "weights": arguments.weights.name if arguments.weights else f"stand-in, {FEW} people kept a frame",
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        weights = arguments.weights or stand_in(name, arguments.shared, folder)
        networks = Networks(name, weights, arguments.weights is None)
        if "seconds" in parts:
            clip = scaled_clip(arguments.shared, folder, 1280, 720, frames + 1 + 2 * READ_AHEAD)
            results["seconds"] = seconds_a_frame(networks, clip, arguments.threads, frames, arguments.rounds)
        if "throughput" in parts:
            clip = scaled_clip(arguments.shared, folder, 1920, 1080, frames)
            results["throughput"] = throughput(networks, clip, device, arguments.rounds)
        if "exactness" in parts:
            results["exactness"] = exactness(arguments.shared, device)
    results["machine"]["load_after"] = list(os.getloadavg())
    write_results(results, arguments.json)


if __name__ == "__main__":
    main()
