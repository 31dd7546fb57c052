"""What a file of 2D keypoints says of a video, frame by frame."""

from dataclasses import dataclass

import numpy as np

from videopose.types import Detections, check_shape


@dataclass(frozen=True, slots=True, repr=False)
class KeypointFrames:
    """People in the frames of one video, as a file gives them, in the order of COCO's 17 keypoints."""

    source: str
    """The file or folder, for messages."""
    format: str
    """The format's name, for example `coco`."""
    frame_index: np.ndarray
    """(T,) int64, consecutive: frames the file says nothing of between its first and last have nobody."""
    detections: tuple[Detections, ...]
    """One per frame, layout `coco17`; a keypoint that is not known is NaN with score 0."""
    person_ids: tuple[np.ndarray, ...] | None = None
    """Per frame (N,) int64: who it is, no number twice in a frame. None: the file does not follow people."""
    image_size: tuple[int, int] | None = None
    """Width and height in pixels, None where the file does not say."""
    fps: float | None = None
    """Frames per second, None where the file does not say."""
    every_frame: bool = False
    """True: the format has an entry for every frame, so a missing one is a mistake; False: for those with people."""

    def __post_init__(self) -> None:
        check_shape("frame_index", self.frame_index, (len(self.detections),))
        if (np.diff(self.frame_index) != 1).any():
            raise ValueError("frame_index must be consecutive")
        if self.person_ids is not None and [len(ids) for ids in self.person_ids] != [len(d) for d in self.detections]:
            raise ValueError("person_ids and detections differ in length")

    def __repr__(self) -> str:
        return f"KeypointFrames({self.source!r}, {self.format}, {len(self.detections)} frames)"
