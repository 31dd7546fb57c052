"""`videopose view` as a user calls it."""

from pathlib import Path
from typing import Any

import pytest

from videopose.cli.main import run
from videopose.export import write_npz

pytestmark = pytest.mark.shared


@pytest.fixture
def results(recorded: Any, clips: Any, tmp_path: Path) -> Path:
    """Results whose video is still there."""
    recording = recorded(1, 20, size=(160, 96))
    recording.provenance["source"] = str(clips.make("plain.mp4"))
    path = tmp_path / "walk.npz"
    write_npz(recording, path)
    return path


def video_in(page: Path) -> bool:
    return '<script type="application/octet-stream" id="media"></script>' not in page.read_text("utf-8")


def test_page_lies_beside_the_results_with_their_video(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["view", str(results), "--no-open"]) == 0
    page = results.with_suffix(".html")
    assert capsys.readouterr().out.strip() == str(page)
    assert video_in(page)
    assert sorted(path.name for path in results.parent.iterdir()) == ["walk.html", "walk.npz"]


def test_results_of_another_run_are_not_replaced(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = results.with_suffix(".html")
    page.write_text("mine")
    assert run(["view", str(results), "--no-open"]) == 1
    assert "--overwrite" in capsys.readouterr().err and page.read_text() == "mine"
    assert run(["view", str(results), "--no-open", "--overwrite", "--no-video"]) == 0
    assert not video_in(page)


def test_missing_video_is_said_and_left_out(results: Path, recorded: Any, capsys: pytest.CaptureFixture[str]) -> None:
    recording = recorded(1, 20, size=(160, 96))
    recording.provenance["source"] = "gone.mp4"
    write_npz(recording, results)
    assert run(["view", str(results), "--no-open"]) == 0
    assert "--video" in capsys.readouterr().err
    assert not video_in(results.with_suffix(".html"))


def test_other_video_in_the_place_of_the_source_is_left_out(
    results: Path, recorded: Any, clips: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = recorded(1, 20, size=(160, 96))
    recording.provenance["source"] = str(clips.make("short.mp4", frames=5))
    write_npz(recording, results)
    assert run(["view", str(results), "--no-open"]) == 0
    assert "ends after frame 4" in capsys.readouterr().err
    assert not video_in(results.with_suffix(".html"))


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--video", "a.mp4", "--no-video"], 2, "contradict"),
        (["--video", "gone.mp4"], 1, "gone.mp4"),
        (["-o", "."], 1, "is a folder"),
        (["-o", "/dev/null/page.html"], 1, "cannot be"),
    ],
)
def test_mistakes_are_one_sentence(
    options: list[str], code: int, words: str, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["view", str(results), "--no-open", *options]) == code
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert not results.with_suffix(".html").exists()


def test_files_that_are_no_results_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "walk.npz"
    path.write_bytes(b"no archive")
    assert run(["view", str(path), "--no-open"]) == 1
    assert "NPZ" in capsys.readouterr().err
    assert not path.with_suffix(".html").exists()
