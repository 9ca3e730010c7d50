"""The line mode: for pipes, narrow or dumb terminals, and screen readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from memchat.assistant import Assistant
from memchat.bank.types import Delivery
from memchat.cli.interrupt import cancel_on_interrupt
from memchat.cli.views import event_line, title_of
from memchat.engine.protocol import CancelToken, LoadState
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
                self.write(f"Memory: {printable(event_line(decision), multiline=False)}\n")
            case ContextTrimmed():
                self.note("The conversation did not fit the context window; a part was left out.")
            case EngineRestarting():
                self._end_answer()
                self.note("The model process died; it is started again.")
            case AnswerFailed(error=error) | MemoryFailed(error=error):
                self._end_answer()
                self.problem(error)

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


@dataclass
class LineChat:
    """A conversation, one message a line; memory work is finished before the next is read."""

    assistant: Assistant
    printer: LinePrinter
    interactive: bool
    chat_id: int | None = None
    """None until the first message: a chat without any is not made."""
    _interrupts: int = field(default=0, init=False)

    def run(self, read: Callable[[], str | None]) -> None:
        """Talk until `read` returns None. Raises KeyboardInterrupt on the second Ctrl+C."""
        self._remember()
        while (line := self._read(read)) is not None:
            if not line.strip():
                continue
            try:
                self._turn(line)
            except MemchatError as error:
                if not self.interactive:
                    raise
                self.printer.problem(error)

    def _read(self, read: Callable[[], str | None]) -> str | None:
        while True:
            try:
                line = read()
            except KeyboardInterrupt:
                self.printer.note("")
                self._interrupted("Press Ctrl+C again to quit.")
            else:
                self._interrupts = 0
                return line

    def _turn(self, text: str) -> None:
        bank = self.assistant.bank
        if self.chat_id is None:
            self.chat_id = bank.create_chat(title=title_of(text)).id
        message = self.assistant.submit(self.chat_id, text)
        if self.interactive and self.assistant.engine.status().model_state is not LoadState.READY:
            self.printer.note("Loading the model…")
        self._show(lambda cancel: self.assistant.answer(message.id, cancel=cancel))
        self._remember()

    def _remember(self) -> None:
        """Work off the memory queue, with what an earlier run left in it."""
        if self.assistant.bank.pending_count():
            self._show(self.assistant.manage, stopped="Memory work goes on with the next message.")

    def _show(self, work: Callable[[CancelToken], Iterator[TurnEvent]], stopped: str = "") -> None:
        with cancel_on_interrupt() as cancel:
            for event in work(cancel):
                self.printer.show(event)
        if cancel.cancelled:
            self._interrupted(stopped)

    def _interrupted(self, note: str) -> None:
        self._interrupts += 1
        if self._interrupts > 1 or not self.interactive:
            raise KeyboardInterrupt
        if note:
            self.printer.note(note)
