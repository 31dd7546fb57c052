"""Videos as they are, compared with what the ledger knows of them."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from videopose.batch.ledger import Ledger
from videopose.batch.plan import BatchSettings, Planner
from videopose.batch.sources import find_sources
from videopose.errors import InputError
from videopose.settings import InferSettings, MotionSettings


@pytest.fixture
def ledger(tmp_path: Path):
    (tmp_path / "out").mkdir()
    with Ledger.open(tmp_path / "out") as opened:
        yield opened


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "walk.mp4"
    path.parent.mkdir()
    path.write_bytes(b"some content")
    return path


def plan(ledger: Ledger, tmp_path: Path, settings: InferSettings = InferSettings(), folder: str = "in", **options):  # noqa: B008
    planner = Planner(ledger, BatchSettings(settings, tmp_path / "out", **options))
    sources = find_sources([str(tmp_path / folder)], tmp_path / "out")
    (one,) = planner.plan(sources)
    return one, planner.wanted(one.source)


def do(ledger: Ledger, tmp_path: Path, film: Path, settings: InferSettings = InferSettings()) -> None:  # noqa: B008
    """Do the video, as far as the ledger is concerned."""
    one, wanted = plan(ledger, tmp_path, settings)
    facts = {"input": {"sha256": hashlib.sha256(film.read_bytes()).hexdigest()}, "files": {}}
    assert ledger.finish(one.job_id, ledger.claim(one.job_id, wanted).token, facts, None, lambda: None)
    assert plan(ledger, tmp_path, settings)[0].verdict.action == "skip"


def test_a_file_with_another_date_and_the_same_content_is_done(ledger: Ledger, tmp_path: Path, film: Path) -> None:
    do(ledger, tmp_path, film)
    os.utime(film, ns=(1, 1))
    assert plan(ledger, tmp_path)[0].verdict.action == "skip"
    assert ledger.rows()[0].input.mtime_ns == 1


@pytest.mark.parametrize("content", [b"other content", b"SOME CONTENT"], ids=["other size", "same size"])
def test_a_file_with_other_content_is_to_be_done(ledger: Ledger, tmp_path: Path, film: Path, content: bytes) -> None:
    do(ledger, tmp_path, film)
    film.write_bytes(content)
    os.utime(film, ns=(1, 1))
    assert plan(ledger, tmp_path)[0].verdict.reason == "the video changed"


def test_a_folder_that_moved_keeps_what_is_done(ledger: Ledger, tmp_path: Path, film: Path) -> None:
    do(ledger, tmp_path, film)
    (tmp_path / "in").rename(tmp_path / "moved")
    assert plan(ledger, tmp_path, folder="moved")[0].verdict.action == "skip"
    assert [row.source for row in ledger.rows()] == [str(tmp_path / "moved" / "walk.mp4")]


@pytest.mark.parametrize("content", [b"SOME CONTENT", b"some content"], ids=["another video", "a copy"])
def test_a_video_of_the_same_name_elsewhere_is_another(
    ledger: Ledger, tmp_path: Path, film: Path, content: bytes
) -> None:
    do(ledger, tmp_path, film)
    if content != film.read_bytes():
        (tmp_path / "in").rename(tmp_path / "gone")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "walk.mp4").write_bytes(content)
    one, _ = plan(ledger, tmp_path, folder="other")
    assert (one.verdict.reason, one.row.name) == ("new", "walk.mp4")


def test_redo_asks_for_all_again(ledger: Ledger, tmp_path: Path, film: Path) -> None:
    do(ledger, tmp_path, film)
    assert plan(ledger, tmp_path, redo=True)[0].verdict.begins


CHANGES = {
    "same": ({}, False),
    "threads": ({"threads": 7}, False),
    "overwrite": ({"overwrite": True}, False),
    "order of formats": ({"formats": ("mp4", "bvh", "json", "npz")}, False),
    "formats": ({"formats": ("npz",)}, True),
    "person": ({"person": "largest"}, True),
    "end": ({"end_s": 3.0}, True),
    "smoothing": ({"motion": MotionSettings(smooth=False)}, True),
}


@pytest.mark.parametrize("case", CHANGES)
def test_settings_that_matter(ledger: Ledger, tmp_path: Path, film: Path, case: str) -> None:
    change, again = CHANGES[case]
    do(ledger, tmp_path, film)
    assert plan(ledger, tmp_path, replace(InferSettings(), **change))[0].verdict.begins is again


def test_a_lifter_is_what_its_file_holds(ledger: Ledger, tmp_path: Path, film: Path) -> None:
    lifter = tmp_path / "mine.safetensors"
    lifter.write_bytes(b"weights")
    settings = InferSettings(lifter=str(lifter))
    do(ledger, tmp_path, film, settings)
    lifter.touch()
    assert plan(ledger, tmp_path, settings)[0].verdict.action == "skip"
    lifter.write_bytes(b"WEIGHTS")
    assert plan(ledger, tmp_path, settings)[0].verdict.reason == "the settings changed"


def test_a_lifter_that_cannot_be_read_is_told(ledger: Ledger, tmp_path: Path, monkeypatch) -> None:
    lifter = tmp_path / "mine.safetensors"
    lifter.write_bytes(b"weights")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match=r"mine\.safetensors: cannot be read \(permission denied\)"):
        Planner(ledger, BatchSettings(InferSettings(lifter=str(lifter)), tmp_path))
