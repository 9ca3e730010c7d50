"""A chat read back from the bank, newest page first."""

from __future__ import annotations

from memchat.bank.bank import Bank
from memchat.bank.types import Message
from memchat.tui.turn_record import TurnRecord

PAGE_MESSAGES = 40


class ChatHistory:
    """Hands out the turns of a chat, a page at a time, from the newest to the oldest."""

    def __init__(self, bank: Bank, chat_id: int | None) -> None:
        self._bank = bank
        self._chat_id = chat_id
        self._before: int | None = None
        self._replies: dict[int, Message] = {}
        self.exhausted = chat_id is None

    def older(self) -> list[TurnRecord]:
        """The next page, oldest turn first; empty when there is none left."""
        records: list[TurnRecord] = []
        while not records and not self.exhausted:
            records = self._page()
        return records

    def _page(self) -> list[TurnRecord]:
        if self._chat_id is None:
            return []
        messages = self._bank.messages(self._chat_id, before=self._before, limit=PAGE_MESSAGES)
        self.exhausted = len(messages) < PAGE_MESSAGES
        if messages:
            self._before = messages[0].id
        for message in messages:
            if message.role == "assistant" and message.reply_to is not None:
                self._replies.setdefault(message.reply_to, message)
        return [self._record(message) for message in messages if message.role == "user"]

    def _record(self, question: Message) -> TurnRecord:
        record = TurnRecord.saved(question, self._replies.pop(question.id, None))
        uses = self._bank.uses(question.id)
        record.used = [use.id for use in uses if use.kind == "memory"]
        record.turns_used = len(uses) - len(record.used)
        record.cited = [use.id for use in uses if use.kind == "memory" and use.cited]
        record.operations = self._bank.events(message_id=question.id)
        return record
