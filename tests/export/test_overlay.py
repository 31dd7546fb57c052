"""The overlay's pictures: what is drawn where, and what must stay as it is."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from standing import GREY, SIZE, frame, person, recording, replaced, where

from videopose.export.drawing import LEFT, RIGHT, person_colour
from videopose.export.layout import plan_layout
from videopose.export.overlay import OverlayRenderer, render_overlay
from videopose.export.scene3d import Scene, place_people
from videopose.export.view3d import BACKGROUND
from videopose.ground import recorded_ground
from videopose.ground.estimate import ANKLE_M
from videopose.skeletons import COCO17, H36M17
from videopose.types import Frame, Motion, Recording, Track, VideoInfo


def parts(renderer: OverlayRenderer, canvas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The picture, the front view and the side view of a canvas."""
    layout = plan_layout(*SIZE)
    rectangles = (layout.picture, *layout.panels)
    assert renderer.size == layout.canvas
    picture, front, side = (canvas[y : y + h, x : x + w] for x, y, w, h in rectangles)
    return picture, front, side


def scene_of(whole: Recording) -> Scene:
    return place_people(whole, recorded_ground(whole).world)


@pytest.mark.parametrize("size", [(1, 1), (64, 48), (333, 215), (360, 640), (2, 300), (4000, 20)])
def test_every_size_is_drawn(size: tuple[int, int]) -> None:
    renderer = OverlayRenderer(recording(person(size=size), size=size))
    canvas = renderer.draw(frame(3, size))
    assert canvas.shape == (renderer.size[1], renderer.size[0], 3)
    assert canvas.dtype == np.uint8
    assert canvas.shape[0] % 2 == canvas.shape[1] % 2 == 0
    assert len(where(canvas, LEFT)) and len(where(canvas, RIGHT))
    _, top, width, height = plan_layout(*size).picture
    margins = np.concatenate([canvas[:top, :width], canvas[top + height :, :width]])
    assert (margins == BACKGROUND).all()


def test_joints_have_the_colours_of_their_sides() -> None:
    track, motion = person()
    renderer = OverlayRenderer(recording((track, motion)))
    picture, _, _ = parts(renderer, renderer.draw(frame()))
    for name, colour in (("left_wrist", LEFT), ("left_ankle", LEFT), ("right_wrist", RIGHT), ("right_knee", RIGHT)):
        x, y = np.rint(track.keypoints[0, COCO17.index(name), :2]).astype(int)
        assert tuple(picture[y, x]) == colour, name


def test_limbs_lie_on_the_line_between_joints() -> None:
    track, motion = person()
    renderer = OverlayRenderer(recording((track, motion)))
    picture, _, _ = parts(renderer, renderer.draw(frame()))
    ends = track.keypoints[0, [COCO17.index("left_knee"), COCO17.index("left_ankle")], :2]
    x, y = np.rint(ends.mean(axis=0)).astype(int)
    assert tuple(picture[y, x]) == LEFT


def test_nobody_leaves_the_picture_alone() -> None:
    renderer = OverlayRenderer(recording())
    picture, front, side = parts(renderer, renderer.draw(frame()))
    assert (picture == GREY).all()
    for view in (front, side):
        assert len(where(view, BACKGROUND)) > view.shape[0] * view.shape[1] / 3
        assert len(np.unique(view.reshape(-1, 3), axis=0)) > 2  # ground and caption are there
        assert not len(where(view, LEFT)) and not len(where(view, RIGHT))


def test_an_empty_recording_is_drawn() -> None:
    info = VideoInfo("walk.mp4", *SIZE, Fraction(30), 0, 0.0, 0)
    renderer = OverlayRenderer(Recording(info, np.zeros(0, np.int64), np.zeros(0)))
    picture, _, _ = parts(renderer, renderer.draw(frame(7)))
    assert (picture == GREY).all()


@pytest.mark.parametrize("length", [1, 2, 3])
def test_very_short_recordings_are_drawn(length: int) -> None:
    renderer = OverlayRenderer(recording(person(length=length), length=length))
    for part in parts(renderer, renderer.draw(frame(length - 1))):
        assert len(where(part, LEFT))


def test_people_are_drawn_in_their_own_frames_only() -> None:
    renderer = OverlayRenderer(recording(person(length=5, start=10)))
    seen = [bool(len(where(renderer.draw(frame(i)), LEFT))) for i in range(25)]
    assert seen == [10 <= i < 15 for i in range(25)]


