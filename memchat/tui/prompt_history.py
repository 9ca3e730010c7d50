"""What was sent before, to be sent again."""

from __future__ import annotations

from collections.abc import Callable

from memchat.bank.bank import Bank

CHATS = 30
MESSAGES = 200
"""How far back: that many chats, and messages of each."""


def sent_messages(bank: Bank) -> list[str]:
    """What the user has written, newest first, each text once."""
    texts: dict[str, None] = {}
    for chat in bank.chats("chat", limit=CHATS):
        for message in reversed(bank.messages(chat.id, limit=MESSAGES)):
            if message.role == "user" and message.text:
                texts.setdefault(message.text)
    return list(texts)


class PromptHistory:
    """Steps through earlier texts and back to the draft. Read when first needed."""

    def __init__(self, read: Callable[[], list[str]]) -> None:
        self._read = read
        self._entries: list[str] | None = None
        self._at = -1
        """-1 is the draft; 0 is the newest entry."""
        self._draft = ""

    @property
    def entries(self) -> list[str]:
        """Newest first."""
        if self._entries is None:
            self._entries = self._read()
        return self._entries

    def reset(self) -> None:
        """Something was sent or forgotten: read again, begin at the draft."""
        self._entries, self._at = None, -1

    def older(self, current: str) -> str | None:
        """The text before; `current` is kept as the draft when it is what is being written."""
        if self._at + 1 >= len(self.entries):
            return None
        if self._at == -1:
            self._draft = current
        self._at += 1
        return self.entries[self._at]

    def newer(self) -> str | None:
        """The text after, in the end the draft; None when that is what is shown."""
        if self._at == -1:
            return None
        self._at -= 1
        return self._draft if self._at == -1 else self.entries[self._at]
