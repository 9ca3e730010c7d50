"""Recipes: plain data in TOML, checked key by key before anything is loaded."""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from memchat.engine.protocol import Role
from memchat.errors import UsageError
from training.data.samples import Task

RecipeType = TypeVar("RecipeType")

RECIPES = Path(__file__).parent / "recipes"
"""The recipes that ship."""


class Schedule(StrEnum):
    """How the learning rate goes on after the warm-up."""

    COSINE = "cosine"
    LINEAR = "linear"
    CONSTANT = "constant_with_warmup"


@dataclass(frozen=True, slots=True)
class SftRecipe:
    """Supervised fine-tuning of one adapter. Lengths and budgets are in tokens."""

    role: Role
    tasks: dict[Task, float]
    """Share of each task (extract, decide, answer) among the samples; need not add up to 1."""
    data: tuple[str, ...] = ("synthetic",)
    """Sources of samples (see data/sources.py), used evenly."""
    base: str = ""
    """Model to adapt; empty for the embedded one."""
    samples: int = 20_000
    held_out: int = 400
    """Further samples, for validation."""
    seed: int = 1
    steps: int = 0
    """Optimiser steps; 0 for one pass over the samples."""
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    learning_rate: float = 5e-4
    warmup_steps: int = 30
    schedule: Schedule = Schedule.COSINE
    weight_decay: float = 0.0
    max_gradient_norm: float = 1.0
    batch_samples: int = 16
    batch_tokens: int = 4096
    """A batch holds as many samples of one task as fit both limits."""
    accumulation: int = 1
    """Batches per optimiser step."""
    max_tokens: int = 1536
    """Longer samples are left out, and counted."""
    checkpoint_steps: int = 50
    validation_steps: int = 200

    def __post_init__(self) -> None:
        known = {Role.MEMORY: {"extract", "decide"}, Role.ANSWER: {"answer"}}[self.role]
        if not self.tasks or not set(self.tasks) <= known:
            names = " and ".join(sorted(known))
            raise ValueError(f"tasks of the {self.role} adapter are {names}, not {self.tasks}")


def load_recipe(path: Path, recipe_type: type[RecipeType]) -> RecipeType:
    """The recipe in the TOML file `path`; a bare name is one of those that ship.

    Raises UsageError naming the file and the key that is unknown, missing or of a wrong type.
    """
    shipped = RECIPES / f"{path}.toml"
    path = shipped if path.suffix != ".toml" and shipped.is_file() else path
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        names = ", ".join(sorted(file.stem for file in RECIPES.glob("*.toml")))
        raise UsageError(f"{path}: {error.strerror}", f"Recipes that ship: {names}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}", "A recipe is a TOML file.") from error
    return _checked(values, recipe_type, path)


def _checked(values: Mapping[str, Any], recipe_type: type[RecipeType], path: Path) -> RecipeType:
    types = typing.get_type_hints(recipe_type)
    for key, value in values.items():
        if key not in types:
            hint = f"Known keys: {', '.join(types)}."
            raise UsageError(f"{path}: unknown key {key!r}", hint)
        if not _fits(value, types[key]):
            raise UsageError(f"{path}: {key} must be {_words(types[key])}, not {value!r}")
    try:
        return recipe_type(**{key: _converted(value, types[key]) for key, value in values.items()})
    except (TypeError, ValueError) as error:  # a key without default is missing; a bad value
        raise UsageError(f"{path}: {error}") from error


def _fits(value: object, wanted: Any) -> bool:
    if wanted is float:
        return type(value) in (int, float)
    if wanted == tuple[str, ...]:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if typing.get_origin(wanted) is dict:
        return isinstance(value, dict) and all(_fits(item, float) for item in value.values())
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return value in list(wanted)
    return type(value) is wanted


def _converted(value: Any, wanted: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return wanted(value) if isinstance(wanted, type) else value


def _words(wanted: Any) -> str:
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return "one of " + ", ".join(map(repr, wanted))
    names = {
        str: "text",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        tuple[str, ...]: "a list of texts",
    }
    return names.get(wanted, "a table of numbers")
