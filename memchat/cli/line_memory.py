"""The slash commands of the line mode that are about memory."""

from __future__ import annotations

from memchat.cli import views
from memchat.cli.confirm import confirmed
from memchat.cli.conversation import Conversation
from memchat.cli.events import all_events
from memchat.cli.output import emit_rows, note
from memchat.errors import UsageError
from memchat.turn import MemoryMode

_MODES = {
    "on": (MemoryMode.ON, "Memory is on: memories are read and written."),
    "pause": (MemoryMode.PAUSED, "Memory is paused: memories are read, none is written."),
    "off": (MemoryMode.OFF, "Memory is off: none is read or written; the chat is saved."),
}
_FULL_SCREEN = ("why", "export")
_RECENT = 20


class MemoryCommands(Conversation):
    def command_remember(self, argument: str) -> None:
        self._refuse_incognito()
        self.announce_loading()
        self.printer.decision(self.assistant.remember(argument))

    def command_forget(self, argument: str) -> None:
        """A number is forgotten after a question; a text shows which numbers there are."""
        if not argument.isdecimal():
            self._find(argument, "To forget one forever, write /forget and its number.")
            return
        memory = self.bank.memory(int(argument))
        question = "Erase it with its history and quotes? This cannot be undone."
        instead = f"Run: memchat memory forget {memory.id} --yes"
        if confirmed(question, memory.text, instead=instead):
            self.bank.forget(memory.id)
            note("Forgotten for good.")

    def command_memory(self, argument: str) -> None:
        action, _, rest = argument.partition(" ")
        action = action.casefold()
        if action in _MODES:
            self._refuse_incognito()
            self.mode, words = _MODES[action]
            note(words)
        elif action == "undo":
            self.printer.decision(self.bank.undo())
        elif action == "retry":
            note(f"Messages that are read again: {self.bank.retry_failed()}")
        elif action == "log":
            for event in all_events(self.bank)[-_RECENT:]:
                self.printer.decision(event)
        elif action == "search" and rest.strip():
            self._find(rest.strip())
        elif action in _FULL_SCREEN:
            raise UsageError(
                f"/memory {action} is for the full screen.", f"Run: memchat memory {action}"
            )
        else:
            raise UsageError(f"Write it as: /memory {action} TEXT")

    def _find(self, text: str, advice: str = "") -> None:
        """Show the memories about `text`, the best first."""
        self.announce_loading()
        hits = [] if self.bank.is_empty() else self.assistant.search(text, limit=_RECENT)
        rows = [(str(hit.id), views.day(hit.at), hit.text) for hit in hits if hit.kind == "memory"]
        if not rows:
            note("Nothing is found.")
            return
        emit_rows(("id", "since", "memory"), rows)
        if advice:
            note(advice)

    def _refuse_incognito(self) -> None:
        if self.incognito:
            raise UsageError("Incognito: no memory is read or written.")
