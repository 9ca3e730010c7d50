"""The keys that change memories. Every change but one can be undone; that one asks first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message as TextualMessage

from memchat.bank.types import Event, Memory, Op
from memchat.errors import MemchatError
from memchat.tui.bindings import bound
from memchat.tui.rows import Row
from memchat.tui.say import complain, say
from memchat.tui.screens.confirm import Confirm
from memchat.tui.session import Outcome, Session
from memchat.tui.widgets.inspector import Inspector

Write = Callable[[], Event]


class MemoryActions(Vertical):
    """What can be done with the highlighted row. The pane says which that is and redraws."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("delete", "delete", "Delete", tooltip="Hide the memory; u brings it back"),
        bound("forget", "forget", "Forget", tooltip="Erase it and all traces, after a question"),
        bound("undo", "undo", "Undo", tooltip="Undo the last change of this memory"),
        bound("pin", "pin", "Pin", tooltip="Pin: always read, never changed without asking"),
        bound("accept", "accept", "Yes", tooltip="Accept the suggested change"),
        bound("new_or_no", "new_or_no", "New / no", tooltip="Write a new memory; on a ?, say no"),
    ]

    @dataclass
    class Changed(TextualMessage):
        """The user changed a memory; None when one was forgotten."""

        event: Event | None

    @dataclass
    class Saved(TextualMessage):
        """An edit came back from the runner, saved or refused."""

        memory_id: int | None
        text: str
        outcome: Outcome

    @property
    def session(self) -> Session:
        raise NotImplementedError

    @property
    def row(self) -> Row | None:
        """The highlighted row."""
        raise NotImplementedError

    def memory(self) -> Memory | None:
        """The memory of the highlighted row."""
        raise NotImplementedError

    def changed(self, event: Event | None) -> None:
        """Redraw after a change."""
        raise NotImplementedError

    def saving(self, memory_id: int | None, text: str | None) -> None:
        """Show an edit on its way to the bank; `text` None: it arrived."""
        raise NotImplementedError

    def action_delete(self) -> None:
        if memory := self.memory():
            bank = self.session.bank
            self._write(lambda: bank.delete(memory.id), "Removed · u brings it back")

    def action_undo(self) -> None:
        row, bank = self.row, self.session.bank
        if row and row.event:
            event_id = row.event.id
            self._write(lambda: bank.undo(event_id), "Undone")
        elif row and row.memory_id:
            memory_id = row.memory_id
            self._write(lambda: bank.undo(memory_id=memory_id), "Undone")
        else:
            self.action_undo_last()

    def action_undo_last(self) -> None:
        """Undo whatever was done last, by anyone."""
        self._write(self.session.bank.undo, "Undone")

    def action_pin(self) -> None:
        if memory := self.memory():
            bank, pinned = self.session.bank, not memory.pinned
            self._write(lambda: bank.pin(memory.id, pinned), "Pinned" if pinned else "Unpinned")

    def action_accept(self) -> None:
        if event := self._suggestion():
            self._answer_suggestion(event)

    def action_new_or_no(self) -> None:
        if event := self._suggestion():
            bank = self.session.bank
            self._write(lambda: bank.dismiss(event.id), "Left as it was")
        elif not self.session.incognito:
            self.query_one(Inspector).edit(None)

    @work
    async def action_forget(self) -> None:
        memory = self.memory()
        if memory is None:
            return
        question = Confirm(
            "Forget this forever?",
            memory.text,
            "It is erased with its history, its index and the words it came from. "
            "This cannot be undone.",
            yes="Forget forever",
        )
        if await self.app.push_screen_wait(question):
            await self._forget(memory.id)

    async def _forget(self, memory_id: int) -> None:
        try:
            await asyncio.to_thread(self.session.bank.forget, memory_id)
        except MemchatError as error:
            complain(self, error, "Not forgotten")
            return
        say(self, "Erased, with all its traces", "Forgotten")
        self.changed(None)
        self.post_message(self.Changed(None))

    @work
    async def _write(self, write: Write, title: str) -> None:
        """Change the bank off the user interface's thread: the disk may make us wait."""
        try:
            event = await asyncio.to_thread(write)
        except MemchatError as error:
            complain(self, error, "Nothing changed")
            return
        self._tell(event, title)

    def _tell(self, event: Event, title: str) -> None:
        self.changed(event)
        self.post_message(self.Changed(event))
        if event.op is Op.DELETE or not self.region:  # else the row says it, under no toast
            say(self, event.new or event.old or event.fact, title)

    def _suggestion(self) -> Event | None:
        event = self.row.event if self.row else None
        return event if event and event.op is Op.SUGGEST else None

    def _answer_suggestion(self, event: Event) -> None:
        """An accepted UPDATE needs the new text's vector, so it goes through the runner."""
        bank = self.session.bank
        if event.proposed == Op.DELETE.value:
            self._write(lambda: bank.accept(event.id), "Removed as suggested")
            return
        self.session.change(
            lambda assistant: bank.accept(event.id, vector=assistant.embed([event.new])[0]),
            lambda outcome: self._post(self.Saved(event.memory_id, event.new, outcome)),
        )

    @on(Inspector.Edited)
    def _save_edit(self, edited: Inspector.Edited) -> None:
        self._save(edited.memory_id, edited.text)

    def remember(self, text: str) -> None:
        """Add a memory in the user's words. Raises UsageError in an incognito chat."""
        self.session.refuse_incognito()
        self._save(None, text)

    def _save(self, memory_id: int | None, text: str) -> None:
        self.saving(memory_id, text)
        self.session.change(
            lambda assistant: (
                assistant.remember(text)
                if memory_id is None
                else assistant.edit_memory(memory_id, text)
            ),
            lambda outcome: self._post(self.Saved(memory_id, text, outcome)),
        )

    def _post(self, message: TextualMessage) -> None:
        """Called from the runner's thread."""
        self.post_message(message)

    @on(Saved)
    def _show_saved(self, saved: Saved) -> None:
        saved.stop()
        self.saving(saved.memory_id, None)
        if isinstance(saved.outcome, MemchatError):
            complain(self, saved.outcome, "Not saved")
            self.query_one(Inspector).reopen(self.memory(), saved.text)
            return
        self._tell(saved.outcome, "Saved")
