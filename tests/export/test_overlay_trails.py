"""Trails: where people have just come from, in the picture and on the ground, and nowhere else."""

from fractions import Fraction

import numpy as np
import pytest
from standing import GREY, SIZE, frame, person, recording, replaced, where

from videopose.export.drawing import LEFT, RIGHT, person_colour
from videopose.export.layout import OverlayStyle, plan_layout
from videopose.export.overlay import OverlayRenderer
from videopose.export.trails import Path, Trail, blend_trail, draw_trail
from videopose.skeletons import COCO17
from videopose.types import Recording, Track, VideoInfo

LENGTH = 90
ALONE = OverlayStyle("overlay-only")


def walk(length: int = LENGTH) -> np.ndarray:
    """(T, 3) root: 1.2 m/s to the right at 30 frames/s, 4 m away."""
    return np.linspace([-1.8, 0.2, 4.0], [-1.8 + 0.04 * (length - 1), 0.2, 4.0], length)


def hips_px(track: Track, row: int) -> np.ndarray:
    return track.keypoints[row, [COCO17.index("left_hip"), COCO17.index("right_hip")], :2].mean(axis=0)


def changed_at(canvas: np.ndarray, point: np.ndarray) -> float:
    """How far the picture is from the empty one at a point."""
    x, y = np.rint(point).astype(int)
    return float(np.abs(canvas[y - 1 : y + 2, x - 1 : x + 2].astype(int) - GREY).max())


def of_person(image: np.ndarray, person_id: int = 1) -> np.ndarray:
    """(N, 2) row and column of what has the hue of the person's colour, however dark or pale."""
    wanted = np.array(person_colour(person_id), np.float64)
    wanted -= wanted.mean()
    hue = image.astype(np.float64) - image.mean(axis=-1, keepdims=True)
    strength = np.linalg.norm(hue, axis=-1)
    alike = (hue @ wanted) / (np.maximum(strength, 1e-9) * np.linalg.norm(wanted))
    return np.argwhere((strength > 10) & (alike > 0.9))


def test_the_way_of_the_last_second_is_drawn_and_fades() -> None:
    track, motion = person(root=walk(), length=LENGTH)
    renderer = OverlayRenderer(recording((track, motion), length=LENGTH), ALONE)
    canvas = renderer.draw(frame(60))
    strengths = [changed_at(canvas, hips_px(track, row)) for row in (45, 40, 35)]  # before the arm
    assert strengths[0] > strengths[1] > strengths[2] > 5
    assert changed_at(canvas, hips_px(track, 26)) == 0  # more than a second ago
    assert changed_at(canvas, hips_px(track, 76)) == 0  # yet to come
    x, y = np.rint(hips_px(track, 48)).astype(int)
    assert len(of_person(canvas[y : y + 1, x : x + 1]))


