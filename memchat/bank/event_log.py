"""The log of everything that happened to memories, with what is needed to take it back.

Events are appended, never rewritten; only `undone_by` marks those that an UNDO has taken back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from memchat.bank import rows
from memchat.bank.connection import Row
from memchat.bank.store import Store
from memchat.bank.times import encode
from memchat.bank.types import Actor, Event, Op, Provenance
from memchat.errors import NotFoundError
from memchat.text import valid_unicode

VERSIONS = """
    WITH RECURSIVE versions (id) AS (
        VALUES (?1)
        UNION
        SELECT iif(events.memory_id = versions.id, events.old_memory_id, events.memory_id)
        FROM versions JOIN events
            ON events.memory_id = versions.id OR events.old_memory_id = versions.id
        WHERE events.op = 'UPDATE'
    )
"""
"""The rows that UPDATEs made of one memory, in both directions, undone ones included."""


@dataclass(frozen=True, slots=True)
class BeforeImage:
    """A memory as it was before an event.

    `text` and `vector` are None where the event did not change them. A memory that did not
    exist yet counts as deleted.
    """

    memory_id: int
    text: str | None
    state: str
    pinned: int
    edited: int
    valid_to: str | None
    superseded_by: int | None
    vector: bytes | None


@dataclass(frozen=True, slots=True)
class Cause:
    """Who changes a memory and why: what the events of one operation have in common."""

    actor: Actor = Actor.USER
    message_id: int | None = None
    fact: str = ""
    proposed: str = ""
    correction: str = ""
    provenance: Provenance = field(default_factory=Provenance)
    settles: int | None = None
    """The suggestion that this answers."""


class EventLog(Store):
    def event(self, event_id: int) -> Event:
        """Raises NotFoundError."""
        row = self._db.row(f"SELECT {rows.EVENT} FROM events WHERE id = ?", (event_id,))
        if row is None:
            raise NotFoundError(
                f"There is no event {event_id}.", "`memchat memory history` shows what there is."
            )
        return rows.event(row)

    def events(
        self, *, after: int = 0, limit: int = 100, message_id: int | None = None
    ) -> list[Event]:
        """Events with an id above `after`, oldest first, of one message if given."""
        found = self._db.query(
            f"""
            SELECT {rows.EVENT} FROM events
            WHERE id > ?1 AND (?2 IS NULL OR message_id = ?2) ORDER BY id LIMIT ?3
            """,
            (after, message_id, limit),
        )
        return [rows.event(row) for row in found]

    def latest_events(self, limit: int) -> list[Event]:
        """The newest events, oldest first."""
        found = self._db.query(
            f"SELECT {rows.EVENT} FROM events ORDER BY id DESC LIMIT ?", (limit,)
        )
        return [rows.event(row) for row in reversed(found)]

    def history(self, memory_id: int) -> list[Event]:
        """What happened to all versions of a memory, oldest first.

        The history of a forgotten memory is its FORGET event. Raises NotFoundError when there
        never was such a memory.
        """
        found = self._db.query(
            f"""
            {VERSIONS}
            SELECT {rows.EVENT} FROM events
            WHERE memory_id IN versions OR old_memory_id IN versions ORDER BY id
            """,
            (memory_id,),
        )
        if not found:
            self.memory(memory_id)
        return [rows.event(row) for row in found]

    def _versions(self, memory_id: int) -> list[int]:
        found = self._db.query(f"{VERSIONS} SELECT id FROM versions ORDER BY id", (memory_id,))
        return [row[0] for row in found]

    def _record(
        self,
        op: Op,
        cause: Cause,
        *,
        memory_id: int | None,
        old_memory_id: int | None = None,
        old: str = "",
        new: str = "",
        undoes: int | None = None,
        vector: bytes | None = None,
        before: Iterable[BeforeImage] = (),
    ) -> Event:
        """Append an event to the log, in the transaction that makes it true."""
        event = Event(
            id=0,
            op=op,
            actor=cause.actor,
            at=self._clock(),
            memory_id=memory_id,
            old_memory_id=old_memory_id,
            message_id=cause.message_id,
            fact=valid_unicode(cause.fact),
            old=old,
            new=new,
            proposed=valid_unicode(cause.proposed),
            correction=valid_unicode(cause.correction),
            undoes=undoes,
            provenance=cause.provenance,
        )
        event_id = self._db.insert(_INSERT, (*_values(event), cause.settles, vector))
        for image in before:
            self._db.write(
                "INSERT INTO before_images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    event_id,
                    image.memory_id,
                    image.text,
                    image.state,
                    image.pinned,
                    image.edited,
                    image.valid_to,
                    image.superseded_by,
                    image.vector,
                ),
            )
        return replace(event, id=event_id)

    def _before_images(self, event_id: int) -> list[BeforeImage]:
        found = self._db.query(
            """
            SELECT memory_id, text, state, pinned, edited, valid_to, superseded_by, vector
            FROM before_images WHERE event_id = ? ORDER BY memory_id
            """,
            (event_id,),
        )
        return [BeforeImage(*row) for row in found]

    def _image(self, memory_id: int) -> BeforeImage:
        """The memory as it is now, without its text and vector."""
        row = self._db.row(
            "SELECT state, pinned, edited, valid_to, superseded_by FROM memories WHERE id = ?",
            (memory_id,),
        )
        assert row is not None, memory_id  # noqa: S101 - callers have just read it
        state, pinned, edited, valid_to, superseded_by = row
        return BeforeImage(memory_id, None, state, pinned, edited, valid_to, superseded_by, None)


_INSERT = """
    INSERT INTO events (
        op, actor, at, memory_id, old_memory_id, message_id, fact, old, new, proposed, correction,
        undoes, model, adapter, prompt_version, settles, vector
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def _values(event: Event) -> Row:
    return (
        event.op,
        event.actor,
        encode(event.at),
        event.memory_id,
        event.old_memory_id,
        event.message_id,
        event.fact,
        event.old,
        event.new,
        event.proposed,
        event.correction,
        event.undoes,
        event.provenance.model,
        event.provenance.adapter,
        event.provenance.prompt_version,
    )
