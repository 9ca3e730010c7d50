"""conversations.json of a ChatGPT data export: a tree of messages per conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from memchat.errors import IngestError
from memchat.ingest.turns import Conversation, IngestTurn, parse_date
from memchat.text import valid_unicode

_TEXT_TYPES = ("text", "multimodal_text")


def read_chatgpt(exported: Sequence[Mapping[str, Any]], path: Path) -> list[Conversation]:
    """Every conversation along its current branch; those without any text are left out."""
    conversations = (_conversation(each, n, path) for n, each in enumerate(exported, 1))
    return [conversation for conversation in conversations if conversation.turns]


def _conversation(exported: Mapping[str, Any], number: int, path: Path) -> Conversation:
    mapping = exported.get("mapping")
    if not isinstance(mapping, Mapping):
        raise IngestError(f'{path}, conversation {number}: "mapping" is not an object')
    identity = str(exported.get("conversation_id") or exported.get("id") or number)
    title = valid_unicode(str(exported.get("title") or "Untitled"))
    branch = _branch(mapping, exported.get("current_node"))
    turns = tuple(_turns(branch, exported.get("create_time")))
    # Many have the same title, and the title finds the chat again on resuming.
    return Conversation(identity, f"{title} ({identity[:8]})", turns)


def _branch(mapping: Mapping[str, Any], current: object) -> list[Mapping[str, Any]]:
    """The messages from the root to `current`; without one, to the newest leaf."""
    known = isinstance(current, str) and current in mapping
    node_id = current if known else _newest_leaf(mapping)
    branch: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    while isinstance(node_id, str) and node_id not in seen:
        seen.add(node_id)
        node = mapping.get(node_id)
        if not isinstance(node, Mapping):
            break
        if isinstance(node.get("message"), Mapping):
            branch.append(node["message"])
        node_id = node.get("parent")
    return branch[::-1]


def _newest_leaf(mapping: Mapping[str, Any]) -> str | None:
    """Exports list nodes in the order they were made."""
    leaves = [
        key
        for key, node in mapping.items()
        if isinstance(node, Mapping) and not node.get("children")
    ]
    return leaves[-1] if leaves else None


def _turns(branch: list[Mapping[str, Any]], created: object) -> Iterator[IngestTurn]:
    said_at = parse_date(created)
    for number, message in enumerate(branch, 1):
        said_at = parse_date(message.get("create_time")) or said_at
        role, text = _role(message), _text(message)
        if role and text:
            identity = str(message.get("id") or f"message-{number}")
            yield IngestTurn(identity, role, "", text, said_at)


def _role(message: Mapping[str, Any]) -> Literal["user", "assistant"] | None:
    """None for system and tool messages, calls of tools, and what the person never saw."""
    author, metadata = message.get("author"), message.get("metadata")
    role = author.get("role") if isinstance(author, Mapping) else None
    hidden = isinstance(metadata, Mapping) and metadata.get("is_visually_hidden_from_conversation")
    if hidden or message.get("recipient") not in (None, "all"):
        return None
    if role == "user":
        return "user"
    return "assistant" if role == "assistant" else None


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if not isinstance(content, Mapping) or content.get("content_type") not in _TEXT_TYPES:
        return ""
    parts = content.get("parts") or []
    texts = [part for part in parts if isinstance(part, str)] if isinstance(parts, list) else []
    return valid_unicode("\n".join(texts)).strip()
