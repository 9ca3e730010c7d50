"""A chat as a file: Markdown to read, JSON to process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from memchat.bank.types import Chat, Message
from memchat.errors import StorageError, UsageError

FORMATS = (".md", ".json")


def file_name(chat: Chat) -> str:
    """A name for the file from the chat's title: letters, digits and dashes."""
    plain = "".join(each if each.isalnum() else "-" for each in chat.title.lower())
    words = [word for word in plain.split("-") if word][:8]
    return f"{'-'.join(words) or f'chat-{chat.id}'}.md"


def export(chat: Chat, messages: Sequence[Message], path: Path) -> None:
    """Write the chat to a new file; its suffix says how. Raises UsageError, StorageError."""
    if path.suffix not in FORMATS:
        raise UsageError(f"{path.name} ends in neither .md nor .json.", "Name it chat.md, say.")
    text = as_json(chat, messages) if path.suffix == ".json" else as_markdown(chat, messages)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already.", "Choose another name.") from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", "Choose another place.") from error


def as_markdown(chat: Chat, messages: Sequence[Message]) -> str:
    """The title as a heading, then each message under who said it and when."""
    parts = [f"# {chat.title or f'Chat {chat.id}'}"]
    for message in messages:
        who = message.speaker or ("You" if message.role == "user" else "memchat")
        parts.append(f"**{who}** · {message.said_at:%Y-%m-%d %H:%M}\n\n{message.text}")
    return "\n\n".join(parts) + "\n"


def as_json(chat: Chat, messages: Sequence[Message]) -> str:
    """Title, id and time of the chat, and its messages with role, text and date."""
    return json.dumps(
        {
            "id": chat.id,
            "title": chat.title,
            "created_at": chat.created_at.isoformat(),
            "messages": [
                {"role": each.role, "text": each.text, "date": each.said_at.isoformat()}
                for each in messages
            ],
        },
        ensure_ascii=False,
        indent=2,
    )
