"""Rows to dataclasses: the columns to select, and the one place that knows their order."""

from __future__ import annotations

import json
from collections.abc import Sequence

from memchat.bank.connection import Row
from memchat.bank.times import decode, decode_optional
from memchat.bank.types import (
    Actor,
    Chat,
    Delivery,
    Event,
    Fact,
    Memory,
    MemoryState,
    Message,
    Op,
    Provenance,
    State,
    Use,
)

CHAT = """
    id, title, kind, created_at, updated_at,
    (SELECT count(*) FROM messages WHERE chat_id = chats.id)
"""
MESSAGE = """
    id, chat_id, role, text, said_at, speaker, delivery, memory_state, facts, facts_done,
    external_id, reply_to, model, failure
"""
MEMORY = """
    id, text, subject, state, pinned, edited, created_at, updated_at, valid_from, valid_to,
    source_message, superseded_by
"""
EVENT = """
    id, op, actor, at, memory_id, old_memory_id, message_id, fact, old, new, proposed,
    correction, undoes, undone_by, model, adapter, prompt_version
"""


def chat(row: Row) -> Chat:
    id_, title, kind, created_at, updated_at, messages = row
    return Chat(id_, title, kind, decode(created_at), decode(updated_at), messages)


def message(row: Row) -> Message:
    id_, chat_id, role, text, said_at, speaker, delivery, memory_state, facts, *rest = row
    facts_done, external_id, reply_to, model, failure = rest
    return Message(
        id=id_,
        chat_id=chat_id,
        role=role,
        text=text,
        said_at=decode(said_at),
        speaker=speaker,
        delivery=Delivery(delivery),
        memory_state=MemoryState(memory_state),
        facts=decode_facts(facts),
        facts_done=facts_done,
        external_id=external_id,
        reply_to=reply_to,
        model=model,
        failure=failure,
    )


def memory(row: Row) -> Memory:
    id_, text, subject, state, pinned, edited, created_at, updated_at, *rest = row
    valid_from, valid_to, source_message, superseded_by = rest
    return Memory(
        id=id_,
        text=text,
        subject=subject,
        state=State(state),
        pinned=bool(pinned),
        edited=bool(edited),
        created_at=decode(created_at),
        updated_at=decode(updated_at),
        valid_from=decode_optional(valid_from),
        valid_to=decode_optional(valid_to),
        source_message=source_message,
        superseded_by=superseded_by,
    )


def event(row: Row) -> Event:
    id_, op, actor, at, memory_id, old_memory_id, message_id, fact, old, new, *rest = row
    proposed, correction, undoes, undone_by, *provenance = rest
    return Event(
        id=id_,
        op=Op(op),
        actor=Actor(actor),
        at=decode(at),
        memory_id=memory_id,
        old_memory_id=old_memory_id,
        message_id=message_id,
        fact=fact,
        old=old,
        new=new,
        proposed=proposed,
        correction=correction,
        undoes=undoes,
        undone_by=undone_by,
        provenance=Provenance(*provenance),
    )


def use(row: Row) -> Use:
    kind, item_id, cited = row
    return Use(kind, item_id, bool(cited))


def encode_facts(facts: Sequence[Fact]) -> str:
    return json.dumps([[fact.text, fact.subject] for fact in facts], ensure_ascii=False)


def decode_facts(text: str | None) -> tuple[Fact, ...]:
    return tuple(Fact(*fact) for fact in json.loads(text)) if text else ()
