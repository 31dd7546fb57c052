"""Options of a run, whatever its recipe: data, folder, device, how to go on."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from videopose.cli.grouped import with_options
from videopose.errors import InputError, UsageError
from videopose.processors import available_threads

_OPTIONS = (
    click.option(
        "--data", type=click.Path(exists=True, path_type=Path), required=True, metavar="PATH",
        help="Folder of archives, or for wild recipes an archive made by `videopose prepare mocap`.",
    ),
    click.option(
        "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="RUN",
        help="Folder of the run; training goes on from the checkpoint it holds.",
    ),
    click.option("--resume", is_flag=True, help="Go on from RUN/last.pt, and insist on its being there."),
    click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda; auto takes a GPU if any."),
    click.option("--threads", type=click.IntRange(min=1), help="Processor threads of a process.  [default: its share]"),
    click.option(
        "--test/--no-test", default=True, help="Measure the test subjects after each epoch.  [default: test]"
    ),
    click.option(
        "--checkpoint-minutes", type=click.FloatRange(min=0), default=10.0, show_default=True, metavar="MINUTES",
        help="How much of an epoch may be lost when the run is killed.",
    ),
)  # fmt: skip


def run_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a run."""
    return with_options(function, _OPTIONS)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Where and how a run trains."""

    data: Path
    """Folder of archives, or a file."""
    output: Path
    """Folder of the run."""
    resume: bool
    """Insist on a checkpoint."""
    device: str
    threads: int | None
    """None: an even share of the processor for each process of this machine."""
    test: bool
    """Measure the test subjects after each epoch."""
    checkpoint_minutes: float

    @classmethod
    def of(cls, context: click.Context) -> "RunOptions":
        """As the command line gives them."""
        return cls(**{name: context.params[name] for name in cls.__slots__})

    def torch_device(self) -> str:
        """`cpu` or `cuda`.

        Raises:
            UsageError: not available.
        """
        import torch

        there = torch.cuda.is_available()
        if self.device == "auto":
            return "cuda" if there else "cpu"
        if self.device not in ("cpu", "cuda") or (self.device == "cuda" and not there):
            raise UsageError(
                f"--device {self.device}: not available here. Choose cpu, or cuda on a machine with a GPU."
            )
        return self.device

    def set_threads(self) -> None:
        """Tell torch how many threads to use."""
        import torch

        processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        if self.threads or processes > 1:
            torch.set_num_threads(self.threads or max(1, available_threads() // processes))

    def make_output(self) -> Path:
        """The folder of the run, made where it is not there.

        Raises:
            OutputError: it cannot be made.
        """
        from videopose.files import output_error

        try:
            self.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(self.output, error) from error
        return self.output


def checkpoint_to_go_on(options: RunOptions) -> None:
    """Check what `--resume` asks for.

    Raises:
        InputError: there is no checkpoint.
    """
    path = options.output / "last.pt"
    if options.resume and not path.exists():
        raise InputError(f"{path}: does not exist, so there is nothing to go on from. Leave --resume out to begin.")
