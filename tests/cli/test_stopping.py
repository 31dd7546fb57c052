"""Ctrl-C and SIGTERM in every stage: one sentence, the right exit code, nothing left behind; and readers that go."""

import os
import signal
import sys
from pathlib import Path

import pytest

from videopose.export import read_npz
from videopose.video import probe

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc for what still runs")

TRAPS = """
import os, sys

class Trap:
    # Sends this process a signal when `spring` is called for the nth time.
    def __init__(self, number, nth=1):
        self.number, self.left = number, nth

    def spring(self):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), self.number)

def at_event(trap, name, part):
    # audit events: the interpreter is about to import a module, to open or remove a file, to start a program
    sys.addaudithook(lambda event, args: event == name and part in str(args[:2]) and trap.spring())

def at_progress(trap, method, value):
    from videopose.cli.console import ConsoleProgress as Console
    original = getattr(Console, method)
    def call(self, first, *rest):
        original(self, first, *rest)
        if first == value:
            trap.spring()
    setattr(Console, method, call)
"""

LOADING = {
    "parse": 'at_event({}, "exec", "cli/infer.py")',
    "import torch": 'at_event({}, "import", "torch.nn")',
}
DETECTING = {
    "probe": 'at_event({}, "subprocess.Popen", "showinfo")',
    "load the networks": 'at_event({}, "import", "ai_edge_litert")',
    "before the first frame": 'at_progress({}, "begin", "detect")',
    "decoder starts": 'at_event({2}, "subprocess.Popen", "showinfo")',
    "in the middle": 'at_progress({}, "advance", 3)',
}
FINISHING = {
    "follow": ('at_progress({}, "begin", "follow people")', 0),
    "lift": ('at_progress({}, "begin", "lift to 3D")', 0),
    "write the first byte": ('at_event({}, "open", ".part.npz")', 0),
    "write the npz": ('at_event({2}, "open", ".part.npz")', 0),
    "write the json": ('at_event({2}, "open", ".part.json")', 1),
    "write the second bvh": ('at_event({5}, "open", ".part.bvh")', 3),
    "encoder starts": ('at_event({}, "subprocess.Popen", "libx264")', 4),
    "overlay in the middle": ('at_progress({2}, "advance", 3)', 4),
}
"""With the number of files that are finished by then."""
FILES = ["plain.npz", "plain.json", "plain.person1.bvh", "plain.person4.bvh", "plain.overlay.mp4"]

NUMBERS = pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)


def trap(line: str, number: int) -> str:
    """The Python of a trap: `{}` in the line stands for a signal at the first time, `{2}` at the second."""
    before, _, rest = line.partition("{")
    nth, _, after = rest.partition("}")
    return f"{TRAPS}\n{before}Trap({int(number)}, {nth or 1}){after}"


def assert_stopped(outcome, code: int) -> None:
    assert outcome.code == code, outcome.err
    assert outcome.complaint() == "stopped."
    assert outcome.out == ""


@NUMBERS
@pytest.mark.parametrize("moment", LOADING)
def test_stopped_while_the_program_loads(start, clips, moment: str, number: int, code: int) -> None:
    outcome = start(clips.make("plain.mp4"), before=trap(LOADING[moment], number)).finish()
    assert_stopped(outcome, code)
    assert outcome.names() == []


@NUMBERS
@pytest.mark.parametrize("moment", DETECTING)
def test_stopped_before_there_are_results(fork, clips, moment: str, number: int, code: int) -> None:
    outcome = fork(clips.make("plain.mp4"), before=trap(DETECTING[moment], number))
    assert_stopped(outcome, code)
    assert outcome.names() == []


@NUMBERS
@pytest.mark.parametrize("moment", FINISHING)
def test_stopped_while_results_are_made(fork, clips, two_people: Path, moment: str, number: int, code: int) -> None:
    line, finished = FINISHING[moment]
    outcome = fork(clips.make("plain.mp4"), "--detections", two_people, before=trap(line, number))
    assert_stopped(outcome, code)
    assert outcome.names() == sorted(FILES[:finished])
    if finished:
        assert len(outcome.arrays("plain").frame_index) == 20


