"""Question sets over conversations, whichever benchmark they come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from memchat.errors import IngestError, UsageError
from memchat.ingest.turns import Conversation


@dataclass(frozen=True, slots=True)
class Question:
    """A question. `evidence` holds the external ids of the turns that its gold answer rests on."""

    id: str
    text: str
    gold: str
    category: str
    evidence: tuple[str, ...]
    asked_at: datetime | None
    """When it is asked; None for when the conversation ended."""
    unanswerable: bool = False
    """The conversation does not say: abstaining is the right answer, and `gold` is empty."""


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation and the questions about it."""

    conversation: Conversation
    questions: tuple[Question, ...]

    @property
    def id(self) -> str:
        return self.conversation.id


def read_objects(path: Path) -> list[Mapping[str, Any]]:
    """The objects of a JSON list, or of a JSONL file.

    Raises UsageError when it cannot be read, IngestError naming the line that is malformed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "Name a data file.") from error
    values = _parse_list(text, path) if text.lstrip().startswith("[") else _parse_lines(text, path)
    for number, value in enumerate(values, 1):
        if not isinstance(value, Mapping):
            raise IngestError(f"{path}, entry {number}: not an object")
    return values


def _parse_list(text: str, path: Path) -> list[Any]:
    try:
        values: list[Any] = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise IngestError(f"{path}, line {line}: not valid JSON: {error}") from error
    return values


def _parse_lines(text: str, path: Path) -> list[Any]:
    values = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                values.append(json.loads(line))
            except (json.JSONDecodeError, RecursionError) as error:
                raise IngestError(f"{path}, line {number}: not valid JSON: {error}") from error
    return values


def text_field(value: Mapping[str, Any], key: str, where: str) -> str:
    """`value[key]` as text. Raises IngestError when it is missing or neither text nor a number."""
    found = value.get(key)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        raise IngestError(f'{where}: "{key}" is missing, or not text')
    return str(found)
