"""Playing, jumping, keys, following, views and themes, as somebody at the screen does it."""

from typing import Any

import numpy as np
import pytest
from pages import in_part

pytestmark = pytest.mark.shared

ROW = "videopose.player.row"
WATCH = """(until) => new Promise((resolve) => {
  const seen = [];
  const look = (now) => { // the same for everything that is done for one picture, however long that takes
    const { player } = videopose;
    seen.push([now / 1000, player.time, player.row]);
    if (player.row >= until) resolve(seen); else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""


def test_time_passes_as_it_did(recorded: Any, shown: Any) -> None:
    times = np.cumsum(np.random.default_rng(3).uniform(0.02, 0.2, 40))  # a rate that varies
    recording = recorded(1, 40, time_s=times)
    with shown(recording) as watched:
        watched.page.click("#play")
        seen = np.asarray(watched.page.evaluate(WATCH, 15))
    clock, time, row = seen[1:].T
    # the page's time runs with the clock, whatever the machine does in between
    assert np.ptp(time - clock) < 0.25
    rows = np.searchsorted(times - times[0], time + 1e-6, side="right") - 1
    np.testing.assert_array_equal(row, rows)


def test_speed_changes_how_fast_time_passes(recorded: Any, shown: Any) -> None:
    with shown(recorded(1, 90)) as watched:
        watched.page.select_option("#speed", "0.25")
        watched.page.click("#play")
        seen = np.asarray(watched.page.evaluate(WATCH, 12))
        watched.page.keyboard.press("Space")
        assert not watched.page.evaluate("videopose.player.playing")
    clock, time = seen[-1, :2] - seen[1, :2]
    assert time / clock == pytest.approx(0.25, abs=0.08)


def test_end_begins_again_or_stops(recorded: Any, shown: Any) -> None:
    with shown(recorded(1, 20)) as watched:
        page = watched.page
        page.evaluate("window.seen = []; videopose.player.onRow.push((row) => window.seen.push(row))")
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Space")
        page.wait_for_function("() => window.seen.includes(0)")
        assert page.evaluate("videopose.player.playing")
        page.keyboard.press("l")
        page.wait_for_function("() => !videopose.player.playing")
        assert page.evaluate(ROW) == 19
        assert page.get_attribute("#play", "aria-label") == "Play"


KEYS = [
    ("ArrowRight", 1), ("ArrowRight", 2), ("Shift+ArrowRight", 32), ("ArrowLeft", 31), ("Shift+ArrowLeft", 1),
    ("ArrowLeft", 0), ("ArrowLeft", 0), ("End", 89), ("ArrowRight", 89), ("Home", 0),
]  # fmt: skip


def test_keys_go_through_the_frames(recorded: Any, shown: Any) -> None:
    with shown(recorded(1, 90, first_frame=40)) as watched:
        page = watched.page
        for key, row in KEYS:
            page.keyboard.press(key)
            assert page.evaluate(ROW) == row
            assert page.get_attribute("#line", "aria-valuenow") == str(row)
            assert page.inner_text("#frame-number") == f"frame {40 + row}"


@pytest.mark.parametrize("canvas", ["#line", "#plot"])
def test_pointer_goes_through_the_time(canvas: str, recorded: Any, shown: Any) -> None:
    with shown(recorded(2, 90)) as watched:
        page = watched.page
        box = page.locator(canvas).bounding_box()
        left, length = box["x"] + 46, box["width"] - 46 - 12
        page.mouse.move(left + length / 3, box["y"] + 40)
        page.mouse.down()
        assert page.evaluate(ROW) == pytest.approx(30, abs=1)
        page.mouse.move(left + length * 2 / 3, box["y"] + 40)
        assert page.evaluate(ROW) == pytest.approx(60, abs=1)
        page.mouse.up()
        page.mouse.move(left + 5, box["y"] + 40)
        assert page.evaluate(ROW) == pytest.approx(60, abs=1)


def test_rows_tell_where_people_were_seen(recorded: Any, shown: Any) -> None:
    recording = in_part(recorded(2, 90), 1, slice(20, 80), filled=slice(10, 25))
    with shown(recording) as watched:
        page = watched.page
        assert page.evaluate("videopose.timeline.people.map((one) => one.runs)")[1] == [
            [3, 20, 30], [1, 30, 45], [3, 45, 80],
        ]  # fmt: skip
        page.keyboard.press("2")
        for row, sentence in ((10, "not there"), (35, "filled in"), (60, "m/s")):
            page.evaluate(f"videopose.player.seek({row})")
            assert sentence in page.inner_text("#place")


def test_filled_in_people_are_paler_and_thinner(recorded: Any, shown: Any) -> None:
    recording = in_part(recorded(1, 60), 0, slice(0, 60), filled=slice(30, 40))
    limb = """(row) => { videopose.player.seek(row);
      const { sticks } = videopose.world.bodies;
      const matrix = sticks.instanceMatrix.array, colour = sticks.instanceColor.array;
      return [Math.hypot(...matrix.subarray(0, 3)), ...colour.subarray(0, 3)]; }"""
    with shown(recording) as watched:
        seen, filled = (np.asarray(watched.page.evaluate(limb, row)) for row in (29, 35))
    assert filled[0] == pytest.approx(0.72 * seen[0], rel=1e-3)
    assert np.ptp(filled[1:]) < 0.6 * np.ptp(seen[1:])  # nearer to grey


def test_following_keeps_somebody_in_the_middle(recorded: Any, shown: Any) -> None:
    target = "[...videopose.world.controls.target.toArray(), ...videopose.world.camera.position.toArray()]"
    with shown(recorded(2, 90), reduced_motion="reduce") as watched:
        page = watched.page
        page.keyboard.press("2")
        assert page.input_value("#follow") == "1" and page.input_value("#who") == "1"
        before = np.asarray(page.evaluate(target))
        page.keyboard.press("End")
        path = np.asarray(page.evaluate("Array.from(videopose.world.paths[1])")).reshape(-1, 2)
        after = np.asarray(page.evaluate(target))
        np.testing.assert_allclose(after[[0, 2]], path[-1], atol=1e-3)
        np.testing.assert_allclose((after - before)[:3], (after - before)[3:], atol=1e-3)
        page.keyboard.press("0")
        assert page.input_value("#follow") == "-1"


def test_views_look_from_where_they_say(recorded: Any, shown: Any) -> None:
    direction = "videopose.world.camera.position.clone().sub(videopose.world.controls.target).normalize().toArray()"
    with shown(recorded(2, 30), reduced_motion="reduce") as watched:
        page = watched.page
        for name, axis in (("front", 2), ("side", 0), ("top", 1)):
            page.click(f"[data-view={name}]")
            assert page.evaluate(direction)[axis] > 0.98
            assert page.get_attribute(f"[data-view={name}]", "aria-pressed") == "true"
        page.keyboard.press("v")
        assert page.get_attribute("[data-view=camera]", "aria-pressed") == "true"
        # the camera of these recordings stands at the origin of its own axes
        expected = page.evaluate("videopose.recording.camera.position")
        np.testing.assert_allclose(page.evaluate("videopose.world.camera.position.toArray()"), expected, atol=1e-3)


def test_camera_view_shows_joints_where_the_video_has_them(recorded: Any, shown: Any) -> None:
    recording = recorded(1, 30)
    joint = """() => { const { world, recording } = videopose, person = recording.people[0];
      const at = [0, 1, 2].map((axis) => (person.root.data[axis] + person.joints.data[9 + axis]) * 0.001);
      world.camera.updateMatrixWorld();
      const seen = world.camera.position.clone().set(...at).project(world.camera);
      const { clientWidth, clientHeight } = world.canvas;
      return [seen.x * clientWidth / 2, -seen.y * clientHeight / 2, world.camera.fov, clientHeight]; }"""
    with shown(recording, reduced_motion="reduce") as watched:
        watched.page.click("[data-view=camera]")
        x, y, field, height = watched.page.evaluate(joint)
    ankle = recording.motions[0].joints[0, 3] + recording.motions[0].root[0]
    focal = height / 2 / np.tan(np.radians(field) / 2)
    np.testing.assert_allclose([x, y], focal * ankle[:2] / ankle[2], atol=0.5)


def test_dragging_turns_the_scene(recorded: Any, shown: Any) -> None:
    with shown(recorded(1, 30)) as watched:
        page = watched.page
        before = page.evaluate("videopose.world.camera.position.toArray()")
        box = page.locator("#world").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2 + 120, box["y"] + box["height"] / 2, steps=4)
        page.mouse.up()
        assert np.abs(np.subtract(page.evaluate("videopose.world.camera.position.toArray()"), before)).max() > 0.1
        near = page.evaluate("videopose.world.controls.getDistance()")
        page.mouse.wheel(0, 400)
        page.wait_for_function(f"() => videopose.world.controls.getDistance() > {near} * 1.05")


def test_nothing_is_painted_while_nothing_changes(recorded: Any, shown: Any) -> None:
    with shown(recorded(2, 30)) as watched:
        page = watched.page
        still = """() => new Promise((resolve) => { let left = 40, before = -1, same = 0;
          const look = () => { const now = videopose.world.painted; same = now === before ? same + 1 : 0; before = now;
            if (same === 10) resolve(true); else if (left-- === 0) resolve(false); else requestAnimationFrame(look); };
          look(); })"""
        assert page.evaluate(still)
        painted = page.evaluate("videopose.world.painted")
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"() => videopose.world.painted === {painted + 1}")


@pytest.mark.parametrize(("system", "other"), [("light", "dark"), ("dark", "light")])
def test_theme_is_the_systems_until_chosen(system: str, other: str, recorded: Any, shown: Any) -> None:
    theme = "[document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]"
    with shown(recorded(1, 30), color_scheme=system) as watched:
        page = watched.page
        named, colour = page.evaluate(theme)
        assert named == system
        page.keyboard.press("t")
        assert page.evaluate(theme)[0] == other and page.evaluate(theme)[1] != colour
        page.reload()
        page.wait_for_function("() => window.videopose.ready")
        assert page.evaluate(theme)[0] == other


def test_help_opens_and_closes_and_keys_wait_meanwhile(recorded: Any, shown: Any) -> None:
    with shown(recorded(1, 30)) as watched:
        page = watched.page
        page.keyboard.press("?")
        assert page.is_visible("#help")
        page.keyboard.press("ArrowRight")
        assert page.evaluate(ROW) == 0
        page.keyboard.press("Escape")
        assert not page.is_visible("#help")
        page.keyboard.press("ArrowRight")
        assert page.evaluate(ROW) == 1


def test_curves_tell_the_value_under_the_cursor(recorded: Any, shown: Any) -> None:
    recording = recorded(2, 60)
    with shown(recording) as watched:
        page = watched.page
        for place in (0, 1):
            page.select_option("#who", str(place))
            page.select_option("#what", label="Hip, speed")
            page.evaluate("videopose.player.seek(33)")
            told = float(page.inner_text("#values").split()[0])
            speed = page.evaluate(f"videopose.recording.people[{place}].speeds.data[33 * 17] * 0.001")
            assert told == pytest.approx(speed, abs=0.0051)
