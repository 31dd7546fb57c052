"""Identities: crossings, occlusions, gaps, ghosts and edges."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videopose.errors import UsageError
from videopose.track import TrackSettings, build_tracks
from videopose.types import Detections, Track

SIZE = (1920, 1080)
RHYTHMS = [5.0, 30.0, 60.0, "irregular"]


def build(detections, time_s, settings=TrackSettings(), first=0):  # noqa: B008
    return build_tracks(detections, np.arange(first, first + len(time_s)), time_s, SIZE, settings)


def owners(scene, track, apart_s=0.2):
    """Which person each observed pose is, but for the moment in which both stand in one place."""
    middle_s = scene.time_s[-1] / 2
    return [
        scene.true_person(pose, frame)
        for pose, frame, seen in zip(track.keypoints, track.frame_index, track.observed, strict=True)
        if seen and abs(scene.time_s[frame] - middle_s) > apart_s
    ]


def one_person_each(scene, tracks):
    ids = [owners(scene, track) for track in tracks]
    return sorted(max(set(i), key=i.count) for i in ids) == [0, 1] and all(
        i.count(max(set(i), key=i.count)) >= 0.98 * len(i) for i in ids
    )


def test_nobody():
    assert build([], np.zeros(0)) == ()
    assert build([Detections.empty()] * 5, np.arange(5) / 30) == ()


def test_single_frame(scenes):
    time_s = np.zeros(1)
    pose = scenes["walker"](time_s, np.array([500.0]))[0]
    (track,) = build([scenes["detections_of"]([pose])], time_s, first=7)
    assert track.frame_index.tolist() == [7]
    assert track.observed.all()
    np.testing.assert_allclose(track.keypoints[0], pose, atol=1e-3)


def test_many_people_in_one_frame_are_numbered_from_left_to_right(scenes):
    time_s = np.zeros(1)
    poses = [scenes["walker"](time_s, np.array([x]))[0] for x in (1500.0, 200.0, 900.0, 1200.0, 550.0)]
    tracks = build([scenes["detections_of"](poses)], time_s)
    assert [t.person_id for t in tracks] == [1, 2, 3, 4, 5]
    assert np.all(np.diff([t.boxes[0, 0] for t in tracks]) > 0)


@pytest.mark.parametrize("rhythm", RHYTHMS)
@pytest.mark.parametrize("hidden_s", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_crossing(scenes, rhythm, hidden_s, seed):
    rng = np.random.default_rng(seed)
    scene = scenes["crossing"](rhythm)
    seen = rng.random((2, len(scene.time_s))) > 0.04
    seen[1, np.abs(scene.time_s - 2) < hidden_s / 2] = False
    tracks = build(scenes["detect"](scene, seen, rng), scene.time_s)
    assert len(tracks) == 2
    assert one_person_each(scene, tracks)


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_detector_that_goes_over_to_the_body_in_front(scenes, rhythm):
    rng = np.random.default_rng(0)
    scene = scenes["crossing"](rhythm)
    detections = scenes["detect"](scene, np.ones((2, len(scene.time_s)), bool), rng)
    for t in np.flatnonzero(np.abs(scene.time_s - 2) < 0.5):
        pose = scene.people[0, t]
        both = [pose + np.pad(rng.normal(scale=4, size=(17, 2)), ((0, 0), (0, 1))) for _ in range(2)]
        detections[t] = scenes["detections_of"](both)
    tracks = build(detections, scene.time_s)
    assert len(tracks) == 2
    assert one_person_each(scene, tracks)


def test_detection_that_stays_on_the_wrong_body_is_cut_there(scenes):
    """B walks behind A, the only detection goes over from A to B, and A is found again half a second later."""
    rng = np.random.default_rng(1)
    scene = scenes["crossing"](30.0)
    seen = np.ones((2, 120), bool)
    seen[1, 45:60] = False
    seen[0, 60:75] = False
    tracks = build(scenes["detect"](scene, seen, rng), scene.time_s)
    assert len(tracks) == 2
    assert one_person_each(scene, tracks)


def test_turning_back_is_not_passing_through(scenes):
    """Two people meet, stand a moment and each goes back to where they came from, seen all the time."""
    rng = np.random.default_rng(2)
    time_s = np.arange(150) / 30
    x = 250 * np.maximum(np.abs(time_s - 2.5), 0.5)
    people = np.stack([scenes["walker"](time_s, 960 - x), scenes["walker"](time_s, 960 + x, height_px=440, phase=2.0)])
    scene = scenes["Scene"](time_s, people)
    tracks = build(scenes["detect"](scene, np.ones((2, 150), bool), rng), time_s)
    assert len(tracks) == 2
    assert one_person_each(scene, tracks)


@pytest.mark.parametrize(("away_s", "expected"), [(0.5, 1), (1.0, 1), (1.3, 1), (2.0, 2)])
@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_absence(scenes, rhythm, away_s, expected):
    time_s = scenes["frame_times"](rhythm, 6.0)
    scene = scenes["Scene"](time_s, scenes["walker"](time_s, 500 + 150 * time_s)[None])
    seen = (np.abs(time_s - 3) > (away_s - 0.1) / 2)[None]
    tracks = build(scenes["detect"](scene, seen, np.random.default_rng(0)), time_s)
    assert len(tracks) == expected
    if expected == 1:
        (track,) = tracks
        np.testing.assert_array_equal(track.observed, seen[0])
        assert (track.keypoints[~seen[0], :, 2] == 0).all()
        hips_off = track.keypoints[:, 11:13, :2].mean(axis=1) - scene.people[0, :, 11:13, :2].mean(axis=1)
        assert np.abs(hips_off).max() < 35  # 7 % of the stature, at the far end of more than a second


def test_limit_is_a_setting(scenes):
    time_s = np.arange(90) / 30
    scene = scenes["Scene"](time_s, scenes["walker"](time_s, 500 + 150 * time_s)[None])
    seen = (np.abs(time_s - 1.5) > 0.25)[None]
    detections = scenes["detect"](scene, seen, np.random.default_rng(0))
    assert len(build(detections, time_s)) == 1
    assert len(build(detections, time_s, TrackSettings(max_gap_s=0.3))) == 2


def test_one_after_the_other_through_the_same_door(scenes):
    """Who leaves at the right and who comes in there a second later are two people."""
    time_s = np.arange(180) / 30
    first, second = scenes["walker"](time_s, 1300 + 300 * time_s), scenes["walker"](time_s, 3400 - 300 * time_s)
    scene = scenes["Scene"](time_s, np.stack([first, second]))
    seen = scene.people[..., 0].max(axis=-1) < 1960
    assert not seen.all(axis=1).any()
    assert seen.any(axis=1).all()
    assert len(build(scenes["detect"](scene, seen, np.random.default_rng(0)), time_s)) == 2


def test_entering_through_the_edge_keeps_one_id(scenes):
    """The box grows from a sliver to the whole body; joints outside are missing."""
    time_s = np.arange(90) / 30
    pose = scenes["walker"](time_s, -150 + 300 * time_s)
    outside = pose[..., 0] < 0
    pose[outside] = (np.nan, np.nan, 0)
    inside = (~outside).sum(axis=1) >= 3
    tracks = build([scenes["detections_of"]([p] if ok else []) for p, ok in zip(pose, inside, strict=True)], time_s)
    assert len(tracks) == 1
    # the first sliver of three joints is too little to go by
    assert tracks[0].frame_index[0] <= inside.argmax() + 4
    assert tracks[0].frame_index[-1] == 89
    assert np.isfinite(tracks[0].keypoints).all()


def test_duplicate_detections_are_one_person(scenes):
    rng = np.random.default_rng(0)
    time_s = np.arange(60) / 30
    pose = scenes["walker"](time_s, 600 + 100 * time_s)
    twice = [[p + np.pad(rng.normal(scale=5, size=(17, 2)), ((0, 0), (0, 1))) for _ in range(2)] for p in pose]
    (track,) = build([scenes["detections_of"](p) for p in twice], time_s)
    assert track.observed.all()


@pytest.mark.parametrize(
    ("frames", "score", "kept"),
    [
        pytest.param(range(30, 35), 0.95, False, id="brief"),
        pytest.param(range(10, 80), 0.2, False, id="never confident"),
        pytest.param(range(30, 33), 0.3, False, id="brief and unsure"),
        pytest.param(range(10, 80), 0.9, True, id="a person"),
    ],
)
def test_ghosts(scenes, frames, score, kept):
    time_s = np.arange(90) / 30
    person = scenes["walker"](time_s, 300 + 100 * time_s)
    ghost = scenes["walker"](time_s, np.full(90, 1500.0), height_px=250)
    detections = [
        scenes["detections_of"]([person[t], ghost[t]], [0.9, score])
        if t in frames
        else scenes["detections_of"]([person[t]])
        for t in range(90)
    ]
    assert len(build(detections, time_s)) == (2 if kept else 1)


@pytest.mark.parametrize(
    ("height_px", "settings", "kept"),
    [
        (45.0, TrackSettings(), 0),
        (70.0, TrackSettings(), 1),
        (45.0, TrackSettings(min_stature_px=0), 1),
        (70.0, TrackSettings(min_stature_px=100), 0),
    ],
    ids=["tiny", "small", "no limit", "own limit"],
)
def test_people_too_small_to_be_lifted_are_dropped(scenes, height_px, settings, kept):
    time_s = np.arange(60) / 30
    poses = scenes["walker"](time_s, 600 + 20 * time_s, height_px=height_px)
    assert len(build([scenes["detections_of"]([pose]) for pose in poses], time_s, settings)) == kept


def test_a_second_skeleton_on_one_body_is_dropped(scenes):
    """Off by a tenth of the stature: too far for a duplicate in one frame, but it stays there."""
    time_s = np.arange(90) / 30
    person = scenes["walker"](time_s, 300 + 100 * time_s)
    shadow = person + np.array([50.0, 0.0, 0.0])
    detections = [scenes["detections_of"]([person[t], shadow[t]], [0.9, 0.7]) for t in range(90)]
    assert len(build(detections, time_s)) == 1


def test_missing_keypoints_are_filled(scenes):
    time_s = np.arange(60) / 30
    pose = scenes["walker"](time_s, 600 + 100 * time_s)
    pose[20:26, 9] = (np.nan, np.nan, 0.5)
    pose[:, 3] = (np.nan, np.nan, 0.5)
    (track,) = build([scenes["detections_of"]([p]) for p in pose], time_s)
    assert np.isfinite(track.keypoints).all()
    assert track.observed.all()
    assert (track.keypoints[20:26, 9, 2] == 0).all()
    assert (track.keypoints[:, 3, 2] == 0).all()
    assert (track.keypoints[:20, 9, 2] > 0).all()


def test_detections_without_keypoints_are_ignored(scenes):
    time_s = np.arange(30) / 30
    pose = scenes["walker"](time_s, 600 + 100 * time_s)
    empty = np.full((17, 3), np.nan)
    empty[:2] = (5.0, 5.0, 0.9)
    assert len(build([scenes["detections_of"]([p, empty]) for p in pose], time_s)) == 1


def test_repeated_time_stamps_do_no_harm(scenes):
    time_s = np.arange(60) / 30
    pose = scenes["walker"](time_s, 600 + 100 * time_s)
    broken = np.repeat(time_s[::4], 4)
    (track,) = build([scenes["detections_of"]([p]) for p in pose], broken)
    assert len(track) == 60


@pytest.mark.parametrize(
    ("frame_index", "time_s", "message"),
    [
        ([0, 1], [0.0, 0.1, 0.2], "differ"),
        ([0, 1, 3], [0.0, 0.1, 0.2], "consecutive"),
        ([0, 1, 2], [0.0, np.nan, 0.2], "finite"),
    ],
)
def test_bad_arguments(frame_index, time_s, message):
    with pytest.raises(ValueError, match=message):
        build_tracks([Detections.empty()] * 3, np.array(frame_index), np.array(time_s), SIZE)


def test_mixed_layouts():
    one = np.ones((1, 17, 3), np.float32)
    mixed = [Detections(np.ones((1, 4)), np.ones(1), one, layout=name) for name in ("coco17", "h36m17")]
    with pytest.raises(ValueError, match="coco17"):
        build(mixed, np.arange(2) / 30)


def test_bad_setting():
    with pytest.raises(UsageError, match="max_gap_s"):
        TrackSettings(max_gap_s=-1.0)


def test_same_input_same_tracks(scenes):
    scene = scenes["crossing"](30.0)
    detections = scenes["detect"](scene, np.ones((2, 120), bool), np.random.default_rng(0))
    for a, b in zip(build(detections, scene.time_s), build(detections, scene.time_s), strict=True):
        np.testing.assert_array_equal(a.keypoints, b.keypoints)
        np.testing.assert_array_equal(a.frame_index, b.frame_index)


def check_invariants(tracks: tuple[Track, ...], detections: list[Detections], frame_index: np.ndarray) -> None:
    assert [t.person_id for t in tracks] == list(range(1, len(tracks) + 1))
    assert sorted(t.frame_index[0] for t in tracks) == [t.frame_index[0] for t in tracks]
    assert sum(t.observed.sum() for t in tracks) <= sum(map(len, detections))
    for track in tracks:
        assert set(track.frame_index) <= set(frame_index)
        assert track.observed[0]
        assert track.observed[-1]
        assert np.isfinite(track.keypoints).all()
        assert np.isfinite(track.boxes).all()
        assert (track.keypoints[~track.observed, :, 2] == 0).all()
        assert ((track.keypoints[..., 2] >= 0) & (track.keypoints[..., 2] <= 1)).all()
        assert track.keypoints.dtype == track.boxes.dtype == np.float32


@settings(max_examples=60)
@given(
    counts=st.lists(st.integers(0, 4), max_size=25),
    seed=st.integers(0, 2**32 - 1),
    missing=st.floats(0, 0.9),
    spread=st.sampled_from([1.0, 100.0, 2000.0]),
)
def test_any_detections_give_well_formed_tracks(counts, seed, missing, spread):
    rng = np.random.default_rng(seed)
    detections = []
    for n in counts:
        keypoints = rng.uniform(0, 1, (n, 17, 3)) * (spread, spread, 1.0)
        keypoints[rng.random((n, 17)) < missing] = np.nan
        boxes = rng.uniform(0, spread, (n, 4))
        boxes[rng.random(n) < missing / 2] = np.nan
        detections.append(Detections(boxes.astype("f4"), rng.random(n).astype("f4"), keypoints.astype("f4")))
    time_s = np.cumsum(rng.choice([0.0, 0.01, 0.2, 3.0], len(counts)))
    frame_index = np.arange(len(counts)) + 5
    tracks = build_tracks(detections, frame_index, time_s, SIZE, TrackSettings(min_duration_s=0.0, min_confidence=0.0))
    check_invariants(tracks, detections, frame_index)


def recorded(name: str) -> tuple[list[Detections], np.ndarray, tuple[int, int]]:
    """The embedded detector's results on a real clip, eighths of a pixel."""
    with np.load(Path(__file__).parent / "data" / f"{name}.npz", allow_pickle=False) as data:
        keypoints = np.concatenate([data["xy"] / 8, data["visible"][..., None] / 255], axis=-1).astype(np.float32)
        ends = np.cumsum(data["count"].astype(int))
        parts = [np.split(x, ends[:-1]) for x in (data["boxes"] / 8, data["scores"] / 255, keypoints)]
        detections = [Detections(b.astype("f4"), s.astype("f4"), k) for b, s, k in zip(*parts, strict=True)]
        return detections, data["time_s"], tuple(int(x) for x in data["image_size"])


