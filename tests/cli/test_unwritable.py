"""Places that results cannot be written to: told before the work where that can be known, never half-written files."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FILES = ["plain.npz", "plain.json", "plain.person1.bvh", "plain.person4.bvh", "plain.overlay.mp4"]


@pytest.mark.parametrize("suffix", [".npz", ".json", ".person7.bvh", ".overlay.mp4"])
def test_existing_results_are_refused_before_the_work(infer, clips, tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / f"plain{suffix}").write_text("precious")
    outcome = infer(clips.make("plain.mp4"))
    assert outcome.code == 1
    assert outcome.complaint() == (
        f"{folder}/plain{suffix}: already exists. Use --overwrite, or another folder with -o."
    )
    assert outcome.err.count("\n") == 1  # no stage was begun
    assert outcome.names() == [f"plain{suffix}"]
    assert (folder / f"plain{suffix}").read_text() == "precious"


def test_results_of_other_videos_and_formats_do_not_matter(infer, clips, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("other.npz", "plain.json", "plain.person.bvh"):
        (folder / name).write_text("precious")
    assert infer(clips.make("plain.mp4"), "--formats", "npz").code == 0
    assert (folder / "plain.json").read_text() == "precious"


def test_overwrite_replaces_and_removes_people_of_before(infer, clips, two_people: Path, tmp_path: Path) -> None:
    given = ("--detections", str(two_people), "--overwrite")
    first = infer(clips.make("plain.mp4"), *given)
    assert first.names() == sorted(FILES)
    (first.folder / "plain.overlay.mp4").write_text("old")
    (first.folder / "plain2.person4.bvh").write_text("of another video")
    second = infer(clips.make("plain.mp4"), *given, "--person", "1")
    assert second.code == 0
    assert second.names() == sorted([*FILES[:3], FILES[4], "plain2.person4.bvh"])
    assert second.arrays("plain").person_id.tolist() == [1]
    assert (second.folder / "plain.overlay.mp4").stat().st_size > 1000


def test_a_file_in_the_place_of_the_folder(infer, clips, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    outcome = infer(clips.make("plain.mp4"), folder=tmp_path / "file")
    assert outcome.code == 1
    assert outcome.complaint() == f"{tmp_path}/file: is not a folder. Choose a folder for the results with -o."
    outcome = infer(clips.make("plain.mp4"), folder=tmp_path / "file" / "out")
    assert (
        outcome.complaint()
        == f"{tmp_path}/file/out: cannot be written (not a directory). Choose another folder with -o."
    )
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.parametrize("folder", ["locked", "locked/out"])
def test_no_permission_is_told_before_the_work(start, clips, obey_permissions, tmp_path: Path, folder: str) -> None:
    (tmp_path / "locked").mkdir(mode=0o555)
    outcome = start(clips.make("plain.mp4"), folder=tmp_path / folder, preexec_fn=obey_permissions).finish()
    assert outcome.code == 1
    assert outcome.complaint() == (
        f"{tmp_path}/{folder}: cannot be written (permission denied). Choose another folder with -o."
    )
    assert outcome.err.count("\n") == 1
    assert list((tmp_path / "locked").iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 96 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no mount: {error}")
    if done.returncode != 0:
        pytest.skip(f"may not mount: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(("filled_kb", "finished"), [(92, 0), (76, 1), (0, 4)])
def test_a_full_disk(fork, clips, two_people: Path, small_disk: Path, filled_kb: int, finished: int) -> None:
    (small_disk / "filled").write_bytes(bytes(filled_kb * 1024))
    outcome = fork(clips.make("plain.mp4"), "--detections", two_people, folder=small_disk)
    assert outcome.code == 1
    assert outcome.complaint() == (
        f"{small_disk}/{FILES[finished]}: cannot be written (no space left on device). "
        "Free some space or choose another folder with -o."
    )
    assert outcome.names() == sorted([*FILES[:finished], "filled"])


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit for the size of files")
@pytest.mark.parametrize(("file", "reason"), [(FILES[0], "file too large"), (FILES[4], "no space left on device")])
def test_the_users_limit_of_file_sizes(fork, clips, two_people: Path, file: str, reason: str) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"
    formats = file.rpartition(".")[2]
    outcome = fork(clips.make("plain.mp4"), "--detections", two_people, "--formats", formats, before=limit)
    assert outcome.code == 1
    assert outcome.complaint() == (
        f"{outcome.folder}/{file}: cannot be written ({reason}). Free some space or choose another folder with -o."
    )
    assert outcome.names() == []
