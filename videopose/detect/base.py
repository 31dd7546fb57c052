"""What every 2D detector offers the pipeline."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from videopose.types import Detections, Frame


class Detector(Protocol):
    """Finds people in a stream of frames. One detector serves one stream at a time."""

    name: str
    """What the user calls it, for example `blazepose`."""
    layout: str
    """Joint layout of its keypoints, a key of `skeletons.SKELETONS`."""
    looks_alone: bool
    """True: what is found in a frame does not depend on others, so unrelated pictures may share a stream."""

    def detect(self, frames: Iterable[Frame]) -> Iterator[Detections]:
        """Yield one `Detections` per frame, in order, reading only a bounded number of frames ahead.

        The same frames give the same results on the same machine: the same bytes, but for networks run by torch, whose
        last digits may change with the number of threads.
        """
        ...

    def provenance(self) -> dict[str, Any]:
        """JSON-able: the name, the weights with their sha256, and the settings that shape the results."""
        ...

    def close(self) -> None:
        """Stop the threads and free the networks; the detector cannot be used afterwards."""
        ...
