"""The network as a detector for video: batches, memory, errors."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from videopose.detect import DetectorSettings, create_detector
from videopose.detect.batches import Batches
from videopose.errors import InputError, VideoposeError, is_out_of_memory
from videopose.types import Frame
from videopose.video import VideoReader


def frames(count: int, size: tuple[int, int] = (48, 64), first: int = 0) -> list[Frame]:
    rng = np.random.default_rng(first)
    return [Frame(first + i, (first + i) / 30, rng.integers(0, 256, (*size, 3), np.uint8)) for i in range(count)]


class Work:
    """Counts frames and runs out of memory above a limit."""

    def __init__(self, room: int = 100) -> None:
        self.room, self.batches, self.cleaned = room, [], 0

    def __call__(self, batch: Sequence[Frame]) -> list[int]:
        if len(batch) > self.room:
            raise torch.OutOfMemoryError(f"{len(batch)} frames")
        self.batches.append(len(batch))
        return [frame.index for frame in batch]

    def clean(self) -> None:
        self.cleaned += 1


def run(work: Work, size: int, source: Sequence[Frame]) -> list[int]:
    batches = Batches(work, size, work.clean, "a network on cpu")
    try:
        return list(batches.run(source))
    finally:
        batches.close()


def test_frames_go_through_in_batches_and_in_order() -> None:
    work = Work()
    assert run(work, 4, frames(10)) == list(range(10))
    assert work.batches == [4, 4, 2]


def test_frames_of_another_size_start_a_batch() -> None:
    work = Work()
    assert run(work, 4, [*frames(3), *frames(3, (20, 20), 3)]) == list(range(6))
    assert work.batches == [3, 3]


def test_batches_shrink_when_memory_runs_out_and_stay_small() -> None:
    work = Work(room=3)
    assert run(work, 8, frames(20)) == list(range(20))
    assert max(work.batches) <= 3 and work.batches.count(2) >= 8
    assert work.cleaned == 2


def test_one_frame_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(VideoposeError, match="a network on cpu: there is not enough memory for one frame"):
        run(Work(room=0), 8, frames(3))


def test_other_errors_pass_and_end_the_thread() -> None:
    def broken(batch: Sequence[Frame]) -> list[int]:
        raise ValueError("broken")

    batches = Batches(broken, 2, lambda: None, "a network on cpu")
    with pytest.raises(ValueError, match="broken"):
        list(batches.run(frames(3)))
    batches.close()


def test_only_two_batches_are_held() -> None:
    taken = 0

    def source() -> Iterator[Frame]:
        nonlocal taken
        for frame in frames(100):
            taken += 1
            yield frame

    batches = Batches(Work(), 4, lambda: None, "a network on cpu")
    results = batches.run(source())
    assert next(results) == 0
    assert taken <= 8
    results.close()  # type: ignore[attr-defined]
    batches.close()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: 1 bytes"),
            True,
        ),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), True),
        (RuntimeError("could not create a primitive"), True),
        (RuntimeError("shapes differ"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_counts_as_out_of_memory(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_memory_that_torch_really_refuses_counts() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 55, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


@pytest.mark.shared
def test_video_gives_one_result_a_frame(r50_file: Path, squats: Path) -> None:
    settings = DetectorSettings(
        "keypoint-rcnn-r50", weights=r50_file, short_side=64, score_threshold=0.99, batch_size=3
    )
    results = {}
    for threads in (1, 2):
        detector = create_detector(settings, precision="float32", threads=threads)
        with VideoReader(str(squats)) as reader:
            results[threads] = list(detector.detect(islice(reader, 4)))
        detector.close()
    assert len(results[1]) == 4 and any(map(len, results[1]))
    for one, two in zip(results[1], results[2], strict=True):
        assert one.layout == "coco17" and len(one) == len(two)
        np.testing.assert_allclose(one.boxes, two.boxes, atol=1e-3)
        assert (one.boxes >= 0).all() and (one.boxes <= [360, 640, 360, 640]).all()
        assert ((one.scores >= 0.99) & (one.scores <= 1)).all() and (np.diff(one.scores) <= 0).all()
        assert ((one.keypoints[..., 2] >= 0) & (one.keypoints[..., 2] <= 1)).all()
        assert {one.boxes.dtype, one.scores.dtype, one.keypoints.dtype} == {np.dtype(np.float32)}
    provenance = detector.provenance()
    assert provenance["name"] == "keypoint-rcnn-r50" and provenance["settings"]["short_side"] == 64
    assert len(provenance["weights"][0]["sha256"]) == 64


@pytest.mark.shared
def test_the_network_runs_with_cudnn(r50_file: Path) -> None:
    detector = create_detector(DetectorSettings("keypoint-rcnn-r50", weights=r50_file, short_side=64))
    enabled: list[bool] = []
    detector._network.register_forward_pre_hook(  # type: ignore[attr-defined]
        lambda *_: enabled.append(torch.backends.cudnn.enabled)
    )
    list(detector.detect(frames(1)))
    detector.close()
    assert enabled == [True]


@pytest.mark.shared
def test_a_frame_that_does_not_fit_says_what_to_do(r50_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = create_detector(DetectorSettings("keypoint-rcnn-r50", weights=r50_file, short_side=64))

    def no_room(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(detector._network, "forward", no_room)  # type: ignore[attr-defined]
    with pytest.raises(VideoposeError, match=r"not enough memory for one frame\. Choose a smaller --short-side"):
        list(detector.detect(frames(2)))
    detector.close()


@pytest.mark.shared
def test_weights_of_another_network_are_named(r50_file: Path) -> None:
    with pytest.raises(InputError, match="holds the weights of keypoint-rcnn-r50, not of keypoint-rcnn-r101"):
        create_detector(DetectorSettings("keypoint-rcnn-r101", weights=r50_file))


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.pkl"):
        create_detector(DetectorSettings("keypoint-rcnn-r50", weights=tmp_path / "none.pkl"))
