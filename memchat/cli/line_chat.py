"""The line mode: a conversation in lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import typer

from memchat.cli.interrupt import cancel_on_interrupt
from memchat.cli.line_commands import LineCommands, Quit
from memchat.cli.views import title_of
from memchat.commands import Command, Invocation, Misuse, Text, parse
from memchat.engine.protocol import CancelToken
from memchat.errors import MemchatError, UsageError
from memchat.turn import MemoryMode, TurnEvent


@dataclass
class LineChat(LineCommands):
    """A conversation, one message or command a line.

    Memory work is finished before the next is read.
    """

    _interrupts: int = field(default=0, init=False)

    def run(self, read: Callable[[], str | None]) -> None:
        """Talk until `read` returns None. Raises KeyboardInterrupt on the second Ctrl+C."""
        self._remember()
        while (line := self._read(read)) is not None:
            if not line.strip():
                continue
            try:
                self._take(line)
            except Quit:
                return
            except MemchatError as error:
                if not self.interactive:
                    raise
                self.printer.problem(error)

    def answer_again(self, message_id: int) -> None:
        self.announce_loading()
        self._show(lambda cancel: self.assistant.answer(message_id, self.mode, cancel))

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

    def _take(self, line: str) -> None:
        match parse(line):
            case Invocation(command=command, argument=argument):
                self._obey(command, argument)
            case Misuse(hint=hint):
                raise UsageError(hint)
            case Text(text=text):
                self._send(text)
        self._remember()

    def _obey(self, command: Command, argument: str) -> None:
        try:
            self.obey(command, argument)
        except (KeyboardInterrupt, typer.Abort):
            self._interrupted("Stopped.")

    def _send(self, text: str) -> None:
        if self.chat_id is None:
            self.chat_id = self.bank.create_chat(title=title_of(text)).id
        self.answer_again(self.assistant.submit(self.chat_id, text, self.mode).id)

    def _remember(self) -> None:
        """Work off the memory queue, with what an earlier run left in it."""
        if self.mode is MemoryMode.ON and self.bank.pending_count():
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
