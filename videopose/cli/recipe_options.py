"""Options that repeat a recipe's keys, in titled groups, for the commands that train."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import click
from click.core import ParameterSource

from videopose.cli.grouped import GroupedOption
from videopose.errors import UsageError
from videopose.train.archive_recipe import PRECISIONS

_COUNT = click.IntRange(min=1)
_FROM_ZERO = click.IntRange(min=0)
_SHARE = click.FloatRange(0, 1, max_open=True)
_POSITIVE = click.FloatRange(min=0, min_open=True)


def _names(text: str) -> tuple[str, ...]:
    """Words separated by commas; an empty text is an empty list."""
    words = tuple(word.strip() for word in text.split(",")) if text.strip() else ()
    if "" in words:
        raise click.BadParameter(f"{text!r} has an empty name.")
    return words


def _widths(text: str) -> tuple[int, ...]:
    """Whole numbers separated by commas."""
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a list of whole numbers like 3,3,3.") from error


def _errors(text: str) -> dict[str, float]:
    """`mpjpe=46.8,p_mpjpe=36.5`."""
    try:
        return {name.strip(): float(number) for name, number in (part.split("=") for part in text.split(","))}
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not of the form mpjpe=46.8,p_mpjpe=36.5.") from error


@dataclass(frozen=True, slots=True)
class RecipeOption:
    """A recipe's key as an option."""

    key: str
    """Field of a recipe."""
    group: str
    """Title of the help's section."""
    help: str
    """What it means, with its unit."""
    kind: Any
    """What click takes as a type; `bool` makes `--key/--no-key`."""
    metavar: str | None = None

    def build(self) -> GroupedOption:
        """For click."""
        flag = "--" + self.key.replace("_", "-")
        names = [self.key, f"{flag}/--no-{flag[2:]}" if self.kind is bool else flag]
        group = f"{self.group} (default: the recipe's)"
        return GroupedOption(names, group=group, type=self.kind, metavar=self.metavar, help=self.help, default=None)


OPTIONS = (
    RecipeOption("dataset", "Data", "Which archives.", click.Choice(["human36m", "humaneva15"])),
    RecipeOption("keypoints", "Data", "Which 2D: NAME of data_2d_..._NAME.npz.", click.STRING, "NAME"),
    RecipeOption("train_subjects", "Data", "Subjects with labels.", _names, "A,B"),
    RecipeOption("test_subjects", "Data", "Subjects to measure on.", _names, "A,B"),
    RecipeOption(
        "unlabelled_subjects", "Data", "Subjects whose labels are not looked at (back-projection).", _names, "A,B"
    ),
    RecipeOption("actions", "Data", "Only actions whose names begin so; empty: all.", _names, "A,B"),
    RecipeOption(
        "subset", "Data", "Share of the labelled frames: one run of each recording, 0 to 1.",
        click.FloatRange(0, 1, min_open=True), "NUMBER",
    ),
    RecipeOption("downsample", "Data", "Keep every n-th frame.", _COUNT, "N"),
    RecipeOption("flip", "Data", "Train on mirror images too.", bool),
    RecipeOption("filter_widths", "Network", "Odd widths, whose product is the receptive field.", _widths, "3,3,.."),
    RecipeOption("channels", "Network", "Width of the network.", _COUNT, "N"),
    RecipeOption("dropout", "Network", "Share of activations left out in training.", _SHARE, "NUMBER"),
    RecipeOption("causal", "Network", "Look at the frames before an answer only.", bool),
    RecipeOption("dense", "Network", "Full kernels instead of dilated ones.", bool),
    RecipeOption("start", "Network", "Lifter to begin with, as wide and not longer.", click.STRING, "NAME|FILE"),
    RecipeOption("stride", "Training", "Answers of a training example, in a row.", _COUNT, "FRAMES"),
    RecipeOption("batch_size", "Training", "Answers per step, of all processes together.", _COUNT, "FRAMES"),
    RecipeOption("epochs", "Training", "How many epochs.", _COUNT, "N"),
    RecipeOption("steps_per_epoch", "Training", "Steps of an epoch; 0: a pass over all examples.", _FROM_ZERO, "N"),
    RecipeOption("learning_rate", "Training", "Of Adam, in the first epoch.", _POSITIVE, "NUMBER"),
    RecipeOption("learning_rate_decay", "Training", "Factor on the learning rate per epoch.", _POSITIVE, "NUMBER"),
    RecipeOption("momentum_start", "Training", "BatchNorm: share of a batch in the statistics.", _POSITIVE, "NUMBER"),
    RecipeOption("momentum_end", "Training", "What it falls to by the last epoch.", _POSITIVE, "NUMBER"),
    RecipeOption("seed", "Training", "Of all random numbers.", _FROM_ZERO, "N"),
    RecipeOption("warmup_epochs", "Back-projection", "Epochs before the unlabelled data counts.", _FROM_ZERO, "N"),
    RecipeOption("projection_loss", "Back-projection", "Compare projected predictions with the keypoints.", bool),
    RecipeOption("solved_place", "Back-projection", "Project poses from where they fit best.", bool),
    RecipeOption("linear_projection", "Back-projection", "Project without lens distortion.", bool),
    RecipeOption("bone_loss", "Back-projection", "Keep mean bone lengths those of the labelled people.", bool),
    RecipeOption("each_bone", "Back-projection", "Compare every single bone with that mean, not the means.", bool),
    RecipeOption("precision", "Speed", "Arithmetic of the matrix products.", click.Choice(PRECISIONS)),
    RecipeOption("fast", "Speed", "Train by matrix products, or by the plain network.", bool),
    RecipeOption(
        "expected_error_mm", "Result", "Errors to compare with, mm.", _errors, "mpjpe=N,p_mpjpe=N"
    ),
)  # fmt: skip
"""Of every recipe; what is not given is the recipe's own."""


def recipe_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command every option of OPTIONS; use it as the innermost decorator."""
    click_params = [option.build() for option in OPTIONS]
    # click keeps decorators' parameters in the reverse order
    function.__click_params__ = [*reversed(click_params), *getattr(function, "__click_params__", [])]  # type: ignore[attr-defined]
    return function


def given_keys(context: click.Context) -> dict[str, Any]:
    """The recipe's keys that the command line gives, with their values."""
    keys = [option.key for option in OPTIONS]
    return {key: context.params[key] for key in keys if was_given(context, key)}


def was_given(context: click.Context, name: str) -> bool:
    """Whether the command line has a parameter."""
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def check_keys(recipe: str, kind: type[Any], keys: dict[str, Any]) -> None:
    """Refuse keys that this kind of recipe does not have.

    Raises:
        UsageError: names the option.
    """
    known = {item.name for item in fields(kind)}
    for key in keys:
        if key not in known:
            raise UsageError(f"--{key.replace('_', '-')} has no meaning for the recipe {recipe}. Leave it out.")
