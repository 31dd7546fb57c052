"""The data of a run on archives: what it learns from, with and without labels, and what it is judged on."""

from dataclasses import dataclass
from pathlib import Path

from videopose.data.open_archives import open_poses
from videopose.data.poses import PoseData
from videopose.errors import InputError, UsageError
from videopose.train.archive_recipe import ArchiveRecipe


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a run works on; all of one layout."""

    labelled: PoseData
    test: PoseData
    unlabelled: PoseData | None = None
    """Of whom only keypoints and cameras are used; None: supervised training."""

    def __post_init__(self) -> None:
        ours = self.labelled.layout_in, self.labelled.layout_out
        for other in (self.test, self.unlabelled):
            if other is not None and (other.layout_in, other.layout_out) != ours:
                raise InputError(
                    f"{other.name} has {other.layout_in} keypoints for {other.layout_out} joints, but "
                    f"{self.labelled.name} {ours[0]} and {ours[1]}. "
                    "Choose data of one kind."
                )


def open_training_data(folder: Path, recipe: ArchiveRecipe, unlabelled: PoseData | None = None) -> TrainingData:
    """Read the archives of a recipe.

    Args:
        folder: with the archives that `videopose prepare` writes.
        recipe: which subjects and actions, and what part of them.
        unlabelled: further data without labels, beside the recipe's unlabelled subjects.

    Raises:
        InputError: an archive is missing or broken, layouts differ, or true joints or cameras are not known.
        UsageError: subjects or actions that are not there, or one subject in two roles.
    """
    roles = [*recipe.train_subjects, *recipe.test_subjects, *recipe.unlabelled_subjects]
    if twice := sorted({name for name in roles if roles.count(name) > 1}):
        raise UsageError(
            f"{recipe.name}: subject {twice[0]} has two roles. Name it once, to train, test or unlabelled."
        )
    everything = open_poses(folder, recipe.dataset, recipe.keypoints)
    actions = recipe.actions or None
    labelled = everything.select(recipe.train_subjects, actions, recipe.subset, recipe.downsample)
    # Neither what is judged nor what has no labels is ever cut short.
    test = everything.select(recipe.test_subjects, actions, 1.0, recipe.downsample)
    sources = [] if unlabelled is None else [unlabelled]
    if recipe.unlabelled_subjects:
        sources.append(everything.select(recipe.unlabelled_subjects, actions, 1.0, recipe.downsample))
    for data in (labelled, test):
        if bare := [sequence.name for sequence in data.sequences if sequence.joints is None]:
            raise InputError(f"{data.name}: the true joints of {bare[0]} are not known. Choose other subjects.")
    return TrainingData(labelled, test, joined(sources) if sources else None)


def joined(sources: list[PoseData]) -> PoseData:
    """Several kinds of data as one.

    Raises:
        InputError: their layouts differ.
    """
    first = sources[0]
    for other in sources[1:]:
        if (other.layout_in, other.layout_out) != (first.layout_in, first.layout_out):
            raise InputError(
                f"{other.name} has {other.layout_in} keypoints, but {first.name} {first.layout_in}. "
                "Choose unlabelled data with the same keypoints."
            )
    if len(sources) == 1:
        return first
    name = " and ".join(source.name for source in sources)
    sequences = tuple(sequence for source in sources for sequence in source.sequences)
    return PoseData(name, first.layout_in, first.layout_out, first.frame_rate, sequences)
