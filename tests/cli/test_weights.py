"""`videopose weights` and the way it shows progress."""

from pathlib import Path

import pytest

from videopose.assets import get_asset, load_manifest
from videopose.cli.fetching import fetch_progress
from videopose.cli.main import run


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIDEOPOSE_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("arguments", [["weights"], ["weights", "list"]], ids=["no subcommand", "list"])
def test_list_shows_every_asset(cache: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    (cache / "pose_detection.tflite").write_bytes(b"here")
    assert run(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line for line in lines[1:] if line and not line.startswith("Cache")}
    assert set(rows) == set(load_manifest())
    assert rows["blazepose-detector"].endswith(str(cache / "pose_detection.tflite"))
    assert "3.0 MB" in rows["blazepose-detector"]
    assert rows["sample-two-people"].endswith("not here")
    assert "CC-BY-NC-4.0" in rows["h36m-detectron-coco"]
    assert lines[-1] == f"Cache folder: {cache}"


def test_verify_fails_on_a_wrong_file(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (cache / "pose_detection.tflite").write_bytes(b"damaged")
    assert run(["weights", "verify"]) == 1
    out, error = capsys.readouterr()
    assert f"wrong hash: {cache / 'pose_detection.tflite'}" in out
    assert "`videopose weights pull blazepose-detector`" in error


def test_verify_is_content_with_missing_and_unknown_files(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (cache / "pretrained_h36m_detectron_coco.bin").write_bytes(b"any")
    assert run(["weights", "verify", "h36m-detectron-coco", "sample-two-people"]) == 0
    out = capsys.readouterr().out
    assert "hash not known: " in out
    assert out.rstrip().endswith("missing")


def test_pull_tells_the_licence_of_restricted_files(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (cache / "pretrained_h36m_detectron_coco.bin").write_bytes(b"put here by hand")
    assert run(["weights", "pull", "h36m-detectron-coco"]) == 0
    out, error = capsys.readouterr()
    assert out.strip() == f"h36m-detectron-coco: {cache / 'pretrained_h36m_detectron_coco.bin'}"
    assert "not for commercial use" in error


def test_pull_reports_failure(cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(cache))
    assert run(["weights", "pull", "sample-two-people"]) == 1
    error = capsys.readouterr().err.splitlines()
    assert error[0] == "Fetching sample-two-people ..."
    assert error[-1].startswith(
        "videopose: sample-two-people cannot be fetched (pip download sports2d==0.8.34: pip finds"
    )
    assert len(error) == 2


def test_progress_away_from_a_terminal_is_a_line_per_quarter(capsys: pytest.CaptureFixture[str]) -> None:
    asset = get_asset("sample-two-people")
    with fetch_progress() as report:
        for done in range(0, 10_000_001, 1_000_000):
            report(asset, done, 10_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "Fetching sample-two-people ...",
        "Fetching sample-two-people: 3.0 of 10.0 MB",
        "Fetching sample-two-people: 5.0 of 10.0 MB",
        "Fetching sample-two-people: 8.0 of 10.0 MB",
        "Fetching sample-two-people: 10.0 of 10.0 MB",
    ]


def test_progress_on_a_terminal_is_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with fetch_progress() as report:
        report(get_asset("sample-two-people"), 0, 0)
        report(get_asset("sample-two-people"), 5_000_000, 10_000_000)
    written = capsys.readouterr().err
    assert "sample-two-people" in written
    assert "5.0/10.0 MB" in written
