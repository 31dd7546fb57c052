"""Recipes: TOML files that fill the settings of a training run."""

import math
import tomllib
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

from videopose.data.variation import VariationSettings
from videopose.data.views import ViewSettings
from videopose.errors import InputError


@dataclass(frozen=True, slots=True)
class Stage:
    """One network size; the next stage grows the network without changing what it answers at first."""

    filter_widths: tuple[int, ...]
    """Filter widths of the network; a later stage's begin with the earlier one's."""
    epochs: int
    """Passes of `steps_per_epoch` steps."""
    sequence_frames: int
    """Answers per sequence."""
    batch_size: int
    """Sequences per step."""
    every: int = 1
    """Frames from one answer to the next; a product of the first filter widths."""
    frozen_norms: bool = False
    """Normalise by the running statistics of the stage before: those of few sequences a step are mostly noise."""
    learning_rate: float = 1e-3
    """Highest; falls to 1 % of it towards the end of the stage."""

    def __post_init__(self) -> None:
        spacings = [math.prod(self.filter_widths[:count]) for count in range(len(self.filter_widths) + 1)]
        if self.every not in spacings:
            raise ValueError(f"every must be one of {', '.join(map(str, spacings))}, got {self.every}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training run on synthetic views of motion capture."""

    name: str
    """Name of the resulting weights."""
    stages: tuple[Stage, ...]
    validation_subjects: tuple[str, ...]
    """Subjects kept out of training."""
    subject_weights: dict[str, float] = field(default_factory=dict)
    """Factor on how often a subject's frames are drawn."""
    channels: int = 512
    dropout: float = 0.0
    causal: bool = False
    """True: an answer sees only the frames before it."""
    start: str = ""
    """Weights to begin with, by name or path: a shorter network of the same width; empty: random ones."""
    steps_per_epoch: int = 500
    warmup_steps: int = 300
    """Steps over which each stage's learning rate rises."""
    velocity_weight: float = 2.0
    """Weight of the velocity error (metres per frame) beside the position error (metres)."""
    averaging: float = 0.999
    """Decay per step of the running average of the weights, which is what gets saved."""
    precision: str = "bfloat16"
    """`bfloat16` or `float32` for the convolutions."""
    seed: int = 1
    views: ViewSettings = field(default_factory=ViewSettings)
    variation: VariationSettings = field(default_factory=VariationSettings)


def read_recipe(name: str, **overrides: Any) -> Recipe:
    """Read a recipe by its name in the package or by path.

    Args:
        name: `wild-243` or `path/to/recipe.toml`.
        overrides: values for top-level keys; None leaves the recipe's own.

    Raises:
        InputError: no such recipe, bad TOML, unknown keys or values.
    """
    file = Path(name)
    source = file if file.suffix == ".toml" else resources.files("videopose.pipelines") / f"{name}.toml"
    try:
        table = tomllib.loads(source.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{name}: no such recipe ({error.strerror}). Give a recipe's name or a .toml file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: not a recipe in TOML ({error}). Mend the file.") from error
    table |= {key: value for key, value in overrides.items() if value is not None}
    try:
        views = _build(ViewSettings, table.pop("views", {}))
        stages = tuple(_build(Stage, stage) for stage in table.pop("stages", ()))
        if not stages:
            raise ValueError("at least one [[stages]] is wanted")
        variation = _build(VariationSettings, table.pop("variation", {}))
        recipe: Recipe = _build(Recipe, table | {"stages": stages, "views": views, "variation": variation})
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {error}. Mend the recipe.") from error
    return recipe


def _build(kind: type[Any], values: dict[str, Any]) -> Any:
    known = {item.name for item in fields(kind)}
    unknown = set(values) - known
    if unknown:
        raise ValueError(f"unknown key {min(unknown)!r}, known are {', '.join(sorted(known))}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})
