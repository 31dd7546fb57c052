"""`videopose backproject`: a lifter from little labelled and much unlabelled data."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from videopose.cli.grouped import GroupedCommand, GroupedOption
from videopose.cli.recipe_options import given_keys, recipe_options
from videopose.cli.run_options import RunOptions, run_options
from videopose.errors import UsageError

if TYPE_CHECKING:
    from videopose.data.poses import PoseData
    from videopose.train.archive_recipe import ArchiveRecipe

_GROUP = "Unlabelled data of one's own"


@click.command(cls=GroupedCommand)
@click.argument("recipe")
@run_options
@click.option(
    "--unlabelled",
    cls=GroupedOption,
    group=_GROUP,
    metavar="custom:NAME",
    help="data_2d_custom_NAME.npz in the folder of archives, made by `videopose prepare custom`.",
)
@click.option(
    "--videos",
    cls=GroupedOption,
    group=_GROUP,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Find and follow people in these videos; RUN/tracks keeps what was found.",
)
@click.option(
    "--focal",
    cls=GroupedOption,
    group=_GROUP,
    type=click.FloatRange(min=1.0),
    metavar="PIXELS",
    help="Focal length of their cameras.",
)
@click.option(
    "--fov",
    cls=GroupedOption,
    group=_GROUP,
    type=click.FloatRange(1.0, 179.0),
    metavar="DEGREES",
    help="Field of view of their cameras along the longer side.  [default: 55]",
)
@recipe_options
@click.pass_context
def command(
    context: click.Context, /, recipe: str, unlabelled: str | None, videos: Path | None, focal: float | None,
    fov: float | None, **_: Any,
) -> None:  # fmt: skip
    """Train a lifter by RECIPE with labelled subjects, and others of whom only the keypoints are looked at.

    Predictions for the unlabelled part are projected back into its pictures and compared with the keypoints there.
    It consists of the recipe's unlabelled subjects, and of videos of one's own where they are given; these want
    COCO's keypoints in the labelled part too.

    The run's folder gets the same files as that of `videopose train`.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from videopose.cli.archive_training import read_with_keys, train_on_archives

    options = RunOptions.of(context)
    settings = read_with_keys(recipe, given_keys(context))
    own = unlabelled is not None or videos is not None
    if not settings.semi_supervised and not own:
        raise UsageError(
            f"{recipe}: has no unlabelled subjects. Use `videopose train`, or give --unlabelled-subjects, --unlabelled "
            "or --videos."
        )
    if focal is not None and fov is not None:
        raise UsageError("--focal and --fov say the same. Give one of them.")
    if not own and (focal is not None or fov is not None):
        raise UsageError("--focal and --fov are for --unlabelled and --videos. Leave them out: cameras are known.")

    def find(run: Path) -> "PoseData | None":
        return _own_data(settings, options, run, unlabelled, videos, focal, fov)

    train_on_archives(settings, options, find if own else None)


def _own_data(
    recipe: "ArchiveRecipe", options: RunOptions, run: Path, unlabelled: str | None, videos: Path | None,
    focal: float | None, fov: float | None,
) -> "PoseData | None":  # fmt: skip
    from videopose.cli.console import ConsoleProgress
    from videopose.train.archive_data import joined
    from videopose.train.unlabelled import check_layout, poses_of_archive, poses_of_tracks, track_videos

    found = []
    if videos is not None:
        check_layout(options.data, recipe)
    if unlabelled is not None:
        found.append(poses_of_archive(options.data, unlabelled, recipe, focal, fov))
    if videos is not None:
        # Of the processes of one machine the first one does it.
        others = os.environ.get("LOCAL_RANK", "0") != "0"
        files = track_videos(videos, run / "tracks", threads=options.threads, progress=ConsoleProgress(), waits=others)
        found.append(poses_of_tracks(files, recipe, focal, fov))
        if not others:
            frames = len(found[-1])
            click.echo(f"{videos}: {len(found[-1].sequences)} people in {len(files)} videos, {frames} frames")
    return joined(found)
