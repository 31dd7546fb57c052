"""The people's skeletons and labels on the video's own picture."""

from dataclasses import dataclass

import numpy as np

from videopose.export.drawing import (
    HALO,
    MIDDLE,
    Colour,
    Point,
    Stroke,
    draw_dot,
    draw_halo,
    draw_stroke,
    fixed_points,
    label_image,
    mixed,
    paste,
    person_colour,
    side_colour,
)
from videopose.export.trails import Path, blend_trail
from videopose.skeletons import COCO17
from videopose.types import Recording, Track, check_shape

FAINT_BELOW = 0.3
"""Joints with a lower score are drawn faint."""

_GREY: Colour = (120, 120, 120)
_NOSE, _FACE = COCO17.index("nose"), tuple(range(5))
_SHOULDERS = (COCO17.index("left_shoulder"), COCO17.index("right_shoulder"))
_HIPS = (COCO17.index("left_hip"), COCO17.index("right_hip"))
_SMOOTH_S = 0.5  # strokes must not flicker in width with the pose
_TRAIL_S = 1.0
_LEAST_TRAIL = 0.05  # of the person's size: shorter ones are a blot behind the hips


def _limbs() -> tuple[tuple[int, int, Colour], ...]:
    """The lines that are drawn between COCO joints: the tree has none across the shoulders and hips."""
    limbs = [(_NOSE, COCO17.index(f"{side}_eye")) for side in ("left", "right")]
    for side in ("left", "right"):
        for first, second in (
            ("eye", "ear"),
            ("shoulder", "hip"),
            ("shoulder", "elbow"),
            ("elbow", "wrist"),
            ("hip", "knee"),
            ("knee", "ankle"),
        ):
            limbs.append((COCO17.index(f"{side}_{first}"), COCO17.index(f"{side}_{second}")))
    coloured = [(a, b, side_colour(COCO17.joint_names[b])) for a, b in limbs]
    return ((*_SHOULDERS, MIDDLE), (*_HIPS, MIDDLE), *coloured)


_LIMBS = _limbs()
_JOINT_COLOURS = tuple(side_colour(name) for name in COCO17.joint_names)


def _person_size(track: Track, rate: float) -> np.ndarray:
    """(T,) longer side of the keypoints' extent in video pixels, smoothed; 0 for a track without any keypoint."""
    points = track.keypoints[..., :2]
    known = np.asarray(np.isfinite(points).all(axis=2))[..., None]
    highest, lowest = np.where(known, points, -np.inf).max(axis=1), np.where(known, points, np.inf).min(axis=1)
    size = (highest - lowest).max(axis=1)
    good = np.isfinite(size)
    if not good.any():
        return np.zeros(len(track))
    rows = np.arange(len(track))
    size = np.interp(rows, rows[good], size[good])
    radius = min(max(1, round(rate * _SMOOTH_S / 2)), 120)
    kernel = np.full(2 * radius + 1, 1 / (2 * radius + 1))
    smooth: np.ndarray = np.convolve(np.pad(size, radius, mode="edge"), kernel, mode="valid")
    return smooth


def _thickness(size_px: float) -> int:
    """Pixels of a limb of somebody that large."""
    return int(np.clip(size_px * 0.01 + 0.6, 1, 24))


@dataclass(frozen=True, slots=True)
class _Figure:
    """A track made ready for drawing."""

    track: Track
    supported: np.ndarray
    """(T,) bool: the track's; others are drawn as filled in."""
    size_px: np.ndarray
    """(T,) float64 on the canvas."""
    label: np.ndarray
    dull_label: np.ndarray
    """For frames in which the person was not seen."""
    colour: Colour
    """The person's own."""
    path: Path
    """Of the middle of the hips, on the canvas."""


