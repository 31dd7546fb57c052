"""Which videos a batch finds: below folders, by name, in lists, at addresses."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from videopose.batch.sources import Source, find_sources, is_address
from videopose.errors import InputError, UsageError


def touch(root: Path, *names: str) -> None:
    """Files with names of videos; what they hold does not matter to finding them."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no video")


def labels(root: Path, *arguments: str | Path, output: str = "out", **options) -> list[str]:
    return [source.label for source in find_sources([str(one) for one in arguments], root / output, **options)]


def test_folders_are_searched_in_natural_order(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.mp4", "clip10.mp4", "clip9.mp4", "Clip1.mov", "b/10.mp4", "a/deep/er/x.mkv", "notes.txt")
    assert labels(tmp_path, tmp_path) == [
        *("Clip1.mov", "clip9.mp4", "clip10.mp4"), "a/deep/er/x.mkv", "b/2.mp4", "b/10.mp4",
    ]  # fmt: skip


def test_a_source_says_where_its_results_go(tmp_path: Path) -> None:
    touch(tmp_path, "day1/walk.mp4")
    assert find_sources([str(tmp_path)], tmp_path / "out") == [
        Source(str(tmp_path / "day1" / "walk.mp4"), "day1/walk.mp4", "day1")
    ]


def test_hidden_files_and_folders_and_overlays_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, ".hidden.mp4", "._mac.mp4", ".git/a.mp4", "walk.overlay.mp4", "walk.mp4")
    assert labels(tmp_path, tmp_path) == ["walk.mp4"]


def test_a_folder_that_is_hidden_itself_is_searched(tmp_path: Path) -> None:
    touch(tmp_path, ".cache/a.mp4")
    assert labels(tmp_path, tmp_path / ".cache") == ["a.mp4"]


def test_an_output_folder_below_is_not_searched(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "deep/out/kept.mp4", "deep/b.mp4", "out/c.mp4")
    assert labels(tmp_path, tmp_path, output="deep/out") == ["a.mp4", "deep/b.mp4", "out/c.mp4"]


def test_an_output_folder_named_by_a_detour_is_not_searched(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "out/kept.mp4", "sub/b.mp4")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    assert labels(tmp_path, tmp_path, output="sub/../out") == ["a.mp4", "sub/b.mp4"]
    assert labels(tmp_path, tmp_path, output="link") == ["a.mp4", "sub/b.mp4"]


