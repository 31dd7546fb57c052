"""Results on the way to their final names: whole or not at all, wherever it is broken off."""

import os
import shutil
from pathlib import Path

import pytest

from videopose.batch.staging import STAGING_NAME, Staging, check_free, publish
from videopose.batch.verdict import JobRow
from videopose.errors import OutputError

FILES = {"walk.npz": 4, "walk.json": 2, "walk.person1.bvh": 3}


def stage(tmp_path: Path, files: dict[str, int] = FILES, token: str = "token") -> Path:
    folder = Staging(tmp_path / "out").of(token)
    folder.mkdir(parents=True)
    for name, size in files.items():
        (folder / name).write_bytes(b"n" * size)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def whole(files: dict[str, int] = FILES) -> dict[str, bytes]:
    return {name: b"n" * size for name, size in files.items()}


def test_results_come_under_their_names_in_a_folder_that_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "day1" / "am"
    assert publish(stage(tmp_path), folder, FILES, {}) == []
    assert contents(folder) == whole()


BEFORE = {"walk.npz": 1, "walk.person1.bvh": 9, "walk.person2.bvh": 5}


class BrokenOffError(Exception):
    """The power went."""


@pytest.mark.parametrize("steps", range(9))
def test_publishing_goes_on_where_it_was_broken_off(tmp_path: Path, monkeypatch, steps: int) -> None:
    staging, folder = stage(tmp_path), tmp_path / "out"
    for name, size in BEFORE.items():
        (folder / name).write_bytes(b"o" * size)
    left = steps

    def breaking(function):
        def call(*arguments, **options):
            nonlocal left
            if left == 0:
                raise BrokenOffError
            left -= 1
            return function(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", breaking(Path.replace))
        patch.setattr(Path, "unlink", breaking(Path.unlink))
        patch.setattr(os, "fsync", breaking(os.fsync))
        if steps < 5:  # three moves, one result too many, the folder
            with pytest.raises(BrokenOffError):
                publish(staging, folder, FILES, BEFORE)
            # each file is the old one or the new one, whole
            for name, content in contents(folder).items():
                assert content in (b"n" * FILES.get(name, 0), b"o" * BEFORE.get(name, 0))
    assert publish(staging, folder, FILES, BEFORE) == []
    assert contents(folder) == whole()
    assert publish(staging, folder, FILES, BEFORE) == []
    assert contents(folder) == whole()


@pytest.mark.parametrize("name", ["walk.npz", "walk.person2.bvh"], ids=["replaced", "no longer made"])
def test_a_result_that_somebody_worked_on_is_kept(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "out"
    for number in (1, 2):
        staging = stage(tmp_path, token=str(number))
        (folder / name).write_bytes(b"my own work")
        notes = publish(staging, folder, FILES, {name: 9})
        kept = f"{Path(name).stem}.before-{number}{Path(name).suffix}"
        assert notes == [f"{folder / name}: has changed since it was written; kept as {kept}."]
    assert contents(folder) == whole() | {
        f"{Path(name).stem}.before-{number}{Path(name).suffix}": b"my own work" for number in (1, 2)
    }


def test_a_result_of_before_that_is_gone_does_not_matter(tmp_path: Path) -> None:
    assert publish(stage(tmp_path), tmp_path / "out", FILES, BEFORE) == []
    assert contents(tmp_path / "out") == whole()


@pytest.mark.parametrize("there", [None, b"nn"], ids=["gone", "cut"])
def test_a_result_lost_on_the_way_is_told(tmp_path: Path, there: bytes | None) -> None:
    staging, folder = stage(tmp_path), tmp_path / "out"
    (staging / "walk.npz").unlink()
    if there is not None:
        (folder / "walk.npz").write_bytes(there)
    with pytest.raises(OutputError, match=r"walk\.npz: was lost on its way"):
        publish(staging, folder, FILES, {})


def test_a_file_in_the_place_of_a_folder_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    staging = stage(tmp_path)
    (tmp_path / "out" / "day1").write_text("precious")
    with pytest.raises(OutputError, match=r"day1: cannot be written \("):
        publish(staging, tmp_path / "out" / "day1", FILES, {})
    assert contents(staging) == whole()
    assert (tmp_path / "out" / "day1").read_text() == "precious"


def test_an_attempt_is_removed_and_the_folder_with_the_last(tmp_path: Path) -> None:
    staging = Staging(tmp_path / "out")
    for token in ("a", "b"):
        stage(tmp_path, token=token)
    staging.remove("a")
    assert [path.name for path in (tmp_path / "out" / STAGING_NAME).iterdir()] == ["b"]
    staging.remove("b")
    staging.remove("b")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_sweep_spares_what_lives(tmp_path: Path) -> None:
    for token in ("dead", "alive", "gone"):
        stage(tmp_path, token=token)
    staging = Staging(tmp_path / "out")
    staging.sweep(lambda: {"alive", "unheard of"})
    assert [path.name for path in (tmp_path / "out" / STAGING_NAME).iterdir()] == ["alive"]
    assert contents(staging.of("alive")) == whole()
    staging.sweep(set)
    staging.sweep(set)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_attempt_is_taken_over_once(tmp_path: Path) -> None:
    staging = Staging(tmp_path / "out")
    stage(tmp_path, token="lost")
    assert staging.take_over("lost", "new")
    assert contents(staging.of("new")) == whole()
    assert not staging.take_over("lost", "newer")


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    Staging(tmp_path / "out").check_writable()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match=r"cannot be written \("):
        Staging(tmp_path / "out").check_writable()


ROW = JobRow(
    1, "/in/walk.mp4", "walk.mp4", "walk", "waiting", 0, None, None, None, None, None, None, {}, {"walk.npz": 4}
)
FREE = {
    "empty folder": (None, ("npz", "bvh"), True),
    "own result": ("walk.npz", ("npz", "json"), True),
    "foreign result": ("walk.json", ("npz", "json"), False),
    "foreign result of a format not asked for": ("walk.json", ("npz",), True),
    "foreign person": ("walk.person3.bvh", ("bvh",), False),
    "of another video": ("walk2.json", ("json",), True),
}


@pytest.mark.parametrize("case", FREE)
def test_only_results_of_its_own_are_replaced(tmp_path: Path, case: str) -> None:
    name, formats, free = FREE[case]
    if name is not None:
        (tmp_path / name).write_text("precious")
    if free:
        check_free(tmp_path, ROW, formats, "walk")
    else:
        with pytest.raises(OutputError, match=f"{name}: already exists. Use --overwrite"):
            check_free(tmp_path, ROW, formats, "walk")


def test_a_missing_staging_folder_is_told(tmp_path: Path) -> None:
    shutil.rmtree(stage(tmp_path))
    with pytest.raises(OutputError, match="was lost on its way"):
        publish(tmp_path / "out" / STAGING_NAME / "token", tmp_path / "out", FILES, {})
