"""Memories, and what the user and the manager do to them.

Every change is the row, its vector, its words and its event in one transaction. Nothing here
erases: UPDATE supersedes and DELETE hides, and both can be undone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from memchat.bank import rows
from memchat.bank.event_log import BeforeImage, Cause, EventLog
from memchat.bank.index import MEMORIES, blob
from memchat.bank.store import memory_text
from memchat.bank.times import encode
from memchat.bank.types import Actor, Event, Memory, Op, State
from memchat.engine.protocol import Vector
from memchat.errors import UsageError
from memchat.text import valid_unicode


@dataclass(frozen=True, slots=True)
class Draft:
    """A memory to be: what an ADD or UPDATE brings, and since when it is true."""

    text: str
    vector: Vector
    subject: str
    at: datetime
    pinned: bool = False
    edited: bool = False
    source: int | None = None


class MemoryStore(EventLog):
    def memories(
        self,
        *,
        state: State | None = State.ACTIVE,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Memory]:
        """Newest first; of every state when `state` is None."""
        found = self._db.query(
            f"""
            SELECT {rows.MEMORY} FROM memories {"" if state is None else "WHERE state = ?3"}
            ORDER BY id DESC LIMIT ?1 OFFSET ?2
            """,
            (-1 if limit is None else limit, offset, *(() if state is None else (state,))),
        )
        return [rows.memory(row) for row in found]

    def counts(self) -> dict[State, int]:
        """How many memories are in each state."""
        found = self._db.query("SELECT state, count(*) FROM memories GROUP BY state")
        counted = {State(state): int(count) for state, count in found}
        return {state: counted.get(state, 0) for state in State}

    def add(
        self,
        text: str,
        *,
        vector: Vector,
        subject: str = "",
        at: datetime | None = None,
        actor: Actor = Actor.USER,
        message_id: int | None = None,
    ) -> Event:
        """A memory that a person wrote (or imported). Raises UsageError on an empty text."""
        cause = Cause(actor, message_id)
        with self._db.transaction():
            draft = Draft(text, vector, subject, at or self._clock(), edited=True)
            return self._add(cause, draft)

    def edit(self, memory_id: int, text: str, *, vector: Vector) -> Event:
        """Correct an active memory's text in place. Raises UsageError on an empty text."""
        text = memory_text(text)
        with self._db.transaction():
            memory = self._active(memory_id)
            image = replace(
                self._image(memory_id),
                text=memory.text,
                vector=MEMORIES.vector(self._db, memory_id),
            )
            self._set_text(memory, text, blob(self._db, vector))
            self._db.write("UPDATE memories SET edited = 1 WHERE id = ?", (memory_id,))
            return self._record(
                Op.EDIT, Cause(), memory_id=memory_id, old=memory.text, new=text, before=[image]
            )

    def pin(self, memory_id: int, pinned: bool) -> Event:
        """Pinned memories are always candidates, and the manager may not change them."""
        with self._db.transaction():
            memory = self._active(memory_id)
            image = self._image(memory_id)
            self._db.write(
                "UPDATE memories SET pinned = ?, updated_at = ? WHERE id = ?",
                (pinned, encode(self._clock()), memory_id),
            )
            return self._record(
                Op.PIN if pinned else Op.UNPIN,
                Cause(),
                memory_id=memory_id,
                old=memory.text,
                new=memory.text,
                before=[image],
            )

    def delete(self, memory_id: int) -> Event:
        """Hide a memory from every search; `undo` brings it back, `forget` erases it."""
        with self._db.transaction():
            return self._delete(Cause(), self._active(memory_id), self._clock())

    def _active(self, memory_id: int) -> Memory:
        memory = self.memory(memory_id)
        if memory.state is not State.ACTIVE:
            raise UsageError(
                f"Memory {memory_id} is {memory.state}, not active.", "Undo that change first."
            )
        return memory

    def _add(self, cause: Cause, draft: Draft) -> Event:
        draft = replace(draft, text=memory_text(draft.text), source=cause.message_id)
        new_id = self._insert(draft)
        return self._record(
            Op.ADD, cause, memory_id=new_id, new=draft.text, before=[self._absent(new_id)]
        )

    def _update(self, cause: Cause, target: Memory, draft: Draft) -> Event:
        """A new row with the draft's text supersedes the target."""
        image = self._image(target.id)
        draft = replace(
            draft,
            text=memory_text(draft.text),
            subject=draft.subject or target.subject,
            pinned=target.pinned,
            edited=target.edited,
            source=target.source_message if cause.message_id is None else cause.message_id,
        )
        new_id = self._insert(draft)
        self._close(target.id, State.SUPERSEDED, draft.at, new_id)
        return self._record(
            Op.UPDATE,
            cause,
            memory_id=new_id,
            old_memory_id=target.id,
            old=target.text,
            new=draft.text,
            before=[image, self._absent(new_id)],
        )

    def _delete(self, cause: Cause, target: Memory, at: datetime) -> Event:
        image = self._image(target.id)
        self._close(target.id, State.DELETED, at, None)
        return self._record(Op.DELETE, cause, memory_id=target.id, old=target.text, before=[image])

    def _insert(self, draft: Draft) -> int:
        created = encode(self._clock())
        new_id = self._db.insert(
            """
            INSERT INTO memories (
                text, subject, state, pinned, edited, created_at, updated_at, valid_from,
                source_message
            ) VALUES (?, ?, 'active', ?, ?, ?, ?, ?, ?)
            """,
            (
                draft.text,
                valid_unicode(draft.subject),
                draft.pinned,
                draft.edited,
                created,
                created,
                encode(draft.at),
                draft.source,
            ),
        )
        MEMORIES.add(self._db, new_id, draft.text, draft.vector)
        return new_id

    def _close(self, memory_id: int, state: State, at: datetime, successor: int | None) -> None:
        self._db.write(
            """
            UPDATE memories SET state = ?, valid_to = ?, superseded_by = ?, updated_at = ?
            WHERE id = ?
            """,
            (state, encode(at), successor, encode(self._clock()), memory_id),
        )
        MEMORIES.set_active(self._db, memory_id, False)

    def _set_text(self, memory: Memory, text: str, vector: bytes) -> None:
        self._db.write(
            "UPDATE memories SET text = ?, updated_at = ? WHERE id = ?",
            (text, encode(self._clock()), memory.id),
        )
        MEMORIES.replace(self._db, memory.id, memory.text, text, vector)

    def _absent(self, new_id: int) -> BeforeImage:
        """The image of a memory that was not there before."""
        return replace(self._image(new_id), state=State.DELETED)
