"""Finds what was said, word for word, in all chats: by the user and by the assistant."""

from __future__ import annotations

import json

from memchat.bank import rows
from memchat.bank.store import Store
from memchat.bank.types import Message
from memchat.errors import UsageError
from memchat.text import valid_unicode


class MessageSearch(Store):
    def search_messages(self, text: str, *, limit: int = 50) -> list[Message]:
        """Messages with every word of `text` in them, in any case, also inside words; newest first.

        It reads them all, 0.2 s for 100,000, and so needs no index. Raises UsageError when there
        is no word.
        """
        words = valid_unicode(text).casefold().split()
        if not words:
            raise UsageError("There is nothing to look for.", "Give a word or more.")
        found = self._db.query(
            f"""
            SELECT {rows.MESSAGE} FROM messages
            WHERE NOT redacted AND NOT EXISTS (
                SELECT 1 FROM json_each(?1) WHERE instr(casefold(messages.text), value) = 0
            )
            ORDER BY id DESC LIMIT ?2
            """,
            (json.dumps(words), limit),
        )
        return [rows.message(row) for row in found]
