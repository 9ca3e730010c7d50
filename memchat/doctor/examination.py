"""All checks, in the order in which they make sense to read."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memchat.config import Settings
from memchat.doctor import models, storage
from memchat.doctor.findings import Finding, run
from memchat.errors import MemchatError

if TYPE_CHECKING:
    from memchat.engine.protocol import Engine

SettingsLoader = Callable[[], Settings]
"""Raises UsageError when the settings are wrong: each check that needs them then says so."""
EngineOpener = Callable[[Settings], "Engine"]


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    finding: Finding


def examine(
    load_settings: SettingsLoader, open_engine: EngineOpener, *, full: bool
) -> Iterator[Check]:
    """Each check as soon as it is done; `full` loads the models too, which takes seconds."""
    yield Check("Python", Finding(platform.python_version()))
    yield Check("settings", run(storage.settings_file))
    yield Check("data directory", run(storage.data_directory))
    yield Check("free disk", run(storage.disk))
    yield Check("SQLite", run(storage.sqlite))
    yield Check("sqlite-vec", run(storage.sqlite_vec))
    yield Check("database", run(storage.database))
    yield Check("other memchat", run(storage.others))
    yield Check("llama.cpp", run(models.llama_cpp))
    yield Check("models", run(lambda: models.files(load_settings())))
    yield Check("free memory", run(lambda: models.memory(load_settings())))
    if full:
        yield from _load_models(load_settings, open_engine)


def _load_models(load_settings: SettingsLoader, open_engine: EngineOpener) -> Iterator[Check]:
    try:
        engine = open_engine(load_settings())
    except MemchatError:
        return  # the checks before have said what is wrong
    try:
        yield Check("embedding", run(lambda: models.embedding(engine)))
        yield Check("generation", run(lambda: models.generation(engine)))
    finally:
        engine.close()
