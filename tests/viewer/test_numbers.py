"""The numbers that the page shows are those of the results."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from videopose.ground import chosen_world
from videopose.kinematics import ANGLES, UNKNOWABLE, joint_angles, joint_speeds
from videopose.types import Recording
from videopose.world import world_joints

pytestmark = pytest.mark.shared

ARRAYS = """() => videopose.recording.people.map((person) => Object.fromEntries(
  Object.keys(person.arrays).map((key) => {
    const { data, step, columns } = person[key];
    return [key, [Array.from(data), step, columns]];
  })))"""


def decoded(page: Any) -> list[dict[str, np.ndarray]]:
    """By person: the arrays as the page has them, NaN where a number is missing."""
    people = []
    for arrays in page.evaluate(ARRAYS):
        numbers = {}
        for key, (data, step, columns) in arrays.items():
            whole = np.asarray(data, np.float64)
            missing = 255 if key == "scores" else -32768 if key != "root" else np.inf
            numbers[key] = np.where(whole == missing, np.nan, whole * step).reshape(-1, columns)
        people.append(numbers)
    return people


def pieces(recording: Recording) -> Recording:
    """With holes: keypoints and joints that are missing, a root that is missing for a while."""
    tracks, motions = list(recording.tracks), list(recording.motions)
    keypoints, joints, root = tracks[0].keypoints.copy(), motions[0].joints.copy(), motions[1].root.copy()
    keypoints[5, 3] = np.nan
    joints[7, 4] = np.nan
    root[10:20] = np.nan
    tracks[0] = replace(tracks[0], keypoints=keypoints)
    motions[0], motions[1] = replace(motions[0], joints=joints), replace(motions[1], root=root)
    return replace(recording, tracks=tuple(tracks), motions=tuple(motions))


def test_page_holds_the_numbers_of_the_results(recorded: Any, shown: Any) -> None:
    recording = pieces(recorded(2, 120))
    world = chosen_world("ground", recording)
    with shown(recording) as watched:
        people = decoded(watched.page)
        times = watched.page.evaluate("Array.from(videopose.recording.times)")
    np.testing.assert_array_equal(times, recording.time_s - recording.time_s[0])
    assert len(people) == 2
    for person, track, motion in zip(people, recording.tracks, recording.motions, strict=True):
        places = np.repeat(person["root"], 17, axis=0).reshape(-1, 51) + person["joints"]
        expected = world_joints(motion, world).reshape(-1, 51)
        np.testing.assert_allclose(places, expected, atol=0.00051)  # a millimetre each
        np.testing.assert_allclose(
            person["keypoints"].reshape(-1, 17, 2), track.keypoints[..., :2], atol=0.0601
        )  # 1920 px in 16000 steps
        np.testing.assert_allclose(person["scores"], np.clip(track.keypoints[..., 2], 0, 1), atol=0.0021)
        np.testing.assert_allclose(person["angles"], joint_angles(motion, world), atol=0.0501)
        np.testing.assert_allclose(person["speeds"], np.minimum(joint_speeds(motion), 32.767), atol=0.000501)


def test_page_names_every_angle_and_what_cannot_be_known(recorded: Any, shown: Any) -> None:
    with shown(recorded(1, 30)) as watched:
        page = watched.page
        assert page.evaluate("videopose.recording.angles.map((one) => one.name)") == [angle.name for angle in ANGLES]
        lines = page.evaluate(
            "videopose.panel.choices.flatMap((one) => one.lines.map((line) => [one.array, line.column]))"
        )
        assert sorted(column for array, column in lines if array == "angles") == list(range(len(ANGLES)))
        assert sorted(column for array, column in lines if array == "speeds") == list(range(17))
        page.keyboard.press("n")
        text = page.inner_text("#notes")
    assert all(one.reason in text for one in UNKNOWABLE)


def test_whoever_has_no_root_stands_on_the_floor_beside_the_others(recorded: Any, shown: Any) -> None:
    recording = recorded(2, 60)
    lost = replace(recording.motions[1], root=np.full((60, 3), np.nan, np.float32))
    recording = replace(recording, motions=(recording.motions[0], lost))
    with shown(recording) as watched:
        page = watched.page
        first, second = decoded(page)
        page.keyboard.press("n")
        assert "2." in page.inner_text("#unplaced")
    ankles = (second["root"][:, None] + second["joints"].reshape(-1, 17, 3))[:, [3, 6]]
    assert np.percentile(ankles[..., 1].min(axis=1), 10) == pytest.approx(0.08, abs=0.002)
    assert np.abs(np.median(first["root"] - second["root"], axis=0))[0] > 0.5