def test_recorded_occlusion_keeps_both_people():
    """A man of 1000 px bends behind a woman of 500 px and is not seen for a sixth of a second."""
    detections, time_s, size = recorded("occlusion_two_people")
    tracks = build_tracks(detections, np.arange(len(time_s)), time_s, size)
    check_invariants(tracks, detections, np.arange(len(time_s)))
    assert len(tracks) == 2
    woman, man = tracks
    assert (len(woman), woman.observed.all()) == (100, True)
    assert (man.frame_index[-1], bool(man.observed.all())) == (79, False)
    # she stands, and her hips stay where they are; he is to the right of her
    assert np.ptp(woman.keypoints[:, 11:13, 0].mean(axis=1)) < 60
    assert (man.keypoints[:, 11:13, 0].mean(axis=1) > woman.keypoints[:80, 11:13, 0].mean(axis=1) + 80).all()


def test_recorded_somersault_keeps_its_id():
    """A man jumps on the spot, then off a roof: the detector is blind for half of the flight. A woman walks through."""
    detections, time_s, size = recorded("roof_jump_two_people")
    tracks = build_tracks(detections, np.arange(len(time_s)), time_s, size)
    check_invariants(tracks, detections, np.arange(len(time_s)))
    assert len(tracks) == 2
    man, woman = tracks
    assert (man.frame_index[0], man.frame_index[-1]) == (0, 226)
    assert (woman.frame_index[0], woman.frame_index[-1]) == (37, 200)
    assert np.diff(woman.keypoints[:, 11:13, 0].mean(axis=1)).max() < 15  # always to the left
