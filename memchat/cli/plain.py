"""Turns as lines: for pipes, narrow or dumb terminals, and screen readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from memchat.bank.types import Delivery, Event
from memchat.cli.views import event_line
from memchat.errors import MemchatError
from memchat.text import printable
from memchat.turn import (
    AnswerDelta,
    AnswerFailed,
    AnswerFinished,
    AnswerStarted,
    ContextTrimmed,
    Decided,
    EngineRestarting,
    MemoryFailed,
    TurnEvent,
)

_INDENT = "\n  "
"""Before a further line of an answer, so that no answer can forge a `Memory:` line."""


@dataclass
class LinePrinter:
    """Shows turn events as lines that start with who speaks.

    `write` gets raw pieces of stdout, `note` whole lines about what is going on.
    """

    write: Callable[[str], None]
    note: Callable[[str], None]
    failed: bool = False
    """An answer or memory work failed since the start."""
    _held: str = field(default="", init=False)
    _in_answer: bool = field(default=False, init=False)

    def show(self, event: TurnEvent) -> None:
        match event:
            case AnswerStarted():
                self._held = ""
            case AnswerDelta(text=text):
                self._write_answer(text)
            case AnswerFinished(reply=reply):
                self._begin_answer()
                self._end_answer()
                if reply.delivery is Delivery.STOPPED:
                    self.note("Stopped.")
            case Decided(event=decision):
                self.decision(decision)
            case ContextTrimmed():
                self.note("The conversation did not fit the context window; a part was left out.")
            case EngineRestarting():
                self._end_answer()
                self.note("The model process died; it is started again.")
            case AnswerFailed(error=error) | MemoryFailed(error=error):
                self._end_answer()
                self.problem(error)

    def decision(self, event: Event) -> None:
        self.write(f"Memory: {printable(event_line(event), multiline=False)}\n")

    def problem(self, error: MemchatError) -> None:
        self.failed = True
        self.note(" ".join(part for part in (f"Error: {error.message}", error.hint) if part))

    def _write_answer(self, text: str) -> None:
        """White space waits for what follows: none leads, and one newline ends an answer."""
        text = self._held + printable(text)
        if not self._in_answer:
            text = text.lstrip()
        shown = text.rstrip()
        self._held = text[len(shown) :]
        if shown:
            self._begin_answer()
            self.write(shown.replace("\n", _INDENT))

    def _begin_answer(self) -> None:
        if not self._in_answer:
            self.write("Assistant: ")
            self._in_answer = True

    def _end_answer(self) -> None:
        if self._in_answer:
            self.write("\n")
            self._in_answer = False
