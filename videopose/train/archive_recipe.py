"""Recipes for training on archives of the paper's form: supervised, and with back-projection of unlabelled data."""

import math
import tomllib
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

from videopose.errors import InputError

PRECISIONS = ("auto", "bfloat16", "tf32", "float32")


@dataclass(frozen=True, slots=True)
class ArchiveRecipe:
    """A training run; the paper's own settings are the defaults.

    Raises:
        ValueError: values that make no sense.
    """

    name: str
    """Name of the resulting weights."""
    dataset: str = "human36m"
    """`human36m` or `humaneva15`."""
    keypoints: str = "gt"
    """Which 2D archive: `gt`, `cpn_ft_h36m_dbb`, ..."""
    train_subjects: tuple[str, ...] = ("S1", "S5", "S6", "S7", "S8")
    test_subjects: tuple[str, ...] = ("S9", "S11")
    unlabelled_subjects: tuple[str, ...] = ()
    """Of whom only the 2D keypoints and cameras are used, by back-projection."""
    actions: tuple[str, ...] = ()
    """Beginnings of actions' names; empty: all."""
    subset: float = 1.0
    """Share of the labelled frames: one run of frames of each recording."""
    downsample: int = 1
    """Keep every n-th frame of all data."""
    filter_widths: tuple[int, ...] = (3, 3, 3, 3, 3)
    """Architecture: odd widths, whose product is the receptive field."""
    channels: int = 1024
    dropout: float = 0.25
    causal: bool = False
    """An answer sees only the frames before it."""
    dense: bool = False
    """Full kernels instead of dilated ones."""
    start: str = ""
    """Weights to begin with, by name or path: of this network, or of a shorter one of the same width; empty: random."""
    stride: int = 1
    """Answers of a training example, in a row."""
    flip: bool = True
    """Train on mirror images too."""
    batch_size: int = 1024
    """Answers per step, of all processes together."""
    epochs: int = 60
    steps_per_epoch: int = 0
    """0: an epoch is a pass over all examples."""
    learning_rate: float = 1e-3
    learning_rate_decay: float = 0.95
    """Factor on the learning rate per epoch."""
    momentum_start: float = 0.1
    """BatchNorm's momentum at first: share of a batch's statistics in the running ones."""
    momentum_end: float = 0.001
    """What it falls to, exponentially, by the last epoch."""
    warmup_epochs: int = 1
    """Epochs of back-projection before the unlabelled data counts."""
    projection_loss: bool = True
    """Compare projections of unlabelled predictions with their keypoints."""
    solved_place: bool = False
    """Project poses from where they fit their keypoints best, not from where the trajectory network puts them: not in
    the paper."""
    linear_projection: bool = False
    """Project without lens distortion."""
    bone_loss: bool = True
    """Keep unlabelled people's mean bone lengths those of labelled ones."""
    each_bone: bool = False
    """Compare every single bone with that mean, not only the means of both: not in the paper."""
    precision: str = "auto"
    """`bfloat16`, `tf32` (GPU), `float32`, or `auto`: bfloat16 where it is fast."""
    fast: bool = True
    """By matrix products; False: by the plain network."""
    seed: int = 1
    expected_error_mm: dict[str, float] = field(default_factory=dict)
    """What the paper reports for the run: `mpjpe`, `p_mpjpe`."""

    def __post_init__(self) -> None:
        def check(good: bool, problem: str) -> None:
            if not good:
                raise ValueError(problem)

        check(self.dataset in ("human36m", "humaneva15"), f"dataset {self.dataset!r} is not human36m or humaneva15")
        check(bool(self.train_subjects) and bool(self.test_subjects), "train_subjects and test_subjects want a name")
        widths = self.filter_widths
        odd = bool(widths) and all(isinstance(width, int) and width > 0 and width % 2 for width in widths)
        check(odd, f"filter_widths must be odd numbers, got {list(widths)}")
        for name in ("channels", "stride", "batch_size", "epochs", "downsample"):
            value = getattr(self, name)
            check(isinstance(value, int) and value >= 1, f"{name} must be a whole number from 1 on, got {value!r}")
        for name in ("steps_per_epoch", "warmup_epochs", "seed"):
            value = getattr(self, name)
            check(isinstance(value, int) and value >= 0, f"{name} must be a whole number from 0 on, got {value!r}")
        check(0 < self.subset <= 1, f"subset must lie between 0 and 1, got {self.subset!r}")
        check(0 <= self.dropout < 1, f"dropout must lie between 0 and 1, got {self.dropout!r}")
        for name in ("learning_rate", "learning_rate_decay", "momentum_start", "momentum_end"):
            value = getattr(self, name)
            check(0 < value < math.inf, f"{name} must be a positive number, got {value!r}")
        check(self.batch_size >= self.stride, f"batch_size {self.batch_size} is below stride {self.stride}")
        check(self.precision in PRECISIONS, f"precision {self.precision!r} is not one of {', '.join(PRECISIONS)}")

    @property
    def receptive_field(self) -> int:
        """Frames that an answer depends on."""
        return math.prod(self.filter_widths)

    @property
    def semi_supervised(self) -> bool:
        """Whether subjects are named whose data counts without labels."""
        return bool(self.unlabelled_subjects)


def read_table(name: str) -> dict[str, Any]:
    """A recipe's keys and values, by its name in the package or by path.

    Raises:
        InputError: no such recipe, or bad TOML.
    """
    file = Path(name)
    source = file if file.suffix == ".toml" else resources.files("videopose.pipelines") / f"{name}.toml"
    try:
        return tomllib.loads(source.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{name}: no such recipe ({error.strerror}). Give a recipe's name or a .toml file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: not a recipe in TOML ({error}). Mend the file.") from error


def is_archive_recipe(table: dict[str, Any]) -> bool:
    """Whether a recipe's table is for archives; those for synthetic views have stages."""
    return "stages" not in table


def read_archive_recipe(name: str, **overrides: Any) -> ArchiveRecipe:
    """Read a recipe by its name in the package or by path.

    Args:
        name: `h36m-cpn-243` or `path/to/recipe.toml`.
        overrides: values for keys; None leaves the recipe's own.

    Raises:
        InputError: no such recipe, bad TOML, unknown keys or values, or a recipe for synthetic views.
    """
    table = read_table(name)
    if not is_archive_recipe(table):
        raise InputError(f"{name}: a recipe for synthetic views of motion capture. Choose one for archives.")
    table |= {key: value for key, value in overrides.items() if value is not None}
    known = {item.name for item in fields(ArchiveRecipe)}
    try:
        if unknown := set(table) - known:
            raise ValueError(f"unknown key {min(unknown)!r}, known are {', '.join(sorted(known))}")
        values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
        return ArchiveRecipe(**values)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {error}. Mend the recipe.") from error
