"""What the slash commands about memory do."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.screen import Screen

from memchat.errors import StorageError, UsageError
from memchat.tui.say import say
from memchat.tui.session import Session
from memchat.tui.widgets.memory_pane import MemoryPane
from memchat.turn import MemoryMode

MODES = {"on": MemoryMode.ON, "pause": MemoryMode.PAUSED, "off": MemoryMode.OFF}
MODE_MEANS = {
    MemoryMode.ON: "memories are read and written",
    MemoryMode.PAUSED: "memories are read, none is written",
    MemoryMode.OFF: "memories are neither read nor written; the chat is saved",
}


class MemoryCommands(Screen[None]):
    """Carries them out; the chat screen supplies what they act on."""

    session: Session

    def mode_changed(self) -> None:
        """Show what memory does from now on."""
        raise NotImplementedError

    def count_pending(self) -> None:
        """Show how many messages wait for the Memory Manager."""
        raise NotImplementedError

    async def command_remember(self, argument: str) -> None:
        self.query_one(MemoryPane).remember(argument)

    async def command_forget(self, argument: str) -> None:
        """The pane shows what fits, and D asks: nothing is erased unseen."""
        self.query_one(MemoryPane).search(argument)
        say(self, "Choose the memory, then press D", "Forget forever")

    async def command_memory(self, argument: str) -> None:
        action, _, rest = argument.partition(" ")
        action = action.casefold()
        pane = self.query_one(MemoryPane)
        if action in MODES:
            self._set_mode(MODES[action])
        elif action == "undo":
            pane.action_undo_last()
        elif action == "retry":
            self._retry_memory()
        elif action == "search":
            pane.search(rest)
        elif action == "why":
            pane.search("used:")
        elif action == "export":
            await self._export_memories(rest)
        else:
            pane.action_log()

    def _set_mode(self, mode: MemoryMode) -> None:
        self.session.refuse_incognito()
        self.session.mode = mode
        self.mode_changed()
        say(self, MODE_MEANS[mode], f"Memory {mode}")

    async def _export_memories(self, name: str) -> None:
        from memchat.bank.portable import to_line

        path = Path(name.strip() or "memories.jsonl").expanduser().absolute()
        bank = self.session.bank

        def write() -> None:
            with path.open("x", encoding="utf-8") as file:
                file.writelines(map(to_line, bank.export_memories()))

        try:
            await asyncio.to_thread(write)
        except FileExistsError as error:
            raise UsageError(f"{path} is there already.", "Choose another name.") from error
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}", "Choose another place.") from error
        say(self, str(path), "Memories written to")

    async def command_import(self, argument: str) -> None:
        """The Memory Manager reads the file behind the chat: messages come first, as always."""
        from memchat.ingest.formats import read_conversations
        from memchat.ingest.run import enqueue

        self.session.refuse_incognito()
        path = Path(argument).expanduser().absolute()
        conversations = await asyncio.to_thread(read_conversations, path)
        number = await asyncio.to_thread(enqueue, self.session.bank, conversations)
        self.session.wake()
        self.count_pending()
        say(self, f"{number} messages are read, one by one", "Import")

    def _retry_memory(self) -> None:
        number = self.session.bank.retry_failed()
        self.session.wake()
        say(self, f"{number} messages are read again", "Memory")