def test_the_output_folder_may_be_the_one_searched(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "a.overlay.mp4", "sub/b.mp4")
    assert labels(tmp_path, tmp_path, output=".") == ["a.mp4", "sub/b.mp4"]


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.mp4", "elsewhere/b.mp4")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path)
    (tmp_path / "in" / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in" / "self.mp4").symlink_to("self.mp4")
    assert labels(tmp_path, tmp_path / "in") == ["a.mp4", "linked/b.mp4"]


def test_a_video_by_several_ways_comes_once(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.mp4")
    (tmp_path / "in" / "again.mp4").symlink_to(tmp_path / "in" / "a.mp4")
    (tmp_path / "other").symlink_to(tmp_path / "in")
    ways = [tmp_path / "in", tmp_path / "in" / "a.mp4", tmp_path / "in" / ".." / "in", tmp_path / "other" / "a.mp4"]
    assert labels(tmp_path, *ways) == ["a.mp4"]


PATTERNS = {
    "all": ([], [], ["a.mp4", "b.mov", "day1/a.mp4", "day1/raw/c.mp4", "day2/a.mp4"]),
    "by suffix": (["*.mov"], [], ["b.mov"]),
    "a folder": (["day1/"], [], ["day1/a.mp4", "day1/raw/c.mp4"]),
    "two": (["*.mov", "/day2/"], [], ["b.mov", "day2/a.mp4"]),
    "deep": (["**/raw/*.mp4"], [], ["day1/raw/c.mp4"]),
    "at the top": (["/a.*"], [], ["a.mp4"]),
    "nothing": (["*.avi"], [], []),
    "without a folder": ([], ["raw/"], ["a.mp4", "b.mov", "day1/a.mp4", "day2/a.mp4"]),
    "without a name": ([], ["a.mp4"], ["b.mov", "day1/raw/c.mp4"]),
    "without, but": ([], ["a.mp4", "!/day2/a.mp4"], ["b.mov", "day1/raw/c.mp4", "day2/a.mp4"]),
    "both": (["day*/"], ["day2/"], ["day1/a.mp4", "day1/raw/c.mp4"]),
    "exclude wins": (["a.mp4"], ["a.mp4"], []),
}


@pytest.mark.parametrize("case", PATTERNS)
def test_patterns(tmp_path: Path, case: str) -> None:
    touch(tmp_path, "a.mp4", "b.mov", "day1/a.mp4", "day1/raw/c.mp4", "day2/a.mp4")
    include, exclude, expected = PATTERNS[case]
    assert labels(tmp_path, tmp_path, include=include, exclude=exclude) == expected


@pytest.mark.parametrize("option", ["include", "exclude"])
def test_a_pattern_without_sense_is_refused(tmp_path: Path, option: str) -> None:
    with pytest.raises(UsageError, match=rf"^--{option}: .*\. Give patterns like") as error:
        find_sources([str(tmp_path)], tmp_path / "out", **{option: ["!"]})
    assert "\n" not in str(error.value)


def test_several_folders_keep_their_names(tmp_path: Path) -> None:
    touch(tmp_path, "x/a.mp4", "y/a.mp4")
    found = find_sources([str(tmp_path / "x"), str(tmp_path / "y")], tmp_path / "out")
    assert [(source.label, source.folder) for source in found] == [("x/a.mp4", "x"), ("y/a.mp4", "y")]


def test_a_folder_named_twice_is_one(tmp_path: Path) -> None:
    touch(tmp_path, "x/a.mp4")
    assert labels(tmp_path, tmp_path / "x", f"{tmp_path}/x/") == ["a.mp4"]


def test_single_files_mirror_their_folders_below_the_common_one(tmp_path: Path) -> None:
    touch(tmp_path, "p/x/a.mp4", "p/y/z/b.mp4", "p/c.mp4")
    files = [str(tmp_path / "p" / name) for name in ("x/a.mp4", "y/z/b.mp4", "c.mp4")]
    found = find_sources(files, tmp_path / "out")
    assert [(one.label, one.folder) for one in found] == [("x/a.mp4", "x"), ("y/z/b.mp4", "y/z"), ("c.mp4", "")]
    (alone,) = find_sources(files[1:2], tmp_path / "out")
    assert (alone.label, alone.folder) == ("b.mp4", "")


def test_a_file_named_by_the_user_is_taken_whatever_it_is(tmp_path: Path) -> None:
    touch(tmp_path, ".hidden", "walk.overlay.mp4")
    assert labels(tmp_path, tmp_path / ".hidden", tmp_path / "walk.overlay.mp4", exclude=["*.dat"]) == [
        ".hidden",
        "walk.overlay.mp4",
    ]


def test_a_missing_argument_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: no such file or folder\. Check the path\.$"):
        labels(tmp_path, tmp_path / "nowhere")


LISTS = {
    "plain": b"a.mp4\nsub/b.mp4\n",
    "no newline at the end": b"a.mp4\nsub/b.mp4",
    "windows": b"\xef\xbb\xbfa.mp4\r\nsub/b.mp4\r\n",
    "comments, blanks": b"# of today\n\n  a.mp4  \n\t\n#b.mp4\nsub/b.mp4\n",
    "twice": b"a.mp4\nsub/b.mp4\na.mp4\n./a.mp4\n",
}


@pytest.mark.parametrize("case", LISTS)
@pytest.mark.parametrize("suffix", [".txt", ".LST", ".list"])
def test_a_list_names_files_beside_it(tmp_path: Path, case: str, suffix: str) -> None:
    touch(tmp_path, "a.mp4", "sub/b.mp4")
    (tmp_path / f"videos{suffix}").write_bytes(LISTS[case])
    assert labels(tmp_path, tmp_path / f"videos{suffix}") == ["a.mp4", "sub/b.mp4"]


def test_a_list_may_name_files_in_the_current_folder_folders_and_addresses(tmp_path: Path, monkeypatch) -> None:
    touch(tmp_path, "here/a.mp4", "lists/near.mp4", "here/near.mp4", "films/b.mp4")
    lines = ["a.mp4", "near.mp4", str(tmp_path / "films"), "https://example.org/c.mp4"]
    (tmp_path / "lists" / "videos.txt").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path / "here")
    found = find_sources([str(tmp_path / "lists" / "videos.txt")], tmp_path / "out")
    assert [source.address for source in found] == [
        str(tmp_path / "films" / "b.mp4"),
        str(tmp_path / "here" / "a.mp4"),
        str(tmp_path / "lists" / "near.mp4"),
        "https://example.org/c.mp4",
    ]


def test_what_a_list_names_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "videos.txt").write_text("gone.mp4\n")
    (source,) = find_sources([str(tmp_path / "videos.txt")], tmp_path / "out")
    assert source.address == str(tmp_path / "gone.mp4")


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "videos.txt").write_bytes(b"a.mp4\n\0\1\2")
    with pytest.raises(InputError, match=r"videos\.txt: not a list of videos \(not text\)"):
        labels(tmp_path, tmp_path / "videos.txt")


