"""The page and the pictures: whole, not blank, without anything from outside."""

import base64
import json
import re
import resource
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from known_recordings import recording_of, standing, with_motion

from videopose.errors import OutputError
from videopose.report import build_report, present_reports, report_object, write_files, write_report
from videopose.report.chart import COLUMNS, thinned
from videopose.report.pictures import PANELS
from videopose.types import Recording

VOID = {"meta", "img", "br", "link", "hr"}


class Page(HTMLParser):
    """Reads a page: its tags with attributes, its text, and whether all that opens closes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(path: Path) -> Page:
    page = Page(path.read_text(encoding="utf-8"))
    page.close()
    assert page.open == []
    return page


def many(recording: Recording, count: int) -> Recording:
    """The same person several times."""
    ids = range(1, count + 1)
    return replace(
        recording,
        tracks=tuple(replace(recording.tracks[0], person_id=i) for i in ids),
        motions=tuple(replace(recording.motions[0], person_id=i) for i in ids),
    )


def nowhere(recording: Recording) -> Recording:
    return with_motion(recording, root=np.full_like(recording.motions[0].root, np.nan))


CASES = {
    "two people": many(standing(count=20, rate=5.0), 2),
    "one frame": standing(count=1),
    "no place": nowhere(standing()),
    "not lifted": replace(standing(), motions=()),
    "no provenance": replace(standing(), provenance={}),
    "nobody": replace(standing(), tracks=(), motions=()),
}


@pytest.fixture(scope="module")
def usual_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of one person."""
    return write_report(standing(), tmp_path_factory.mktemp("page"), "walk")[0].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_reports_are_whole(name: str, tmp_path: Path) -> None:
    recording = CASES[name]
    written = write_report(recording, tmp_path, "walk")
    assert sorted(written) == sorted(tmp_path.iterdir())
    assert written[0] == tmp_path / "walk.report.html"
    assert [path.name for path in written[1:]] == [f"walk.person{t.person_id}.report.png" for t in recording.tracks]
    for path in written[1:]:
        picture = cv2.imread(str(path))
        assert picture.shape[1] == 1350
        assert (picture < 128).mean() > 0.005
    page = read(written[0])
    images = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
    assert len(images) == len(PANELS) * len(recording.tracks)
    for source in images:
        data = base64.b64decode(source.removeprefix("data:image/png;base64,"))
        panel = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert panel.std() > 5.0
    if not recording.tracks:
        assert "Nobody was found" in "".join(page.words)


def test_nothing_comes_from_outside(usual_page: str) -> None:
    page = Page(usual_page)
    assert not {"script", "link", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href", "srcset", "action"):
                assert value.startswith(("data:image/png;base64,", "#person"))
    without_pictures = re.sub(r"data:[^\"]*", "", usual_page)
    assert not re.search(r"https?:|//|url\(|@import", without_pictures)


def test_names_are_words_not_markup(tmp_path: Path) -> None:
    hostile = '<script>alert(1)</script>"&\u202e$x_1$'
    recording = standing(count=3)
    recording = replace(
        recording,
        video=replace(recording.video, path=hostile),
        provenance={**recording.provenance, "videopose": hostile, "lifter": {"name": hostile}, "detector": [hostile]},
    )
    stem = "<b>&$x_1$"
    written = write_files(build_report(recording), tmp_path / "page.html", stem, pictures=True)
    page = read(written[0])
    assert "script" not in {tag for tag, _ in page.tags}
    assert "b" not in {tag for tag, _ in page.tags[: len(page.tags) // 2]}
    words = "".join(page.words)
    assert stem in words
    assert words.count(hostile) == 3


def test_what_17_joints_cannot_tell_is_said(usual_page: str) -> None:
    words = "".join(Page(usual_page).words)
    for part in ("What 17 joints cannot tell", "Ankle angles.", "How it is graded", "no height was given"):
        assert part in words


def test_pictures_of_earlier_people_go(tmp_path: Path) -> None:
    kept = ["other.person2.report.png", "walk.person9.report.png.txt", "walk.person3.bvh"]
    for name in [*kept, "walk.person1.report.png", "walk.person12.report.png", "walk.report.html"]:
        (tmp_path / name).touch()
    assert len(present_reports(tmp_path, "walk")) == 3
    write_report(CASES["nobody"], tmp_path, "walk")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "walk.report.html"])


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_report(standing(count=2), tmp_path / "file", "walk")


def test_the_object_is_strict_json() -> None:
    for recording in CASES.values():
        text = json.dumps(report_object(build_report(recording)), allow_nan=False)
        content = json.loads(text)
        assert len(content["persons"]) == len(recording.tracks)
        for person in content["persons"]:
            assert [check["measure"] for check in person["checks"]] == list(content["limits"])


def test_thinned_lines_keep_peaks_and_gaps() -> None:
    generator = np.random.default_rng(0)
    time_s = np.arange(36_000) / 60.0
    values = generator.normal(size=36_000)
    values[12_345], values[23_456] = 99.0, -99.0
    values[5_000:7_000] = np.nan
    thin_time, thin = thinned(time_s, values)
    assert len(thin) <= 2 * COLUMNS
    assert (np.nanmax(thin), np.nanmin(thin)) == (99.0, -99.0)
    assert time_s[12_345] in thin_time
    assert (np.diff(thin_time) >= 0).all()
    inside = (thin_time > 85.0) & (thin_time < 115.0)
    assert inside.any()
    assert np.isnan(thin[inside]).all()


def test_long_recordings_stay_small(tmp_path: Path) -> None:
    count = 36_000
    recording = standing(count=count, rate=60.0)
    generator = np.random.default_rng(0)
    motion = recording.motions[0]
    joints = motion.joints + generator.normal(0, 0.01, motion.joints.shape)
    recording = recording_of(joints, motion.root, recording.time_s)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    written = write_report(recording, tmp_path, "long")
    # KiB: the arrays of ten minutes and one figure at a time
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 900_000
    assert written[0].stat().st_size < 4_000_000
