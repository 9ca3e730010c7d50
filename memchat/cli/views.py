"""How rows of the bank are shown: as JSON objects, and as lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from memchat.bank.types import Chat, Event, Hit, Memory, Message, Op, State
from memchat.errors import NotFoundError
from memchat.marks import OF_OPERATION

if TYPE_CHECKING:
    from memchat.bank.bank import Bank

Json = dict[str, Any]
_WORDS = {Op.EDIT: "edited", Op.UNPIN: "unpinned", Op.SUGGEST: "suggested"}
"""Where the pane's word says what to press, or shows one mark for two operations."""


def day(at: datetime | None) -> str:
    """`2023-05-08`, in local time; empty for None."""
    return at.astimezone().strftime("%Y-%m-%d") if at else ""


def minute(at: datetime) -> str:
    """`2023-05-08 13:56`, in local time."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M")


def title_of(text: str) -> str:
    """A chat's title from its first message: one line of at most 60 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59].rstrip() + "…"


def speaker(message: Message) -> str:
    return message.speaker or ("You" if message.role == "user" else "Assistant")


def excerpt(text: str, word: str, width: int) -> str:
    """About `width` characters of `text`, on one line, around the first `word` in any case."""
    line = " ".join(text.split())
    found = max(0, line.casefold().find(word.casefold()))
    start = max(0, min(found - width // 3, len(line) - width))
    end = start + width
    return ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")


def source_of(bank: Bank, memory: Memory) -> Message | None:
    """The message that the memory came from; None when the user wrote it or it is gone."""
    if memory.source_message is None:
        return None
    try:
        return bank.message(memory.source_message)
    except NotFoundError:
        return None


def memory_json(memory: Memory, source: Message | None) -> Json:
    return {
        "id": memory.id,
        "text": memory.text,
        "subject": memory.subject,
        "state": memory.state.value,
        "pinned": memory.pinned,
        "edited": memory.edited,
        "created_at": _stamp(memory.created_at),
        "updated_at": _stamp(memory.updated_at),
        "valid_from": _stamp(memory.valid_from),
        "valid_to": _stamp(memory.valid_to),
        "superseded_by": memory.superseded_by,
        "source": _source_json(source),
    }


def event_json(event: Event) -> Json:
    return {
        "id": event.id,
        "op": event.op.value,
        "actor": event.actor.value,
        "at": _stamp(event.at),
        "memory": event.memory_id,
        "old_memory": event.old_memory_id,
        "message": event.message_id,
        "fact": event.fact,
        "old": event.old,
        "new": event.new,
        "proposed": event.proposed,
        "correction": event.correction,
        "undoes": event.undoes,
        "undone_by": event.undone_by,
        "model": event.provenance.model,
        "adapter": event.provenance.adapter,
        "prompt_version": event.provenance.prompt_version,
    }


def message_json(message: Message) -> Json:
    return {
        "id": message.id,
        "role": message.role,
        "speaker": message.speaker,
        "text": message.text,
        "said_at": _stamp(message.said_at),
        "delivery": message.delivery.value,
        "memory": message.memory_state.value,
        "reply_to": message.reply_to,
        "model": message.model,
    }


def chat_json(chat: Chat) -> Json:
    return {
        "id": chat.id,
        "title": chat.title,
        "kind": chat.kind,
        "created_at": _stamp(chat.created_at),
        "updated_at": _stamp(chat.updated_at),
        "messages": chat.messages,
    }


def hit_json(hit: Hit) -> Json:
    return {
        "kind": hit.kind,
        "id": hit.id,
        "text": hit.text,
        "date": _stamp(hit.at),
        "speaker": hit.speaker,
        "score": hit.score,
        "similarity": hit.similarity,
        "pinned": hit.pinned,
    }


def event_line(event: Event) -> str:
    """`~ Lives in Porto → Lives in Lisbon (updated)`: a glyph, the texts, and a word."""
    mark = OF_OPERATION[event.op]
    before, after = event.old, event.new or event.fact
    if event.op is Op.DELETE:
        text = before
    else:
        text = f"{before} → {after}" if before and after and before != after else after or before
    words = [_WORDS.get(event.op, mark.word), event.correction, "undone" if event.undone_by else ""]
    return f"{mark.glyph} {text} ({', '.join(word for word in words if word)})"


def state_words(memory: Memory) -> str:
    """`pinned`, `superseded 2023-05-08`; empty for a plain active memory."""
    words = ["pinned"] if memory.pinned else []
    if memory.state is not State.ACTIVE:
        words.append(f"{memory.state.value} {day(memory.valid_to)}".strip())
    return ", ".join(words)


def memory_rows(memories: Iterable[Memory]) -> list[tuple[str, str, str, str]]:
    """id, date, text, state."""
    return [
        (str(each.id), day(each.valid_from or each.created_at), each.text, state_words(each))
        for each in memories
    ]


def memory_details(memory: Memory, source: Message | None) -> list[tuple[str, str]]:
    """What `memory show` prints below the text: name and value, only what there is."""
    details = {
        "about": memory.subject,
        "state": state_words(memory) or memory.state.value,
        "since": day(memory.valid_from),
        "changed": minute(memory.updated_at),
        "replaced by": str(memory.superseded_by or ""),
        "said": f"{minute(source.said_at)} {source.speaker}".strip() if source else "",
        "quote": source.text if source else "",
    }
    return [(name, value) for name, value in details.items() if value]


def _source_json(message: Message | None) -> Json | None:
    if message is None:
        return None
    return {
        "message_id": message.id,
        "chat_id": message.chat_id,
        "text": message.text,
        "speaker": message.speaker,
        "date": _stamp(message.said_at),
    }


def _stamp(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
