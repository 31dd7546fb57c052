"""`videopose report`: what it writes and prints, and what it refuses."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from known_recordings import standing

from videopose.cli.main import run
from videopose.export import write_npz

Report = Callable[..., tuple[int, str, str]]


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Report:
    """Run `videopose report` in this process: exit code, stdout, stderr."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["report", *map(str, arguments)])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    recording = standing(count=30)
    tracks = tuple(replace(recording.tracks[0], person_id=i) for i in (1, 2))
    motions = tuple(replace(recording.motions[0], person_id=i) for i in (1, 2))
    write_npz(replace(recording, tracks=tracks, motions=motions), tmp_path / "walk.npz")
    return tmp_path / "walk.npz"


def test_page_and_pictures_lie_beside_the_result(report: Report, walk: Path) -> None:
    code, out, err = report(walk, "--person", "2")
    assert (code, err) == (0, "")
    assert "person 2: good" in out
    assert "  bones (good): Bones of the limbs vary by" in out
    names = sorted(path.name for path in walk.parent.iterdir())
    assert names == ["walk.npz", "walk.person2.report.png", "walk.report.html"]
    code, _, err = report(walk)
    assert code == 1
    assert (
        err
        == f"videopose: {walk.parent}/walk.report.html: already exists. Use --overwrite, or another place with -o.\n"
    )


def test_json_alone_is_printed(report: Report, walk: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "page.html"
    code, out, _ = report(walk, "-o", page, "--json", "--person", "1")
    assert code == 0
    content = json.loads(out)
    (person,) = content["persons"]
    assert (person["person_id"], person["grade"], person["frames"]) == (1, "good", 30)
    assert [path.name for path in page.parent.iterdir()] == ["page.html"]
    before = page.read_bytes()
    code, _, err = report(walk, "-o", page)
    assert (code, page.read_bytes()) == (1, before)
    assert "already exists" in err


def test_nobody_is_a_result(report: Report, tmp_path: Path) -> None:
    write_npz(replace(standing(), tracks=(), motions=()), tmp_path / "empty.npz")
    code, out, _ = report(tmp_path / "empty.npz", "-o", tmp_path / "out")
    assert code == 0
    assert "nobody was found" in out
    assert "Nobody was found" in (tmp_path / "out" / "empty.report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.npz"], 1, "there is no such file"),
        (["walk.npz", "--person", "7"], 2, "person 7"),
        (["walk.npz", "--person", "somebody"], 2, "all, largest, longest"),
        (["walk.npz", "-o", "walk.npz"], 2, "is not a folder"),
        (["text.npz"], 1, "not an NPZ file"),
    ],
)
def test_refusals_write_nothing(
    report: Report, walk: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    monkeypatch.chdir(walk.parent)
    Path("text.npz").write_text("no")
    before = sorted(walk.parent.iterdir())
    assert report(*arguments)[0] == code
    _, out, err = report(*arguments)
    assert message in err
    assert out == ""
    assert sorted(walk.parent.iterdir()) == before
