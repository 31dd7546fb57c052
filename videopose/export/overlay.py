"""The overlay's pictures: skeletons on the video, and next to it the 3D views from the front and from the side."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from videopose.export.scene3d import place_people
from videopose.export.skeleton2d import PictureSkeletons
from videopose.export.view3d import BACKGROUND, Actor, View
from videopose.types import Frame, Recording, check_shape

_LEAST_PX = 240  # smaller videos are enlarged, or no stroke could be told from another
_MOST_PX, _MOST_AREA_PX = 4096, 4096 * 2304  # H.264 level 5.1, the most that decoders in hardware take


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts lie on the canvas: the picture left, the front view right above the side view."""

    canvas: tuple[int, int]
    """Width and height in pixels, both even (H.264 wants that)."""
    picture: tuple[int, int, int, int]
    """Left, top, width, height in pixels."""
    zoom: float
    """Pixels of the canvas per pixel of the video: a whole number or one over a whole number."""
    panels: tuple[tuple[int, int, int, int], tuple[int, int, int, int]]
    """The front and the side view, each left, top, width, height in pixels."""


def plan_layout(width: int, height: int) -> Layout:
    """Arrange the canvas for a video of that size in pixels.

    The views take a third of the width of a landscape video and somewhat more beside a portrait one. Videos below
    240 pixels are enlarged by a whole factor; videos that make the canvas too large for H.264
    players (4096 pixels a side, 9.4 million in all) are reduced by one.
    """
    grow = max(1, -(-_LEAST_PX // max(width, height)))
    shrink = 1
    while True:
        picture_width, picture_height = max(1, width * grow // shrink), max(1, height * grow // shrink)
        canvas_height = max(picture_height + picture_height % 2, _LEAST_PX)
        panel_width = round(min(max(picture_width / 3, canvas_height / 4), 0.8 * canvas_height))
        canvas_width = picture_width + panel_width
        canvas_width += canvas_width % 2
        if max(canvas_width, canvas_height) <= _MOST_PX and canvas_width * canvas_height <= _MOST_AREA_PX:
            break
        shrink += 1
    panel_width = canvas_width - picture_width
    top = (canvas_height - picture_height) // 2
    half = canvas_height // 2
    return Layout(
        (canvas_width, canvas_height),
        (0, top, picture_width, picture_height),
        grow / shrink,
        ((picture_width, 0, panel_width, half), (picture_width, half, panel_width, canvas_height - half)),
    )


class OverlayRenderer:
    """Draws the overlay of one recording, frame by frame, in any order."""

    def __init__(self, recording: Recording) -> None:
        """Plan the canvas and fit the views: scales and colours are fixed for the whole recording."""
        self._recording = recording
        self._first = int(recording.frame_index[0]) if len(recording.frame_index) else 0
        self._layout = plan_layout(recording.video.width, recording.video.height)
        self._scene = place_people(recording)
        (_, _, front_width, front_height), (_, _, side_width, side_height) = self._layout.panels
        self._views = (
            View(self._scene, 0.0, "front", (front_width, front_height)),
            View(self._scene, 90.0, "side", (side_width, side_height)),
        )
        self._skeletons = PictureSkeletons(
            recording.tracks, float(recording.video.fps), self._layout.zoom, self._layout.picture[2:]
        )
        self._supported = {
            track.person_id: (int(track.frame_index[0]), track.supported) for track in recording.tracks if len(track)
        }

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the canvas in pixels, both even."""
        return self._layout.canvas

    def draw(self, frame: Frame) -> np.ndarray:
        """Draw one frame.

        Args:
            frame: a frame of the recording's video; outside the processed range it is shown with nobody in it.
                Its image is not changed.

        Returns:
            (H, W, 3) uint8 BGR canvas of `size`, a new array.

        Raises:
            ValueError: the frame is not of the video's size.
        """
        video = self._recording.video
        check_shape("frame.image", frame.image, (video.height, video.width, 3))
        left, top, width, height = self._layout.picture
        canvas = np.empty((*self.size[::-1], 3), np.uint8)
        canvas[:top, : left + width] = canvas[top + height :, : left + width] = BACKGROUND
        picture = canvas[top : top + height, left : left + width]
        if self._layout.zoom == 1.0:
            np.copyto(picture, frame.image)
        else:
            mode = cv2.INTER_NEAREST if self._layout.zoom > 1 else cv2.INTER_AREA
            picture[:] = cv2.resize(frame.image, (width, height), interpolation=mode)
        self._skeletons.draw(picture, frame.index)
        actors = self._actors(frame.index)
        for view, (x, y, panel_width, panel_height) in zip(self._views, self._layout.panels, strict=True):
            view.draw(canvas[y : y + panel_height, x : x + panel_width], frame.index - self._first, actors)
        return canvas

    def _actors(self, frame_index: int) -> list[Actor]:
        actors = []
        for person in self._scene.people:
            joints = person.pose(frame_index)
            if joints is not None:
                first, supported = self._supported[person.motion.person_id]
                observed = bool(supported[frame_index - first])
                actors.append(Actor(person.motion.person_id, joints, person.motion.skeleton, observed))
        return actors


def render_overlay(recording: Recording, frames: Iterable[Frame]) -> Iterator[np.ndarray]:
    """Draw every frame: yields one canvas each, of the size that `OverlayRenderer(recording).size` tells."""
    renderer = OverlayRenderer(recording)
    for frame in frames:
        yield renderer.draw(frame)
