"""What `videopose train` and `videopose backproject` do on archives."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from videopose.cli.recipe_options import check_keys
from videopose.cli.run_options import RunOptions, checkpoint_to_go_on
from videopose.errors import UsageError
from videopose.train.archive_recipe import ArchiveRecipe, read_archive_recipe

if TYPE_CHECKING:
    from videopose.data.poses import PoseData
    from videopose.progress import Progress
    from videopose.train.archive_loop import ArchiveEpoch, ArchiveTrainer

SHOWN_EVERY_S = 2.0
"""Seconds between looks at the loss of the epoch so far: each one waits for the device."""


def read_with_keys(name: str, keys: dict[str, Any]) -> ArchiveRecipe:
    """A recipe with some keys changed.

    Raises:
        InputError: the recipe cannot be read.
        UsageError: keys that it does not have, or values that make no sense.
    """
    recipe = read_archive_recipe(name)
    check_keys(name, ArchiveRecipe, keys)
    try:
        return replace(recipe, **keys)
    except ValueError as error:
        raise UsageError(f"{name}: {error}. Change the option.") from error


def train_on_archives(
    recipe: ArchiveRecipe, options: RunOptions, unlabelled: "Callable[[Path], PoseData | None] | None" = None
) -> None:
    """Train to the end of the recipe.

    Args:
        recipe: what to do.
        options: where.
        unlabelled: gives further data without labels; is called with the folder of the run.

    Raises:
        VideoposeError: the data is missing or does not fit the recipe, or a file cannot be written.
    """
    if not options.data.is_dir():
        raise UsageError(
            f"--data {options.data}: is no folder. Give the folder of the archives data_3d_* and data_2d_*."
        )
    device = options.torch_device()
    checkpoint_to_go_on(options)
    options.set_threads()
    from videopose.cli.console import ConsoleProgress
    from videopose.progress import SilentProgress
    from videopose.train.archive_data import open_training_data
    from videopose.train.archive_loop import ArchiveTrainer
    from videopose.train.distributed import process_group, rank
    from videopose.train.monitor import RunMonitor

    run = options.make_output()
    # Before the processes meet: following people in videos may take longer than they wait for each other.
    own_data = unlabelled(run) if unlabelled else None
    with process_group(device) as own:
        data = open_training_data(options.data, recipe, own_data)
        trainer = ArchiveTrainer(recipe, data, options.output, own, checkpoint_s=60 * options.checkpoint_minutes)
        progress = ConsoleProgress() if rank() == 0 else SilentProgress()
        # Only the first process writes.
        watching = RunMonitor(options.output, recipe.name, trainer.epoch) if rank() == 0 else nullcontext()
        with watching as monitor:
            while trainer.epoch < recipe.epochs:
                with _shown(f"epoch {trainer.epoch + 1} of {recipe.epochs}", trainer, progress) as report:
                    log = trainer.run_epoch(report, options.test)
                if monitor:
                    click.echo(_line(log))
                    monitor.show(log.to_json())
        if rank() == 0:
            click.echo(f"{options.output / 'best.safetensors'}: the weights of the best epoch")


@contextmanager
def _shown(title: str, trainer: "ArchiveTrainer", progress: "Progress") -> Iterator[Callable[[int], None]]:
    """A stage of the progress for an epoch, with the loss so far."""
    looked = time.monotonic()

    def report(steps: int) -> None:
        nonlocal looked
        progress.advance(steps)
        if time.monotonic() - looked > SHOWN_EVERY_S:
            looked = time.monotonic()
            progress.describe(f"{title}, {trainer.running_mm:.1f} mm")

    progress.begin(title, trainer.steps, "steps")
    try:
        yield report
    finally:
        progress.end()


def _line(log: "ArchiveEpoch") -> str:
    """An epoch for the console."""
    tested = "" if log.valid_mm is None else f", valid {log.valid_mm:.1f} mm"
    parts = "".join(f", {key.removesuffix('_mm')} {value:.4g}" for key, value in log.parts.items())
    return f"epoch {log.epoch}: train {log.train_mm:.1f} mm{tested}{parts}, {log.examples_per_s:.0f} examples/s"