class PictureSkeletons:
    """Draws the tracks of a recording onto pictures of its video."""

    def __init__(self, recording: Recording, zoom: float, size: tuple[int, int], neck: bool = False) -> None:
        """Prepare the tracks.

        Args:
            recording: people with COCO keypoints.
            zoom: pixels of the drawn picture per pixel of the video.
            size: width and height of the drawn picture in pixels.
            neck: whether to join head and body, where no picture shows that they belong together.

        Raises:
            ValueError: a track's keypoints are not (T, 17, 3).
        """
        self._zoom, self._neck = zoom, neck
        self._width, self._height = size
        self._text_px = int(np.clip(self._height / 34, 14, 64))
        tracks = [track for track in recording.tracks if len(track)]
        self._figures = tuple(self._figure(recording, track) for track in tracks)

    def _figure(self, recording: Recording, track: Track) -> _Figure:
        check_shape("keypoints", track.keypoints, (len(track), len(COCO17), 3))
        colour, text = person_colour(track.person_id), f"person {track.person_id}"
        if label_image(text, self._text_px, colour).shape[1] > self._width / 4:
            text = str(track.person_id)
        label, dull = (label_image(text, self._text_px, c) for c in (colour, mixed(colour, _GREY, 0.7)))
        row = int(track.frame_index[0]) - int(recording.frame_index[0])
        hips = track.keypoints[:, list(_HIPS)]
        seen = track.supported & (hips[..., 2] >= FAINT_BELOW).all(axis=1)
        path = Path(
            self._on_canvas(hips[..., :2].mean(axis=1)), recording.time_s[row : row + len(track)], seen, _TRAIL_S, 12
        )
        size_px = self._zoom * _person_size(track, float(recording.video.fps))
        return _Figure(track, track.supported, size_px, label, dull, colour, path)

    def _on_canvas(self, pixels: np.ndarray) -> np.ndarray:
        """(N, 2) pixels of the video to those of the drawn picture; pixel centres stay centres."""
        return np.asarray((pixels + 0.5) * self._zoom - 0.5)

    def draw(self, picture: np.ndarray, frame_index: int) -> None:
        """Draw everybody of that frame into `picture` (H, W, 3) uint8; nothing when nobody is there."""
        labels: list[tuple[np.ndarray, int, int]] = []
        rows = [(figure, frame_index - int(figure.track.frame_index[0])) for figure in self._figures]
        present = [(figure, row) for figure, row in rows if 0 <= row < len(figure.track)]
        for figure, row in present:
            self._draw_trail(picture, figure, row)
        for figure, row in present:
            pixels = self._on_canvas(figure.track.keypoints[row, :, :2])
            self._draw_figure(picture, figure, row, pixels)
            self._place_label(labels, figure, row, pixels)
        for label, left, top in labels:
            paste(picture, label, left, top)

    def _draw_trail(self, picture: np.ndarray, figure: _Figure, row: int) -> None:
        """Show where the hips have just been."""
        thickness = _thickness(figure.size_px[row])
        trail = figure.path.trail(row).if_longer(_LEAST_TRAIL * float(figure.size_px[row]))
        if trail is not None:
            blend_trail(picture, trail, figure.colour, round(1.3 * thickness))

    def _draw_figure(self, picture: np.ndarray, figure: _Figure, row: int, pixels: np.ndarray) -> None:
        """Draw limbs, then joints: bright where seen, thin and dull where doubtful, dashed where filled in."""
        points = fixed_points(pixels)
        scores = figure.track.keypoints[row, :, 2]
        observed = bool(figure.supported[row])
        sure = (scores >= FAINT_BELOW).tolist() if observed else [False] * len(points)
        thickness = _thickness(figure.size_px[row])
        thin = max(1, thickness // 2)
        halo = 1 + thickness // 8 if thickness > 1 else 0
        strokes: list[tuple[Point, Point, Stroke]] = []
        for first, second, colour in _LIMBS:
            start, end = points[first], points[second]
            if start is None or end is None:
                continue
            if sure[first] and sure[second]:
                width = max(1, thickness // 2) if second in _FACE else thickness
                strokes.append((start, end, Stroke(colour, width, halo=halo)))
            else:
                strokes.append((start, end, Stroke(mixed(colour, _GREY, 0.5), thin, dashed=not observed)))
        if self._neck:
            chest = fixed_points(pixels[list(_SHOULDERS)].mean(axis=0, keepdims=True))[0]
            nose = points[_NOSE]
            if chest is not None and nose is not None:
                bright = sure[_NOSE] and all(sure[shoulder] for shoulder in _SHOULDERS)
                stroke = Stroke(MIDDLE, thickness) if bright else Stroke(mixed(MIDDLE, _GREY, 0.5), thin)
                strokes.append((chest, nose, stroke))
        for start, end, stroke in strokes:
            draw_halo(picture, start, end, stroke)
        for start, end, stroke in strokes:
            draw_stroke(picture, start, end, stroke)
        for joint, point in enumerate(points):
            if point is None:
                continue
            radius = 0.9 * thickness if joint not in _FACE else 0.6 * thickness
            if sure[joint]:
                draw_dot(picture, point, radius + halo, HALO)
                draw_dot(picture, point, radius, _JOINT_COLOURS[joint])
            else:
                draw_dot(picture, point, 0.5 * radius, mixed(_JOINT_COLOURS[joint], _GREY, 0.5))

    def _place_label(
        self, placed: list[tuple[np.ndarray, int, int]], figure: _Figure, row: int, pixels: np.ndarray
    ) -> None:
        """Append the label's picture and corner: above the head, inside the picture, clear of the labels before it."""
        known = pixels[np.isfinite(pixels).all(axis=1)]
        inside = (known >= 0).all(axis=1) & (known < (self._width, self._height)).all(axis=1)
        if not inside.any():
            return
        face = pixels[list(_FACE)]
        face = face[np.isfinite(face).all(axis=1)]
        middle = float(face[:, 0].mean()) if len(face) else float(known[:, 0].mean())
        top = float(face[:, 1].min()) if len(face) else float(known[:, 1].min())
        label = figure.label if figure.supported[row] else figure.dull_label
        height, width = label.shape[:2]
        x = int(np.clip(middle - width / 2, 0, max(0, self._width - width)))
        lowest = max(0, self._height - height)
        # from the eyes to the crown is about as far as from ear to ear
        crown = max(0.06 * figure.size_px[row], 1.1 * float(np.ptp(face, axis=0).max()) if len(face) else 0.0)
        wanted = int(np.clip(top - min(crown, 0.3 * figure.size_px[row]) - height, 0, lowest))
        for y in _candidates(wanted, height + 2, lowest):
            if not any(x < ox + o.shape[1] and ox < x + width and abs(y - oy) < height for o, ox, oy in placed):
                break
        else:
            y = wanted
        placed.append((label, x, y))


def _candidates(wanted: int, step: int, lowest: int) -> list[int]:
    """Heights to try for a label: the wanted one, then further and further above and below it."""
    tries = [wanted + sign * i * step for i in range(1, 9) for sign in (-1, 1)]
    return [wanted, *(y for y in tries if 0 <= y <= lowest)]
