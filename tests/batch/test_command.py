"""`videopose batch` from its arguments to its results, ledger, report and exit code."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from videopose.cli.batch import parse_bytes
from videopose.errors import UsageError
from videopose.export import read_npz

NPZ = ("--formats", "npz")
SIZES = {
    "4G": 4 * 2**30, "4g": 4 * 2**30, "1500M": 1500 * 2**20, "2.5 GiB": 5 * 2**29, "1T": 2**40, " 3GB ": 3 * 2**30,
    "2048K": 2**21, "1048576": 2**20, "1048576B": 2**20,
}  # fmt: skip


@pytest.mark.parametrize("text", SIZES)
def test_sizes(text: str) -> None:
    assert parse_bytes(text) == SIZES[text]


@pytest.mark.parametrize("text", ["", "much", "-4G", "4X", "4 G B", "G", "0", "1K", "1048575", "1e9", "4,5G", "inf"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=f"--max-memory {re.escape(repr(text))} is not a size"):
        parse_bytes(text)


def test_no_size_is_none() -> None:
    assert parse_bytes(None) is None


@pytest.fixture
def films(clips, tmp_path: Path) -> Path:
    """A folder with three videos, one below, one without a suffix, and a file that is none."""
    folder = tmp_path / "films"
    (folder / "day1").mkdir(parents=True)
    content = clips.make("short.mp4", frames=4).read_bytes()
    for name in ("a.mp4", "day1/a.mp4", "day1/unnamed"):
        (folder / name).write_bytes(content)
    (folder / "notes.txt").write_text("no video")
    return folder


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of all results below a folder."""
    found = {path.relative_to(folder).as_posix(): path.stat() for path in folder.rglob("*") if path.is_file()}
    return {
        name: (status.st_ino, status.st_mtime_ns)
        for name, status in found.items()
        if not name.startswith(("batch.sqlite", "report"))
    }


RESULTS = {"a.npz", "day1/a.npz", "day1/unnamed.npz"}


def test_all_videos_are_done_and_a_second_command_leaves_them(run_batch, films: Path, ledger_of) -> None:
    first = run_batch(films, *NPZ)
    assert first.code == 0
    assert "3 done, 0 were done already, 0 failed" in first.out
    assert first.out.endswith(f"report: {first.folder}/report.html\n")
    before = files(first.folder)
    assert set(before) == RESULTS
    assert not (first.folder / ".videopose").exists()
    second = run_batch(films, *NPZ)
    assert second.code == 0
    assert second.err == "3 videos, 3 of them need nothing\n"
    assert "0 done, 3 were done already, 0 failed" in second.out
    assert files(first.folder) == before
    assert ledger_of(first.folder).attempts("done") == {"a.mp4": 1, "day1/a.mp4": 1, "day1/unnamed": 1}


def done_again(outcome, before: dict[str, tuple[int, int]]) -> set[str]:
    """The results that are new."""
    assert outcome.code == 0
    after = files(outcome.folder)
    return {name for name in after if after[name] != before.get(name)}


def test_what_changed_is_done_again(run_batch, films: Path, clips) -> None:
    out = run_batch(films, *NPZ).folder
    before = files(out)
    (films / "a.mp4").write_bytes(clips.make("other.mp4", frames=5).read_bytes())
    assert done_again(run_batch(films, *NPZ), before) == {"a.npz"}
    assert len(read_npz(out / "a.npz").frame_index) == 5
    before = files(out)
    (films / "a.mp4").touch()
    assert done_again(run_batch(films, *NPZ), before) == set()
    (out / "day1" / "a.npz").unlink()
    assert done_again(run_batch(films, *NPZ), before) == {"day1/a.npz"}
    before = files(out)
    cut = out / "day1" / "unnamed.npz"
    whole = cut.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    again = run_batch(films, *NPZ)
    assert {"day1/unnamed.npz"} <= done_again(again, before)
    assert len(read_npz(cut).frame_index) == 4
    before = files(out)
    assert done_again(run_batch(films, *NPZ, "--end", "0.05"), before) >= RESULTS
    assert len(read_npz(cut).frame_index) == 2
    before = files(out)
    only_one = run_batch(films / "a.mp4", *NPZ, "--end", "0.05", "--redo")
    assert done_again(only_one, before) == {"a.npz"}


