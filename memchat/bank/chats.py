"""Conversations and their messages, verbatim."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

from memchat.bank import rows
from memchat.bank.index import TURNS
from memchat.bank.store import Store
from memchat.bank.times import encode
from memchat.bank.types import Chat, Delivery, Hit, MemoryState, Message, Use
from memchat.errors import NotFoundError, UsageError
from memchat.text import valid_unicode

ChatKind = Literal["chat", "ingest", "ask"]


class ChatStore(Store):
    def create_chat(
        self, kind: ChatKind = "chat", title: str = "", at: datetime | None = None
    ) -> Chat:
        created = encode(at or self._clock())
        with self._db.transaction():
            chat_id = self._db.insert(
                "INSERT INTO chats (title, kind, created_at, updated_at) VALUES (?, ?, ?, ?)",
                (valid_unicode(title), kind, created, created),
            )
            return self.chat(chat_id)

    def chat(self, chat_id: int) -> Chat:
        """Raises NotFoundError."""
        row = self._db.row(f"SELECT {rows.CHAT} FROM chats WHERE id = ?", (chat_id,))
        if row is None:
            raise NotFoundError(
                f"There is no chat {chat_id}.", "`memchat chats list` shows what there is."
            )
        return rows.chat(row)

    def chats(self, kind: ChatKind | None = None, limit: int = 100) -> list[Chat]:
        """The most recently used first."""
        found = self._db.query(
            f"""
            SELECT {rows.CHAT} FROM chats WHERE ?1 IS NULL OR kind = ?1
            ORDER BY updated_at DESC, id DESC LIMIT ?2
            """,
            (kind, limit),
        )
        return [rows.chat(row) for row in found]

    def find_chat(self, kind: ChatKind, title: str) -> Chat | None:
        """The newest chat of that kind with exactly that title."""
        row = self._db.row(
            f"SELECT {rows.CHAT} FROM chats WHERE kind = ? AND title = ? ORDER BY id DESC LIMIT 1",
            (kind, valid_unicode(title)),
        )
        return rows.chat(row) if row else None

    def rename_chat(self, chat_id: int, title: str) -> None:
        with self._db.transaction():
            if not self._db.write(
                "UPDATE chats SET title = ? WHERE id = ?", (valid_unicode(title), chat_id)
            ):
                self.chat(chat_id)

    def delete_chat(self, chat_id: int) -> None:
        """Remove the chat and its messages. Memories drawn from it stay, without a source."""
        with self._db.transaction():
            self.chat(chat_id)
            self._unindex("chat_id = ?", chat_id)
            self._db.write("DELETE FROM chats WHERE id = ?", (chat_id,))

    def remove_turn(self, message_id: int) -> None:
        """Remove a message of the user's and its reply. Memories drawn from it stay, sourceless."""
        with self._db.transaction():
            self.message(message_id)
            self._unindex("(id = ?1 OR reply_to = ?1)", message_id)
            self._db.write("DELETE FROM messages WHERE id = ?1 OR reply_to = ?1", (message_id,))

    def _unindex(self, which: str, value: int) -> None:
        turns = self._db.query(f"SELECT id, text FROM messages WHERE {which} AND indexed", (value,))
        for message_id, text in turns:
            TURNS.remove(self._db, message_id, text)
            self._db.write("DELETE FROM uses WHERE kind = 'turn' AND item_id = ?", (message_id,))

    def add_message(
        self,
        chat_id: int,
        role: Literal["user", "assistant"],
        text: str,
        *,
        said_at: datetime,
        speaker: str = "",
        memory_state: MemoryState = MemoryState.NONE,
        delivery: Delivery = Delivery.COMPLETE,
        external_id: str = "",
        reply_to: int | None = None,
        model: str = "",
    ) -> Message:
        """Save a message; it is on the disk when this returns.

        A message of the same chat with the same non-empty `external_id` is returned unchanged
        instead. Raises UsageError when a reply of the assistant's is to be queued for memory.
        """
        if role == "assistant" and memory_state is not MemoryState.NONE:
            raise UsageError("Only the user's words can become memories.")
        with self._db.transaction():
            self._touch_chat(chat_id)
            known = self._message_by_external_id(chat_id, external_id)
            if known:
                return known
            message_id = self._db.insert(
                """
                INSERT INTO messages (
                    chat_id, role, text, said_at, speaker, memory_state, delivery, external_id,
                    reply_to, model
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    chat_id,
                    role,
                    valid_unicode(text),
                    encode(said_at),
                    valid_unicode(speaker),
                    memory_state,
                    delivery,
                    valid_unicode(external_id),
                    reply_to,
                    model,
                ),
            )
            return self.message(message_id)

    def start_reply(self, message_id: int, *, model: str) -> Message:
        """An empty, partial reply to that message; an earlier reply to it gives way."""
        question = self.message(message_id)
        with self._db.transaction():
            known = self._db.row("SELECT id FROM messages WHERE reply_to = ?", (message_id,))
            if known is None:
                return self.add_message(
                    question.chat_id,
                    "assistant",
                    "",
                    said_at=self._clock(),
                    delivery=Delivery.PARTIAL,
                    reply_to=message_id,
                    model=model,
                )
            self._db.write(
                "UPDATE messages SET text = '', said_at = ?, delivery = 'partial', model = ? "
                "WHERE id = ?",
                (encode(self._clock()), model, known[0]),
            )
            return self.message(known[0])

    def save_partial(self, message_id: int, text: str) -> None:
        """Keep what has been streamed so far of a reply. Nothing once the reply is finished."""
        with self._db.transaction():
            self._db.write(
                "UPDATE messages SET text = ? WHERE id = ? AND delivery = 'partial'",
                (valid_unicode(text), message_id),
            )

    def finish_reply(
        self, message_id: int, text: str, delivery: Delivery, model: str = ""
    ) -> Message:
        """Save an assistant's reply as it ended."""
        with self._db.transaction():
            self._db.write(
                """
                UPDATE messages SET text = ?, delivery = ?, model = iif(? = '', model, ?)
                WHERE id = ? AND role = 'assistant'
                """,
                (valid_unicode(text), delivery, model, model, message_id),
            )
            return self.message(message_id)

    def messages(
        self, chat_id: int, *, before: int | None = None, limit: int | None = None
    ) -> list[Message]:
        """The last `limit` messages before the message `before`, oldest first.

        A reply follows the message it answers, also when others were sent in between.
        """
        found = self._db.query(
            f"""
            SELECT {rows.MESSAGE} FROM messages
            WHERE chat_id = ?1 AND (?2 IS NULL OR (coalesce(reply_to, id), id) < (
                SELECT coalesce(reply_to, id), id FROM messages WHERE id = ?2
            ))
            ORDER BY coalesce(reply_to, id) DESC, id DESC LIMIT ?3
            """,
            (chat_id, before, -1 if limit is None else limit),
        )
        return [rows.message(row) for row in reversed(found)]

    def record_use(self, message_id: int, hits: Sequence[Hit], cited: Collection[Hit]) -> None:
        """Which hits were put before the model for this message, and which it named."""
        named = {(hit.kind, hit.id) for hit in cited}
        with self._db.transaction():
            self._db.write("DELETE FROM uses WHERE message_id = ?", (message_id,))
            for position, hit in enumerate(hits):
                self._db.write(
                    "INSERT OR IGNORE INTO uses VALUES (?, ?, ?, ?, ?)",
                    (message_id, hit.kind, hit.id, position, (hit.kind, hit.id) in named),
                )

    def uses(self, message_id: int) -> list[Use]:
        """In the order the model saw them."""
        found = self._db.query(
            "SELECT kind, item_id, cited FROM uses WHERE message_id = ? ORDER BY position",
            (message_id,),
        )
        return [rows.use(row) for row in found]

    def _touch_chat(self, chat_id: int) -> None:
        """Raises NotFoundError when there is no such chat."""
        touched = self._db.write(
            "UPDATE chats SET updated_at = ? WHERE id = ?", (encode(self._clock()), chat_id)
        )
        if not touched:
            self.chat(chat_id)

    def _message_by_external_id(self, chat_id: int, external_id: str) -> Message | None:
        if not external_id:
            return None
        row = self._db.row(
            f"""
            SELECT {rows.MESSAGE} FROM messages
            WHERE chat_id = ? AND external_id = ? AND external_id != ''
            """,
            (chat_id, valid_unicode(external_id)),
        )
        return rows.message(row) if row else None
