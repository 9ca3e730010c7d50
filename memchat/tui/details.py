"""Everything there is to say about one memory, for the inspector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.content import Content

from memchat.bank.bank import Bank
from memchat.bank.types import Event, Memory, Message, State
from memchat.errors import NotFoundError
from memchat.marks import MUTED, OF_OPERATION
from memchat.text import printable
from memchat.tui.ages import age

QUOTE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Details:
    """Everything the inspector shows about one memory."""

    memory: Memory
    now: datetime
    source: Message | None = None
    source_chat: str = ""
    """Title of the chat of `source`; empty when it is the one on screen."""
    history: Sequence[Event] | None = None
    """Events of all its versions, oldest first; None while the history is folded."""


def read(
    bank: Bank, memory: Memory, now: datetime, *, chat_id: int | None, history: bool
) -> Details:
    """Look up what belongs to a memory; `chat_id` is the chat on screen."""
    said = source(bank, memory)
    elsewhere = said is not None and said.chat_id != chat_id
    return Details(
        memory,
        now,
        source=said,
        source_chat=bank.chat(said.chat_id).title if said and elsewhere else "",
        history=bank.history(memory.id) if history else None,
    )


def source(bank: Bank, memory: Memory) -> Message | None:
    """The message that a memory came from, if there is one and it is still there."""
    if memory.source_message is None:
        return None
    try:
        return bank.message(memory.source_message)
    except NotFoundError:
        return None


def describe(details: Details) -> Content:
    """The details as styled lines, every text of the bank made printable."""
    memory, now = details.memory, details.now
    lines = [
        Content.styled(printable(memory.text), "bold"),
        Content.styled(" · ".join(_standing(memory, now)), MUTED),
    ]
    if details.source:
        lines += _quote(details.source, details.source_chat, now)
    if details.history is not None:
        lines.append(Content.styled("History", "bold $foreground 60%"))
        lines += [_entry(event, now) for event in details.history]
    return Content("\n").join(lines)


def _standing(memory: Memory, now: datetime) -> list[str]:
    parts = [] if memory.state is State.ACTIVE else [_removed(memory, now)]
    parts += ["pinned"] if memory.pinned else []
    parts += ["edited by you"] if memory.edited else []
    return [*parts, f"since {age(memory.valid_from or memory.created_at, now)}"]


def _removed(memory: Memory, now: datetime) -> str:
    word = "replaced" if memory.state is State.SUPERSEDED else "removed"
    return f"{word} {age(memory.valid_to, now)}" if memory.valid_to else word


def _quote(source: Message, chat: str, now: datetime) -> list[Content]:
    text = printable(source.text[:QUOTE_CHARACTERS], multiline=False)
    more = "…" if len(source.text) > QUOTE_CHARACTERS else ""
    where = f"in “{printable(chat, multiline=False)}”" if chat else "in this chat"
    who = printable(source.speaker, multiline=False) or "you"
    return [
        Content.styled(f"“{text}{more}”", "italic"),
        Content.styled(f"{who}, {age(source.said_at, now)}, {where} · g goes there", MUTED),
    ]


def _entry(event: Event, now: datetime) -> Content:
    mark = OF_OPERATION[event.op]
    undone = ", undone" if event.undone_by is not None else ""
    text = printable(event.new or event.old, multiline=False)
    return Content.assemble(
        (f"{mark.glyph} ", mark.style),
        f"{mark.word} ",
        (f"{age(event.at, now)} by {event.actor.value}{undone}", MUTED),
        ("\n  " + text if text else "", MUTED if event.undone_by else ""),
    )
