"""The models at hand: embedded ones, those in the models folder, and those that could be there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from memchat import paths
from memchat.errors import ModelError, NotFoundError
from memchat.weights.catalogue import (
    DownloadableWeights,
    PackagedWeights,
    catalogue,
    nearest,
)
from memchat.weights.discover import find_model
from memchat.weights.files import is_whole, part_of

SUFFIX = ".gguf"


class Availability(StrEnum):
    EMBEDDED = "embedded"
    HERE = "here"
    """In the models folder, fetched or put there by hand."""
    PARTIAL = "partial"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model of the library. `bytes` is its whole size, `here` what of it is on this machine."""

    name: str
    availability: Availability
    path: Path
    """Where the file is, or would be."""
    bytes: int
    here: int
    pin: PackagedWeights | DownloadableWeights | None
    """What the catalogue says of it; None for files that are not from there."""

    @property
    def sha256(self) -> str:
        return self.pin.sha256 if self.pin else ""


def entries() -> list[ModelEntry]:
    """All of them: the embedded ones, the catalogue's, then other files of the models folder."""
    return [*_embedded(), *map(_downloadable, catalogue().downloads), *_others()]


def find_entry(name: str) -> ModelEntry:
    """By its name in any case, or by its file's. Raises NotFoundError."""
    known = entries()
    for entry in known:
        if name.lower() in (entry.name.lower(), entry.path.name.lower()):
            return entry
    raise NotFoundError(
        f"There is no model {name!r}.", nearest(name, [entry.name for entry in known])
    )


def remove(entry: ModelEntry) -> None:
    """Delete the file, or what has come of it so far. Embedded models stay (ModelError)."""
    if entry.availability is Availability.EMBEDDED:
        raise ModelError(f"{entry.name} is part of the program.", "It can only be left unused.")
    try:
        for path in (entry.path, part_of(entry.path)):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(
            f"{entry.path} cannot be removed: {error.strerror}.", "Make its folder writable."
        ) from error


def _embedded() -> Iterator[ModelEntry]:
    for weights in catalogue().models:
        try:
            path = find_model(weights.name)
        except ModelError:
            continue  # its package is not installed: `memchat doctor` says so
        yield ModelEntry(
            weights.name, Availability.EMBEDDED, path, weights.bytes, path.stat().st_size, weights
        )


def _downloadable(weights: DownloadableWeights) -> ModelEntry:
    path = paths.models_dir() / weights.file
    part = part_of(path)
    if is_whole(path, weights):
        availability, here = Availability.HERE, weights.bytes
    elif part.is_file():
        availability, here = Availability.PARTIAL, part.stat().st_size
    else:
        availability, here = Availability.ABSENT, 0
    return ModelEntry(weights.name, availability, path, weights.bytes, here, weights)


def _others() -> Iterator[ModelEntry]:
    pinned = {weights.file for weights in catalogue().downloads}
    for path in sorted(paths.models_dir().glob(f"*{SUFFIX}")):
        if path.name not in pinned and path.is_file():
            size = path.stat().st_size
            yield ModelEntry(path.stem, Availability.HERE, path, size, size, None)
