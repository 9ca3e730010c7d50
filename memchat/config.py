"""Settings, read from a TOML file and checked key by key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from memchat import paths
from memchat.errors import StorageError, UsageError
from memchat.keys import check_keys


def _between(default: Any, low: float, high: float) -> Any:  # noqa: ANN401 (dataclasses.field is Any)
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user may set. The defaults are right for the embedded models."""

    model: str = ""
    """Path of a GGUF file or a name of the catalogue; empty means the embedded model."""
    threads: int = _between(0, 0, 1024)
    """CPU threads of the language model; 0 means cores - 1, at least 1."""
    context_tokens: int = _between(8192, 1024, 1_048_576)
    """Context window of the Answer Agent."""
    memory_context_tokens: int = _between(4096, 1024, 1_048_576)
    """Context window of the Memory Manager."""
    max_candidates: int = _between(60, 0, 60)
    """Most memories and turns put before the Answer Agent."""
    candidate_tokens: int = _between(1024, 0, 65_536)
    """Most tokens these may take together."""
    max_answer_tokens: int = _between(512, 1, 65_536)
    temperature: float = _between(0.7, 0.0, 2.0)
    """0 is greedy and deterministic."""
    top_k: int = _between(40, 0, 1000)
    top_p: float = _between(0.95, 0.0, 1.0)
    min_p: float = _between(0.05, 0.0, 1.0)
    repeat_penalty: float = _between(1.1, 0.5, 2.0)


SETTINGS: Mapping[str, Field[Any]] = {each.name: each for each in fields(Settings)}
"""Each setting by its key, in the order of the documentation."""


KEYS = "keys"
"""The table that binds keys."""


def load_settings(path: Path | None = None) -> Settings:
    """The settings in `path` (default: paths.config_file()); the defaults when there is no file.

    Raises UsageError naming file, line and key; StorageError when the file cannot be read.
    """
    path = path or paths.config_file()
    return check_settings(read_settings(path), path)


def read_settings(path: Path) -> str:
    """The file's text; empty when there is none. Raises UsageError and StorageError."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text", "Save the file as UTF-8.") from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", "Check the file's permissions.") from error


def check_settings(text: str, path: Path) -> Settings:
    """The settings that `text` holds. Raises UsageError naming file, line and key."""
    tables = _parse(text, path)
    check_keys(tables.get(KEYS, {}), text, path)
    checked: dict[str, Any] = {
        key: check_value(key, value, f"{path}, line {line_of(key, text)}: ")
        for key, value in tables.items()
        if key != KEYS
    }
    settings = Settings(**checked)
    _check_window(settings, path)
    return settings


def check_value(key: str, value: object, where: str = "") -> str | int | float:
    """`value` as that setting takes it. Raises UsageError whose message starts with `where`."""
    setting = SETTINGS.get(key)
    if setting is None:
        raise UsageError(f"{where}unknown key {key!r}", f"Known keys: {', '.join(SETTINGS)}.")
    checked = _typed(key, value, type(setting.default), where)
    limits = setting.metadata
    if limits and not limits["low"] <= checked <= limits["high"]:
        allowed = f"{limits['low']} to {limits['high']}"
        raise UsageError(f"{where}{key} is {value}", f"Allowed: {allowed}.")
    return checked


def line_of(key: str, text: str) -> int:
    """Where `key` is set, counted from 1. tomllib does not keep positions."""
    pattern = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
    matches = (n for n, line in enumerate(text.splitlines(), 1) if pattern.match(line))
    return next(matches, 1)


def _parse(text: str, path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}", "The file must be valid TOML.") from error


def _typed(key: str, value: object, wanted: type[Any], where: str) -> str | int | float:
    """`value` as `wanted`. A whole number may stand for a float; a boolean is no number."""
    if wanted is float and type(value) is int:
        return float(value)
    if isinstance(value, str | int | float) and type(value) is wanted:
        return value
    names = {str: "text in quotes", int: "a whole number", float: "a number"}
    raise UsageError(f"{where}{key} must be {names[wanted]}, not {value!r}")


def _check_window(settings: Settings, path: Path) -> None:
    reserved = settings.candidate_tokens + settings.max_answer_tokens
    if reserved >= settings.context_tokens:
        raise UsageError(
            f"{path}: candidate_tokens + max_answer_tokens ({reserved}) leave no room "
            f"in context_tokens ({settings.context_tokens})",
            "Raise context_tokens or lower one of the others.",
        )
