"""Pages under all circumstances: phones, nobody found, hostile names, no 3D, long recordings."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pages import READY

from videopose.export.drawing import person_colour
from videopose.types import Recording, VideoInfo
from videopose.viewer import write_view

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SIZES = [(1440, 900), (1024, 600), (390, 844), (844, 390), (320, 568)]
EMPTY = Recording(VideoInfo("", 640, 480, Fraction(30), 50, None, 0), np.arange(50), np.arange(50) / 30.0)


@pytest.mark.shared
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_everything_fits_every_screen(width: int, height: int, recorded: Any, shown: Any) -> None:
    with shown(recorded(3, 60), viewport={"width": width, "height": height}) as watched:
        page = watched.page
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for part in ("#picture", "#scene", "#timeline", "#curves", "#transport", "#play", "#speed", "#help-open"):
            box = page.locator(part).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width
            assert box["width"] > 20 and box["height"] > 20
        assert page.locator("#scene").bounding_box()["height"] > 130


@pytest.mark.shared
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_have_the_colours_that_the_overlay_gives_them(scheme: str, recorded: Any, shown: Any) -> None:
    recording = recorded(2, 30)
    ids = (2, 5)
    tracks = tuple(replace(track, person_id=i) for i, track in zip(ids, recording.tracks, strict=True))
    motions = tuple(replace(motion, person_id=i) for i, motion in zip(ids, recording.motions, strict=True))
    with shown(replace(recording, tracks=tracks, motions=motions), color_scheme=scheme) as watched:
        shots = {part: watched.page.locator(part).screenshot() for part in ("#frame", "#scene", "#timeline")}
    for part, shot in shots.items():
        picture = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR)
        there = {i: int((picture == person_colour(i)).all(axis=-1).sum()) for i in range(1, 7)}
        assert all((count > 100) == (i in ids) for i, count in there.items()), (part, there)


@pytest.mark.shared
def test_fingers_turn_zoom_and_scrub(recorded: Any, shown: Any) -> None:
    with shown(recorded(2, 90), **PHONE) as watched:
        page = watched.page
        touch = page.context.new_cdp_session(page)

        def fingers(kind: str, *points: tuple[float, float]) -> None:
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

        box = page.locator("#world").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        place = "videopose.world.camera.position.toArray()"
        before = page.evaluate(place)
        fingers("touchStart", (x, y))
        for shift in (20, 60, 100):
            fingers("touchMove", (x + shift, y))
        fingers("touchEnd")
        assert np.abs(np.subtract(page.evaluate(place), before)).max() > 0.1
        distance = page.evaluate("videopose.world.controls.getDistance()")
        fingers("touchStart", (x - 30, y), (x + 30, y))
        for spread in (40, 70, 100):
            fingers("touchMove", (x - spread, y), (x + spread, y))
        fingers("touchEnd")
        page.wait_for_function(f"() => videopose.world.controls.getDistance() < {0.8 * distance}")
        page.tap("#play")
        page.wait_for_function("() => videopose.player.row > 2")
        page.tap("#play")
        line = page.locator("#line").bounding_box()
        page.touchscreen.tap(line["x"] + 46 + (line["width"] - 58) / 2, line["y"] + 30)
        assert page.evaluate("videopose.player.row") == pytest.approx(45, abs=1)


def test_nobody_found_is_said(shown: Any) -> None:
    with shown(EMPTY) as watched:
        page = watched.page
        assert page.inner_text("#scene-message") == "Nobody was found in this video."
        assert not page.is_visible("#curves")
        page.keyboard.press("End")
        assert page.evaluate("videopose.player.row") == 49
        page.keyboard.press("1")
        page.keyboard.press("Space")


def test_no_frames_at_all_are_shown(shown: Any) -> None:
    with shown(replace(EMPTY, frame_index=np.arange(0), time_s=np.zeros(0))) as watched:
        for key in ("Space", "End", "ArrowRight", "1", "v", "r", "k"):
            watched.page.keyboard.press(key)
        assert watched.page.is_visible("#scene-message")


@pytest.mark.shared
def test_tracks_without_3d_are_shown(recorded: Any, shown: Any) -> None:
    with shown(replace(recorded(2, 30), motions=())) as watched:
        assert watched.page.inner_text("#scene-message") == "These results hold no 3D."
        watched.page.keyboard.press("1")
        watched.page.keyboard.press("ArrowRight")


@pytest.mark.shared
def test_single_frame_is_shown(recorded: Any, shown: Any) -> None:
    with shown(recorded(1, 1)) as watched:
        for key in ("ArrowRight", "Space", "1", "v"):
            watched.page.keyboard.press(key)
        assert watched.page.evaluate("videopose.player.row") == 0


@pytest.mark.shared
def test_page_works_without_webgl(recorded: Any, tmp_path: Path, browser: Any) -> None:
    path = tmp_path / "page.html"
    write_view(recorded(2, 60), path, video=None)
    with browser.without_webgl() as other, other.open(path) as watched:
        page = watched.page
        page.wait_for_function(READY)
        assert "WebGL" in page.inner_text("#scene-message")
        for key in ("End", "1", "v", "r", "t"):
            page.keyboard.press(key)
        assert page.evaluate("videopose.player.row") == 59
        assert watched.errors == [] and watched.network() == []


HOSTILE = [
    "</script><script>window.hurt = 1</script>",
    "<!--<script>",
    '"><img src=x onerror="window.hurt=1">',
    "@@SCRIPT@@ @@DESCRIPTION@@",
    "&lt;b&gt; \u2028 \u2029 \udcff \x00",
]


@pytest.mark.shared
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_are_text_and_nothing_else(name: str, recorded: Any, tmp_path: Path, browser: Any) -> None:
    recording = replace(recorded(1, 20), provenance={"source": name, "lifter": {"name": name}, "detector": name})
    path = tmp_path / "page.html"
    write_view(recording, path, video=None, title=name)
    with browser.open(path) as watched:
        page = watched.page
        page.wait_for_function(READY)
        page.keyboard.press("n")
        assert page.evaluate("window.hurt") is None
        shown = name.replace("\udcff", "?").replace("\x00", "")
        assert page.evaluate("document.getElementById('title').textContent") == shown
        assert name[:8] in page.inner_text("#facts")
        assert watched.errors == [] and watched.network() == []


@pytest.mark.shared
def test_nothing_that_gets_into_the_page_may_run(recorded: Any, shown: Any) -> None:
    with shown(recorded(1, 20)) as watched:
        page = watched.page
        page.evaluate(
            """() => { const script = document.createElement("script"); script.textContent = "window.hurt = 1";
            document.body.append(script); }"""
        )
        assert page.evaluate("window.hurt") is None
        assert [error for error in watched.errors if "Content Security Policy" in error]
        watched.errors.clear()


@pytest.mark.shared
def test_damaged_page_says_so(recorded: Any, tmp_path: Path, browser: Any) -> None:
    path = tmp_path / "page.html"
    write_view(recorded(1, 20), path, video=None)
    text = path.read_text("utf-8")
    start = text.index('id="arrays">') + 200
    path.write_text(text[:start] + text[start + 400 :], encoding="utf-8")
    with browser.open(path) as watched:
        watched.page.wait_for_function("() => window.videopose.failure")
        assert "damaged" in watched.page.inner_text("#failure")


@pytest.mark.shared
def test_ten_minutes_of_four_people_are_a_small_file(recorded: Any, shown: Any, tmp_path: Path) -> None:
    with shown(recorded(4, 18_000)) as watched:
        assert (tmp_path / "page.html").stat().st_size < 30e6
        page = watched.page
        page.keyboard.press("End")
        page.keyboard.press("4")
        assert page.evaluate("videopose.player.row") == 17_999
        assert page.evaluate("videopose.world.bodies.sticks.count") == 4 * 15


def test_same_recording_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_view(EMPTY, tmp_path / name, video=None, title="same")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
