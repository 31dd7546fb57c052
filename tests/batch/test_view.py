"""How far a batch is: numbers of which the answer is known, and the lines about them."""

from dataclasses import replace
from pathlib import Path

import pytest

from videopose.batch.events import Advanced
from videopose.batch.plan import Planned
from videopose.batch.sources import Source
from videopose.batch.verdict import JobRow, Verdict
from videopose.batch.view import Tally
from videopose.cli.batch_view import ConsoleView, duration

ROW = JobRow(1, "", "", "", "waiting", 0, None, None, None, None, None, None, {}, {})
FACTS = {"frames": 100, "people": 1, "total_s": 2.0, "notes": ["The light is poor."]}


@pytest.fixture
def planned(tmp_path: Path) -> list[Planned]:
    """Videos of 1000, 3000 and 6000 bytes that are to be done, and one that is done."""
    found = []
    for number, size in enumerate((1000, 3000, 6000, 9)):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(bytes(size))
        verdict = Verdict("do", "new") if number < 3 else Verdict("skip", "done")
        found.append(Planned(number, Source(str(path), path.name), ROW, verdict))
    return found


@pytest.fixture
def clock(monkeypatch):
    """Time stands still, at a moment that can be set."""
    now = [1000.0]
    monkeypatch.setattr("videopose.batch.view.time.monotonic", lambda: now[0])
    return now


def test_rates_and_times_follow_the_sizes_of_videos(planned: list[Planned], clock: list[float]) -> None:
    tally = Tally(planned)
    assert (tally.videos, tally.done, tally.failed, tally.left_s) == (3, 0, 0, None)
    tally.started(planned[0])
    clock[0] += 10
    tally.settled(planned[0], replace(ROW, state="done", facts=FACTS))
    assert (tally.elapsed_s, tally.frames_per_s) == (10.0, 10.0)
    assert tally.left_s == pytest.approx(90.0)  # a tenth of the bytes in 10 s
    tally.started(planned[1])
    tally.advanced(planned[1], Advanced(1, "detect", 50, 100, "frames"))
    assert tally.running[1].fraction == pytest.approx(0.325)
    assert tally.left_s == pytest.approx(10 * (10000 - 1975) / 1975)
    assert tally.frames_per_s == pytest.approx((100 + 32.5) / 10)
    tally.advanced(planned[1], Advanced(1, "draw overlay", 100, 100, "frames"))
    assert tally.running[1].fraction == 1.0
    assert tally.left_s == pytest.approx(15.0)
    tally.settled(planned[1], replace(ROW, state="failed", error="broke"))
    assert (tally.done, tally.failed, tally.running) == (1, 1, {})
    assert tally.left_s == pytest.approx(60.0)  # what failed is neither work done nor left
    tally.settled(planned[2], replace(ROW, state="done", facts=FACTS))
    assert tally.left_s == 0.0


def test_more_frames_than_expected_are_no_more_than_all(planned: list[Planned]) -> None:
    tally = Tally(planned)
    tally.started(planned[0])
    tally.advanced(planned[0], Advanced(0, "draw overlay", 130, 100, "frames"))
    assert tally.running[0].fraction == 1.0
    tally.advanced(planned[0], Advanced(0, "fetch the video", 5, None, "bytes"))
    assert (tally.running[0].stage, tally.running[0].fraction) == ("fetch the video", 1.0)


def test_videos_of_unknown_size_count_as_the_mean_of_the_others(planned: list[Planned], clock: list[float]) -> None:
    stream = Planned(7, Source("https://h/a.mp4", "https://h/a.mp4"), ROW, Verdict("do", "new"))
    tally = Tally([planned[0], planned[1], stream])
    clock[0] += 1
    tally.settled(stream, replace(ROW, state="done", facts=FACTS))
    assert tally.left_s == pytest.approx(2.0)  # 2000 of 6000 in 1 s


def test_lines_on_no_terminal(planned: list[Planned], clock: list[float], capsys) -> None:
    view = ConsoleView(plain=True)
    view.begin(planned)
    view.started(planned[0])
    clock[0] += 10
    view.settled(planned[0], replace(ROW, state="done", facts=FACTS))
    view.started(planned[1])
    view.settled(planned[2], replace(ROW, state="failed", error="2.mp4: broken."))
    view.show(0)
    clock[0] += 20
    view.show(2)
    view.show(2)
    view.end()
    assert capsys.readouterr().err.splitlines() == [
        "4 videos, 1 of them need nothing",
        "done    0.mp4: 1 person, 100 frames, 2.0 s",
        "        note: The light is poor.",
        "failed  2.mp4: broken.",
        "1 of 3 videos done, 1 running, 1 failed, 2 run by other commands, 3.3 frames/s, 1 min 30 s left",
    ]


def test_what_is_settled_before_the_beginning_is_not_told(planned: list[Planned], capsys) -> None:
    view = ConsoleView(plain=True)
    view.settled(planned[3], replace(ROW, state="done", facts=FACTS))
    assert capsys.readouterr().err == ""


def test_names_are_no_markup_on_a_terminal(planned: list[Planned], capsys) -> None:
    view = ConsoleView(plain=False)
    view.begin(planned)
    view.say("[red]a[/nowhere].mp4: [bold]broken")
    view.end()
    assert "[red]a[/nowhere].mp4: [bold]broken" in capsys.readouterr().err


DURATIONS = {0.4: "0 s", 59.4: "59 s", 59.6: "1 min 00 s", 200: "3 min 20 s", 3599.7: "1 h 00 min", 7500: "2 h 05 min"}


@pytest.mark.parametrize("seconds", DURATIONS)
def test_durations(seconds: float) -> None:
    assert duration(seconds) == DURATIONS[seconds]
