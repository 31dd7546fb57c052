"""The entry point: lazy commands, exit codes, one sentence for every kind of problem, stopping."""

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import click
import pytest

from videopose import __version__
from videopose.cli.main import COMMANDS, cli, run
from videopose.errors import InputError, UsageError

HEAVY = ("torch", "cv2", "numpy", "scipy", "ai_edge_litert", "ffmpeg", "rich")
INSTALLED = cli.list_commands(click.Context(cli))
MAIN = [sys.executable, "-m", "videopose.cli.main"]


def heavy_modules_after(code: str) -> str:
    listing = f"import sys\n{code}\nprint([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    return done.stderr.strip()


@pytest.fixture
def broken_command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Put a command of one's own in the place of `lift`."""

    def put(body: Callable[[], object]) -> None:
        module = ModuleType("videopose.cli.lift")
        module.__spec__ = ModuleSpec("videopose.cli.lift", None)
        module.command = click.command("lift")(body)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "videopose.cli.lift", module)

    return put


def raising(error: BaseException) -> Callable[[], None]:
    def body() -> None:
        raise error

    return body


def test_help_imports_nothing_heavy_and_no_command() -> None:
    code = "from videopose.cli.main import run; assert run(['--help']) == 0"
    code += "\nassert not any(f'videopose.cli.{n}' in sys.modules for n in ('weights', 'doctor', 'infer', 'train'))"
    assert heavy_modules_after(code) == "[]"


@pytest.mark.parametrize("name", INSTALLED)
def test_help_of_a_command_imports_nothing_heavy(name: str) -> None:
    light = heavy_modules_after(f"from videopose.cli.main import run; assert run([{name!r}, '--help']) == 0")
    assert light in ("[]", "['rich']")


@pytest.mark.parametrize("name", INSTALLED)
def test_every_command_has_help_in_the_table_and_of_its_own(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help
    assert COMMANDS[name].endswith(".")


def test_help_lists_exactly_the_commands_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    listed = re.findall(r"^  (\w+)  ", capsys.readouterr().out.split("Commands:")[1], re.MULTILINE)
    assert listed == INSTALLED
    assert {"weights", "doctor"} <= set(listed)


def test_without_arguments_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "Commands:" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"videopose {__version__}\n"


def test_the_console_script_is_installed() -> None:
    script = Path(sys.executable).with_name("videopose")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"videopose {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nonsense"], "No such option '--nonsense'. See `videopose --help`."),
        (["nonsense"], "No such command 'nonsense'. See `videopose --help`."),
        (["doctor", "--nonsense"], "No such option '--nonsense'. See `videopose doctor --help`."),
        (["doctor", "nonsense"], "Got unexpected extra argument (nonsense). See `videopose doctor --help`."),
        (["weights", "pull", "nonsense"], "no asset is called 'nonsense'."),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith(f"videopose: {message}")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("walk.mp4: no video stream. Give a file with video."), 1, "walk.mp4: no video stream"),
        (UsageError("--fps must be above 0. Give another."), 2, "--fps must be above 0"),
        (click.BadParameter("too small"), 2, "too small"),
        (click.FileError("out.npz", "no permission"), 1, "out.npz"),
        (KeyboardInterrupt(), 130, "stopped."),
        (MemoryError(), 1, "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"), 1, "not enough memory"),
        (RuntimeError("can't start new thread"), 1, "not enough memory"),
        (RuntimeError("could not create a primitive"), 1, "not enough memory"),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), 1, "not enough memory"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "xx.npz"), 1, "xx.npz: cannot be used (file name"),
        (OSError(errno.EACCES, "Permission denied", b"secret"), 1, "secret: cannot be used (permission denied)."),
        (FileNotFoundError(errno.ENOENT, "No such file", "xx"), 1, "Please report"),
        (ZeroDivisionError("division by zero"), 1, "(ZeroDivisionError: division by zero). Please report"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_problems_become_one_sentence_and_a_code(
    error: BaseException,
    code: int,
    message: str,
    broken_command: Callable[[Callable[[], object]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken_command(raising(error))
    assert run(["lift"]) == code
    written = capsys.readouterr().err.strip()
    assert written.startswith("videopose: ")
    assert message in written
    assert "\n" not in written


def test_debug_shows_the_traceback(
    broken_command: Callable[[Callable[[], object]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    broken_command(raising(InputError("broken. Mend it.")))
    assert run(["--debug", "lift"]) == 1
    written = capsys.readouterr().err
    assert "Traceback" in written
    assert written.endswith("videopose: broken. Mend it.\n")


def test_a_command_may_give_its_own_exit_code(broken_command: Callable[[Callable[[], object]], None]) -> None:
    broken_command(lambda: click.get_current_context().exit(3))
    assert run(["lift"]) == 3


def test_sigterm_cleans_up_once_and_gives_143(
    broken_command: Callable[[Callable[[], object]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    steps = []

    def body() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)  # `timeout` sends a second one
            steps.append("cleaned up")

    before = signal.getsignal(signal.SIGTERM)
    broken_command(body)
    assert run(["lift"]) == 143
    assert steps == ["cleaned up"]
    assert capsys.readouterr().err.strip() == "videopose: stopped."
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"])
def test_a_download_can_be_stopped_and_leaves_nothing(tmp_path: Path, number: int, code: int) -> None:
    cache = tmp_path / "cache"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
        environment |= {
            "VIDEOPOSE_CACHE": str(cache),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": f"http://127.0.0.1:{silent.getsockname()[1]}/simple",
            "no_proxy": "127.0.0.1",
        }
        process = subprocess.Popen(
            [*MAIN, "weights", "pull", "sample-two-people"], env=environment, stderr=subprocess.PIPE, text=True
        )
        connection, _ = silent.accept()  # pip asks for the wheel and would wait half a minute
        with connection:
            process.send_signal(number)
            _, error = process.communicate(timeout=20)
    assert process.returncode == code
    assert error == "Fetching sample-two-people ...\nvideopose: stopped.\n"
    assert {path.suffix for path in cache.iterdir()} == {".lock"}


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    process = subprocess.Popen([*MAIN, "weights", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.wait(timeout=20)
    process.stderr.close()