def test_formats_no_longer_asked_for_go_with_their_settings(run_batch, films: Path) -> None:
    assert run_batch(films / "a.mp4", "--formats", "json,npz").code == 0
    outcome = run_batch(films / "a.mp4", "--formats", "npz,json")
    assert "1 were done already" in outcome.out
    assert set(files(run_batch(films / "a.mp4", "--formats", "json").folder)) == {"a.json"}


def test_a_list_shows_what_would_be_done_and_does_nothing(run_batch, films: Path) -> None:
    listed = run_batch(films, "--list")
    assert listed.code == 0
    assert listed.out.splitlines() == [
        "do      a.mp4 -> a  (new)",
        "do      day1/a.mp4 -> day1/a  (new)",
        "do      day1/unnamed -> day1/unnamed  (new)",
        "3 to do, 0 done, 0 running, 0 failed too often",
    ]
    assert not listed.folder.exists()
    (films / "a.mp4").write_text("broken")
    assert run_batch(films, "--include", "a.mp4", *NPZ, "--retry", "0").code == 1
    before = {path: path.read_bytes() for path in sorted(listed.folder.rglob("*")) if path.is_file()}
    again = run_batch(films, "--list", *NPZ, "--retry", "0", "--exclude", "unnamed")
    *lines, last = again.out.splitlines()
    assert lines[0].startswith("failed  a.mp4 -> a  (failed once, --retry 1 tries again: ")
    assert lines[1:] == ["done    day1/a.mp4 -> day1/a"]
    assert last == "0 to do, 1 done, 0 running, 1 failed too often"
    assert {path: path.read_bytes() for path in sorted(listed.folder.rglob("*")) if path.is_file()} == before


PATTERNS = {
    "include": (["--include", "day1/"], {"day1/a", "day1/unnamed"}),
    "include two": (["--include", "/a.mp4", "--include", "unnamed"], {"a", "day1/unnamed"}),
    "exclude": (["--exclude", "*.mp4"], {"day1/unnamed"}),
    "both": (["--include", "*.mp4", "--exclude", "day1"], {"a"}),
}


@pytest.mark.parametrize("case", PATTERNS)
def test_patterns_on_the_command_line(run_batch, films: Path, case: str) -> None:
    options, expected = PATTERNS[case]
    lines = run_batch(films, "--list", *options).out.splitlines()[:-1]
    assert {line.split(" -> ")[1].split("  ")[0] for line in lines} == expected


