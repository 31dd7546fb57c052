"""The report: a page that holds together whatever videos are called and whatever went wrong."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from videopose.batch.ledger import Ledger
from videopose.batch.report import REPORT_NAME, write_report
from videopose.batch.sources import Source, printable
from videopose.batch.verdict import Input, Wanted

VOID = ("meta", "img", "br")


class Page(HTMLParser):
    """A page as a browser takes it: its texts, links and pictures; tags must match."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert not [name for name in given if name.startswith("on")]
        self.tags.add(tag)
        self.links += [given["href"] or ""] if "href" in given else []
        self.pictures += [given["src"] or ""] if "src" in given else []
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data


@pytest.fixture
def ledger(tmp_path: Path):
    with Ledger.open(tmp_path) as opened:
        yield opened


def finish(ledger: Ledger, folder: Path, label: str, files: tuple[str, ...] = (), notes: tuple[str, ...] = ()) -> None:
    """A video that is done, with files of its name."""
    wanted = Wanted({}, "key", Input(1, 2), folder, 2)
    (job,) = ledger.enlist(
        [Source(f"/in/{label}", printable(label), printable(label.rpartition("/")[0]))], lambda *_: False
    )
    target = folder / ledger.row(job).name
    target.parent.mkdir(parents=True, exist_ok=True)
    names = [target.name + suffix for suffix in files]
    for name in names:
        (target.parent / name).write_bytes(b"x")
    facts = {
        "input": {"sha256": "hash"}, "files": dict.fromkeys(names, 1), "people": 2, "frames": 30, "total_s": 1.5,
        "notes": list(notes),
    }  # fmt: skip
    ledger.finish(job, ledger.claim(job, wanted).token, facts, b"\xff\xd8picture", lambda: None)


def fail(ledger: Ledger, folder: Path, label: str, error: str) -> None:
    (job,) = ledger.enlist([Source(f"/in/{label}", label)], lambda *_: False)
    ledger.fail(job, ledger.claim(job, Wanted({}, "key", Input(1, 2), folder, 2)).token, error)


def report(ledger: Ledger, folder: Path) -> Page:
    write_report(ledger, folder)
    return Page(folder / REPORT_NAME)


def test_a_report_of_nothing_is_a_page(ledger: Ledger, tmp_path: Path) -> None:
    page = report(ledger, tmp_path)
    assert [len(row) for row in page.rows] == [8]
    assert tmp_path.name in page.text


def test_what_needs_a_look_comes_first_and_numbers_are_told(ledger: Ledger, tmp_path: Path) -> None:
    finish(ledger, tmp_path, "a.mp4", (".npz",), ("The light is poor.",))
    fail(ledger, tmp_path, "z.mp4", "z.mp4: broken.")
    ledger.enlist([Source("/in/b.mp4", "b.mp4")], lambda *_: False)
    page = report(ledger, tmp_path)
    assert page.rows[1:] == [
        ["", "z.mp4", "failedz.mp4: broken.", "", "", "", "", "1"],
        ["", "b.mp4", "waiting", "", "", "", "", "0"],
        ["", "a.mp4npz", "doneThe light is poor.", "2", "30", "1.5", "20.0", "1"],
    ]
    assert "1 done, 1 waiting, 1 failed; 30 frames in 2 s of work, 20.0 frames/s a worker" in page.text


EVIL = [
    "<script>alert(1)</script>",
    "\"quoted\" 'name' & more",
    "</td></table>",
    "a<b>c.mp4",
    "&lt;&amp;",
    "\u202eright",
    "日本",
]


@pytest.mark.parametrize("text", EVIL)
def test_whatever_is_said_is_text(ledger: Ledger, tmp_path: Path, text: str) -> None:
    fail(ledger, tmp_path, text, f"{text}: broken.")
    finish(ledger, tmp_path, f"{text}/2.mp4", (".npz", ".overlay.mp4"), (text,))
    page = report(ledger, tmp_path)
    assert "script" not in page.tags
    assert [len(row) for row in page.rows] == [8, 8, 8]
    assert page.rows[1][1] == text
    assert page.rows[1][2] == f"failed{text}: broken."
    assert page.rows[2][2] == f"done{text}"


FOLDERS = ["plain", "100% sure?", "#1", "a b+c", "\"'<&>", "é ü 日本", "c:d", "..dots", "caf\udce9", "back\\slash"]


@pytest.mark.parametrize("name", FOLDERS)
def test_links_lead_to_the_results(ledger: Ledger, tmp_path: Path, name: str) -> None:
    suffixes = (".npz", ".json", ".person1.bvh", ".overlay.mp4")
    finish(ledger, tmp_path, f"{name}/{name}.mp4", suffixes)
    page = report(ledger, tmp_path)
    assert len(page.links) == 5  # the picture leads to the overlay, too
    for link in page.links:
        assert link.startswith("./")
        assert (tmp_path / unquote(link)).is_file(), link
        assert not set(link) & set('?#\\" <>')
    assert page.pictures == ["data:image/jpeg;base64,/9hwaWN0dXJl"]
