"""Find out what a conversation file is, and read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from memchat.errors import IngestError, UsageError
from memchat.ingest.chatgpt import read_chatgpt
from memchat.ingest.jsonl import read_jsonl
from memchat.ingest.locomo import read_locomo
from memchat.ingest.turns import Conversation

_LISTED = 20


class Format(StrEnum):
    AUTO = "auto"
    LOCOMO = "locomo"
    JSONL = "jsonl"
    CHATGPT = "chatgpt"


def read_conversations(
    path: Path,
    file_format: Format = Format.AUTO,
    conversation: str | None = None,
) -> list[Conversation]:
    """The conversations in the file; only those called `conversation` (id or title) if given.

    Raises IngestError naming file and line when the file is malformed, UsageError when there is
    no such conversation, or several people's ones and none was chosen.
    """
    text = _read(path)
    parsed = None if file_format is Format.JSONL else _parse(text, path)
    found = _detect(parsed, path) if file_format is Format.AUTO else file_format
    if found is Format.JSONL:
        conversations = read_jsonl(text, path)
    elif found is Format.LOCOMO:
        conversations = read_locomo(_objects(parsed, path), path)
    else:
        conversations = read_chatgpt(_objects(parsed, path), path)
    return _choose(conversations, conversation, found, path)


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "Name a conversation file.") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise IngestError(f"{path}, line {line}: not UTF-8 text") from error
    if not text.strip():
        raise IngestError(f"{path}: the file is empty")
    return text


def _parse(text: str, path: Path) -> object:
    """The file as one JSON value; None when it holds one value a line."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if path.suffix == ".jsonl" or _is_object(text.lstrip().split("\n", 1)[0]):
            return None
        raise IngestError(f"{path}, line {error.lineno}: not valid JSON: {error.msg}") from error
    except RecursionError as error:
        raise IngestError(f"{path}: nested too deeply") from error


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (json.JSONDecodeError, RecursionError):
        return False


def _detect(parsed: object, path: Path) -> Format:
    first = parsed[0] if isinstance(parsed, list) and parsed else parsed
    if first is None:
        return Format.JSONL
    if isinstance(first, Mapping):
        for key, format_ in (("conversation", Format.LOCOMO), ("mapping", Format.CHATGPT)):
            if key in first:
                return format_
        if isinstance(parsed, Mapping) and "role" in parsed:
            return Format.JSONL
    raise IngestError(
        f"{path}: neither LoCoMo samples, nor a ChatGPT export, nor JSONL",
        'JSONL has one {"role": "user", "text": "..."} object a line.',
    )


def _objects(parsed: object, path: Path) -> list[Mapping[str, Any]]:
    """A file may hold a list of samples, or one of them alone."""
    objects: list[Mapping[str, Any]] = []
    for number, value in enumerate(parsed if isinstance(parsed, list) else [parsed], 1):
        if not isinstance(value, Mapping):
            raise IngestError(f"{path}, entry {number}: not an object")
        objects.append(value)
    return objects


def _choose(
    conversations: list[Conversation], wanted: str | None, format_: Format, path: Path
) -> list[Conversation]:
    if wanted is None:
        if format_ is Format.LOCOMO and len(conversations) > 1:
            # Different people's lives do not belong in one memory.
            raise UsageError(f"{path}: holds several conversations", _choices(conversations))
        return conversations
    name = wanted.casefold()
    chosen = [each for each in conversations if name in _names(each)]
    if not chosen:
        raise UsageError(f"{path}: no conversation {wanted!r}", _choices(conversations))
    return chosen


def _names(conversation: Conversation) -> set[str]:
    """What it may be called: id, title, title without the id that makes it unique."""
    bare = conversation.title.removesuffix(f" ({conversation.id[:8]})")
    return {name.casefold() for name in (conversation.id, conversation.title, bare)}


def _choices(conversations: list[Conversation]) -> str:
    names = [each.title for each in conversations[:_LISTED]]
    rest = len(conversations) - len(names)
    more = f" and {rest} more" if rest else ""
    return f"Choose one with --conversation: {', '.join(names)}{more}."
