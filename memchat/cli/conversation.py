"""The conversation under way in the line mode: what its commands work on."""

from __future__ import annotations

from dataclasses import dataclass, field

from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.bank.types import Chat
from memchat.cli.plain import LinePrinter
from memchat.engine.protocol import LoadState
from memchat.errors import UsageError
from memchat.turn import MemoryMode


@dataclass
class Conversation:
    assistant: Assistant
    printer: LinePrinter
    interactive: bool
    chat_id: int | None = None
    """None until the first message: a chat without any is not made."""
    incognito: bool = False
    """Nothing is read or saved, whatever is asked for."""
    mode: MemoryMode = field(default=MemoryMode.ON, init=False)

    def __post_init__(self) -> None:
        if self.incognito:
            self.mode = MemoryMode.OFF

    @property
    def bank(self) -> Bank:
        return self.assistant.bank

    def chat(self) -> Chat:
        """Raises UsageError before the first message."""
        if self.chat_id is None:
            raise UsageError("There is no chat yet.", "Say something first.")
        return self.bank.chat(self.chat_id)

    def announce_loading(self) -> None:
        """What comes next needs a model that may not be there yet."""
        loaded = self.assistant.engine.status().model_state is LoadState.READY
        if self.interactive and not loaded:
            self.printer.note("Loading the model…")
