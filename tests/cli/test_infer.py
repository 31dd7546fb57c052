"""`videopose infer` and `demo` as a user sees them: options, what is shown on the way, and the summary."""

import os
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from videopose.assets import asset_path
from videopose.cli.console import ConsoleProgress
from videopose.cli.infer_options import parse_fps
from videopose.cli.main import run
from videopose.errors import AssetError, UsageError
from videopose.export import read_npz
from videopose.video import probe


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("240", Fraction(240)),
        ("29.97", Fraction(30000, 1001)),
        ("23.976", Fraction(24000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("12.5", Fraction(25, 2)),
        ("0.5", Fraction(1, 2)),
    ],
)
def test_rates_are_exact(text: str, rate: Fraction) -> None:
    assert parse_fps(text) == rate


@pytest.mark.parametrize("text", ["0", "-5", "fast", "30/0", "nan", "inf", ""])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a rate"):
        parse_fps(text)


WRONG = {
    "focal and fov": (("--focal", "900", "--fov", "60"), "--focal and --fov say the same thing. Give one of them."),
    "unknown format": (("--formats", "npz,fbz"), "unknown format 'fbz'. Choose from npz, json, bvh, mp4,"),
    "no format": (("--formats", ","), "no format given. Choose from npz, json, bvh, mp4,"),
    "end before start": (("--start", "2", "--end", "1"), "--end 1 must come after --start 2."),
    "outside": (("--start", "9"), "9 s is outside the video, which is 0.67 s long."),
    "negative start": (("--start", "-1"), "Invalid value for '--start'"),
    "person": (("--person", "tallest"), "--person 'tallest' is not all, largest, longest or an id of 1 or more."),
    "rate": (("--fps", "fast"), "--fps 'fast' is not a rate."),
    "height": (("--height", "180"), "Invalid value for '--height'"),
    "detector": (("--detector", "psychic"), "psychic"),
    "lifter": (("--lifter", "crane"), "crane"),
    "device": (("--device", "abacus"), "abacus"),
    "device not there": (("--device", "xla"), "xla"),
    "threads": (("--threads", "0"), "Invalid value for '--threads'"),
    "detections": (("--detections", "missing.npz"), "missing.npz"),
    "no detections": (
        ("--detections-format", "coco"),
        "--detections-format and --detections-name go with --detections",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_options_are_refused_in_one_sentence(infer, clips, case: str) -> None:
    options, message = WRONG[case]
    outcome = infer(clips.make("plain.mp4"), *options)
    assert outcome.code in (1, 2)
    assert message in outcome.complaint()
    assert "something unexpected" not in outcome.err
    assert outcome.err.count("\n") == 1
    assert outcome.names() == []


def test_a_person_who_is_not_there(infer, clips, two_people: Path) -> None:
    outcome = infer(clips.make("plain.mp4"), "--detections", str(two_people), "--person", "3")
    assert outcome.code == 2
    assert outcome.complaint() == "--person 3: no such person, the video has 1, 4."
    assert outcome.names() == []


@pytest.mark.shared
def test_the_summary_tells_what_was_found_where_it_lies_and_how_long_it_took(infer, squats: Path) -> None:
    outcome = infer(squats, "--end", "1")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.strip().splitlines()
    assert lines[0] == f"{squats}: 5 frames, 360x640, 5 frames/s"
    assert re.fullmatch(
        r"  person 1: 0\.00 to 0\.80 s, seen in 100 % of 5 frames, \d\.\d m away, reprojection error \d+\.\d px",
        lines[1],
    )
    assert lines[2] == "files:"
    files = [Path(line.strip()) for line in lines[3:7]]
    assert sorted(path.name for path in files) == outcome.names()
    assert all(path.is_file() for path in files)
    assert re.fullmatch(r"time: [\d.]+ s, [\d.]+ frames/s \(.*detect [\d.]+, .*\)", lines[7])
    assert len(lines) == 8


def test_plain_lines_tell_the_stages_when_stderr_is_no_terminal(infer, clips) -> None:
    outcome = infer(clips.make("plain.mp4"), "--start", "0.2", "--detector", "blazepose")
    stages = [line for line in outcome.err.splitlines() if not line.startswith("INFO: ")]
    assert stages == [
        "detector: blazepose",
        "detect: 14 frames ...",
        "follow people ...",
        "lift to 3D ...",
        "write files ...",
        "draw overlay: 14 frames ...",
    ]


def test_plain_lines_tell_rate_and_remaining_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videopose.cli.console.PLAIN_INTERVAL_S", 0.0)
    progress = ConsoleProgress()
    for total in (40, None):
        progress.begin("detect", total)
        progress.advance(10)
        progress.end()
    begun, known, _, unknown = capsys.readouterr().err.splitlines()
    assert begun == "detect: 40 frames ..."
    assert re.fullmatch(r"detect: 10 of 40 frames, [\d.]+ frames/s, \d+ s left", known)
    assert re.fullmatch(r"detect: 10 frames, [\d.]+ frames/s", unknown)


def test_a_bar_on_a_terminal(start, clips, two_people: Path) -> None:
    screen, terminal = os.openpty()
    program = start(clips.make("plain.mp4"), "--detections", two_people, stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(screen, 4096)
        except OSError:  # the last program on it has ended
            break
        shown += part
    os.close(screen)
    assert program.finish().code == 0
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown.decode())
    assert "━" in text
    assert re.search(r"draw overlay ━+ 100% [\d.]+ frames/s 0:00:00\r\n", text)
    assert "person 4" in text
    assert shown.count(b"\x1b[?25l") == shown.count(b"\x1b[?25h")  # the cursor is shown again


@pytest.mark.parametrize("formats", ["npz", "json, npz,json"])
def test_only_the_wanted_formats_are_written(infer, clips, formats: str) -> None:
    outcome = infer(clips.make("plain.mp4"), "--formats", formats)
    assert outcome.code == 0
    assert outcome.names() == sorted({f"plain.{name.strip()}" for name in formats.split(",")})


def test_options_reach_the_results(infer, clips, two_people: Path) -> None:
    options = ("--fps", "59.94", "--fov", "40", "--height", "1.8", "--no-smooth", "--no-tta", "--precision", "float32")
    given = ("--detections", str(two_people), "--formats", "npz", "--threads", "1")
    outcome = infer(clips.make("plain.mp4"), *given, *options)
    assert outcome.code == 0, outcome.err
    arrays = outcome.arrays("plain")
    assert arrays.fps == 60000 / 1001
    np.testing.assert_allclose(arrays.time_s, np.arange(20) * 1001 / 60000)
    told = arrays.provenance
    assert told["focal_px"] == pytest.approx(80 / np.tan(np.radians(20)), abs=0.01)
    assert told["focal_known"] is True
    assert told["settings"]["motion"] == {"height_m": 1.8, "smooth": False, "tta": False}
    assert (told["lifter"]["tta"], told["lifter"]["precision"]) == (False, "float32")


@pytest.fixture(scope="session")
def sample() -> None:
    """The sample clip is in the cache."""
    try:
        asset_path("sample-two-people")
    except AssetError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.mark.usefixtures("networks", "sample")
def test_the_demo_shows_two_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "demo"
    assert run(["demo", "-o", str(folder)]) == 0
    out = capsys.readouterr().out
    assert f"Look at {folder}/sample-two-people.overlay.mp4 first." in out
    assert f"videopose view {folder}/sample-two-people.npz\n" in out
    arrays = read_npz(folder / "sample-two-people.npz")
    np.testing.assert_array_equal(arrays.frame_index, np.arange(230))
    assert arrays.person_id.tolist() == [1, 2]
    assert (arrays.observed.sum(1) > 60).all()
    assert len(list(folder.glob("*.bvh"))) == 2
    assert probe(str(folder / "sample-two-people.overlay.mp4")).frame_count == 230
    assert run(["demo", "-o", str(folder)]) == 1
    assert "already exists. Use --overwrite" in capsys.readouterr().err
