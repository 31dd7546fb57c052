"""`videopose demo`: the first run, on a real sample."""

import os
from pathlib import Path

import click


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Folder for the results.",
)
@click.option("--overwrite", is_flag=True, help="Replace results that exist.")
def command(output: Path, overwrite: bool) -> None:
    """Fetch a sample clip (two people, 8 seconds) and turn it into 3D motion."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from videopose.assets import asset_path
    from videopose.cli.console import ConsoleProgress
    from videopose.cli.summary import print_summary
    from videopose.pipeline import infer
    from videopose.progress import Fetching
    from videopose.settings import InferSettings

    progress = ConsoleProgress()
    with Fetching("sample clip", progress) as fetching:
        clip = asset_path("sample-two-people", progress=fetching)
    result = infer(str(clip), output, InferSettings(overwrite=overwrite), progress)
    print_summary(result)
    click.echo(f"\nLook at {next(path for path in result.files if path.suffix == '.mp4')} first.")
    click.echo(f"In 3D, in the browser: videopose view {next(path for path in result.files if path.suffix == '.npz')}")
    click.echo("Then try your own: videopose infer VIDEO -o out")
