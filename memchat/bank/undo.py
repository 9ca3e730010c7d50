"""Undo: the inverse event. It survives a restart and needs no embedder.

Each undoable event keeps the images of the rows it changed. Undoing it puts them back, in the
reverse order of what happened to a memory; undoing an UNDO is a redo.
"""

from __future__ import annotations

from dataclasses import replace

from memchat.bank import rows
from memchat.bank.event_log import BeforeImage, Cause
from memchat.bank.index import MEMORIES
from memchat.bank.memories import MemoryStore
from memchat.bank.times import encode
from memchat.bank.types import Event, Op, State
from memchat.errors import UsageError

_CHANGES = "('ADD', 'UPDATE', 'DELETE', 'EDIT', 'PIN', 'UNPIN')"
_UNDOABLE = frozenset({Op.ADD, Op.UPDATE, Op.DELETE, Op.EDIT, Op.PIN, Op.UNPIN, Op.UNDO})


class Undo(MemoryStore):
    def undo(self, event_id: int | None = None, *, memory_id: int | None = None) -> Event:
        """Take back an event, the last change of a memory, or the last change of all.

        Undoing an UNDO redoes what it undid. Raises UsageError when there is nothing to undo,
        the event is undone already or of a kind that cannot be, or a later event stands on it
        (the message names that one).
        """
        with self._db.transaction():
            event = self.event(event_id) if event_id is not None else self._last(memory_id)
            if event.op not in _UNDOABLE:
                raise UsageError(f"Event {event.id} is a {event.op}, which changed no memory.")
            if event.undone_by is not None:
                raise UsageError(
                    f"Event {event.id} is undone already, by event {event.undone_by}.",
                    f"Undo event {event.undone_by} to redo it.",
                )
            images = self._before_images(event.id)
            self._require_last_change(event, images)
            before = [self._restore(image) for image in images]
            undo = self._record_undo(event, before)
            self._mark_undone(event.id, undo.id)
            return undo

    def _last(self, memory_id: int | None) -> Event:
        row = self._db.row(
            f"""
            SELECT {rows.EVENT} FROM events
            WHERE op IN {_CHANGES} AND undone_by IS NULL
                AND (?1 IS NULL OR memory_id = ?1 OR old_memory_id = ?1)
            ORDER BY id DESC LIMIT 1
            """,
            (memory_id,),
        )
        if row is None:
            raise UsageError("There is nothing to undo.")
        return rows.event(row)

    def _require_last_change(self, event: Event, images: list[BeforeImage]) -> None:
        """No event in force after this one may touch the same memories.

        A later UNDO of something that is itself later leaves things as they were: it is no bar.
        """
        for image in images:
            row = self._db.row(
                f"""
                SELECT id, op FROM events
                WHERE id > ?1 AND undone_by IS NULL
                    AND (memory_id = ?2 OR old_memory_id = ?2)
                    AND (op IN {_CHANGES} OR op = 'UNDO' AND undoes < ?1)
                ORDER BY id DESC LIMIT 1
                """,
                (event.id, image.memory_id),
            )
            if row:
                raise UsageError(
                    f"Memory {image.memory_id} was changed later, by event {row[0]} ({row[1]}).",
                    f"Undo event {row[0]} first.",
                )

    def _restore(self, image: BeforeImage) -> BeforeImage:
        """Make a memory what the image says; the image of what it was until now."""
        current = self._image(image.memory_id)
        if image.text is not None and image.vector is not None:
            memory = self.memory(image.memory_id)
            vector = MEMORIES.vector(self._db, image.memory_id)
            current = replace(current, text=memory.text, vector=vector)
            self._set_text(memory, image.text, image.vector)
        self._db.write(
            """
            UPDATE memories
            SET state = ?, pinned = ?, edited = ?, valid_to = ?, superseded_by = ?, updated_at = ?
            WHERE id = ?
            """,
            (
                image.state,
                image.pinned,
                image.edited,
                image.valid_to,
                image.superseded_by,
                encode(self._clock()),
                image.memory_id,
            ),
        )
        MEMORIES.set_active(self._db, image.memory_id, image.state == State.ACTIVE)
        return current

    def _record_undo(self, event: Event, before: list[BeforeImage]) -> Event:
        memory_id, old_memory_id = event.memory_id, event.old_memory_id
        if old_memory_id is not None:
            memory_id, old_memory_id = old_memory_id, memory_id
        return self._record(
            Op.UNDO,
            Cause(message_id=event.message_id),
            memory_id=memory_id,
            old_memory_id=old_memory_id,
            old=event.new,
            new=event.old,
            undoes=event.id,
            before=before,
        )

    def _mark_undone(self, event_id: int, by: int) -> None:
        """`event_id` is out of force; if it was an UNDO, what it undid is in force again."""
        self._db.write("UPDATE events SET undone_by = ? WHERE id = ?", (by, event_id))
        redone = self._db.value("SELECT undoes FROM events WHERE id = ?", (event_id,))
        if redone is None:
            return
        self._db.write("UPDATE events SET undone_by = NULL WHERE id = ?", (redone,))
        suspended = self._db.value("SELECT undoes FROM events WHERE id = ?", (redone,))
        if suspended is not None:
            self._mark_undone(suspended, redone)
