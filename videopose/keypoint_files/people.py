"""From the people that a file lists to the frames of a video, with one set of checks for all formats."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from videopose.errors import InputError
from videopose.keypoint_files.frames import KeypointFrames
from videopose.keypoint_files.json_values import MAX_FRAME
from videopose.keypoint_files.layouts import CocoMapping
from videopose.types import Detections

MAX_PIXELS = 1e6
"""Coordinates beyond are a mistake."""
BOX_MARGIN = 0.1
"""How far a box made of keypoints reaches beyond them, as a share of their extent, on each side."""


@dataclass(slots=True)
class People:
    """What a file says of people, in its own order and layout, until `frames` checks and sorts it."""

    source: str
    """File or folder, for messages."""
    format: str
    """The format's name."""
    numbers: list[int] = field(default_factory=list)
    """The frame of each."""
    keypoints: list[np.ndarray] = field(default_factory=list)
    """(J, 3) x, y, score of each; NaN, or 0, 0, 0, where not known."""
    scores: list[float | None] = field(default_factory=list)
    """None: the file gives none."""
    boxes: list[np.ndarray | None] = field(default_factory=list)
    """(4,) x, y, width, height of each; None: the file gives none."""
    ids: list[int | None] = field(default_factory=list)
    """None: the file does not say who it is."""
    places: list[str] = field(default_factory=list)
    """Where in the file each stands, for messages."""

    def add(
        self,
        place: str,
        number: int,
        keypoints: np.ndarray,
        score: float | None = None,
        box: np.ndarray | None = None,
        person_id: int | None = None,
    ) -> None:
        """Take one person; the fields above say what of.

        Raises:
            InputError: the number of keypoints is another than before.
        """
        if self.keypoints and len(self.keypoints[0]) != len(keypoints):
            raise InputError(
                f"{place} has {len(keypoints)} keypoints, and {self.places[0]} has {len(self.keypoints[0])}. "
                "Give a file of one layout."
            )
        self.numbers.append(number)
        self.keypoints.append(keypoints)
        self.scores.append(score)
        self.boxes.append(box)
        self.ids.append(person_id)
        self.places.append(place)

    def frames(
        self,
        mapping: CocoMapping,
        spoken_of: Iterable[int] | None = None,
        *,
        image_size: tuple[int, int] | None = None,
        fps: float | None = None,
        every_frame: bool = False,
    ) -> KeypointFrames:
        """Everything that is known of the video.

        A person whose known keypoints all lie in one point, or who has none, is left out. Scores are clipped to 0..1;
        who has none is given the mean of the known keypoints' scores. Who is who counts if everybody has a number that
        is not negative. A box of size zero, or none, is made of the known keypoints and grown by a tenth of their
        extent on each side.

        Args:
            mapping: of the file's layout.
            spoken_of: the frames that the file has something to say of, if only that nobody is there; None: those with
                people.
            image_size: width and height in pixels.
            fps: frames per second.
            every_frame: whether a frame that is not spoken of is a mistake.

        Raises:
            InputError: coordinates that are no pixels, a box of negative size, one person twice in a frame, a gap.
        """
        numbers = np.array(self.numbers, np.int64)
        spoken = np.unique(np.array(list(spoken_of), np.int64)) if spoken_of is not None else np.unique(numbers)
        if len(spoken) and not 0 <= spoken[0] <= spoken[-1] < MAX_FRAME:
            raise InputError(f"{self.source}: its frames are numbered {spoken[0]} to {spoken[-1]}. Number them from 0.")
        self._check_gaps(spoken, every_frame)
        first, count = (int(spoken[0]), int(spoken[-1] - spoken[0]) + 1) if len(spoken) else (0, 0)
        points = self._points(mapping)
        extent = _extent(points)
        scores = self._scores(points)
        boxes = self._boxes(extent)
        kept = np.flatnonzero((extent[:, 2:] > 0).any(1))
        kept = kept[np.argsort(numbers[kept], kind="stable")]
        starts = np.searchsorted(numbers[kept], first + np.arange(count + 1))
        nobody = Detections.empty()
        detections = [nobody] * count
        for frame in np.unique(numbers[kept]) - first:
            rows = kept[starts[frame] : starts[frame + 1]]
            detections[frame] = Detections(boxes[rows], scores[rows], points[rows])
        ids = None
        known = [one for one in self.ids if one is not None and one >= 0]
        if known and len(known) == len(self.ids):
            given = np.array(known, np.int64)
            self._check_ids(numbers, given)
            none = np.zeros(0, np.int64)
            per_frame = [none] * count
            for frame in np.unique(numbers[kept]) - first:
                per_frame[frame] = given[kept[starts[frame] : starts[frame + 1]]]
            ids = tuple(per_frame)
        return KeypointFrames(
            source=self.source,
            format=self.format,
            frame_index=first + np.arange(count),
            detections=tuple(detections),
            person_ids=ids,
            image_size=image_size,
            fps=fps,
            every_frame=every_frame,
        )

    def _points(self, mapping: CocoMapping) -> np.ndarray:
        """(N, 17, 3) float32, NaN and score 0 where not known."""
        if not self.keypoints:
            return np.zeros((0, 17, 3), np.float32)
        given = np.stack(self.keypoints).astype(np.float64, copy=False)
        given[(given == 0).all(-1)] = np.nan
        unknown = np.isnan(given[..., :2]).any(-1)
        given[unknown] = np.nan
        with np.errstate(invalid="ignore"):
            far = np.abs(given[..., :2]) > MAX_PIXELS
        infinite = np.isinf(given).any((1, 2))
        if infinite.any():
            raise InputError(f"{self.places[int(infinite.argmax())]} holds an infinite number. Write the file anew.")
        if far.any():
            person = int(far.any((1, 2)).argmax())
            value = given[person, ..., :2][far[person]][0]
            raise InputError(f"{self.places[person]} has the coordinate {value:g}, which is no pixel. Write it anew.")
        if not unknown.all() and np.nanmax(np.abs(given[..., :2])) <= 1:
            raise InputError(
                f"{self.source}: all coordinates lie within -1 and 1, so they are no pixels. "
                "Write the file with coordinates in pixels of the video."
            )
        given[..., 2] = np.clip(np.nan_to_num(given[..., 2]), 0, 1)
        points = mapping.apply(given)
        points[np.isnan(points[..., :2]).any(-1)] = (np.nan, np.nan, 0)
        return points.astype(np.float32)

    def _scores(self, points: np.ndarray) -> np.ndarray:
        known = np.isfinite(points[..., 0])
        means = (points[..., 2] * known).sum(1) / np.maximum(known.sum(1), 1)
        given = np.array([np.nan if score is None else score for score in self.scores], np.float64)
        return np.clip(np.where(np.isnan(given), means, given), 0, 1).astype(np.float32)

    def _boxes(self, extent: np.ndarray) -> np.ndarray:
        """(N, 4) float32 x0, y0, x1, y1."""
        given = np.full((len(self.boxes), 4), np.nan)
        for index, box in enumerate(self.boxes):
            if box is not None:
                given[index] = box
        with np.errstate(invalid="ignore"):
            wrong = (given[:, 2:] < 0).any(1) | (np.abs(given) > MAX_PIXELS).any(1)
        if wrong.any():
            index = int(wrong.argmax())
            x, y, width, height = given[index]
            raise InputError(
                f"{self.places[index]} has a box at {x:g}, {y:g} of {width:g}x{height:g} pixels. Correct or remove it."
            )
        # At least a pixel: a body seen edge-on is no mistake.
        size = np.maximum(extent[:, 2:] * (1 + 2 * BOX_MARGIN), 1)
        own = np.concatenate([extent[:, :2] + extent[:, 2:] / 2 - size / 2, size], 1)
        usable = np.isfinite(given).all(1) & (given[:, 2:] > 0).all(1)
        boxes = np.where(usable[:, None], given, own)
        boxes[:, 2:] += boxes[:, :2]
        return boxes.astype(np.float32)

    def _check_gaps(self, spoken: np.ndarray, every_frame: bool) -> None:
        gaps = np.flatnonzero(np.diff(spoken) != 1)
        if every_frame and len(gaps):
            before, after = spoken[gaps[0]], spoken[gaps[0] + 1]
            lacking = f"frame {before + 1} is" if after == before + 2 else f"frames {before + 1} to {after - 1} are"
            raise InputError(f"{self.source}: {lacking} missing between {spoken[0]} and {spoken[-1]}. Write it anew.")

    def _check_ids(self, numbers: np.ndarray, ids: np.ndarray) -> None:
        order = np.lexsort((ids, numbers))
        same = (np.diff(numbers[order]) == 0) & (np.diff(ids[order]) == 0)
        if same.any():
            person = int(order[same.argmax() + 1])
            raise InputError(
                f"{self.places[person]} is person {ids[person]}, who is in frame {numbers[person]} already. "
                "Give each person a number of their own."
            )


def _extent(points: np.ndarray) -> np.ndarray:
    """(N, 4) x, y, width, height of the known keypoints; zeros without any."""
    known = np.isfinite(points[..., :1])
    low = np.where(known, points[..., :2], np.inf).min(1, initial=np.inf)
    high = np.where(known, points[..., :2], -np.inf).max(1, initial=-np.inf)
    extent = np.concatenate([low, high - low], -1).astype(np.float64)
    extent[~known.any((1, 2))] = 0
    return extent
