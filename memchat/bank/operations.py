"""The Memory Manager's decisions, and the suggestions that some of them become."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from memchat.bank import rows
from memchat.bank.event_log import Cause
from memchat.bank.index import blob
from memchat.bank.memories import Draft, MemoryStore
from memchat.bank.store import memory_text
from memchat.bank.types import Actor, Event, Memory, Op, Operation, Provenance, State
from memchat.engine.protocol import Vector
from memchat.errors import NotFoundError, StaleFactError, UsageError

TARGET_GONE = "target gone"
UNKNOWN = Provenance()

_OPEN = """
    op = 'SUGGEST' AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.settles = events.id)
"""


class Operations(MemoryStore):
    def apply(
        self,
        operation: Operation,
        *,
        vector: Vector | None,
        message_id: int | None,
        actor: Actor = Actor.MANAGER,
        provenance: Provenance = UNKNOWN,
        at: datetime | None = None,
        fact_index: int | None = None,
    ) -> Event:
        """Carry out one operation; `at` is when it became true (now, if not given).

        What the manager wants to do to a pinned or edited memory becomes a SUGGEST event. A
        target that is no longer active turns UPDATE into ADD and DELETE into NOOP.
        With `fact_index`, raises StaleFactError and changes nothing unless that is the
        message's next undecided fact. Raises UsageError when an ADD or UPDATE has no vector.
        """
        with self._db.transaction():
            if fact_index is not None:
                self._take_fact(message_id, fact_index)
            target = self._live_target(operation)
            operation = _without_lost_target(operation, target)
            cause = Cause(
                actor,
                message_id,
                operation.fact.text,
                operation.proposed,
                operation.correction,
                provenance,
            )
            if actor is Actor.MANAGER and target and _protected(operation, target):
                return self._suggest(cause, operation, target, vector)
            return self._carry_out(cause, operation, target, vector, at or self._clock())

    def suggestions(self) -> list[Event]:
        """SUGGEST events that wait for a yes or a no and can still be followed, oldest first."""
        found = self._db.query(
            f"""
            SELECT {rows.EVENT} FROM events WHERE {_OPEN}
                AND memory_id IN (SELECT id FROM memories WHERE state = 'active')
            ORDER BY id
            """
        )
        return [rows.event(row) for row in found]

    def accept(self, event_id: int, *, vector: Vector | None = None) -> Event:
        """Do what a suggestion proposes, as the user. Its vector was kept with it."""
        with self._db.transaction():
            suggestion = self._open_suggestion(event_id)
            target = self._active(suggestion.memory_id or 0)
            cause = replace(_cause(suggestion), settles=event_id)
            at = self._said_at(suggestion)
            if suggestion.proposed == Op.DELETE:
                return self._delete(cause, target, at)
            vector = self._suggested_vector(event_id) if vector is None else vector
            return self._update(cause, target, Draft(suggestion.new, vector, "", at))

    def dismiss(self, event_id: int) -> Event:
        """Turn a suggestion down."""
        with self._db.transaction():
            suggestion = self._open_suggestion(event_id)
            cause = replace(_cause(suggestion), proposed=suggestion.proposed, settles=event_id)
            return self._record(
                Op.DISMISS,
                cause,
                memory_id=suggestion.memory_id,
                old=suggestion.old,
                new=suggestion.new,
            )

    def _take_fact(self, message_id: int | None, fact_index: int) -> None:
        taken = self._db.write(
            """
            UPDATE messages SET facts_done = facts_done + 1
            WHERE id = ? AND facts_done = ? AND memory_state = 'extracted'
            """,
            (message_id, fact_index),
        )
        if not taken:
            raise StaleFactError(f"Fact {fact_index} of message {message_id} is decided already.")

    def _live_target(self, operation: Operation) -> Memory | None:
        if operation.target is None:
            return None
        try:
            memory = self.memory(operation.target)
        except NotFoundError:
            return None
        return memory if memory.state is State.ACTIVE else None

    def _carry_out(
        self,
        cause: Cause,
        operation: Operation,
        target: Memory | None,
        vector: Vector | None,
        at: datetime,
    ) -> Event:
        subject = operation.fact.subject
        if operation.op is Op.ADD:
            return self._add(cause, Draft(operation.text, _required(vector), subject, at))
        if operation.op is Op.UPDATE and target:
            return self._update(
                cause, target, Draft(operation.text, _required(vector), subject, at)
            )
        if operation.op is Op.DELETE and target:
            return self._delete(cause, target, at)
        text = target.text if target else ""
        return self._record(
            Op.NOOP, cause, memory_id=target.id if target else None, old=text, new=text
        )

    def _suggest(
        self, cause: Cause, operation: Operation, target: Memory, vector: Vector | None
    ) -> Event:
        is_update = operation.op is Op.UPDATE
        return self._record(
            Op.SUGGEST,
            replace(cause, proposed=operation.op),
            memory_id=target.id,
            old=target.text,
            new=memory_text(operation.text) if is_update else "",
            vector=blob(self._db, _required(vector)) if is_update else None,
        )

    def _open_suggestion(self, event_id: int) -> Event:
        event = self.event(event_id)
        if not self._db.row(f"SELECT 1 FROM events WHERE id = ? AND {_OPEN}", (event_id,)):
            raise UsageError(f"Event {event_id} is not a suggestion that waits for an answer.")
        return event

    def _suggested_vector(self, event_id: int) -> Vector:
        import numpy as np

        found = self._db.value("SELECT vector FROM events WHERE id = ?", (event_id,))
        return np.frombuffer(found, dtype="<f4")

    def _said_at(self, suggestion: Event) -> datetime:
        """When the words behind a suggestion were said."""
        if suggestion.message_id is None:
            return suggestion.at
        return self.message(suggestion.message_id).said_at


def _without_lost_target(operation: Operation, target: Memory | None) -> Operation:
    if operation.op not in {Op.UPDATE, Op.DELETE} or target:
        return operation
    return replace(
        operation,
        op=Op.ADD if operation.op is Op.UPDATE else Op.NOOP,
        target=None,
        proposed=operation.proposed or str(operation.op),
        correction=", ".join(filter(None, (operation.correction, TARGET_GONE))),
    )


def _protected(operation: Operation, target: Memory) -> bool:
    return operation.op in {Op.UPDATE, Op.DELETE} and (target.pinned or target.edited)


def _cause(suggestion: Event) -> Cause:
    return Cause(
        message_id=suggestion.message_id,
        fact=suggestion.fact,
        correction=suggestion.correction,
        provenance=suggestion.provenance,
    )


def _required(vector: Vector | None) -> Vector:
    if vector is None:
        raise UsageError("An ADD or UPDATE needs the new text's vector.")
    return vector
