"""`videopose train`: a lifter from a recipe."""

import os
from dataclasses import asdict
from typing import Any

import click

from videopose.cli.grouped import GroupedCommand
from videopose.cli.recipe_options import check_keys, given_keys, recipe_options, was_given
from videopose.cli.run_options import RunOptions, run_options
from videopose.errors import UsageError


@click.command(cls=GroupedCommand)
@click.argument("recipe")
@run_options
@recipe_options
@click.pass_context
def command(context: click.Context, /, recipe: str, **_: Any) -> None:
    """Train a lifter by RECIPE (a name like h36m-cpn-243 or wild-243, or a TOML file).

    Recipes for archives learn from the folder of archives that `videopose prepare` writes; wild ones, for any video,
    from an archive of `videopose prepare mocap`.

    The run's folder gets log.jsonl (one line per epoch), curves.png, tensorboard/, last.pt (from which the same
    command goes on) and best.safetensors (for `videopose infer --lifter` and `videopose evaluate --lifter`).

    Several processes train archive recipes together: torchrun --nproc-per-node 2 -m videopose.cli.main train ...
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from videopose.train.archive_recipe import is_archive_recipe, read_table

    options = RunOptions.of(context)
    keys = given_keys(context)
    if is_archive_recipe(read_table(recipe)):
        from videopose.cli.archive_training import read_with_keys, train_on_archives

        settings = read_with_keys(recipe, keys)
        if settings.semi_supervised:
            raise UsageError(
                f"{recipe}: has unlabelled subjects. Use `videopose backproject`, or --unlabelled-subjects '' to train "
                "on the labelled ones alone."
            )
        train_on_archives(settings, options)
        return
    for name, flag in (("test", "--no-test"), ("checkpoint_minutes", "--checkpoint-minutes")):
        if was_given(context, name):
            raise UsageError(f"{flag} has no meaning for the recipe {recipe}. Leave it out.")
    _train_on_views(recipe, keys, options)


def _train_on_views(recipe: str, keys: dict[str, Any], options: RunOptions) -> None:
    """Synthetic views of motion capture."""
    from videopose.cli.console import ConsoleProgress
    from videopose.cli.run_options import checkpoint_to_go_on
    from videopose.data.mocap import read_archive
    from videopose.train.loop import Trainer
    from videopose.train.monitor import RunMonitor
    from videopose.train.recipe import Recipe, read_recipe

    check_keys(recipe, Recipe, keys)
    if keys.get("precision", "float32") not in ("float32", "bfloat16"):
        raise UsageError(f"--precision {keys['precision']} is not for the recipe {recipe}. Choose float32 or bfloat16.")
    if keys.get("steps_per_epoch") == 0:
        raise UsageError(f"--steps-per-epoch 0 is not for the recipe {recipe}. Give 1 or more.")
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise UsageError(f"{recipe}: recipes for synthetic views train in one process. Start it without torchrun.")
    settings = read_recipe(recipe, **keys)
    if options.data.is_dir():
        raise UsageError(f"--data {options.data}: is a folder. Give an archive made by `videopose prepare mocap`.")
    device = options.torch_device()
    options.set_threads()
    checkpoint_to_go_on(options)
    trainer = Trainer(settings, read_archive(options.data), options.make_output(), device)
    epochs = sum(stage.epochs for stage in settings.stages)
    progress = ConsoleProgress()
    with RunMonitor(options.output, settings.name, trainer.epoch) as monitor:
        while trainer.epoch < epochs:
            progress.begin(f"epoch {trainer.epoch + 1} of {epochs}", settings.steps_per_epoch, "steps")
            try:
                log = trainer.run_epoch(progress.advance)
            finally:
                progress.end()
            click.echo(
                f"epoch {log.epoch}: train {log.train_mm:.1f} mm, valid {log.valid_mm:.1f} mm "
                f"(P-MPJPE {log.valid_p_mpjpe_mm:.1f}, acceleration {log.valid_acceleration_mm:.2f} mm/frame^2), "
                f"{log.examples_per_s:.0f} examples/s"
            )
            monitor.show(asdict(log))
    click.echo(f"{options.output / 'best.safetensors'}: the averaged weights of the best epoch of the last stage")