def test_results_of_an_earlier_run_stay_when_the_new_one_is_stopped(fork, clips, two_people: Path) -> None:
    clip = clips.make("plain.mp4")
    earlier = fork(clip, "--detections", two_people)
    assert earlier.code == 0, earlier.err
    before = {path.name: path.read_bytes() for path in earlier.folder.iterdir()}
    assert sorted(before) == sorted(FILES)
    line = 'at_event({2}, "open", ".part.npz")'
    stopped = fork(clip, "--detections", two_people, "--overwrite", before=trap(line, signal.SIGINT))
    assert_stopped(stopped, 130)
    assert {path.name: path.read_bytes() for path in earlier.folder.iterdir()} == before


@pytest.mark.parametrize(
    "second",
    [
        'at_event({}, "os.remove", ".part.mp4")',  # while the unfinished overlay is removed
        'at_event({}, "os.kill", "9")',  # while the decoder or the encoder is ended
        "import atexit; atexit.register({}.spring)",  # while the interpreter ends
    ],
)
def test_a_second_ctrl_c_does_not_break_the_cleaning_up(fork, clips, two_people: Path, second: str) -> None:
    first = trap('at_progress({2}, "advance", 3)', signal.SIGINT)
    again = trap(second, signal.SIGINT)
    outcome = fork(clips.make("plain.mp4"), "--detections", two_people, before=first + again)
    assert_stopped(outcome, 130)
    assert outcome.names() == sorted(FILES[:4])


def test_ctrl_c_typed_at_a_terminal(start, clips) -> None:
    clip = clips.make("long.mp4", frames=900)
    keyboard, terminal = os.openpty()
    try:
        program = start(
            clip, stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=lambda: os.login_tty(os.dup(terminal))
        )
        os.close(terminal)
        shown = read_until(keyboard, b"detect")
        os.write(keyboard, b"\x03")
        shown += read_until(keyboard, b"videopose: stopped.")
        outcome = program.finish()
    finally:
        os.close(keyboard)
    assert outcome.code == 130
    assert shown.rstrip().endswith(b"\nvideopose: stopped."), shown
    assert b"Traceback" not in shown
    assert outcome.names() == []


def read_until(terminal: int, text: bytes) -> bytes:
    """What the terminal shows, up to `text`."""
    shown = b""
    while text not in shown:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the last program on it has ended
            break
        shown += part
    assert text in shown, shown
    return shown


NOBODY_READS = "reading, writing = os.pipe(); os.close(reading); os.dup2(writing, {})"


def test_a_closed_stderr_does_not_stop_the_work(fork, clips, two_people: Path) -> None:
    outcome = fork(clips.make("plain.mp4"), "--detections", two_people, before=NOBODY_READS.format(2))
    assert outcome.code == 0
    assert "person 4" in outcome.out
    assert outcome.names() == sorted(FILES)


def test_a_closed_stdout_is_no_trouble_either(fork, clips, two_people: Path) -> None:
    outcome = fork(clips.make("plain.mp4"), "--detections", two_people, before=NOBODY_READS.format(1))
    assert outcome.code == 1  # what was asked for could not be told
    assert "Traceback" not in outcome.err
    assert "videopose:" not in outcome.err
    assert outcome.names() == sorted(FILES)


@pytest.mark.parametrize("closed", [(1,), (0, 1, 2)], ids=str)
def test_without_stdin_stdout_or_stderr(start, clips, two_people: Path, closed: tuple[int, ...]) -> None:
    def close() -> None:
        for number in closed:
            os.close(number)

    program = start(clips.make("plain.mp4"), "--detections", two_people, preexec_fn=close)
    outcome = program.finish()
    assert outcome.code == 0, outcome.err
    assert outcome.names() == sorted(FILES)
    assert len(read_npz(outcome.folder / "plain.npz").person_id) == 2
    assert probe(str(outcome.folder / "plain.overlay.mp4")).frame_count == 20
