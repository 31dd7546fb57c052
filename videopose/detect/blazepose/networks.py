"""The two networks, and the threads that run them."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np

from videopose.detect.blazepose.decoding import (
    DETECTOR_SIZE,
    LANDMARK_SIZE,
    LANDMARKS,
    decode_people,
    refine,
    sigmoid,
)
from videopose.detect.blazepose.geometry import Region, crop
from videopose.detect.blazepose.pose import BODY_SCALE, Candidate, Pose
from videopose.errors import AssetError, VideoposeError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NetworkFiles:
    """Where the two .tflite files lie."""

    people: Path
    landmarks: Path


class Networks:
    """Both networks, for one thread."""

    def __init__(self, files: NetworkFiles) -> None:
        """Load the networks.

        Raises:
            VideoposeError: the runtime for .tflite files is not installed.
            AssetError: a file is not the network it should be.
        """
        self._people = Network(files.people, ((1, 2254, 12), (1, 2254, 1)))
        self._landmarks = Network(files.landmarks, ((1, LANDMARKS * 5), (1, 1), (1, 64, 64, LANDMARKS)))

    def find_people(self, image: np.ndarray, window: Region, minimum_score: float) -> list[Candidate]:
        """People the person network proposes in a window of the frame, best first."""
        picture = crop(image, window, DETECTOR_SIZE, replicate=False)
        regressors, logits = self._people.run(_as_input(picture, 2 / 255, -1.0))
        scores, points = decode_people(regressors[0], logits[0, :, 0], minimum_score)
        return [Candidate(float(score), *window.to_frame(p[2:4])) for score, p in zip(scores, points, strict=True)]

    def find_pose(self, image: np.ndarray, region: Region) -> Pose:
        """Landmarks of the person in a region, whether or not there is one: see the flag."""
        picture = crop(image, region, LANDMARK_SIZE, replicate=True)
        values, flag, heatmaps = self._landmarks.run(_as_input(picture, 1 / 255, 0.0))
        table = values.reshape(LANDMARKS, 5)
        points, peaks = refine(table[:, :2] / LANDMARK_SIZE, heatmaps[0])
        points = region.to_frame(points)
        seen = sigmoid(table[:33, 3].astype(np.float64)) * sigmoid(table[:33, 4].astype(np.float64))
        return Pose(
            points=points[:33],
            confidence=seen * np.minimum(1.0, peaks[:33] / SURE_PEAK),
            flag=float(flag[0, 0]),
            region=region,
            following=Region.around(points[33], points[34], BODY_SCALE),
        )


SURE_PEAK = 0.6
"""Heatmap peaks of joints in plain view are higher; the network's own visibility stays near 1 for hidden ones."""


def _as_input(picture: np.ndarray, scale: float, offset: float) -> np.ndarray:
    """(S, S, 3) uint8 BGR to the (1, S, S, 3) float32 RGB a network takes."""
    values = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.float32)
    values *= np.float32(scale)
    if offset:
        values += np.float32(offset)
    return values[None]


class Network:
    """One .tflite file; its outputs are told apart by their shapes."""

    def __init__(self, path: Path, shapes: tuple[tuple[int, ...], ...]) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise VideoposeError(
                f"the blazepose detector needs ai-edge-litert, which cannot be loaded here ({error}). "
                "Install it with: pip install ai-edge-litert"
            ) from error
        try:
            # One thread each: several interpreters side by side use the cores better, and results stay the same.
            self._interpreter: Any = Interpreter(model_path=str(path), num_threads=1)
            self._interpreter.allocate_tensors()
            self._input = self._interpreter.get_input_details()[0]["index"]
            found = {tuple(d["shape"].tolist()): d["index"] for d in self._interpreter.get_output_details()}
            self._outputs = [found[shape] for shape in shapes]
        except (ValueError, RuntimeError, KeyError) as error:
            raise AssetError(
                f"{path}: is not the network videopose expects. Delete it and run: videopose weights pull"
            ) from error

    def run(self, values: np.ndarray) -> list[np.ndarray]:
        """The outputs for one input, in the order of the shapes given."""
        self._interpreter.set_tensor(self._input, values)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]


@contextmanager
def _hushed_stderr() -> Iterator[None]:
    """Keep the runtime's greeting, printed by C++ with the first network, out of the user's terminal."""
    try:
        kept = os.dup(2)
    except OSError:  # no stderr at all
        yield
        return
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123 (a device, not a path)
        os.dup2(nothing.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


class NetworkPool:
    """A few threads, each with its own networks; results come back in the order of the tasks."""

    def __init__(self, files: NetworkFiles, threads: int) -> None:
        """Load the networks in the first thread, so that a broken installation shows at once."""
        self._files = files
        self._local = threading.local()
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="blazepose")
        with _hushed_stderr():
            self._executor.submit(self._networks).result()

    def _networks(self) -> Networks:
        if not hasattr(self._local, "networks"):
            self._local.networks = Networks(self._files)
        networks: Networks = self._local.networks
        return networks

    def submit(self, task: Callable[[Networks], T]) -> "Future[T]":
        """Run a task in some thread with its networks."""
        return self._executor.submit(lambda: task(self._networks()))

    def map(self, tasks: Iterable[Callable[[Networks], T]]) -> Iterator[T]:
        """Run tasks side by side, give their results in order."""
        futures = [self.submit(task) for task in tasks]
        return (future.result() for future in futures)

    def close(self) -> None:
        """Stop the threads; tasks not yet begun are dropped."""
        self._executor.shutdown(wait=True, cancel_futures=True)
