"""What results are called: never two of one name, whatever the file system, and whatever comes when."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videopose.batch.names import choose_names, name_key
from videopose.batch.sources import Source


def source(label: str) -> Source:
    """A video at a place below some folder."""
    folder, _, _ = label.rpartition("/")
    return Source(f"/in/{label}", label, folder)


NAMES = {
    "alone": (["walk.mp4"], ["walk"]),
    "in a folder": (["day1/walk.mp4"], ["day1/walk"]),
    "same name elsewhere": (["a/walk.mp4", "b/walk.mp4"], ["a/walk", "b/walk"]),
    "two kinds": (["walk.mp4", "walk.mov"], ["walk.mp4", "walk.mov"]),
    "two cases": (["walk.avi", "Walk.mp4"], ["walk.avi", "Walk.mp4"]),
    "several dots": (["a.b.mp4", "a.c.mp4"], ["a.b", "a.c"]),
    "called like results": (
        ["walk.mp4", "walk.report.mp4", "walk.smpl.mov", "walk.person1.avi", "report.mp4", "a/report.mp4"],
        ["walk", "walk.report.mp4", "walk.smpl.mov", "walk.person1.avi", "report.mp4", "a/report"],
    ),
    "no suffix": (["walk", "walk.mp4"], ["walk-{}", "walk.mp4"]),
    "cases only": (["walk.mp4", "WALK.MP4"], ["walk-{}", "WALK-{}"]),
    "accents composed two ways": (["\u00e9.mp4", "e\u0301.mp4"], ["\u00e9-{}", "e\u0301-{}"]),
    "sharp s": (["Stra\u00dfe.mp4", "STRASSE.mov"], ["Stra\u00dfe.mp4", "STRASSE.mov"]),
    "a whole name that is another's short one": (
        ["walk.mp4", "walk.mov", "walk.mp4.avi"],
        ["walk-{}", "walk.mov", "walk.mp4"],
    ),
}


@pytest.mark.parametrize("case", NAMES)
def test_names(case: str) -> None:
    labels, expected = NAMES[case]
    names = choose_names([source(label) for label in labels], set())
    for name, pattern in zip(names, expected, strict=True):
        begin, mark, end = pattern.partition("{}")
        assert name.startswith(begin)
        assert name.endswith(end)
        assert len(name) == len(begin) + len(end) + (8 if mark else 0)
    assert len({name_key(name) for name in names}) == len(names)


def test_a_name_that_an_earlier_command_gave_is_taken() -> None:
    assert choose_names([source("walk.mov")], {"walk"}) == ["walk.mov"]
    (third,) = choose_names([source("walk.mov")], {"walk", "walk.mov"})
    assert third.startswith("walk-")


def test_addresses_are_called_like_their_files() -> None:
    sources = [Source(url, url) for url in ("https://h/a/walk%20one.mp4?x=1", "https://h/", "https://g/b/walk.mp4")]
    assert choose_names(sources, set()) == ["walk one", "video", "walk"]
    one, two = choose_names([Source(url, url) for url in ("https://h/watch?v=1", "https://h/watch?v=2")], set())
    assert one != two
    assert one.startswith("watch-")


FEW = st.sampled_from(
    [
        "a",
        "A",
        "b",
        "\u00e9",
        "e\u0301",
        "\u00c9",
        "\u00df",
        "ss",
        "SS",
        "\u0130",
        "i\u0307",
        "\u212b",
        "\u00c5",
        "\ufb01",
        "fi",
    ]
)
PARTS = st.one_of(
    FEW,
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=6),
    st.just("x" * 250),
).filter(lambda part: part not in (".", ".."))
LABELS = st.builds(
    lambda folder, stem, suffix: "/".join(filter(None, (folder, stem + suffix))),
    st.sampled_from(["", "a", "A", "b"]),
    PARTS,
    st.sampled_from([".mp4", ".mov", ".MP4", "", ".mp4.mov", "-0a1b2c3d.mp4"]),
)


def like_a_mac(name: str) -> str:
    """What a file system that knows no case, and takes accents apart, makes of a name."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


@given(st.lists(LABELS, min_size=1, max_size=12, unique=True), st.data())
def test_names_never_collide_nor_depend_on_order(labels: list[str], data: st.DataObject) -> None:
    sources = [source(label) for label in labels]
    names = choose_names(sources, set())
    assert len({like_a_mac(name) for name in names}) == len(names)
    shuffled = data.draw(st.permutations(sources))
    again = dict(zip(shuffled, choose_names(shuffled, set()), strict=True))
    assert [again[one] for one in sources] == names


@given(st.lists(LABELS, min_size=2, max_size=10, unique=True), st.integers(1, 9))
def test_names_of_later_commands_are_new(labels: list[str], first: int) -> None:
    sources = [source(label) for label in labels]
    before = choose_names(sources[:first], set())
    later = choose_names(sources[first:], {name_key(name) for name in before})
    assert len({like_a_mac(name) for name in (*before, *later)}) == len(labels)


@given(st.lists(LABELS, min_size=1, max_size=6, unique=True))
def test_names_fit_file_systems(labels: list[str]) -> None:
    for one, name in zip(
        (source(label) for label in labels), choose_names([source(one) for one in labels], set()), strict=True
    ):
        *folders, stem = name.split("/")
        assert "/".join(folders) == one.folder
        assert len(f".{stem}.person123.bvh.abcdefgh.part".encode()) <= 255
        assert not set(stem) & set('<>:"\\|?*\0\n')
        assert stem not in ("", ".", "..")


RESULTS = (".npz", ".json", ".person1.bvh", ".overlay.mp4")


@given(st.lists(LABELS, min_size=1, max_size=12, unique=True))
def test_no_result_of_one_video_is_a_result_of_another(labels: list[str]) -> None:
    names = choose_names([source(label) for label in labels], set())
    files = [like_a_mac(name + suffix) for name in names for suffix in RESULTS]
    assert len(set(files)) == len(files)


def test_a_very_long_name_makes_results_that_can_be_written(tmp_path: Path) -> None:
    names = choose_names([source("\u00e9" * 125 + "1.mp4"), source("\u00e9" * 125 + "2.mp4")], set())
    for name in names:
        (tmp_path / f"{name}.overlay.mp4").write_bytes(b"")
    assert len(list(tmp_path.iterdir())) == 2
