"""`videopose train`: a lifter from a recipe."""

import os
from pathlib import Path

import click


@click.command()
@click.argument("recipe")
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Archive made by `videopose prepare mocap`.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of the run; training goes on from the checkpoint it holds.",
)
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
@click.option("--threads", type=click.IntRange(min=1), help="Processor threads.  [default: all]")
@click.option("--channels", type=click.IntRange(min=1), help="Width of the network, instead of the recipe's.")
@click.option("--steps-per-epoch", type=click.IntRange(min=1), help="Steps of an epoch, instead of the recipe's.")
@click.option("--precision", type=click.Choice(["float32", "bfloat16"]), help="Arithmetic, instead of the recipe's.")
@click.option("--start", help="Lifter to begin with, by name or file, instead of the recipe's.")
@click.option("--seed", type=int, help="Seed, instead of the recipe's.")
def command(
    recipe: str, data: Path, output: Path, device: str, threads: int | None, channels: int | None,
    steps_per_epoch: int | None, precision: str | None, start: str | None, seed: int | None,
) -> None:  # fmt: skip
    """Train a lifter by RECIPE (a name like wild-243, or a TOML file).

    The run's folder gets log.jsonl (one line per epoch), last.pt (from which the same command goes on) and
    best.safetensors (for `videopose infer --lifter`).
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    from videopose.cli.console import ConsoleProgress
    from videopose.data.mocap import read_archive
    from videopose.errors import UsageError
    from videopose.files import output_error
    from videopose.train.loop import Trainer
    from videopose.train.recipe import read_recipe

    if device not in ("cpu", "cuda") or (device == "cuda" and not torch.cuda.is_available()):
        raise UsageError(f"--device {device}: not available here. Choose cpu, or cuda on a machine with a GPU.")
    if threads:
        torch.set_num_threads(threads)
    settings = read_recipe(
        recipe, channels=channels, steps_per_epoch=steps_per_epoch, precision=precision, start=start, seed=seed
    )
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(output, error) from error
    trainer = Trainer(settings, read_archive(data), output, device)
    progress = ConsoleProgress()
    epochs = sum(stage.epochs for stage in settings.stages)
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
    click.echo(f"{output / 'best.safetensors'}: the averaged weights of the best epoch of the last stage")