def test_tracks_without_motion_are_drawn_on_the_picture() -> None:
    whole = recording(person())
    renderer = OverlayRenderer(Recording(whole.video, whole.frame_index, whole.time_s, whole.tracks))
    picture, front, _ = parts(renderer, renderer.draw(frame()))
    assert len(where(picture, LEFT)) and not len(where(front, LEFT))


def test_the_frame_is_not_changed_and_the_result_depends_on_nothing_before() -> None:
    steps = np.linspace([-1.0, 0.2, 3.0], [1.0, 0.2, 4.0], 20)
    one, other = (OverlayRenderer(recording(person(root=steps))) for _ in range(2))
    picture = frame(7)
    before = picture.image.copy()
    first = one.draw(picture)
    other.draw(frame(19))
    other.draw(frame(0))
    assert np.array_equal(other.draw(picture), first)
    assert np.array_equal(picture.image, before)


def test_render_overlay_draws_every_frame() -> None:
    whole = recording(person())
    renderer = OverlayRenderer(whole)
    canvases = list(render_overlay(whole, (frame(i) for i in range(3))))
    assert len(canvases) == 3
    assert all(np.array_equal(canvas, renderer.draw(frame(i))) for i, canvas in enumerate(canvases))


def test_a_frame_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"frame.image must be \(360, 640, 3\), got \(48, 64, 3\)"):
        OverlayRenderer(recording()).draw(frame(0, (64, 48)))


@pytest.mark.parametrize("offset", [(5000, 0), (-5000, -5000), (0, 1e9), (np.nan, 0), (np.inf, np.inf)], ids=str)
def test_people_outside_leave_the_picture_alone(offset: tuple[float, float]) -> None:
    pair = person()
    keypoints = pair[0].keypoints.copy()
    keypoints[..., :2] += np.array(offset, np.float32)
    renderer = OverlayRenderer(recording(replaced(pair, keypoints=keypoints)))
    picture, _, _ = parts(renderer, renderer.draw(frame()))
    assert (picture == GREY).all()


def test_missing_joints_drop_their_limbs_only() -> None:
    pair = person()
    keypoints = pair[0].keypoints.copy()
    for name in COCO17.joint_names:
        if name.startswith("left_"):
            keypoints[:, COCO17.index(name)] = np.nan
    renderer = OverlayRenderer(recording(replaced(pair, keypoints=keypoints)))
    picture, _, _ = parts(renderer, renderer.draw(frame()))
    assert not len(where(picture, LEFT)) and len(where(picture, RIGHT))


def test_frames_between_looks_are_drawn_like_those_looked_at() -> None:
    pair = person()
    clear = OverlayRenderer(recording(pair))
    skipped = OverlayRenderer(recording(replaced(pair, observed=np.arange(20) % 3 == 0)))
    np.testing.assert_array_equal(skipped.draw(frame(7)), clear.draw(frame(7)))


def test_filled_in_frames_are_faint_and_dashed() -> None:
    pair = person()
    seen = np.arange(20) < 10
    keypoints = pair[0].keypoints.copy()
    keypoints[~seen, :, 2] = 0
    renderer = OverlayRenderer(recording(replaced(pair, observed=seen, keypoints=keypoints)))
    picture, front, _ = parts(renderer, renderer.draw(frame(0)))
    faint_picture, faint_front, _ = parts(renderer, renderer.draw(frame(15)))
    for clear, faint in ((picture, faint_picture), (front, faint_front)):
        assert len(where(clear, LEFT)) and not len(where(faint, LEFT)) and not len(where(faint, RIGHT))
    changed = [(image != GREY).any(axis=2).sum() for image in (picture, faint_picture)]
    assert 0 < changed[1] < changed[0]
    shoulder, hip = (pair[0].keypoints[15, COCO17.index(f"left_{part}"), :2] for part in ("shoulder", "hip"))
    line = np.rint(shoulder + np.linspace(0.1, 0.9, 60)[:, None] * (hip - shoulder)).astype(int)
    drawn = (faint_picture[line[:, 1], line[:, 0]] != GREY).any(axis=1)
    assert np.abs(np.diff(drawn.astype(int))).sum() >= 4  # gaps and dashes in turn


def test_joints_of_low_score_are_faint() -> None:
    pair = person()
    keypoints = pair[0].keypoints.copy()
    keypoints[:, COCO17.index("left_wrist"), 2] = 0.2
    renderer = OverlayRenderer(recording(replaced(pair, keypoints=keypoints)))
    picture, _, _ = parts(renderer, renderer.draw(frame()))
    colours = {}
    for name in ("left_wrist", "right_wrist", "left_elbow"):
        x, y = np.rint(keypoints[0, COCO17.index(name), :2]).astype(int)
        colours[name] = tuple(picture[y, x])
    assert colours["right_wrist"] == RIGHT and colours["left_elbow"] == LEFT
    assert colours["left_wrist"] not in (LEFT, (GREY,) * 3)


