"""The chats: go on with one, rename it, delete it, search all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from memchat.bank.bank import Bank
from memchat.bank.types import Chat
from memchat.errors import MemchatError
from memchat.tui.ages import age
from memchat.tui.clock import Clock
from memchat.tui.say import complain
from memchat.tui.screens.ask import Ask
from memchat.tui.screens.confirm import Confirm
from memchat.tui.screens.pick import Choice, Pick

MOST_CHATS = 500
MOST_HITS = 50
UNTITLED = "(no title)"


class Chats(Pick):
    """Returns the id of the chat to go on with, as text."""

    HELP = """\
The chats, the latest first. Type to search their titles and all that you said in them.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "rename", "Rename", tooltip="Give the chat another title"),
        Binding("ctrl+d", "delete", "Delete", tooltip="Delete the chat", priority=True),
    ]
    KEYS = "Type to search · Enter goes on · Ctrl+R renames · Ctrl+D deletes · Esc leaves"

    def __init__(self, bank: Bank, clock: Clock) -> None:
        super().__init__("Chats", self._fitting)
        self._bank = bank
        self._clock = clock

    def _fitting(self, query: str) -> list[Choice]:
        chats = {chat.id: chat for chat in self._bank.chats("chat", limit=MOST_CHATS)}
        if not query.strip():
            return [self._choice(chat) for chat in chats.values()]
        words = query.casefold().split()
        titled = [
            chat for chat in chats.values() if all(word in chat.title.casefold() for word in words)
        ]
        found = {chat.id: self._choice(chat) for chat in titled}
        for chat_id, said in self._said(query):
            if chat_id in chats:
                found.setdefault(chat_id, self._choice(chats[chat_id], said))
        return list(found.values())

    def _said(self, query: str) -> list[tuple[int, str]]:
        """Chat and words of the messages that fit, best first."""
        hits = self._bank.search(query, None, memories=False, limit=MOST_HITS)
        return [(self._bank.message(hit.id).chat_id, hit.text) for hit in hits]

    def _choice(self, chat: Chat, said: str = "") -> Choice:
        when = age(chat.updated_at, self._clock())
        note = f"“{said}”" if said else f"{chat.messages} messages · {when}"
        return Choice(str(chat.id), chat.title or UNTITLED, note)

    @work
    async def action_rename(self) -> None:
        if chosen := self.choice:
            title = await self.app.push_screen_wait(Ask("Title of the chat", chosen.text))
            if title:
                self._change(lambda: self._bank.rename_chat(int(chosen.value), title))

    @work
    async def action_delete(self) -> None:
        if chosen := self.choice:
            question = Confirm(
                "Delete this chat?",
                chosen.text,
                "Its messages are deleted. Memories drawn from it stay, without their source.",
                yes="Delete",
            )
            if await self.app.push_screen_wait(question):
                self._change(lambda: self._bank.delete_chat(int(chosen.value)))

    def _change(self, change: Callable[[], None]) -> None:
        try:
            change()
        except MemchatError as error:
            complain(self, error, "Nothing changed")
        self.search()
