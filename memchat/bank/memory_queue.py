"""The persistent queue of messages that the Memory Manager has yet to read."""

from __future__ import annotations

from collections.abc import Sequence

from memchat.bank import rows
from memchat.bank.index import TURNS
from memchat.bank.store import Store
from memchat.bank.types import Fact, Message
from memchat.engine.protocol import Vector
from memchat.errors import StaleFactError, UsageError
from memchat.text import valid_unicode


class MemoryQueue(Store):
    def pending(self, chat_id: int | None = None, limit: int = 1) -> list[Message]:
        """Messages whose memory work is not done, oldest first; failed ones are left out."""
        found = self._db.query(
            f"""
            SELECT {rows.MESSAGE} FROM messages
            WHERE memory_state IN ('pending', 'extracted') AND (?1 IS NULL OR chat_id = ?1)
            ORDER BY id LIMIT ?2
            """,
            (chat_id, limit),
        )
        return [rows.message(row) for row in found]

    def pending_count(self) -> int:
        return int(
            self._db.value(
                "SELECT count(*) FROM messages WHERE memory_state IN ('pending', 'extracted')"
            )
        )

    def save_facts(self, message_id: int, facts: Sequence[Fact]) -> None:
        """Keep what was extracted, so that a crash does not extract it again.

        Raises StaleFactError when the message is not waiting for extraction.
        """
        clean = [Fact(valid_unicode(fact.text), valid_unicode(fact.subject)) for fact in facts]
        with self._db.transaction():
            saved = self._db.write(
                """
                UPDATE messages SET facts = ?, facts_done = 0, memory_state = 'extracted'
                WHERE id = ? AND memory_state = 'pending'
                """,
                (rows.encode_facts(clean), message_id),
            )
            if not saved:
                raise StaleFactError(f"Message {message_id} does not wait for extraction.")

    def finish_memory(self, message_id: int) -> None:
        self._leave_queue(message_id, "done", "")

    def fail_memory(self, message_id: int, reason: str) -> None:
        """Take the message out of the queue until `retry_failed`; its facts are kept."""
        self._leave_queue(message_id, "failed", valid_unicode(reason))

    def retry_failed(self) -> int:
        """Queue the failed messages again, where they stopped; how many there were."""
        with self._db.transaction():
            return self._db.write(
                """
                UPDATE messages
                SET memory_state = iif(facts IS NULL, 'pending', 'extracted'), failure = ''
                WHERE memory_state = 'failed'
                """
            )

    def index_turn(self, message_id: int, vector: Vector) -> None:
        """Make a user turn findable by words and meaning. Does nothing the second time.

        `vector` is that of its `turn_text`.
        """
        with self._db.transaction():
            message = self.message(message_id)
            if message.role != "user":
                raise UsageError("Only the user's turns are searchable.")
            indexed = self._db.write(
                "UPDATE messages SET indexed = 1 WHERE id = ? AND NOT indexed AND NOT redacted",
                (message_id,),
            )
            if indexed:
                TURNS.add(self._db, message_id, message.text, vector)

    def unindexed_turns(self, limit: int) -> list[Message]:
        """User turns that `index_turn` has not seen, oldest first."""
        found = self._db.query(
            f"""
            SELECT {rows.MESSAGE} FROM messages
            WHERE role = 'user' AND NOT indexed AND NOT redacted ORDER BY id LIMIT ?
            """,
            (limit,),
        )
        return [rows.message(row) for row in found]

    def _leave_queue(self, message_id: int, state: str, failure: str) -> None:
        with self._db.transaction():
            self._db.write(
                """
                UPDATE messages SET memory_state = ?, failure = ?
                WHERE id = ? AND memory_state IN ('pending', 'extracted')
                """,
                (state, failure, message_id),
            )
