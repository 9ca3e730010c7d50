"""The models known by name, read from models/catalogue.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class PackagedWeights:
    """Weights inside an installed Python package. `file` is relative to that package."""

    name: str
    file: str
    package: str
    distribution: str
    licence: str
    default: bool = False
    bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    models: tuple[PackagedWeights, ...]
    embedders: tuple[PackagedWeights, ...]

    def model(self, name: str) -> PackagedWeights | None:
        return next((entry for entry in self.models if entry.name == name.lower()), None)

    @property
    def default_model(self) -> PackagedWeights:
        return next(entry for entry in self.models if entry.default)

    @property
    def default_embedder(self) -> PackagedWeights:
        return next(entry for entry in self.embedders if entry.default)


def models_folder() -> Path:
    """The data that ships: inside an installed wheel, or the top of a source tree."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_models"
    return installed if installed.is_dir() else package.parent / "models"


@cache
def catalogue() -> Catalogue:
    with (models_folder() / "catalogue.toml").open("rb") as file:
        tables = tomllib.load(file)
    return Catalogue(models=_entries(tables, "model"), embedders=_entries(tables, "embedder"))


def _entries(tables: dict[str, Any], key: str) -> tuple[PackagedWeights, ...]:
    return tuple(PackagedWeights(**table) for table in tables.get(key, []))
