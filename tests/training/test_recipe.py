"""A recipe is checked before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from memchat.engine.protocol import Role
from memchat.errors import UsageError
from training.recipe import RECIPES, Schedule, SftRecipe, load_recipe

GOOD = 'role = "memory"\n[tasks]\nextract = 1\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", sorted(RECIPES.glob("sft-*.toml")), ids=lambda path: path.stem)
def test_recipes_that_ship_are_good(path: Path) -> None:
    assert load_recipe(path, SftRecipe).role in path.stem


def test_a_shipped_recipe_goes_by_its_name() -> None:
    assert load_recipe(Path("sft-memory"), SftRecipe).role is Role.MEMORY


def test_what_is_not_said_is_the_default(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, f'schedule = "linear"\n{GOOD}'), SftRecipe)
    assert recipe == SftRecipe(Role.MEMORY, {"extract": 1}, schedule=Schedule.LINEAR)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (f"learning_rat = 1e-4\n{GOOD}", "unknown key 'learning_rat'"),
        (f'rank = "16"\n{GOOD}', "rank must be a whole number"),
        (f"rank = true\n{GOOD}", "rank must be a whole number"),
        (f'learning_rate = "high"\n{GOOD}', "learning_rate must be a number"),
        (f'data = "synthetic"\n{GOOD}', "data must be a list of texts"),
        (f'schedule = "wild"\n{GOOD}', "schedule must be one of"),
        ('role = "memory"\n[tasks]\nanswer = 1\n', "tasks of the memory adapter are"),
        ('role = "memory"\n[tasks]\n', "tasks of the memory adapter are"),
        ('role = "memory"\n', "tasks"),
        ("role = ", "recipe.toml"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong):
        load_recipe(written(tmp_path, text), SftRecipe)


def test_a_missing_recipe_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        load_recipe(tmp_path / "none.toml", SftRecipe)
    assert "sft-memory" in raised.value.hint
