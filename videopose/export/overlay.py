"""The overlay's pictures: skeletons on the video or on black, and next to it the 3D views."""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from videopose.export.layout import DEFAULT_STYLE, OverlayStyle, plan_layout
from videopose.export.scene3d import PlacedPerson, place_people
from videopose.export.skeleton2d import PictureSkeletons
from videopose.export.trails import Path
from videopose.export.view3d import BACKGROUND, Actor, View
from videopose.ground import recorded_ground
from videopose.types import Frame, Recording, check_shape

_TRAIL_S = 2.0  # on the ground, where nothing else is hidden by it
_VIEWS = {
    "inset": ((0.0, 12.0, "front"), (90.0, 12.0, "side")),
    "overlay-only": (),
    "side-by-side": ((35.0, 18.0, "3D, seen from the front right"),),
}
"""Azimuth and elevation in degrees, and the caption, of each panel: 12 degrees are enough to see the ground as a plane,
little enough for a front and a side view."""


class OverlayRenderer:
    """Draws the overlay of one recording, frame by frame, in any order."""

    def __init__(self, recording: Recording, style: OverlayStyle = DEFAULT_STYLE, most_px: int | None = None) -> None:
        """Plan the canvas and fit the views: scales and colours are fixed for the whole recording.

        Args:
            recording: what to draw.
            style: how.
            most_px: longest side of the canvas; None: as large as the video asks for.
        """
        self._recording, self._black = recording, style.black
        self._first = int(recording.frame_index[0]) if len(recording.frame_index) else 0
        self._layout = plan_layout(recording.video.width, recording.video.height, style.layout, most_px)
        self._skeletons = PictureSkeletons(recording, self._layout.zoom, self._layout.picture[2:], neck=style.black)
        self._scene = place_people(recording, recorded_ground(recording).world)
        text_px = int(np.clip(self._layout.canvas[1] // 40, 10, 40))
        self._views = tuple(
            View(self._scene, azimuth, elevation, caption, (width, height), text_px)
            for (azimuth, elevation, caption), (_, _, width, height) in zip(
                _VIEWS[style.layout], self._layout.panels, strict=True
            )
        )
        self._supported = {
            track.person_id: (int(track.frame_index[0]), track.supported) for track in recording.tracks if len(track)
        }
        self._paths = {person.motion.person_id: self._way(person) for person in self._scene.people}

    def _way(self, person: PlacedPerson) -> Path:
        """Where the person is on the ground."""
        points = person.root.copy()
        points[:, 1] = 0.0
        rooted = np.isfinite(person.motion.root).all(axis=1)
        _, supported = self._supported[person.motion.person_id]
        return Path(points, person.motion.time_s, rooted & supported, _TRAIL_S, 8)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the canvas in pixels, both even."""
        return self._layout.canvas

    def draw(self, frame: Frame) -> np.ndarray:
        """Draw one frame.

        Args:
            frame: a frame of the recording's video; outside the processed range it is shown with nobody in it.
                Its image is not changed, and on black not looked at.

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
        if self._black:
            picture[:] = 0
        elif self._layout.zoom == 1.0:
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
                person_id = person.motion.person_id
                first, supported = self._supported[person_id]
                row = frame_index - first
                trail = self._paths[person_id].trail(row)
                actors.append(Actor(person_id, joints, person.motion.skeleton, bool(supported[row]), trail))
        return actors


def render_overlay(
    recording: Recording, frames: Iterable[Frame], style: OverlayStyle = DEFAULT_STYLE
) -> Iterator[np.ndarray]:
    """Draw every frame: yields one canvas each, of the size that `OverlayRenderer(recording, style).size` tells."""
    renderer = OverlayRenderer(recording, style)
    for frame in frames:
        yield renderer.draw(frame)
