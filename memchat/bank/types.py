"""What the bank stores, as the rest of memchat sees it. Rows come out frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal


class State(StrEnum):
    """A memory is active until an UPDATE supersedes it or a DELETE hides it. Both can be undone."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    DELETED = "deleted"


class Op(StrEnum):
    """What an event did."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    NOOP = "NOOP"
    EDIT = "EDIT"
    PIN = "PIN"
    UNPIN = "UNPIN"
    UNDO = "UNDO"
    FORGET = "FORGET"
    SUGGEST = "SUGGEST"
    """An UPDATE or DELETE of a pinned or user-edited memory: it waits for a yes or a no."""
    DISMISS = "DISMISS"


class Actor(StrEnum):
    """Who caused an event."""

    MANAGER = "manager"
    USER = "user"
    IMPORT = "import"


class MemoryState(StrEnum):
    """Where a message stands in the memory queue."""

    NONE = "none"
    """Never queued: not the user's words, or memory was paused or off."""
    PENDING = "pending"
    EXTRACTED = "extracted"
    """Its facts are saved; some may be decided already (`facts_done`)."""
    DONE = "done"
    FAILED = "failed"


class Delivery(StrEnum):
    """How a message ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    """Still streaming, or cut by a crash."""
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Chat:
    id: int
    title: str
    kind: Literal["chat", "ingest", "ask"]
    created_at: datetime
    updated_at: datetime
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """One extracted statement, third person and self-contained."""

    text: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    id: int
    chat_id: int
    role: Literal["user", "assistant"]
    text: str
    said_at: datetime
    speaker: str = ""
    """Name of the person, for conversations between people; empty for the user of memchat."""
    delivery: Delivery = Delivery.COMPLETE
    memory_state: MemoryState = MemoryState.NONE
    facts: tuple[Fact, ...] = ()
    facts_done: int = 0
    external_id: str = ""
    reply_to: int | None = None
    model: str = ""
    failure: str = ""
    """Why the memory work on it failed."""


@dataclass(frozen=True, slots=True)
class Memory:
    id: int
    text: str
    subject: str
    state: State
    pinned: bool
    edited: bool
    """The user wrote or corrected this text: the manager may only suggest changes."""
    created_at: datetime
    updated_at: datetime
    valid_from: datetime | None
    valid_to: datetime | None
    source_message: int | None
    superseded_by: int | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """What produced an operation, recorded with each event."""

    model: str = ""
    adapter: str = ""
    prompt_version: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One decision of the Memory Manager about one fact, after the guards.

    `text` is the new memory's text for ADD and UPDATE. `target` is the memory that UPDATE and
    DELETE name, and the one a NOOP found the fact in (if any). `proposed` is what the model said
    when a guard changed it, and `correction` names that guard.
    """

    op: Literal[Op.ADD, Op.UPDATE, Op.DELETE, Op.NOOP]
    fact: Fact
    text: str = ""
    target: int | None = None
    proposed: str = ""
    correction: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the append-only log. `old` and `new` are the memory's text before and after."""

    id: int
    op: Op
    actor: Actor
    at: datetime
    memory_id: int | None = None
    """The memory as it is after the event: the new row of an UPDATE, the hidden one of a DELETE."""
    old_memory_id: int | None = None
    """The row that an UPDATE superseded."""
    message_id: int | None = None
    fact: str = ""
    old: str = ""
    new: str = ""
    proposed: str = ""
    correction: str = ""
    undoes: int | None = None
    undone_by: int | None = None
    provenance: Provenance = field(default_factory=Provenance)


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result: a memory, or a raw user turn."""

    kind: Literal["memory", "turn"]
    id: int
    text: str
    at: datetime
    """valid_from of a memory, said_at of a turn."""
    score: float
    """Relevance to the query; only its order within one search means anything."""
    similarity: float | None = None
    """Cosine similarity to the query; None when it is not among the nearest by meaning."""
    speaker: str = ""
    source_message: int | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """A memory or turn that was put before the model for a message."""

    kind: Literal["memory", "turn"]
    id: int
    cited: bool
    """The model named it before it answered."""