def test_labels_stay_inside_and_apart() -> None:
    people = [person(i, np.tile([0.0, -0.4, 2.5], (20, 1))) for i in (1, 2, 3)]  # the heads are above the upper edge
    renderer = OverlayRenderer(recording(*people))
    picture, _, _ = parts(renderer, renderer.draw(frame()))
    rows = [where(picture, person_colour(i))[:, 1] for i in (1, 2, 3)]
    assert all(len(row) > 100 for row in rows)
    spans = sorted((int(row.min()), int(row.max())) for row in rows)
    assert all(first[1] < second[0] for first, second in pairwise(spans))


def test_front_view_shows_the_cameras_right_and_side_view_the_depth() -> None:
    far = person(2, np.tile([0.8, 0.2, 5.0], (20, 1)))
    renderer = OverlayRenderer(recording(person(1, np.tile([-0.8, 0.2, 2.5], (20, 1))), far))
    _, front, side = parts(renderer, renderer.draw(frame()))
    for view in (front, side):  # in the side view the camera stands at the left
        first, second = (where(view, person_colour(i))[:, 0].mean() for i in (1, 2))
        assert first < second - 30
    renderer = OverlayRenderer(recording(person()))
    _, front, _ = parts(renderer, renderer.draw(frame()))
    assert where(front, RIGHT)[:, 0].max() < where(front, LEFT)[:, 0].min()  # facing the camera


def test_whole_body_lies_inside_the_views() -> None:
    steps = np.linspace([-1.5, 0.2, 3.0], [1.5, 0.2, 4.0], 20)
    renderer = OverlayRenderer(recording(person(root=steps)))
    for i in (0, 10, 19):
        for view in parts(renderer, renderer.draw(frame(i)))[1:]:
            points = np.concatenate([where(view, LEFT), where(view, RIGHT)])
            assert (points.min(axis=0) > 2).all()
            assert (points.max(axis=0) < np.array(view.shape[1::-1]) - 3).all()


def test_scale_is_fixed_over_the_clip() -> None:
    steps = np.tile([0.0, 0.2, 3.0], (20, 1))
    steps[10:, 0] += 0.5
    pair = person(root=steps)
    pair[1].joints[15] *= 0.5  # a smaller pose must come out smaller, not be fitted again
    renderer = OverlayRenderer(recording(pair))
    heights = [np.ptp(where(parts(renderer, renderer.draw(frame(i)))[1], LEFT)[:, 1]) for i in (0, 12, 15)]
    assert abs(int(heights[0]) - int(heights[1])) <= 1
    assert heights[2] < 0.65 * heights[0]


def test_view_goes_along_with_people_who_walk_far() -> None:
    length = 200
    steps = np.linspace([0.0, 0.2, 3.0], [2.0, 0.2, 63.0], length)
    renderer = OverlayRenderer(recording(person(root=steps, length=length), length=length))
    heights = []
    for i in (0, 50, 100, 150, 199):
        side = parts(renderer, renderer.draw(frame(i)))[2]
        points = np.concatenate([where(side, LEFT), where(side, RIGHT)])
        heights.append(np.ptp(points[:, 1]))
        assert (points > 0).all() and (points < np.array(side.shape[1::-1]) - 1).all()
    assert min(heights) > 0.3 * side.shape[0]
    assert max(heights) - min(heights) <= 2


def test_a_passer_by_does_not_make_everybody_small() -> None:
    length = 100
    alone, still = recording(person(length=length), length=length), np.tile([0.0, 0.2, 2.5], (length, 1))
    far = person(2, np.tile([30.0, 0.2, 60.0], (5, 1)), length=5)
    heights = []
    for whole in (alone, recording(person(root=still, length=length), far, length=length)):
        renderer = OverlayRenderer(whole)
        heights.append(np.ptp(where(parts(renderer, renderer.draw(frame(50)))[2], LEFT)[:, 1]))
    assert heights[0] == heights[1]


def test_ground_lies_under_the_feet() -> None:
    pose = scene_of(recording(person())).people[0].pose(3)
    ankles = [H36M17.index("left_ankle"), H36M17.index("right_ankle")]
    assert np.allclose(pose[ankles, 1], -ANKLE_M, atol=0.03)  # down is positive, the floor at 0