def test_whoever_stands_leaves_no_trail() -> None:
    pair = person(length=LENGTH)
    shaking = pair[0].keypoints.copy()
    shaking[..., :2] += np.random.default_rng(0).normal(0, 0.5, (LENGTH, 1, 2))
    shaking[60] = pair[0].keypoints[60]
    canvases = [
        OverlayRenderer(recording(one, length=LENGTH), ALONE).draw(frame(60))
        for one in (pair, replaced(pair, keypoints=shaking))
    ]
    below = slice(SIZE[1] // 2, None)  # the label has that colour too
    assert not len(of_person(canvases[1][below]))
    assert np.array_equal(canvases[0], canvases[1])


def test_a_gap_breaks_the_trail() -> None:
    pair = person(root=walk(), length=LENGTH)
    seen = np.ones(LENGTH, bool)
    seen[40:45] = False
    keypoints = pair[0].keypoints.copy()
    keypoints[~seen, :, 2] = 0
    renderer = OverlayRenderer(recording(replaced(pair, keypoints=keypoints, observed=seen), length=LENGTH), ALONE)
    canvas = renderer.draw(frame(60))
    strengths = {row: changed_at(canvas, hips_px(pair[0], row)) for row in (36, 41, 43, 46)}
    assert strengths[36] > 5 and strengths[46] > 5
    assert strengths[41] == strengths[43] == 0


def test_people_have_trails_of_their_own_from_their_first_frame_on() -> None:
    track, motion = person(2, root=walk(40), length=40, start=50)
    renderer = OverlayRenderer(recording((track, motion), length=LENGTH), ALONE)
    assert (renderer.draw(frame(49)) == GREY).all()
    renderer.draw(frame(50))
    canvas = renderer.draw(frame(70))
    assert changed_at(canvas, hips_px(track, 10)) > 5


def test_trails_last_a_second_at_any_rate() -> None:
    for rate in (5, 120):
        length = 3 * rate
        track, _ = person(root=np.linspace([-1.8, 0.2, 4.0], [1.8, 0.2, 4.0], length), length=length)
        info = VideoInfo("walk.mp4", *SIZE, Fraction(rate), length, 3.0, 0)
        whole = Recording(info, np.arange(length), np.arange(length) / rate, (track,))
        canvas = OverlayRenderer(whole, ALONE).draw(frame(2 * rate))
        assert changed_at(canvas, hips_px(track, round(1.3 * rate))) > 5
        assert changed_at(canvas, hips_px(track, round(0.7 * rate))) == 0


def test_views_show_the_way_on_the_ground() -> None:
    pair = person(root=walk(), length=LENGTH)
    resting = person(root=np.tile(walk()[60], (LENGTH, 1)), length=LENGTH)
    moved, still = (OverlayRenderer(recording(one, length=LENGTH), OverlayStyle(black=True)) for one in (pair, resting))
    x, y, width, height = plan_layout(*SIZE).panels[0]
    canvas = moved.draw(frame(60))[y : y + height, x : x + width]
    way = of_person(canvas)
    assert len(way) > 30
    body = where(canvas, LEFT), where(canvas, RIGHT)
    assert way[:, 0].min() > max(points[:, 1].max() for points in body) - 3  # at the feet and below
    assert way[:, 1].max() < max(points[:, 0].max() for points in body)  # comes from the left
    canvas = still.draw(frame(60))[y : y + height, x : x + width]
    assert not len(of_person(canvas))


def test_a_path_without_a_place_has_no_trail() -> None:
    time_s = np.arange(10) / 10
    points = np.stack([time_s, 0 * time_s], axis=1)
    points[4] = np.nan
    path = Path(points, time_s, np.ones(10, bool), 1.0, 12)
    trail = path.trail(9)
    assert trail.joined.tolist() == [row not in (3, 4) for row in range(9)]
    assert (np.diff(trail.freshness) > 0).all() and trail.freshness[-1] == 1
    assert path.trail(0).if_longer(0.0) is None
    assert trail.if_longer(0.5) is not None and trail.if_longer(1.0) is None
    assert Path(points, time_s, np.zeros(10, bool), 1.0, 12).trail(9).if_longer(0.0) is None


def test_long_trails_have_few_pieces_whose_corners_stay_where_they_are() -> None:
    time_s = np.arange(1000) / 100
    path = Path(np.stack([time_s, time_s], axis=1), time_s, np.ones(1000, bool), 1.0, 12)
    corners = [{tuple(point) for point in path.trail(row).points[:-1].tolist()} for row in (500, 503)]
    assert max(len(points) for points in corners) <= 14
    assert len(corners[0] & corners[1]) >= 10


@pytest.mark.parametrize(
    "points", [[(-500, -500), (-400, -450)], [(1e9, 0), (2e9, 5)], [(30, 300), (60, 400)]], ids=str
)
def test_trails_outside_leave_the_picture_alone(points: list[tuple[float, float]]) -> None:
    image = np.full((100, 200, 3), GREY, np.uint8)
    trail = Trail(np.array(points, float), np.ones(1, bool), np.ones(1))
    blend_trail(image, trail, (0, 255, 255), 4)
    draw_trail(image, trail, (0, 255, 255), (0, 0, 0), 4)
    assert (image == GREY).all()


def test_trails_across_the_edge_are_cut_off() -> None:
    image = np.full((100, 200, 3), GREY, np.uint8)
    blend_trail(image, Trail(np.array([(-50.0, 50.0), (20.0, 50.0)]), np.ones(1, bool), np.ones(1)), (0, 255, 255), 4)
    assert (image[50, :20] != GREY).all(axis=1).all()
    assert (image[:, 30:] == GREY).all()
