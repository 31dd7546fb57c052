"""The recipes that come with the package: those for archives say what the paper did, and what it got."""

import re
from dataclasses import fields
from importlib import resources
from pathlib import Path

import pytest

from videopose.errors import InputError
from videopose.train.archive_recipe import ArchiveRecipe, is_archive_recipe, read_archive_recipe, read_table

PAPER = {
    "h36m-cpn-243": ("cpn_ft_h36m_dbb", 243, 80, 46.8, 36.5),
    "h36m-cpn-243-gt-boxes": ("cpn_ft_h36m_gtb", 243, 80, 47.1, 36.8),
    "h36m-cpn-81": ("cpn_ft_h36m_dbb", 81, 80, 47.7, 37.2),
    "h36m-cpn-27": ("cpn_ft_h36m_dbb", 27, 80, 48.8, 38.0),
    "h36m-cpn-1": ("cpn_ft_h36m_dbb", 1, 80, 51.8, 40.0),
    "h36m-maskrcnn-243": ("detectron_ft_h36m", 243, 80, 51.6, 40.3),
    "h36m-gt-243": ("gt", 243, 80, 37.2, 27.2),
    "h36m-cpn-243-causal": ("cpn_ft_h36m_dbb", 243, 80, None, None),
    "h36m-semi-gt-27-s1-10": ("gt", 27, 200, 65.2, None),
    "h36m-supervised-gt-27-s1-10": ("gt", 27, 200, 80.7, None),
    "humaneva-maskrcnn-27": ("detectron_pt_coco", 27, 1000, 33.0, None),
}
"""Keypoints, receptive field, epochs, MPJPE and P-MPJPE in mm: VideoPose3D's tables."""


def names() -> list[str]:
    folder = resources.files("videopose.pipelines")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


@pytest.mark.parametrize("name", PAPER)
def test_a_row_of_the_papers_tables(name: str) -> None:
    keypoints, frames, epochs, mpjpe, p_mpjpe = PAPER[name]
    recipe = read_archive_recipe(name)
    assert (recipe.name, recipe.keypoints, recipe.receptive_field, recipe.epochs) == (name, keypoints, frames, epochs)
    expected = {"mpjpe": mpjpe, "p_mpjpe": p_mpjpe}
    assert recipe.expected_error_mm == {key: value for key, value in expected.items() if value is not None}
    assert (recipe.channels, recipe.dropout, recipe.flip, recipe.stride) == (1024, 0.25, True, 1)
    assert recipe.causal == name.endswith("causal")
    if recipe.dataset == "human36m":
        assert recipe.test_subjects == ("S9", "S11")


def test_settings_that_differ_from_the_usual_ones() -> None:
    semi, twin = (read_archive_recipe(f"h36m-{kind}-gt-27-s1-10") for kind in ("semi", "supervised"))
    for recipe in (semi, twin):
        assert (recipe.train_subjects, recipe.subset, recipe.batch_size) == (("S1",), 0.1, 64)
        assert recipe.learning_rate_decay == 0.98
    assert (semi.unlabelled_subjects, semi.warmup_epochs) == (("S5", "S6", "S7", "S8"), 5)
    assert not twin.semi_supervised
    eva = read_archive_recipe("humaneva-maskrcnn-27")
    assert (eva.dataset, eva.batch_size, eva.learning_rate_decay) == ("humaneva15", 128, 0.996)
    assert eva.actions == ("Walk", "Jog", "Box")
    usual = read_archive_recipe("h36m-cpn-243")
    assert (usual.batch_size, usual.learning_rate, usual.learning_rate_decay) == (1024, 1e-3, 0.95)
    assert (usual.momentum_start, usual.momentum_end) == (0.1, 0.001)


@pytest.mark.parametrize("name", names())
def test_every_recipe_is_named_after_its_file_and_says_how_to_run_it(name: str) -> None:
    table = read_table(name)
    assert table["name"] == name
    comments = (resources.files("videopose.pipelines") / f"{name}.toml").read_text("utf-8")
    if not is_archive_recipe(table):
        return
    recipe = read_archive_recipe(name)
    command = "backproject" if recipe.semi_supervised else "train"
    assert re.search(rf"^#     videopose {command} {name} --data data -o runs/", comments, re.MULTILINE)


def test_twins_on_motion_capture_differ_in_the_unlabelled_part_alone() -> None:
    semi, twin = (read_archive_recipe(f"mocap-{kind}-27") for kind in ("semi", "supervised"))
    differing = {f.name for f in fields(ArchiveRecipe) if getattr(semi, f.name) != getattr(twin, f.name)}
    # The others mean nothing where nobody is unlabelled.
    assert differing <= {"name", "unlabelled_subjects", "warmup_epochs", "solved_place", "each_bone"}
    assert semi.semi_supervised


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "x"\nchannel = 5', "unknown key 'channel', known are actions, batch_size"),
        ('name = "x"\nepochs = 0', "epochs must be a whole number from 1 on, got 0"),
        ('name = "x"\nfilter_widths = [3, 2]', r"filter_widths must be odd numbers, got \[3, 2\]"),
        ('name = "x"\nstride = 2000', "batch_size 1024 is below stride 2000"),
        ("channels = 5", "name"),
        ("name = ", "not a recipe in TOML"),
        ('name = "x"\n[[stages]]', "a recipe for synthetic views"),
    ],
    ids=["key", "epochs", "widths", "stride", "no name", "no toml", "wild"],
)
def test_recipes_that_make_no_sense(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        read_archive_recipe(str(file))
