"""The watch itself: what must not happen is seen, and what is wrong with words and files is found."""

from pathlib import Path
from typing import Any

import pytest
from fuzzing.checks import wrong_files, wrong_words
from fuzzing.material import Material
from nursery import Nursery

from videopose.video.ffmpeg import ffmpeg_path

DEEDS = {
    "os.system": "import os; os.system('true')",
    "subprocess.Popen": "import subprocess; subprocess.run(['true'])",
    "socket.connect": "import socket; socket.socket(socket.AF_UNIX).connect_ex('/nowhere')",
    "pickle.find_class": "import pickle, os; pickle.loads(pickle.dumps(os.system))",
    "open": "import contextlib\nwith contextlib.suppress(OSError): open('/nowhere/at/all', 'w')",
    "os.mkdir": "import contextlib, os\nwith contextlib.suppress(OSError): os.mkdir('/nowhere/at/all')",
    "os.remove": "import contextlib, os\nwith contextlib.suppress(OSError): os.remove('/nowhere/at/all')",
}


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Any:
    import fuzzing

    made = Nursery(tmp_path_factory.mktemp("nursery"), f"sys.path.insert(0, {fuzzing.__path__[0] + '/..'!r})")
    yield made
    made.close()


def watched(nursery: Any, folder: Path, deed: str) -> tuple[int, str, str, str]:
    """A harmless command after a deed, under watch; and the record."""
    folder.mkdir()
    record = folder.with_name("record")
    start = f"import fuzzing.watch; fuzzing.watch.start(*{(str(folder), str(record), ffmpeg_path(), True)!r})"
    code, out, err, _ = nursery.run_line("--version", before=f"{start}\n{deed}")
    return code, out, err, record.read_text()


@pytest.mark.parametrize("event", DEEDS)
def test_deeds_are_seen(nursery: Any, tmp_path: Path, event: str) -> None:
    code, _, err, record = watched(nursery, tmp_path / "case", DEEDS[event])
    assert code == 0, err
    assert record.startswith(f"{event} ")


def test_nothing_is_seen_where_nothing_is_done(nursery: Any, tmp_path: Path) -> None:
    code, out, err, record = watched(nursery, tmp_path / "case", f"open({str(tmp_path / 'case' / 'a')!r}, 'w').close()")
    assert (code, err, record) == (0, "", "")
    assert wrong_words(code, out, err) == []


@pytest.mark.parametrize(
    ("deed", "trouble"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "ended by SIGSEGV"),
        ("import signal, time; signal.setitimer(signal.ITIMER_REAL, 0.2); time.sleep(9)", "SIGALRM (it hung)"),
        ("bytearray(7 << 30)", "'Traceback' on stderr"),
        ("1 / 0", "'Traceback' on stderr"),
    ],
)
def test_bad_ends_are_found(nursery: Any, tmp_path: Path, deed: str, trouble: str) -> None:
    code, out, err, _ = watched(nursery, tmp_path / "case", deed)
    assert any(trouble in line for line in wrong_words(code, out, err))


@pytest.mark.parametrize(
    ("code", "err", "right"),
    [
        (0, "lift ...\n", True),
        (1, "lift ...\nvideopose: a.mp4: broken. Mend it.\n", True),
        (2, "videopose: a.\nvideopose: b.\n", False),
        (1, "", False),
        (0, "videopose: a.\n", False),
        (130, "videopose: stopped.\n", False),
        (1, "videopose: something unexpected happened (ValueError).\n", False),
        (1, "a.py:1: RuntimeWarning: overflow\nvideopose: a.\n", False),
        (1, "videopose: two\nlines.\n", False),
        (1, "videopose: \x1b[2J.\n", False),
        (1, "videopose: not enough memory. Close other programs.\n", False),
    ],
)
def test_words(code: int, err: str, right: bool) -> None:
    assert (wrong_words(code, "", err) == []) == right


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "cut"),
    [("a.npz", True), (".a.1234.part.npz", False), ("a.json", True), ("a.overlay.mp4", True), ("a.bvh", True)],
)
def test_files(material: Material, tmp_path: Path, name: str, cut: bool) -> None:
    whole = {"a.json": material.found["json"]["json.json"], "a.overlay.mp4": material.video.read_bytes()}
    data = whole.get(name, material.found["npz"]["npz.npz"])
    (tmp_path / name).write_bytes(data[: len(data) // 2] if cut else data)
    (trouble,) = wrong_files(tmp_path, {})
    assert name in trouble
    assert wrong_files(tmp_path, {tmp_path / name: (tmp_path / name).read_bytes()}) == []
