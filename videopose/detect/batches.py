"""Frames in batches as large as the memory takes, the next one in work while the last one's results are used."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from videopose.errors import VideoposeError, is_out_of_memory
from videopose.types import Frame

T = TypeVar("T")


class Batches(Generic[T]):
    """Runs frames through `work`, in order, in a thread of its own."""

    def __init__(
        self, work: Callable[[Sequence[Frame]], list[T]], size: int, clean: Callable[[], None], place: str
    ) -> None:
        """Prepare.

        Args:
            work: frames of one size to one result each.
            size: frames a batch; may be changed at any time.
            clean: frees memory before another try.
            place: whose memory is used for what, for messages: `keypoint-rcnn-r50 on cuda`.
        """
        self.size = size
        self._work, self._clean, self._place = work, clean, place
        self._thread = ThreadPoolExecutor(1, "detect")

    def run(self, frames: Iterable[Frame]) -> Iterator[T]:
        """Yield one result per frame, in order; frames of two batches are held, no more.

        Raises:
            VideoposeError: not even one frame fits.
        """
        running: Future[list[T]] | None = None
        try:
            for batch in self._batches(frames):
                ready, running = running, self._thread.submit(self._smaller_if_need_be, batch)
                if ready is not None:
                    yield from ready.result()
            if running is not None:
                ready, running = running, None
                yield from ready.result()
        finally:
            if running is not None:
                running.cancel()

    def close(self) -> None:
        """End the thread, after the batch in work."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _batches(self, frames: Iterable[Frame]) -> Iterator[list[Frame]]:
        batch: list[Frame] = []
        for frame in frames:
            if batch and (len(batch) >= self.size or frame.image.shape != batch[0].image.shape):
                yield batch
                batch = []
            batch.append(frame)
            if len(batch) >= self.size:
                yield batch
                batch = []
        if batch:
            yield batch

    def _smaller_if_need_be(self, batch: Sequence[Frame]) -> list[T]:
        results: list[T] = []
        while len(results) < len(batch):
            count = min(self.size, len(batch) - len(results))
            try:
                results += self._work(batch[len(results) : len(results) + count])
                continue
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                if count == 1:
                    raise VideoposeError(
                        f"{self._place}: there is not enough memory for one frame. "
                        "Choose a smaller --short-side, another --device, or free some memory."
                    ) from error
            # outside: the error holds on to what is to be freed
            self.size = max(1, count // 2)
            self._clean()
        return results
