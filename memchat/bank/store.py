"""What every part of the bank stands on: the database and a clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from memchat.bank import rows
from memchat.bank.connection import Database
from memchat.bank.types import Memory, Message
from memchat.errors import NotFoundError, UsageError
from memchat.text import valid_unicode


class Store:
    """Base of the parts that `Bank` is composed of."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._db = database
        self._clock = clock

    def message(self, message_id: int) -> Message:
        """Raises NotFoundError."""
        row = self._db.row(f"SELECT {rows.MESSAGE} FROM messages WHERE id = ?", (message_id,))
        if row is None:
            raise NotFoundError(f"There is no message {message_id}.")
        return rows.message(row)

    def memory(self, memory_id: int) -> Memory:
        """In whatever state it is. Raises NotFoundError."""
        row = self._db.row(f"SELECT {rows.MEMORY} FROM memories WHERE id = ?", (memory_id,))
        if row is None:
            raise NotFoundError(
                f"There is no memory {memory_id}.", "`memchat memory list` shows what there is."
            )
        return rows.memory(row)


def memory_text(text: str) -> str:
    """A memory's text as stored. Raises UsageError when there is none."""
    text = valid_unicode(text).strip()
    if not text:
        raise UsageError("A memory needs a text.")
    return text
