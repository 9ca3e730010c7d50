"""Forgetting: the only thing that erases, and it leaves nothing to find in the file."""

from __future__ import annotations

import json

from memchat.bank.event_log import Cause
from memchat.bank.index import MEMORIES, TURNS
from memchat.bank.memories import MemoryStore
from memchat.bank.types import Op

FORGOTTEN = "[forgotten]"

_TOUCHING = """
    (memory_id IN (SELECT value FROM json_each(?1))
        OR old_memory_id IN (SELECT value FROM json_each(?1)))
"""


class Forgetting(MemoryStore):
    def forget(self, memory_id: int) -> int:
        """Erase a memory for good: how many rows were erased or redacted.

        With it go all its versions, their events and suggestions, their entries in both indexes,
        and the text of every turn behind them (which may have held other facts, too; the
        memories of those stay). Replies that repeat the text are not searched for. What remains
        is one FORGET event without a text. Raises NotFoundError, and whatever `erase_traces`
        does: then the memory is gone, and its bytes go from the file at the next opening.
        """
        with self._db.transaction():
            self.memory(memory_id)
            versions = json.dumps(self._versions(memory_id))
            turns = self._turns_behind(versions)
            erased = self._redact(turns) + self._erase(versions, turns)
            self._record(Op.FORGET, Cause(), memory_id=memory_id)
            self._db.write("INSERT OR REPLACE INTO meta VALUES ('traces', 'left')")
        self.erase_traces()
        return erased

    def erase_traces(self) -> None:
        """Take forgotten bytes out of the file, unless that is done; a crash may have cut it short.

        Raises DatabaseBusyError and StorageFullError; the next opening tries again.
        """
        if not self._db.row("SELECT 1 FROM meta WHERE key = 'traces'"):
            return
        self._db.erase_traces()
        with self._db.transaction():
            self._db.write("DELETE FROM meta WHERE key = 'traces'")

    def _turns_behind(self, versions: str) -> str:
        """JSON array of the messages that made or changed any of the versions."""
        found = self._db.query(
            f"""
            SELECT source_message FROM memories
            WHERE id IN (SELECT value FROM json_each(?1)) AND source_message IS NOT NULL
            UNION
            SELECT message_id FROM events WHERE {_TOUCHING} AND message_id IS NOT NULL
            """,
            (versions,),
        )
        return json.dumps([row[0] for row in found])

    def _erase(self, versions: str, turns: str) -> int:
        texts = self._db.query(
            "SELECT id, text FROM memories WHERE id IN (SELECT value FROM json_each(?))",
            (versions,),
        )
        for version, text in texts:
            MEMORIES.remove(self._db, version, text)
        # A NOOP without a target has no memory, but it quotes the turn.
        erased = self._db.write(
            f"""
            DELETE FROM events WHERE {_TOUCHING} OR memory_id IS NULL
                AND message_id IN (SELECT value FROM json_each(?2))
            """,
            (versions, turns),
        )
        erased += self._db.write(
            """
            DELETE FROM uses WHERE
                kind = 'memory' AND item_id IN (SELECT value FROM json_each(?1))
                OR kind = 'turn' AND item_id IN (SELECT value FROM json_each(?2))
            """,
            (versions, turns),
        )
        return erased + self._db.write(
            "DELETE FROM memories WHERE id IN (SELECT value FROM json_each(?))", (versions,)
        )

    def _redact(self, turns: str) -> int:
        """Take the words out of the turns, and out of a chat title made from them."""
        found = self._db.query(
            """
            SELECT id, chat_id, text, indexed FROM messages
            WHERE id IN (SELECT value FROM json_each(?)) AND NOT redacted
            """,
            (turns,),
        )
        for message_id, chat_id, text, indexed in found:
            if indexed:
                TURNS.remove(self._db, message_id, text)
            self._redact_title(chat_id, text)
        self._db.write(
            """
            UPDATE messages SET
                text = ?2, facts = iif(facts IS NULL, NULL, '[]'), facts_done = 0, failure = '',
                memory_state = iif(memory_state = 'none', 'none', 'done'),
                indexed = 0, redacted = 1
            WHERE id IN (SELECT value FROM json_each(?1))
            """,
            (turns, FORGOTTEN),
        )
        return len(found)

    def _redact_title(self, chat_id: int, text: str) -> None:
        title = str(self._db.value("SELECT title FROM chats WHERE id = ?", (chat_id,)))
        quoted = " ".join(title.rstrip("….").split())
        if quoted and quoted in " ".join(text.split()):
            self._db.write("UPDATE chats SET title = ? WHERE id = ?", (FORGOTTEN, chat_id))