def test_a_video_called_like_a_list_is_a_video(clips, tmp_path: Path) -> None:
    (tmp_path / "odd.txt").write_bytes(clips.make("plain.mp4").read_bytes())
    assert labels(tmp_path, tmp_path / "odd.txt") == ["odd.txt"]


def test_a_list_comes_from_standard_input(tmp_path: Path, monkeypatch) -> None:
    touch(tmp_path, "a.mp4")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("# two\na.mp4\nhttp://host/b.mp4\n"))
    assert labels(tmp_path, "-") == ["a.mp4", "http://host/b.mp4"]


ADDRESSES = {
    "https://host/a.mp4": True,
    "RTSP://camera:554/live": True,
    "srt://host:9000": True,
    "/data/a.mp4": False,
    "a.mp4": False,
    "C:\\films\\a.mp4": False,
    "http:/one-slash": False,
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses_are_told_from_paths(text: str) -> None:
    assert is_address(text) is ADDRESSES[text]


def test_addresses_come_once_each_after_what_folders_hold(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    assert labels(tmp_path, "https://h/b.mp4", tmp_path, "https://h/b.mp4", "https://h/c.mp4?x=1") == [
        "a.mp4", "https://h/b.mp4", "https://h/c.mp4?x=1",
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="file systems elsewhere keep names as text")
def test_names_that_are_no_text_are_found_and_written_out(tmp_path: Path) -> None:
    os.mkdir(os.fsencode(tmp_path) + b"/caf\xe9")  # noqa: PTH102 (bytes)
    with open(os.fsencode(tmp_path) + b"/caf\xe9/w\xffalk.mp4", "wb") as stream:  # noqa: PTH123
        stream.write(b"no video")
    (source,) = find_sources([str(tmp_path)], tmp_path / "out")
    assert Path(source.address).is_file()
    assert (source.label, source.folder) == (r"caf\udce9/w\udcffalk.mp4", r"caf\udce9")
    source.key.encode("utf-8")


def test_a_folder_that_may_not_be_read_is_passed_over_below_and_told_of_at_the_top(
    tmp_path: Path, obey_permissions
) -> None:
    touch(tmp_path, "in/locked/a.mp4", "in/open/b.mp4")
    (tmp_path / "in" / "locked").chmod(0)
    code = "import sys\nfrom pathlib import Path\nfrom videopose.batch.sources import find_sources\n"
    code += "print([one.label for one in find_sources([sys.argv[1]], Path('out'))])"
    options = {"capture_output": True, "text": True, "preexec_fn": obey_permissions, "check": False}
    whole = subprocess.run([sys.executable, "-c", code, str(tmp_path / "in")], **options)
    assert whole.stdout == "['open/b.mp4']\n"
    locked = subprocess.run([sys.executable, "-c", code, str(tmp_path / "in" / "locked")], **options)
    assert "InputError" in locked.stderr
    assert "locked: cannot be read (permission denied). Check its permissions." in locked.stderr