REFUSED = {
    "no argument": ([], 2, "Missing argument 'PATH...'"),
    "nothing there": (["{films}", "--include", "*.avi"], 1, "no videos there. Check the folder and --include"),
    "missing": (["{films}/nowhere"], 1, "nowhere: no such file or folder. Check the path."),
    "missing among others": (["{films}", "nowhere.mp4"], 1, "nowhere.mp4: no such file or folder. Check the path."),
    "unknown format": (["{films}", "--formats", "fbz"], 2, "unknown format 'fbz'"),
    "a folder for each video": (
        ["{films}", "--formats", "npz,openpose"],
        2,
        "--formats openpose: is a folder of files",
    ),
    "two layouts": (["{films}", "--side-by-side", "--overlay-only"], 2, "exclude each other"),
    "memory": (["{films}", "--max-memory", "lots"], 2, "--max-memory 'lots' is not a size."),
    "retry": (["{films}", "--retry", "-1"], 2, "Invalid value for '--retry'"),
    "pattern": (["{films}", "--exclude", "!"], 2, "--exclude: "),
    "ray address": (["{films}", "--ray-address", "auto"], 2, "--ray-address goes with --engine ray."),
    "lifter": (["{films}", "--person", "nobody"], 2, "--person 'nobody' is not all, largest"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused_before_anything_is_written(run_batch, films: Path, case: str) -> None:
    arguments, code, sentence = REFUSED[case]
    outcome = run_batch(*[text.format(films=films) for text in arguments])
    assert outcome.code == code
    assert sentence in outcome.complaint()
    assert outcome.out == ""
    assert not outcome.folder.exists()


def test_a_file_in_the_place_of_the_output_folder_is_told(run_batch, films: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("precious")
    outcome = run_batch(films)
    assert outcome.code == 1
    assert outcome.complaint() == f"{tmp_path}/out: is not a folder. Choose a folder for the results with -o."


def test_results_that_are_not_its_own_are_left_unless_told_otherwise(run_batch, films: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.npz").write_text("precious")
    outcome = run_batch(films, *NPZ)
    assert outcome.code == 1
    assert f"{tmp_path}/out/a.npz: already exists. Use --overwrite" in outcome.out
    assert (tmp_path / "out" / "a.npz").read_text() == "precious"
    assert set(files(tmp_path / "out")) == RESULTS
    assert run_batch(films, *NPZ, "--overwrite").code == 0
    assert len(read_npz(tmp_path / "out" / "a.npz").frame_index) == 4


def test_the_folder_searched_may_take_the_results(run_batch, films: Path) -> None:
    first = run_batch(films, "--formats", "npz,mp4", folder=films)
    assert first.code == 0
    second = run_batch(films, "--formats", "npz,mp4", folder=films)
    assert second.err == "3 videos, 3 of them need nothing\n"


class Text(HTMLParser):
    """All that a page says."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def test_broken_videos_never_stop_the_others(run_batch, films: Path, ledger_of) -> None:
    (films / "a.mp4").write_text("rubbish")
    (films / "day1" / "empty.mov").write_bytes(b"")
    outcome = run_batch(films, *NPZ)
    assert outcome.code == 1
    assert outcome.complaint() == (
        "2 of 4 videos failed: a.mp4, day1/empty.mov. The report says why; the others are done."
    )
    assert set(files(outcome.folder)) == RESULTS - {"a.npz"}
    page = Text()
    page.feed((outcome.folder / "report.html").read_text(encoding="utf-8"))
    rows = dict(ledger_of(outcome.folder).rows("SELECT label, error FROM jobs WHERE state = 'failed'"))
    assert rows["day1/empty.mov"] == f"{films}/day1/empty.mov: the file is empty. Copy or download it again."
    assert rows["a.mp4"].startswith(f"{films}/a.mp4: not a video that can be read (")
    for sentence in rows.values():
        assert f"failed  {sentence}" in outcome.err
        assert f"failed: {sentence}" in outcome.out
        assert sentence in page.said
    assert "2 done, 0 were done already, 2 failed" in outcome.out


def test_a_broken_video_is_tried_so_often_and_when_it_is_mended(run_batch, films: Path, clips, ledger_of) -> None:
    (films / "a.mp4").write_text("rubbish")
    for count in (1, 2, 2):
        outcome = run_batch(films / "a.mp4", *NPZ, "--retry", "1")
        assert outcome.code == 1
        assert ledger_of(outcome.folder).attempts("failed") == {"a.mp4": count}
    assert "failed: " in outcome.out
    assert "--retry 2 tries again" in run_batch(films / "a.mp4", *NPZ, "--retry", "1", "--list").out
    run_batch(films / "a.mp4", *NPZ, "--retry", "2")
    run_batch(films / "a.mp4", *NPZ, "--retry", "0", "--redo")
    assert ledger_of(outcome.folder).attempts("failed") == {"a.mp4": 4}
    (films / "a.mp4").write_bytes(clips.make("short.mp4", frames=4).read_bytes())
    assert run_batch(films / "a.mp4", *NPZ, "--retry", "0").code == 0


def test_a_list_with_a_missing_video_does_the_others(run_batch, films: Path) -> None:
    (films / "videos.txt").write_text("a.mp4\ngone.mp4\n")
    outcome = run_batch(films / "videos.txt", *NPZ)
    assert outcome.code == 1
    assert f"{films}/gone.mp4: no such file. Check the path." in outcome.out
    assert set(files(outcome.folder)) == {"a.npz"}


def test_a_name_that_is_no_text_fails_with_its_sentence(run_batch, films: Path) -> None:
    (films / "day1" / "caf\udce9.mp4").write_bytes((films / "a.mp4").read_bytes())
    outcome = run_batch(films / "day1", *NPZ, "--include", "*.mp4")
    assert outcome.code == 1
    assert "the name is not valid UTF-8. Rename it." in outcome.out
    assert r"1 of 2 videos failed: caf\udce9.mp4." in outcome.complaint()
    assert set(files(outcome.folder)) == {"a.npz"}
