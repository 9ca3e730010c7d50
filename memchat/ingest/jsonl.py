"""Plain JSONL: one {"role", "text", "date"?, "speaker"?} object a line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from memchat.errors import IngestError
from memchat.ingest.turns import Conversation, IngestTurn, parse_date
from memchat.text import valid_unicode

_HINT = 'Each line is an object like {"role": "user", "text": "...", "date": "2023-05-08"}.'


def read_jsonl(text: str, path: Path) -> list[Conversation]:
    """The one conversation in `text`. Raises IngestError naming `path` and the line."""
    return [Conversation(path.name, path.stem, tuple(_turns(text, path)))]


def _turns(text: str, path: Path) -> Iterator[IngestTurn]:
    last_date: datetime | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            turn = _turn(number, line, last_date)
        except ValueError as error:
            raise IngestError(f"{path}, line {number}: {error}", _HINT) from error
        last_date = turn.said_at
        yield turn


def _turn(number: int, line: str, last_date: datetime | None) -> IngestTurn:
    """Raises ValueError saying what is wrong. A turn without a date has the one before's."""
    fields = _object(line)
    role, text, speaker = fields.get("role"), fields.get("text"), fields.get("speaker") or ""
    if role not in ("user", "assistant"):
        raise ValueError(f'"role" must be "user" or "assistant", not {role!r}')
    if not isinstance(text, str) or not text.strip():
        raise ValueError('"text" is missing, empty or not text')
    if not isinstance(speaker, str):
        raise ValueError(f'"speaker" must be text, not {speaker!r}')  # noqa: TRY004
    said_at = last_date if fields.get("date") is None else parse_date(fields["date"])
    if fields.get("date") is not None and said_at is None:
        raise ValueError(f'"date" is not an ISO 8601 date: {fields["date"]!r}')
    # A line that was changed since is another turn: its number alone would hide the change.
    digest = hashlib.sha256(line.strip().encode("utf-8", "replace")).hexdigest()[:12]
    return IngestTurn(
        f"{number}-{digest}", role, valid_unicode(speaker), valid_unicode(text), said_at
    )


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not valid JSON: {error.msg} (column {error.colno})") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004
    return value
