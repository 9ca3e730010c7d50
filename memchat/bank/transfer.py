"""Memories out of a bank and into another one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from memchat.bank.chats import ChatStore
from memchat.bank.embedding import Embed
from memchat.bank.event_log import Cause
from memchat.bank.memories import Draft, MemoryStore
from memchat.bank.portable import PortableMemory, Quote
from memchat.bank.times import encode
from memchat.bank.types import Actor, Op, State
from memchat.engine.protocol import Vector

QUOTES = "Sources of imported memories"
"""Title of the chat that keeps the words they came from."""

_Key = tuple[str, str, str]
_BY_IMPORT = Cause(Actor.IMPORT)


@dataclass(frozen=True, slots=True)
class Imported:
    added: int
    skipped: int
    """Already in the bank: the same text in the same state, if that is over of the same time."""


class Transfer(ChatStore, MemoryStore):
    def export_memories(self) -> Iterator[PortableMemory]:
        """Every memory, whatever its state, oldest first; quotes that are forgotten stay out."""
        for memory in reversed(self.memories(state=None)):
            yield PortableMemory(
                text=memory.text,
                subject=memory.subject,
                state=memory.state,
                pinned=memory.pinned,
                edited=memory.edited,
                created_at=memory.created_at,
                valid_from=memory.valid_from,
                valid_to=memory.valid_to,
                id=memory.id,
                superseded_by=memory.superseded_by,
                source=self._quote(memory.source_message),
            )

    def import_memories(self, memories: Sequence[PortableMemory], embed: Embed) -> Imported:
        """Take them in with their events, in one transaction; those that are there are skipped.

        Whatever a memory says it is superseded by must be among `memories`. Texts are embedded
        before the transaction, and only those that are new.
        """
        known = self._known()
        texts = [memory.text for memory in memories if _key(memory) not in known]
        vectors = dict(zip(texts, embed(texts) if texts else (), strict=True))
        rows: dict[int | None, int] = {}
        new: list[tuple[int, PortableMemory]] = []
        with self._db.transaction():
            known = self._known()
            for memory in memories:
                key = _key(memory)
                if key not in known:
                    if memory.text not in vectors:  # it was there a moment ago
                        vectors[memory.text] = embed([memory.text])[0]
                    known[key] = self._take_in(memory, vectors[memory.text])
                    new.append((known[key], memory))
                rows[memory.id] = known[key]
            for row, memory in new:
                self._end(row, memory, rows)
        return Imported(len(new), len(memories) - len(new))

    def _known(self) -> dict[_Key, int]:
        """Ids by what makes a duplicate; without a time, any that is over will do."""
        known: dict[_Key, int] = {}
        for id_, text, state, begin in self._db.query(
            "SELECT id, text, state, valid_from FROM memories ORDER BY id"
        ):
            known.setdefault((text, state, ""), id_)
            known.setdefault((text, state, begin or ""), id_)
        return known

    def _take_in(self, memory: PortableMemory, vector: Vector) -> int:
        """The id of a new row, active for the time being, and its ADD event."""
        draft = Draft(
            memory.text,
            vector,
            memory.subject,
            _begin(memory) or self._clock(),
            memory.pinned,
            memory.edited,
            self._quoted(memory.source) if memory.source else None,
        )
        row = self._insert(draft)
        if memory.created_at:
            self._db.write(
                "UPDATE memories SET created_at = ? WHERE id = ?", (encode(memory.created_at), row)
            )
        self._record(Op.ADD, _BY_IMPORT, memory_id=row, new=memory.text, before=[self._absent(row)])
        return row

    def _end(self, row: int, memory: PortableMemory, rows: dict[int | None, int]) -> None:
        """Give a new row the state that the file says it is in."""
        at = memory.valid_to or self._clock()
        if memory.state is State.DELETED:
            self._delete(_BY_IMPORT, self.memory(row), at)
        elif memory.state is State.SUPERSEDED:
            image, successor = self._image(row), self.memory(rows[memory.superseded_by])
            self._close(row, State.SUPERSEDED, at, successor.id)
            self._record(
                Op.UPDATE,
                _BY_IMPORT,
                memory_id=successor.id,
                old_memory_id=row,
                old=memory.text,
                new=successor.text,
                before=[image],
            )

    def _quote(self, message_id: int | None) -> Quote | None:
        row = self._db.row("SELECT redacted FROM messages WHERE id = ?", (message_id,))
        if row is None or row[0]:
            return None
        message = self.message(message_id or 0)
        return Quote(message.text, message.said_at, message.speaker)

    def _quoted(self, quote: Quote) -> int:
        """The id of the message that holds the quote; each is kept once."""
        chat = self.find_chat("ingest", QUOTES) or self.create_chat("ingest", QUOTES)
        content = "\0".join((encode(quote.said_at), quote.speaker, quote.text))
        return self.add_message(
            chat.id,
            "user",
            quote.text,
            said_at=quote.said_at,
            speaker=quote.speaker,
            external_id=hashlib.sha256(content.encode()).hexdigest(),
        ).id


def _begin(memory: PortableMemory) -> datetime | None:
    return memory.valid_from or memory.created_at


def _key(memory: PortableMemory) -> _Key:
    begin = _begin(memory)
    over = memory.state is not State.ACTIVE and begin
    return (memory.text, memory.state, encode(over) if over else "")
