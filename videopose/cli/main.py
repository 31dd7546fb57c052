"""The `videopose` command: finds subcommands without importing them, and turns errors into sentences and exit codes."""

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from types import FrameType
from typing import Any

import click

from videopose import __version__
from videopose.errors import VideoposeError, one_line, unexpected_sentence

COMMANDS = {
    "infer": "Turn a video of people into 3D motion files.",
    "batch": "Turn folders of videos into 3D motion files.",
    "view": "Show results in the browser: video, 3D, time line, curves.",
    "report": "Judge results: plots and plain verdicts.",
    "export": "Write results in the formats of other programs.",
    "render": "Draw results on their video again.",
    "lift": "Lift 2D keypoints of a file to 3D joints.",
    "detect": "Find people and their 2D keypoints.",
    "prepare": "Turn raw datasets into training archives.",
    "train": "Train a lifter from a recipe.",
    "backproject": "Train a lifter with unlabelled data too.",
    "evaluate": "Measure how far a lifter is from known 3D.",
    "demo": "Fetch a sample clip and run the whole way on it.",
    "weights": "List, fetch and check weights and samples.",
    "doctor": "Describe this installation, for bug reports.",
}
"""Help by name; the command `NAME` is `command` in `videopose.cli.NAME`, imported only when it is called."""

EXIT_STOPPED = 130
EXIT_TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM came. Whatever cleans up after Ctrl-C cleans up after this too."""


class Stopped(BaseException):
    """The command was stopped. Click does not know this one; for KeyboardInterrupt it would print an empty line."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


@dataclass
class Settings:
    """Global options."""

    debug: bool = False
    """Show tracebacks."""


class LazyGroup(click.Group):
    """A group whose subcommands are modules that are imported when called, not when listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the subcommands of this installation."""
        return [name for name in COMMANDS if find_spec(f"videopose.cli.{name}") is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one subcommand."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"videopose.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; every way of stopping it ends in `Stopped`, after its cleaning up."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Stopped(EXIT_TERMINATED if isinstance(error, Terminated) else EXIT_STOPPED) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands from the table: click would import each of them for its help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="videopose", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show tracebacks of errors.")
@click.pass_context
def cli(context: click.Context, debug: bool) -> None:
    """From ordinary video of people to 3D motion."""
    context.ensure_object(Settings).debug = debug
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _pass_over(signum: int, frame: FrameType | None) -> None:
    """Do nothing; with SIG_IGN Python would complain of a signal that came just before."""


@contextmanager
def stopping_once() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGINT and `Terminated` on SIGTERM, so that context managers clean up; once only."""
    # who started us may want Ctrl-C ignored: `nohup`, a script's `command &`
    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) != signal.SIG_IGN]

    def stop(signum: int, frame: FrameType | None) -> None:
        # a second one (`timeout` sends two, people are impatient) must not break the cleaning up
        for number in numbers:
            signal.signal(number, _pass_over)
        raise Terminated if signum == signal.SIGTERM else KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; problems become one sentence on stderr.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C, 143 by SIGTERM; a command that returns
        a number returns its exit code.
    """
    settings = Settings()
    try:
        with stopping_once():
            try:
                result = cli.main(list(arguments), prog_name="videopose", standalone_mode=False, obj=settings)
                if sys.stdout is not None:
                    sys.stdout.flush()
                return result if isinstance(result, int) else 0
            except BaseException as error:
                if settings.debug and not isinstance(error, SystemExit):
                    traceback.print_exc()
                raise
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        return _say(_usage_sentence(error), error.exit_code)
    except VideoposeError as error:
        return _say(str(error), error.exit_code)
    except Stopped as error:
        if sys.stderr.isatty() and error.exit_code == EXIT_STOPPED:
            click.echo(err=True)  # the terminal has just written ^C
        return _say("stopped.", error.exit_code)
    except (KeyboardInterrupt, click.Abort) as error:
        terminated = isinstance(error, Terminated) or isinstance(error.__cause__, Terminated)
        return _say("stopped.", EXIT_TERMINATED if terminated else EXIT_STOPPED)
    except BrokenPipeError:
        # whoever read our output has enough; point stdout elsewhere, or the interpreter complains when it flushes
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _say(unexpected_sentence(error), 1)


def _say(sentence: str, exit_code: int) -> int:
    with suppress(OSError):
        print(f"videopose: {one_line(sentence)}", file=sys.stderr, flush=True)
    return exit_code


def _usage_sentence(error: click.ClickException) -> str:
    sentence = error.format_message().strip().replace("\n", " ")
    if not isinstance(error, click.UsageError):
        return sentence
    command = error.ctx.command_path if error.ctx is not None else "videopose"
    end = "" if sentence.endswith((".", "?")) else "."
    return f"{sentence}{end} See `{command} --help`."


def main() -> None:
    """Entry point of the console script."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # started with this stream closed: no file of ours may get its number
            os.open(os.devnull, os.O_RDWR)
    # a second signal while the interpreter winds up must neither show a traceback nor change the exit code
    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) != signal.SIG_IGN]
    for number in numbers:
        signal.signal(number, _pass_over)
    code = run(sys.argv[1:])
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(code)


if __name__ == "__main__":
    main()