@pytest.mark.parametrize("tilt_degrees", [-20.0, 30.0])
def test_who_stands_before_a_tilted_camera_stands_on_level_ground(tilt_degrees: float) -> None:
    track, motion = person(root=np.linspace([-1.0, 0.2, 3.0], [1.0, 0.2, 5.0], 120), length=120)
    turn = Rotation.from_euler("x", tilt_degrees, degrees=True).as_matrix()
    tilted = replace(
        motion, joints=np.float32(motion.joints @ turn.T), root=np.float32(motion.root.astype(np.float64) @ turn.T)
    )
    scenes = [scene_of(recording((track, one), length=120)) for one in (motion, tilted)]
    level, pose = (scene.people[0].pose(60) for scene in scenes)
    assert np.allclose(pose[:, 1], level[:, 1], atol=0.1)
    up = -(pose[H36M17.index("thorax")] - pose[0])
    assert np.degrees(np.arctan2(np.hypot(up[0], up[2]), up[1])) < 5


def test_missing_roots_are_bridged() -> None:
    steps = np.linspace([-1.0, 0.2, 3.0], [1.0, 0.2, 5.0], 20)
    pair = person(root=steps)
    pair[1].root[[0, 7, 8, 19]] = np.nan
    root = scene_of(recording(pair)).people[0].root
    assert np.allclose(np.diff(root[1:19], axis=0), np.diff(root[1:3], axis=0), atol=1e-6)
    assert np.linalg.norm(root[18] - root[1]) == pytest.approx(np.linalg.norm(steps[18] - steps[1]))
    assert np.allclose(root[[0, 19]], root[[1, 18]])


def test_people_without_roots_stand_side_by_side_on_the_ground() -> None:
    people = [person(i) for i in (1, 2, 3)]
    for _, motion in people[1:]:
        motion.root[:] = np.nan
    whole = recording(*people)
    scene = scene_of(whole)
    places = np.array([one.root[0] for one in scene.people])
    assert (np.diff(places[:, 0]) > 1.0).all()
    assert np.allclose(places[:, 1:], places[0, 1:], atol=0.01)
    renderer = OverlayRenderer(whole)
    _, front, _ = parts(renderer, renderer.draw(frame()))
    columns = [where(front, person_colour(i))[:, 0].mean() for i in (1, 2, 3)]
    assert columns[0] < columns[1] < columns[2]


def test_nobody_has_a_root_or_a_joint() -> None:
    pair = person()
    pair[1].root[:] = np.nan
    pair[1].joints[:10] = np.nan
    renderer = OverlayRenderer(recording(pair))
    front = [len(where(parts(renderer, renderer.draw(frame(i)))[1], LEFT)) for i in (0, 15)]
    assert front[0] == 0 and front[1] > 0


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_absurd_sizes_are_survived(factor: float) -> None:
    pair = person()
    pair[1].joints[:] *= factor
    pair[1].root[::2] *= factor
    OverlayRenderer(recording(pair)).draw(frame())


@pytest.mark.shared
def test_real_motion_on_a_real_video(shared_dir: Path) -> None:
    with np.load(shared_dir / "mocap/validation_views/135_02_view0.npz", allow_pickle=False) as view:
        keypoints, joints, root = (view[key][0] for key in ("keypoints_2d", "target_joints_3d", "target_root_3d"))
        width, height = (int(side) for side in view["image_size"])
    length = len(keypoints)
    index = np.arange(length)
    boxes = np.concatenate([keypoints[..., :2].min(axis=1), keypoints[..., :2].max(axis=1)], axis=1)
    track = Track(1, index, keypoints, boxes, np.ones(length, bool))
    info = VideoInfo("seated_singer.mp4", width, height, Fraction(25), length, length / 25, 0)
    whole = Recording(info, index, index / 25, (track,), (Motion(1, index, index / 25, joints, root),))
    renderer = OverlayRenderer(whole)
    video = cv2.VideoCapture(str(shared_dir / "videos/seated_singer.mp4"))
    for i in range(3):
        good, image = video.read()
        assert good
        canvas = renderer.draw(Frame(i, i / 25, image))
        assert canvas.shape == (1080, 2560, 3)
        for panel in (canvas[:540, 1920:], canvas[540:, 1920:]):
            points = np.concatenate([where(panel, LEFT), where(panel, RIGHT)])
            assert np.ptp(points[:, 1]) > 0.25 * 540
            assert (points > 0).all() and (points < (639, 539)).all()
        inside = np.rint(keypoints[i, COCO17.index("left_knee"), :2]).astype(int)
        assert tuple(canvas[inside[1], inside[0]]) == LEFT
    video.release()
