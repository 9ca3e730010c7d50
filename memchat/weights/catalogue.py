"""The models known by name, read from models/catalogue.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
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
class DownloadableWeights:
    """A GGUF file to fetch, pinned: `url` names a commit, `sha256` what must come from there."""

    name: str
    file: str
    """Its name in the models folder."""
    url: str
    bytes: int
    sha256: str
    licence: str
    context_tokens: int
    """What the model was made for, not what a chat uses."""
    memory: int
    """Bytes of RAM that a chat takes with the default windows."""
    note: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    models: tuple[PackagedWeights, ...]
    embedders: tuple[PackagedWeights, ...]
    downloads: tuple[DownloadableWeights, ...]
    """The better, the later."""

    @property
    def names(self) -> list[str]:
        """What a model may be called by."""
        return [entry.name for entry in self.models] + [entry.name for entry in self.downloads]

    def model(self, name: str) -> PackagedWeights | None:
        return next((entry for entry in self.models if entry.name == name.lower()), None)

    def download(self, name: str) -> DownloadableWeights | None:
        return next((entry for entry in self.downloads if entry.name == name.lower()), None)

    @property
    def default_model(self) -> PackagedWeights:
        return next(entry for entry in self.models if entry.default)

    @property
    def default_embedder(self) -> PackagedWeights:
        return next(entry for entry in self.embedders if entry.default)

    def recommended(self, memory: int) -> DownloadableWeights | None:
        """The best download for a machine with so many bytes of RAM; None when all are too big."""
        fitting = [each for each in self.downloads if each.memory <= memory * _MOST_OF_MEMORY]
        return fitting[-1] if fitting else None


_MOST_OF_MEMORY = 0.7
"""Share that a chat may take: a browser wants to run beside it."""


def models_folder() -> Path:
    """The data that ships: inside an installed wheel, or the top of a source tree."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_models"
    return installed if installed.is_dir() else package.parent / "models"


@cache
def catalogue() -> Catalogue:
    with (models_folder() / "catalogue.toml").open("rb") as file:
        tables: dict[str, list[dict[str, Any]]] = tomllib.load(file)
    return Catalogue(
        models=tuple(PackagedWeights(**table) for table in tables["model"]),
        embedders=tuple(PackagedWeights(**table) for table in tables["embedder"]),
        downloads=tuple(DownloadableWeights(**table) for table in tables["download"]),
    )


def nearest(name: str, names: list[str]) -> str:
    """A hint that names what may have been meant, or all there is."""
    close = get_close_matches(name.lower(), names, n=1)
    return f"Did you mean {close[0]}?" if close else f"There are: {', '.join(names)}."
